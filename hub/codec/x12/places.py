"""One document for many places: SDQ says how much of each line goes to each of them; a tree for every one.

What the tree of a place holds besides: an SDQ at the root with the place alone (unit, qualifier, code in 01 to 03), of
the N1*ST those of this place where they name places, and of each line the place's quantity in SDQ's unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from hub.codec.fault import Unreadable
from hub.codec.tree import Node
from hub.model.number import NotANumber, parse_number, plain

#: The segments of lines that are spread, each with the elements of its quantity and its unit.
_LINES: Final = {"PO1": ("02", "03"), "POC": ("03", "05")}
#: The elements of the first pair of place and quantity, and of the last one.
_FIRST, _LAST = 3, 21
#: Qualifier and code of a place; of lines that are for no place in particular, both are empty.
_Place = tuple[str, str]


def by_place(root: Node | Unreadable) -> Iterator[Node | Unreadable]:
    """Yield a tree for each place that a set names in SDQ; the set itself where it names none.

    A line whose parts do not add up makes the whole of it Unreadable: nobody knows then who gets how much.
    """
    if isinstance(root, Unreadable) or not any(_spread(child) for child in root.children):
        yield root
        return
    try:
        shares = {id(line): _shares(line) for line in root.children if line.name in _LINES}
    except NotANumber as error:
        yield _refused(root, f"{error} in SDQ")
        return
    for line in root.children:
        if id(line) in shares and (why := _uneven(line, shares[id(line)])):
            yield _refused(root, why)
            return
    for place in dict.fromkeys(place for each in shares.values() for place in each):
        yield _tree(root, place, shares)


def _spread(line: Node) -> list[Node]:
    return [child for child in line.children if child.name == "SDQ"] if line.name in _LINES else []


def _shares(line: Node) -> dict[_Place, tuple[Decimal | None, str]]:
    """Return the quantity and the unit of each place; None for all of a line that is not spread."""
    found: dict[_Place, tuple[Decimal | None, str]] = {}
    for sdq in _spread(line):
        unit, qualifier = sdq.get("01"), sdq.get("02")
        for at in range(_FIRST, _LAST + 1, 2):
            code, quantity = sdq.get(f"{at:02}"), sdq.get(f"{at + 1:02}")
            if code:
                before = found.get((qualifier, code), (None, ""))[0] or Decimal(0)
                found[qualifier, code] = (before + parse_number(quantity), unit)
    return found or {("", ""): (None, "")}


def _uneven(line: Node, shares: dict[_Place, tuple[Decimal | None, str]]) -> str:
    """Return what is wrong when the parts of a line, in its own unit, are not the whole of it."""
    quantity, unit = (line.get(element) for element in _LINES[line.name])
    parts = [share for share, own in shares.values() if share is not None and own == unit]
    if len(parts) < len(shares) or not quantity or sum(parts) == parse_number(quantity):
        return ""
    return f"{line.where()}: SDQ spreads {plain(sum(parts, Decimal(0)))} {unit}, and {quantity} are ordered"


def _refused(root: Node, why: str) -> Unreadable:
    todo = "ask the partner for the order again, with quantities per place that add up"
    return Unreadable(why, todo, root.where(), "sdq", offset=root.offset)


def _tree(root: Node, place: _Place, shares: dict[int, dict[_Place, tuple[Decimal | None, str]]]) -> Node:
    made = replace(root, children=[])
    if place[1]:
        made.add(Node("SDQ", {"02": place[0], "03": place[1]}))
    here = any(_is_for(child, place) for child in root.children)
    for child in root.children:
        if id(child) in shares:
            if place in shares[id(child)]:
                made.add(_line(child, *shares[id(child)][place]))
        elif not (here and _is_ship_to(child) and not _is_for(child, place)):
            made.add(child)
    return made


def _line(line: Node, quantity: Decimal | None, unit: str) -> Node:
    if quantity is None:
        return line
    first, second = _LINES[line.name]
    values = {**line.values, first: plain(quantity), second: unit or line.get(second)}
    return replace(line, values=values, children=[child for child in line.children if child.name != "SDQ"])


def _is_ship_to(node: Node) -> bool:
    return node.name == "N1" and node.get("01") == "ST"


def _is_for(node: Node, place: _Place) -> bool:
    return _is_ship_to(node) and bool(place[1]) and node.get("04") == place[1]
