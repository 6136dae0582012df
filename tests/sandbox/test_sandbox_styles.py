"""What the example suppliers write and read: strict about orders, and the same documents in every style."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree as ET

import pytest
from openpyxl import Workbook, load_workbook

from sandbox.robots.csv_style import CsvStyle
from sandbox.robots.files import (
    ACKNOWLEDGEMENT_HEADER,
    PURCHASE_HEADER,
    SHIPMENT_HEADER,
    STOCK_HEADER,
    Unreadable,
)
from sandbox.robots.fixed_style import WIDTHS, FixedStyle
from sandbox.robots.json_style import JsonStyle, camel
from sandbox.robots.workbook_style import WorkbookStyle
from sandbox.robots.xml_style import NAMESPACE, XmlStyle

HEAD = {"PO": "PO-1", "Order": "450", "Ordered At": "2026-11-20T09:30:00Z", "Service": "ground", "Currency": "USD"}
SHIP_TO = {"Name": "Søren Ångström", "Street": "1 Main St", "City": "Austin", "Postal Code": "78701", "Country": "US"}
LINES = (
    {"Line": "1", "Item": "AB", "Supplier Item": "N-1", "Qty": "2", "Price": "60.25", "Order Line": "11"},
    {"Line": "2", "Item": "AC", "Qty": "1", "Order Line": "12"},
)
EXPECTED = [("PO-1", "1", "AB", 2, "450", "11"), ("PO-1", "2", "AC", 1, "450", "12")]
STOCK = [("AB", 5, "EA", "A", "2026-11-20T06:00:00Z"), ("AC", 0, "EA", "D", "2026-11-20T06:00:00Z")]


def table() -> list[list[str]]:
    rows = [{**HEAD, **SHIP_TO, **line} for line in LINES]
    return [list(PURCHASE_HEADER), *([row.get(name, "") for name in PURCHASE_HEADER] for row in rows)]


def as_json() -> bytes:
    ship_to = {camel(name): value for name, value in SHIP_TO.items()}
    lines = [{camel(name): value for name, value in line.items()} for line in LINES]
    return json.dumps({"order": {**{camel(k): v for k, v in HEAD.items()}, "shipTo": ship_to, "lines": lines}}).encode()


def as_xml() -> bytes:
    order = ET.Element("Order", xmlns=NAMESPACE)
    for name, value in HEAD.items():
        ET.SubElement(order, name.replace(" ", "")).text = value
    ship_to = ET.SubElement(order, "ShipTo")
    for name, value in SHIP_TO.items():
        ET.SubElement(ship_to, name.replace(" ", "")).text = value
    lines = ET.SubElement(order, "Lines")
    for each in LINES:
        line = ET.SubElement(lines, "Line")
        for name, value in each.items():
            ET.SubElement(line, name.replace(" ", "")).text = value
    return ET.tostring(order)


def as_fixed() -> bytes:
    lines = ["".join(cell.ljust(WIDTHS[name]) for name, cell in zip(PURCHASE_HEADER, row)) for row in table()[1:]]  # noqa: B905
    return "".join(f"{line.rstrip()}\r\n" for line in lines).encode("cp1252")


def as_workbook() -> bytes:
    book = Workbook()
    for row in table():
        book.active.append([int(cell) if cell.isdigit() and len(cell) < 3 else cell or None for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("style", "content"),
    [(JsonStyle(), as_json()), (XmlStyle(), as_xml()), (FixedStyle(), as_fixed()), (WorkbookStyle(), as_workbook())],
    ids=["json", "xml", "fixed", "xlsx"],
)
def test_an_order_is_read_line_by_line(style: JsonStyle, content: bytes) -> None:
    found = style.read_order(content, PURCHASE_HEADER)
    assert [(each.po, each.line, each.sku, each.quantity, each.order, each.order_line) for each in found] == EXPECTED


@pytest.mark.parametrize("style", [CsvStyle(), JsonStyle(), XmlStyle(), FixedStyle(), WorkbookStyle()], ids=type)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe nonsense \x81", b"{}", b"<Order/>", b'{"order": {"lines": 3}}'])
def test_anything_else_goes_back_with_a_reason(style: JsonStyle, content: bytes) -> None:
    with pytest.raises(Unreadable):
        style.read_order(content, PURCHASE_HEADER)


def test_an_order_without_a_street_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SHIP_TO, "Street")
    for style, content in ((JsonStyle(), as_json()), (XmlStyle(), as_xml()), (FixedStyle(), as_fixed())):
        with pytest.raises(Unreadable, match="empty: Street"):
            style.read_order(content, PURCHASE_HEADER)


def test_a_document_type_goes_back() -> None:
    with pytest.raises(Unreadable, match="no document type"):
        XmlStyle().read_order(b'<!DOCTYPE x [<!ENTITY a "b">]>' + as_xml(), PURCHASE_HEADER)


def test_json_says_once_what_is_the_same_for_all_rows() -> None:
    document = json.loads(JsonStyle().write("stock", STOCK_HEADER, STOCK))
    assert document["updated"] == "2026-11-20T06:00:00Z"
    assert document["items"][0] == {"item": "AB", "qtyAvail": 5, "uom": "EA", "status": "A"}
    assert json.loads(JsonStyle().write("stock", STOCK_HEADER, [])) == {"items": []}


def test_xml_has_a_namespace_and_attributes() -> None:
    rows = [("PO-1", "1", "AB", 2, 0, "S-1", "UPS", "1Z", "2026-11-20T06:00:00Z")]
    root = ET.fromstring(XmlStyle().write("shipment", SHIPMENT_HEADER, rows))  # noqa: S314
    assert root.tag == f"{{{NAMESPACE}}}Shipment"
    assert (root.get("po"), root.get("shipment"), root.get("shippedAt")) == ("PO-1", "S-1", "2026-11-20T06:00:00Z")
    assert [each.text for each in root[0]] == ["1", "AB", "2", "0"]


def test_fixed_width_has_every_cell_at_its_place() -> None:
    rows = [("PO-1", "1", "AB", "R", 0, "", "nothing left, très désolé")]
    (line,) = FixedStyle().write("acknowledgement", ACKNOWLEDGEMENT_HEADER, rows).decode("cp1252").splitlines()
    assert (line[:4], line[28:30], line[52], line[53:62]) == ("PO-1", "AB", "R", "        0")
    assert line[78:].rstrip() == "nothing left, très désolé"


def test_a_workbook_has_numbers_as_numbers() -> None:
    book = load_workbook(io.BytesIO(WorkbookStyle().write("stock", STOCK_HEADER, STOCK)))
    assert [list(row) for row in book["stock"].values][1] == ["AB", 5, "EA", "A", "2026-11-20T06:00:00Z"]
