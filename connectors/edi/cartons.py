"""The cartons of an 856 that we send: items without them become items in cartons, or cartons under their items.

A mapping file writes shipment, order and items (BSN05 0004). What a carton is called and what is in it is said by the
lines of the record: the SSCC on its label (MAN*GM, with the application identifier 00 in front), else its tracking
number (MAN*CP). GS1 General Specifications, 7.9.1, for the check digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from connectors.edi.settings import Cartons
from hub.codec.path import parse
from hub.codec.tree import Here, Node
from hub.codec.x12.numbers import with_point
from hub.codec.x12.standard.guide import is_sscc
from hub.codec.x12.tree import PAIRS
from hub.codec.x12.writer import CannotWrite
from hub.model.base import Record
from hub.model.number import parse_number
from hub.model.shipment import Shipment, ShipmentLine

#: BSN05 of each structure: shipment, order, pack, item; shipment, order, item, pack.
_STRUCTURES: Final[Mapping[Cartons, str]] = {Cartons.PICK_AND_PACK: "0001", Cartons.STANDARD: "0002"}
#: Where an item says its lot.
_LOT: Final = (parse("LIN[LT]", PAIRS), parse("REF[LT].02", PAIRS))
_AI: Final = "00"
_DIGITS: Final = 18
#: The line of the order, and the lot.
_Goods = tuple[str, str]
#: A line as its carton and its own level.
_Packed = tuple[str, str, Node]


def packed(root: Node, record: Record, cartons: Cartons) -> None:
    """Put the cartons of a shipment into its tree; raises CannotWrite where a line is in none, or in a wrong one."""
    if cartons is Cartons.NONE or not isinstance(record, Shipment):
        return
    order, items = _items(root)
    if order is None or len(items) != len(record.lines):
        raise CannotWrite("cartons need a level of an order with an item for each line: HL[03=S].HL[03=O].HL[03=I]")
    lines = [(*_marks(record, line), item) for line, item in zip(record.lines, items, strict=True)]
    _say_once(root, _STRUCTURES[cartons], len({line[:2] for line in lines}))
    order.children = [child for child in order.children if child not in items]
    for level in _in_cartons(lines) if cartons is Cartons.PICK_AND_PACK else _under_items(lines):
        order.add(level)


def _items(root: Node) -> tuple[Node | None, list[Node]]:
    order = next((below for level in _levels(root, "S") for below in _levels(level, "O")), None)
    return order, list(_levels(order, "I")) if order is not None else []


def _levels(node: Node, kind: str) -> Iterator[Node]:
    return (child for child in node.children if child.name == "HL" and child.get("03") == kind)


def _marks(shipment: Shipment, line: ShipmentLine) -> tuple[str, str]:
    """Return SSCC and tracking number of a line's carton, either may be empty."""
    named = [each for each in shipment.parcels if line.tracking and each.tracking == line.tracking]
    parcel = next(iter(named), None)
    sscc, tracking = line.sscc or (parcel.sscc if parcel else ""), line.tracking or shipment.tracking
    if not (sscc or tracking):
        raise CannotWrite(
            f"line {line.line_id or line.line_number}: neither the SSCC of its carton nor a tracking number"
        )
    if sscc and not is_sscc(sscc):
        raise CannotWrite(f"{sscc} is no SSCC: 18 digits, of which the last one checks the others")
    return sscc[-_DIGITS:], tracking


def _say_once(root: Node, structure: str, cartons: int) -> None:
    """Say the structure (BSN05) and how many cartons there are (TD1), where the mapping file leaves that to us."""
    for child in root.children:
        if child.name == "BSN":
            child.values["05"] = structure
    for level in _levels(root, "S"):
        if not any(child.name == "TD1" for child in level.children):
            level.add(Node("TD1", {"01": "CTN25", "02": str(cartons)}))


def _carton(sscc: str, tracking: str, children: Iterable[Node]) -> Node:
    pairs = [("GM", _AI + sscc)] if sscc else []
    pairs += [("CP", tracking)] if tracking else []
    values = {f"{1 + 3 * place:02}": qualifier for place, (qualifier, _) in enumerate(pairs)}
    values |= {f"{2 + 3 * place:02}": mark for place, (_, mark) in enumerate(pairs)}
    return Node("HL", {"03": "P"}, [Node("MAN", values), *children])


def _in_cartons(lines: Iterable[_Packed]) -> Iterator[Node]:
    """Yield each carton once, with the items in it."""
    together: dict[tuple[str, str], list[Node]] = {}
    for sscc, tracking, item in lines:
        together.setdefault((sscc, tracking), []).append(_bare(item))
    return (_carton(*marks, items) for marks, items in together.items())


def _under_items(lines: Iterable[_Packed]) -> Iterator[Node]:
    """Yield each item once, with the cartons that it is in; a carton holds one item, or this structure cannot say it.

    Raises CannotWrite.
    """
    items: dict[_Goods, Node] = {}
    holds: dict[tuple[str, str], _Goods] = {}
    for sscc, tracking, item in lines:
        goods, units = _goods(item), _said(item, "SN1")
        if holds.setdefault((sscc, tracking), goods) != goods:
            raise CannotWrite(f'carton {sscc or tracking} holds several items: they go with cartons = "pick_and_pack"')
        carton = _carton(sscc, tracking, [Node("SN1", dict(units.values))])
        if goods not in items:
            items[goods] = _bare(item)
        else:
            whole = _said(items[goods], "SN1").values
            whole["02"] = with_point(parse_number(whole["02"]) + parse_number(units.get("02")))
        items[goods].add(carton)
    return iter(items.values())


def _goods(item: Node) -> _Goods:
    """Return what makes goods the same: the order's line, and the lot where one is said."""
    lots = (path.value(Here(item)) for path in _LOT)
    return _said(item, "LIN").get("01"), next(filter(None, lots), "")


def _said(item: Node, segment: str) -> Node:
    return next((child for child in item.children if child.name == segment), Node(segment))


def _bare(item: Node) -> Node:
    """Return an item without what its carton says."""
    kept = [child for child in item.children if child.name != "MAN" and (child.name, child.get("01")) != ("REF", "2I")]
    return Node(item.name, dict(item.values), [Node(child.name, dict(child.values), child.children) for child in kept])
