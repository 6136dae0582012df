"""HL segments: a tree by parent ids, whatever the order says; and the ids for a tree that is to be written."""

from __future__ import annotations

from typing import Final

from hub.codec.tree import Node
from hub.codec.x12.fault import Fault, FaultCode, Severity

#: The levels of a ship notice from the outside inwards, for an HL whose parent id is wrong.
_LEVELS: Final = {level: rank for rank, level in enumerate(("S", "E", "O", "T", "P", "Q", "I", "K", "F"))}
#: Deeper than any shipment is packed; an HL that would stand deeper is put at the top.
_DEEPEST: Final = 30


class Hierarchy:
    """The HL segments of one set as they come; `latest` is the one that the segments behind it belong to."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._by_id: dict[str, tuple[Node, int]] = {}
        self._path: list[Node] = []
        self.latest: Node | None = None

    def take(self, node: Node, faults: list[Fault] | None = None) -> None:
        """Put an HL below its parent; tells of a parent id that is missing or not there."""
        parent_id = node.values.get("02", "").strip()
        found = self._by_id.get(parent_id) if parent_id else None
        above, depth = found or self._by_level(node)
        problem = self._problem(node, parent_id, known=found is not None, above=above)
        if problem and faults is not None:
            faults.append(
                Fault(
                    FaultCode.SEGMENT_OUT_OF_SEQUENCE, node.number, 2, offset=node.offset, value=parent_id,
                    message=problem, tag="HL", loop="HL", graded=Severity.WARNING,
                )
            )  # fmt: skip
        if depth >= _DEEPEST:
            above, depth = self._root, 0
        above.add(node)
        self._by_id[node.values.get("01", "").strip()] = node, depth + 1
        self.latest = node
        self._path = [*self._path[:depth], node] if above is not self._root else [node]

    def _problem(self, node: Node, parent_id: str, *, known: bool, above: Node) -> str:
        if node.values.get("01", "").strip() in self._by_id:
            return f"the id {node.values.get('01', '')!r} of this HL is not unique; the later one counts"
        if parent_id and not known:
            return f"there is no HL {parent_id!r} before this one; it is put where its level fits"
        if not parent_id and above is not self._root:
            return "this HL names no parent; it is put where its level fits"
        return ""

    def _by_level(self, node: Node) -> tuple[Node, int]:
        """Return the nearest HL before that is of an outer level."""
        level = _LEVELS.get(node.values.get("03", "").strip(), len(_LEVELS))
        for depth in range(len(self._path), 0, -1):
            outer = self._path[depth - 1]
            if _LEVELS.get(outer.values.get("03", "").strip(), len(_LEVELS)) < level:
                return outer, depth
        return self._root, 0


def numbered(root: Node) -> None:
    """Give every HL of a tree its id, its parent's id and whether it has children, where no id is given."""
    count = 0
    waiting = [(child, "") for child in reversed(root.children) if child.name == "HL"]
    while waiting:
        node, parent = waiting.pop()
        count += 1
        below = [child for child in node.children if child.name == "HL"]
        if not node.values.get("01"):
            node.values["01"] = str(count)
            node.values.setdefault("04", "1" if below else "0")
        if parent:
            node.values.setdefault("02", parent)
        waiting += [(child, node.values["01"]) for child in reversed(below)]
