"""Goods that no row of a document stands for: levels of an 856 that say a quantity and are no item."""

from __future__ import annotations

from collections.abc import Iterator

from hub.codec.path import Path
from hub.codec.tree import Here, Node
from hub.contract import BadRecord

#: The segment that opens a level, and the one that says how much of something it holds.
LEVEL, _GOODS = "HL", "SN1"


def levels(root: Node, rows: Path) -> Iterator[Node]:
    """Yield the levels with goods that are no row, nor around or below one: cartons of an item say its goods again."""
    own, around = set(), set()
    for row in rows.nodes(Here(root)):
        own.add(id(row.node))
        above = row.above
        while above is not None and id(above.node) not in around:
            around.add(id(above.node))
            above = above.above
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in own:
            continue
        if node.name == LEVEL and id(node) not in around and any(child.name == _GOODS for child in node.children):
            yield node
        waiting += reversed(node.children)


def told(lost: list[Node], name: str) -> BadRecord:
    """Return what a person is told of such levels."""
    words = ", ".join(f"HL {each.get('01')} (level {each.get('03') or 'not said'}, {each.where()})" for each in lost)
    return BadRecord(
        f"goods stand in levels that are no item: {words[:500]}",
        record=name,
        field="HL03",
        todo="nothing of it was applied: ask the partner for items (HL03 is I), or say by `rows` which level they are; "
        "then rerun",
        code="x12 goods outside of items",
    )
