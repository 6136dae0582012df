"""Partners that write XML: a namespace, attributes for what stands once, an element a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from sandbox.robots.files import OrderedLine, Unreadable, ordered_lines
from sandbox.robots.json_style import SHAPES, camel

NAMESPACE = "urn:example:trade:1"
_ROOTS = {
    "stock": ("Stock", "Item"),
    "catalogue": ("Catalogue", "Product"),
    "acknowledgement": ("Acknowledgement", "Line"),
    "shipment": ("Shipment", "Line"),
    "invoice": ("Invoice", "Line"),
}
_LINE = ("Line", "Item", "Supplier Item", "Qty", "Price", "Order Line")


class XmlStyle:
    """Names without spaces: `Qty Avail` is the element QtyAvail, the attribute qtyAvail."""

    ending = ".xml"

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order."""
        if b"<!DOCTYPE" in content:
            raise Unreadable("an order has no document type")
        try:
            order = ET.fromstring(content)  # noqa: S314 - no document type, so no entities; and the hub's own file
        except ET.ParseError as bad:
            raise Unreadable(f"not XML: {bad}") from bad
        if order.tag != _name("Order"):
            raise Unreadable(f"the document is {order.tag}, not {_name('Order')}")
        lines = order.iterfind(f"{_name('Lines')}/{_name('Line')}")
        return ordered_lines([list(header), *(_row(header, order, line) for line in lines)], header)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the document."""
        (root, element), once = _ROOTS[document], SHAPES[document][0]
        tables = [dict(zip(header, row, strict=True)) for row in rows]
        tree = ET.Element(root, {"xmlns": NAMESPACE, **_attributes(tables, once)})
        for row in tables:
            line = ET.SubElement(tree, element)
            for name, value in row.items():
                if name not in once:
                    ET.SubElement(line, name.replace(" ", "")).text = str(value)
        return bytes(ET.tostring(tree, encoding="utf-8", xml_declaration=True))


def _attributes(tables: Sequence[Mapping[str, object]], once: frozenset[str]) -> dict[str, str]:
    return {camel(name): str(value) for name, value in tables[0].items() if name in once} if tables else {}


def _row(header: Sequence[str], order: ET.Element, line: ET.Element) -> list[str]:
    return [_text(line if name in _LINE else order, name.replace(" ", "")) for name in header]


def _text(place: ET.Element, name: str) -> str:
    found = place.find(f".//{_name(name)}")
    return (found.text or "") if found is not None else ""


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
