"""Outbound files of every format: the left side is a place in a tree, a column by place, a cell of a workbook."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.codec import workbook
from hub.contract import BadRecord
from hub.model.place import Address
from hub.model.purchase import PurchaseLine, PurchaseOrder
from tests.mapping.lab import Lab

ORDER = """
[tables.service]
UPSG = "ground"
[documents.order]
direction = "out"
takes = "purchase_order"
files = "/in/PO_{number}.x"
rows = "lines"
"""
RECORD = PurchaseOrder(
    number="PO-1",
    node="ACME",
    order_id="7",
    channel="shop",
    channel_order="450",
    channel_number="#1001",
    ordered_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    service="ground",
    supplier="acme",
    currency="USD",
    ship_to=Address(name="Ann Lee", street="1 Main St", city="Austin", postal_code="78701", country="US"),
    lines=(
        PurchaseLine(
            line_number=1,
            sku="AB",
            supplier_sku="N-1",
            quantity=Decimal(2),
            unit_cost=Decimal("60.5"),
            channel_line="11",
        ),
        PurchaseLine(line_number=2, sku="AC", quantity=Decimal(1), channel_line="12"),
    ),
)


def rendered(lab: Lab, text: str) -> bytes:
    return lab.load(ORDER + text).documents.render("order", RECORD)


def test_json_has_types_and_a_list_of_lines(lab: Lab) -> None:
    text = """format = "json"
loop = "order.lines"
[documents.order.fields]
"order.po" = "number"
"order.rush" = { value = false }
"order.note" = "note"
"order.shipTo.zip" = "ship_to.postal_code"
"order.lines.no" = "line.line_number"
"order.lines.sku" = "line.sku"
"order.lines.price.amount" = { from = "line.unit_cost", places = 2 }
"order.lines.price.unit" = { value = "EA" }
"order.lines.qty" = { from = "line.quantity", type = "text" }
"order.service" = { from = "service", table = "service" }
"""
    assert json.loads(rendered(lab, text)) == {
        "order": {
            "po": "PO-1",
            "rush": False,
            "shipTo": {"zip": "78701"},
            "service": "UPSG",
            "lines": [
                {"no": 1, "sku": "AB", "qty": "2", "price": {"amount": 60.5, "unit": "EA"}},
                {"no": 2, "sku": "AC", "qty": "1"},
            ],
        }
    }
    assert b'"amount": 60.50' in rendered(lab, text)


def test_xml_keeps_the_order_of_the_file(lab: Lab) -> None:
    text = """format = "xml"
root = "Order"
loop = "Order.Lines.c:Line"
namespaces = { "" = "urn:order", c = "urn:common" }
[documents.order.fields]
"Order.@version" = { value = "2" }
"Order.Number" = "number"
"Order.Lines.c:Line.@no" = "line.line_number"
"Order.Lines.c:Line.Sku" = "line.sku"
"Order.Lines.c:Line.Price" = "line.unit_cost"
"Order.Count" = { value = 2 }
"""
    assert rendered(lab, text).decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<Order xmlns="urn:order" xmlns:c="urn:common" version="2">\n'
        "  <Number>PO-1</Number>\n  <Lines>\n"
        '    <c:Line no="1">\n      <Sku>AB</Sku>\n      <Price>60.5</Price>\n    </c:Line>\n'
        '    <c:Line no="2">\n      <Sku>AC</Sku>\n    </c:Line>\n'
        "  </Lines>\n  <Count>2</Count>\n</Order>\n"
    )


def test_header_and_detail_rows_are_written(lab: Lab) -> None:
    text = """nest = ["H", "D"]
loop = "H.D"
line_end = "lf"
[documents.order.columns]
H = ["Type", "PO", "Name"]
D = ["Type", "No", "Item", "Qty"]
[documents.order.fields]
"H.PO" = "number"
"H.Name" = "ship_to.name"
"H.D.Item" = "line.sku"
"H.D.Qty" = "line.quantity"
"""
    assert rendered(lab, text) == b"H,PO-1,Ann Lee\nD,,AB,2\nD,,AC,1\n"


def test_fixed_width_is_filled_and_what_does_not_fit_is_refused(lab: Lab) -> None:
    text = """format = "fixed"
line_end = "lf"
columns = { PO = "1-6", Qty = "12-15 right", Item = "7-9" }
[documents.order.fields]
Qty = "line.quantity"
PO = "number"
"""
    assert rendered(lab, text) == b"PO-1          2\nPO-1          1\n"
    with pytest.raises(BadRecord, match="has 8 characters, and Item has room for 3"):
        rendered(lab, text + 'Item = { formula = \'concat(col["line.sku"], "-LARGE")\' }\n')
    assert lab.problems(ORDER + text + 'Itm = "line.sku"\n') == [
        "acme.toml:23:1: there is no column 'Itm'; did you mean 'Item'?"
    ]


def test_a_workbook_has_numbers_and_texts(lab: Lab) -> None:
    text = 'format = "xlsx"\nsheet = "PO"\n[documents.order.fields]\nPO = "number"\nPrice = "line.unit_cost"\n'
    assert [row for _, row in workbook.rows(rendered(lab, text), "PO")] == [
        ["PO", "Price"],
        ["PO-1", "60.5"],
        ["PO-1", ""],
    ]


def test_a_table_may_have_no_header_and_a_byte_order_mark(lab: Lab) -> None:
    text = 'header = false\nencoding = "utf-8-sig"\n[documents.order.fields]\na = "number"\nb = "line.sku"\n'
    assert rendered(lab, text) == b"\xef\xbb\xbfPO-1,AB\r\nPO-1,AC\r\n"
    text = 'encoding = "utf-16"\n[documents.order.fields]\na = "line.sku"\n'
    assert rendered(lab, text).decode("utf-16") == "a\r\nAB\r\nAC\r\n"


def test_a_tree_is_given_to_a_connector_that_writes_its_envelope(lab: Lab) -> None:
    text = """format = "json"
root = "850"
loop = "PO1"
[documents.order.fields]
"BEG.01" = { value = "00" }
"BEG.03" = "number"
"REF[VR].02" = { value = "88213" }
"N1[ST].02" = "ship_to.name"
"N1[ST].N3.01" = "ship_to.street"
"N1[BT].04" = "ship_to.company"
"PO1.01" = "line.line_number"
"PO1.PID[F].05" = "line.name"
"""
    root = lab.load(ORDER + text).documents.render_tree("order", RECORD)
    assert (root.name, [each.name for each in root.children]) == ("850", ["BEG", "REF", "N1", "PO1", "PO1"])
    assert root.children[2].values == {"01": "ST", "02": "Ann Lee"}
    assert [each.name for each in root.children[2].children] == ["N3"]
    assert [each.values for each in root.children[3:]] == [{"01": "1"}, {"01": "2"}]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('format = "json"\n[documents.order.fields]\na = "number"\n', '16:1: rows = "lines" needs a loop'),
        (
            'format = "json"\nloop = "L"\n[documents.order.fields]\na = "line.sku"\n',
            "20:1: a is made from a line and stands outside of it; begin 'a' with 'L'",
        ),
        (
            'format = "json"\nloop = "L"\n[documents.order.fields]\n"../a" = "number"\n',
            "20:1: ../a: ../ reads what is around a record",
        ),
        (
            'format = "json"\nloop = "L"\n[documents.order.fields]\n"a[" = "number"\n',
            "20:1: a[: path column 3: a filter is",
        ),
        ('loop = "L"\n[documents.order.fields]\na = "number"\n', "17:1: loop has no use here: a row of a table is"),
        (
            "footer = 1\n[documents.order.fields]\na = 'number'\n",
            "17:1: footer has no use here: it is for what comes in",
        ),
        ("[documents.order.each]\nx = 'y'\n[documents.order.fields]\na = 'number'\n", "17:1: each has no use here"),
    ],
)
def test_settings_that_cannot_work_are_told(lab: Lab, settings: str, problem: str) -> None:
    found = lab.problems(ORDER + settings)
    assert any(each.startswith(f"acme.toml:{problem}") for each in found), found


@pytest.mark.parametrize(
    ("settings", "expect"),
    [
        ('format = "xlsx"\n[documents.order.fields]\nPO = "number"\nItem = "line.sku"\n', "PO,Item\nPO-1,AB\n"),
        ('encoding = "utf-16"\n[documents.order.fields]\nItem = "line.sku"\n', "Item\nAB\n"),
        (
            'format = "ndjson"\nloop = "l"\n[documents.order.fields]\n"l.sku" = "line.sku"\n',
            '{"l": [{"sku": "AB"}]}\n',
        ),
    ],
)
def test_embedded_tests_are_written_as_text(lab: Lab, settings: str, expect: str) -> None:
    given = (
        '\n[[documents.order.tests]]\nname = "x"\ngiven = { number = "PO-1", node = "A", order_id = "7", '
        'channel = "s", channel_order = "4", channel_number = "1", ordered_at = 2026-11-20T09:30:00Z, '
        'supplier = "acme", currency = "USD", '
        'lines = [{ line_number = 1, sku = "AB", quantity = 2, channel_line = "11" }] }\n'
        f"expect = '''\n{expect}'''\n"
    )
    assert lab.load(ORDER + settings + given).run_tests() == []
    inward = (
        '\n[documents.back]\ndirection = "in"\nmakes = "stock_level"\nmode = "delta"\nfiles = "/x"\nformat = "xlsx"\n'
        '[documents.back.fields]\nsku = "Item"\nquantity = "Qty"\n[[documents.back.tests]]\n'
        'given = "Item,Qty\\nAB,5\\n"\nexpect = [{ sku = "AB", quantity = 5 }]\n'
    )
    assert lab.load(ORDER + settings + given + inward).run_tests() == []
