"""What a mapping file leaves to us of what leaves: its day, its counts and totals, the stores of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.codec.tree import Node
from hub.codec.x12.interchange import Segment, element
from hub.codec.x12.numbers import implied, with_point
from hub.codec.x12.writer import CannotWrite
from hub.model.base import Record
from hub.model.number import NotANumber, parse_number
from hub.model.purchase import PurchaseOrder, StoreQuantity

#: What CTT01 counts in each set.
_COUNTED: Final = {
    "850": "PO1",
    "852": "LIN",
    "855": "PO1",
    "860": "POC",
    "865": "POC",
    "810": "IT1",
    "832": "LIN",
    "846": "LIN",
    "856": "HL",
}
#: Elements that no set can be without and a record may not have: they are the control number, the day, the time.
_STAMPED: Final[Mapping[str, Mapping[int, str]]] = {
    "BIA": {3: "number", 4: "day"},
    "BAK": {4: "day"},
    "BCA": {6: "day"},
    "BCH": {6: "day"},
    "BSN": {3: "day", 4: "time"},
    "BIG": {1: "day"},
    "XQ": {2: "day"},
}
#: Pairs of store and quantity that one SDQ holds.
_PAIRS: Final = 10


def spread(root: Node, record: Record, loop: str) -> None:
    """Add to each line of an order how much each store gets of it (SDQ); raises CannotWrite where that is not all."""
    if not isinstance(record, PurchaseOrder) or not any(line.stores for line in record.lines):
        return
    nodes = [child for child in root.children if child.name == loop]
    for node, line in zip(nodes, record.lines, strict=True):
        gets = sum((each.quantity for each in line.stores), Decimal(0))
        if line.stores and gets != line.quantity:
            raise CannotWrite(f"line {line.line_number}: the stores get {gets} of {line.quantity}")
        ratio = parse_number(node.get("02")) / line.quantity  # the mapping file may write another unit
        for at in range(0, len(line.stores), _PAIRS):
            several = line.stores[at : at + _PAIRS]
            node.add(Node("SDQ", {"01": node.get("03"), "02": "92", **dict(_pairs(several, ratio))}))


def _pairs(stores: Sequence[StoreQuantity], ratio: Decimal) -> Iterator[tuple[str, str]]:
    for place, each in enumerate(stores):
        yield f"{3 + 2 * place:02}", each.store
        yield f"{4 + 2 * place:02}", with_point(each.quantity * ratio)


def counted(code: str, segments: list[Segment]) -> list[Segment]:
    """Add CTT with the number of lines where the mapping file leaves it to us."""
    opener = _COUNTED.get(code)
    if opener is None or any(each[0] == "CTT" for each in segments):
        return segments
    lines = sum(each[0] == opener for each in segments)
    return [*segments, ["CTT", str(lines)]]


def totalled(code: str, segments: list[Segment]) -> list[Segment]:
    """Give an 810 its total (TDS) where no record says it: lines, charges less allowances, tax."""
    if code != "810" or any(each[0] == "TDS" for each in segments):
        return segments
    total = sum((_amount(each) for each in segments), Decimal(0))
    behind = max((at for at, each in enumerate(segments, 1) if each[0] in _OF_LINES), default=len(segments))
    before, after = segments[:behind], segments[behind:]
    return [*before, ["TDS", implied(total.quantize(Decimal("0.01")))], *after]


#: The segments of an 810 up to its lines, as far as our templates write any.
_OF_LINES: Final = ("ST", "BIG", "CUR", "REF", "N1", "N2", "N3", "N4", "ITD", "DTM", "IT1", "PID")


def _amount(segment: Segment) -> Decimal:
    try:
        if segment[0] == "IT1":
            return parse_number(element(segment, 2)) * parse_number(element(segment, 4))
        if segment[0] == "TXI":
            return parse_number(element(segment, 2))
        if segment[0] == "SAC":
            cents = parse_number(element(segment, 5)) / 100
            return -cents if element(segment, 1) == "A" else cents
    except NotANumber:
        pass
    return Decimal(0)


def stamped(segment: Segment, number: int, at: datetime) -> Segment:
    """Fill the elements of a beginning segment that the mapping file leaves to us."""
    wanted = _STAMPED.get(segment[0])
    if wanted is None:
        return segment
    stamps = {"number": str(number), "day": f"{at:%Y%m%d}", "time": f"{at:%H%M}"}
    filled = [*segment, *[""] * (max(wanted) + 1 - len(segment))]
    for place, what in wanted.items():
        filled[place] = filled[place] or stamps[what]
    return filled
