"""An answer to a change as an 865: what the mapping file writes as an 855, with what was changed of each line.

The sets differ in their beginning (BCA for BAK) and in the segment of a line (POC for PO1); all else stands in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.codec.tree import Node
from hub.model.base import Record
from hub.model.purchase import Acknowledgement, AcknowledgementLine, LineChange, Outcome

#: Where the elements of BAK stand in BCA; its day of acknowledging has no place of its own there.
_BEGINNING: Final[Mapping[str, str]] = {
    "01": "01",
    "02": "02",
    "03": "03",
    "04": "06",
    "05": "04",
    "06": "07",
    "07": "08",
    "08": "09",
}
#: The same of PO1 and POC; behind them stand pairs of qualifier and value.
_LINE: Final[Mapping[str, str]] = {"01": "01", "02": "03", "03": "05", "04": "06", "05": "07"}
_PAIRS_FURTHER: Final = 2
#: POC02; no change where the customer asked for none.
_CHANGES: Final[Mapping[LineChange | None, str]] = {
    LineChange.ADD: "AI",
    LineChange.CHANGE: "CA",
    LineChange.CANCEL: "DI",
    None: "NC",
}
_DELETED, _REFUSED = "ID", "IR"
_WITH_CHANGES, _REFUSED_WHOLE = "AC", "RD"
#: BCA05 takes so many characters; a longer number of a change is one that we gave it.
_LONGEST_NUMBER: Final = 8


def of_change(root: Node, record: Record, loop: str) -> Node:
    """Return the 865 of an 855 that answers a change; whatever else it is stays as it is."""
    if not isinstance(record, Acknowledgement) or not record.change_number or (root.name, loop) != ("855", "PO1"):
        return root
    answer = Node("865", dict(root.values))
    lines = iter(record.lines)
    for child in root.children:
        if child.name == "BAK":
            answer.add(_beginning(child, record))
        elif child.name == loop:
            answer.add(_line(child, next(lines)))
        else:
            answer.add(child)
    return answer


def _beginning(bak: Node, record: Acknowledgement) -> Node:
    values = {to: bak.values[at] for at, to in _BEGINNING.items() if at in bak.values}
    if len(record.change_number) <= _LONGEST_NUMBER:
        values["05"] = record.change_number
    changed = [line for line in record.lines if line.change is not None]
    if any(line.too_late for line in changed):
        values["02"] = _REFUSED_WHOLE if all(line.too_late for line in changed) else _WITH_CHANGES
    return Node("BCA", values)


def _line(po1: Node, line: AcknowledgementLine) -> Node:
    values = {_LINE.get(at, f"{int(at[:2]) + _PAIRS_FURTHER:02}{at[2:]}"): value for at, value in po1.values.items()}
    poc = Node("POC", {**values, "02": _CHANGES[line.change]}, po1.children)
    said = next((child for child in poc.children if child.name == "ACK"), None)
    if said is not None and line.change is not None:
        if line.too_late:
            said.values["01"] = _REFUSED
        elif line.change is LineChange.CANCEL and line.outcome is Outcome.ACCEPTED:
            said.values["01"] = _DELETED
    return poc
