"""Outbound CSV: a record becomes the partner's file, exactly; what cannot be written stops it with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.codec.delimited import Dialect, read
from hub.contract import BadRecord
from hub.mapping.translator import Documents
from hub.model.place import Address, Coordinates
from hub.model.purchase import PurchaseLine, PurchaseOrder
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.stock import StockPush, StockPushRow
from tests.mapping.lab import Lab

ORDER = """
[documents.order]
direction = "out"
takes = "purchase_order"
files = "/in/PO_{number}.csv"
rows = "lines"
"""


def order(**changes: Any) -> PurchaseOrder:
    values: dict[str, Any] = {
        "number": "PO-1",
        "node": "ACME",
        "order_id": "7",
        "channel": "shop",
        "channel_order": "4507",
        "channel_number": "#1001",
        "ordered_at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        "service": "ground",
        "supplier": "acme",
        "currency": "USD",
        "ship_to": Address(name="Ann", country="US", coordinates=Coordinates(latitude=30.25, longitude=-97.7)),
        "lines": (
            PurchaseLine(line_number=1, sku="AB", quantity=Decimal(12), unit_cost=Decimal("9.5"), channel_line="11"),
            PurchaseLine(line_number=2, sku="CD", quantity=Decimal("1.5"), channel_line="12"),
        ),
    }
    return PurchaseOrder(**{**values, **changes})


def rendered(lab: Lab, fields: str, record: PurchaseOrder | None = None, settings: str = "") -> list[str]:
    """Return the lines below the header."""
    documents = lab.load(settings + ORDER + "[documents.order.fields]\n" + fields).documents
    return documents.render("order", record or order()).decode().split("\r\n")[1:-1]


def refused(lab: Lab, fields: str, record: PurchaseOrder | None = None, settings: str = "") -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        rendered(lab, fields, record, settings)
    return caught.value


class TestColumns:
    @pytest.mark.parametrize(
        ("rule", "cells"),
        [
            ('X = "number"', ["PO-1", "PO-1"]),
            ('X = "line.sku"', ["AB", "CD"]),
            ('X = "line.quantity"', ["12", "1.5"]),
            ('X = "line.unit_cost"', ["9.5", ""]),
            ('X = { from = "line.unit_cost", places = 2 }', ["9.50", ""]),
            ('X = { from = "line.unit_cost", places = 2, decimal = "," }', ['"9,50"', ""]),
            ('X = { from = "line.unit_cost", default = 0 }', ["9.5", "0"]),
            ('X = { from = "line.line_number", pad = 6 }', ["000001", "000002"]),
            ('X = { from = "line.quantity", min = 1, type = "decimal" }', ["12", "1.5"]),
            ('X = "ship_to.name"', ["Ann", "Ann"]),
            ('X = "ship_to.company"', ["", ""]),
            ('X = "ship_to.coordinates.latitude"', ["30.25", "30.25"]),
            ('X = "drop_ship"', ["true", "true"]),
            ('X = "ordered_at"', ["2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"]),
            ('X = { from = "ordered_at", format = "%m/%d/%Y %H:%M" }', ["11/20/2026 03:30", "11/20/2026 03:30"]),
            ('X = { from = "ordered_at", type = "date" }', ["2026-11-20", "2026-11-20"]),
            ('X = "ship_by"', ["", ""]),
            ('X = { value = "DC" }', ["DC", "DC"]),
            ("X = { value = 2.50 }", ["2.5", "2.5"]),
            ("X = { value = true }", ["true", "true"]),
            ('X = { value = "" }', ['""', '""']),
            ('X = { formula = \'concat(number, "-", col["line.sku"])\' }', ["PO-1-AB", "PO-1-CD"]),
            ("X = { formula = 'col[\"line.quantity\"] * 2' }", ["24", "3"]),
            ("X = { formula = 'col[\"line.line_number\"] + 1' }", ["2", "3"]),
            ("X = { formula = 'col[\"ship_to.coordinates.longitude\"] * 2' }", ["-195.4", "-195.4"]),
            ('X = { formula = \'col["line.unit_cost"] * 2\', default = "-" }', ["19", "-"]),
            ("X = { formula = 'coalesce(col[\"line.unit_cost\"], 1)' }", ["9.5", "1"]),
            ('X = { formula = \'"none" if note == "" else note\' }', ["none", "none"]),
            ("X = { formula = 'days_after(ordered_at, 1)', format = \"%d.%m.%y\" }", ["21.11.26", "21.11.26"]),
            ("X = { formula = 'drop_ship and true' }", ["true", "true"]),
        ],
    )
    def test_a_column_is_made_from_its_rule(self, lab: Lab, rule: str, cells: list[str]) -> None:
        expected = [cell or '""' for cell in cells]
        assert rendered(lab, rule) == expected

    def test_columns_stand_in_the_order_of_the_file(self, lab: Lab) -> None:
        documents = lab.load(ORDER + '[documents.order.fields]\nB = "number"\n"A b" = "line.sku"\n').documents
        assert documents.render("order", order()) == b"B,A b\r\nPO-1,AB\r\nPO-1,CD\r\n"

    @pytest.mark.parametrize(
        "rule",
        ['X = "ship_to.name"', "X = { formula = 'col[\"ship_to.name\"]' }", 'X = "ship_to.coordinates.latitude"'],
    )
    def test_what_is_below_something_absent_is_absent(self, lab: Lab, rule: str) -> None:
        assert rendered(lab, rule, order(ship_to=None)) == ['""', '""']

    def test_without_rows_a_record_is_one_row(self, lab: Lab) -> None:
        text = ORDER.replace('rows = "lines"\n', "") + '[documents.order.fields]\nPO = "number"\n'
        assert lab.load(text).documents.render("order", order()) == b"PO\r\nPO-1\r\n"

    def test_the_dialect_of_the_document_is_used(self, lab: Lab) -> None:
        dialect = 'delimiter = ";"\nencoding = "latin-1"\nline_end = "lf"\nquote = "\'"\n'
        text = ORDER + dialect + '[documents.order.fields]\nA = "number"\nB = "service"\n'
        made = lab.load(text).documents.render("order", order(service="tür; 'x'"))
        assert made == "A;B\nPO-1;'tür; ''x'''\nPO-1;'tür; ''x'''\n".encode("latin-1")

    def test_text_keeps_every_character(self, lab: Lab) -> None:
        made = lab.load(ORDER + '[documents.order.fields]\nS = "ship_to.street"\n').documents
        record = order(ship_to=Address(street='1 "Main" St,\r\nFlat 2 =SUM(A1)', country="US"))
        table = read(made.render("order", record), Dialect())
        assert [row for _, row in table.rows] == [['1 "Main" St,\r\nFlat 2 =SUM(A1)']] * 2


class TestTables:
    TABLE = '[tables.service]\nUPSG = "ground"\nUPS2 = "two_day"\nG1 = "GND"\nG2 = "GND"\n7 = 1\n'

    def test_a_table_is_read_backwards(self, lab: Lab) -> None:
        table = '[tables.service]\nUPSG = "ground"\nUPS2 = "two_day"\n'
        assert rendered(lab, 'X = { from = "service", table = "service" }', settings=table) == ["UPSG", "UPSG"]

    @pytest.mark.parametrize("prefer", ['"G2"', '["UPSG", "G2"]'])
    def test_of_two_codes_the_preferred_one_is_sent(self, lab: Lab, prefer: str) -> None:
        rule = f'X = {{ from = "service", table = "service", prefer = {prefer} }}'
        assert rendered(lab, rule, order(service="GND"), self.TABLE) == ["G2", "G2"]

    def test_a_number_finds_its_code(self, lab: Lab) -> None:
        rule = 'X = { from = "line.line_number", table = "service", prefer = "G1", default = "other" }'
        assert rendered(lab, rule, settings=self.TABLE) == ["7", "other"]

    def test_what_has_no_code_is_refused(self, lab: Lab) -> None:
        table = '[tables.service]\nUPSG = "ground"\n'
        error = refused(lab, 'X = { from = "service", table = "service" }', order(service="grund"), table)
        assert error.what == (
            "acme order, number PO-1, X: table 'service' has no code for 'grund'; did you mean 'ground'?"
        )
        assert (error.record, error.field, error.code) == ("number PO-1", "X", "table")
        assert error.todo == "add it to [tables.service]"

    def test_what_is_empty_needs_no_code(self, lab: Lab) -> None:
        table = '[tables.service]\nUPSG = "ground"\n'
        assert rendered(lab, 'X = { from = "service", table = "service" }', order(service=""), table) == ['""', '""']


class TestRefusals:
    @pytest.mark.parametrize(
        ("rule", "why"),
        [
            (
                'X = { from = "line.quantity", type = "integer" }',
                "acme order, number PO-1, X: 1.5 is not a whole number",
            ),
            ('X = { from = "line.quantity", min = 2 }', "acme order, number PO-1, X: 1.5 is less than 2"),
            ("X = { formula = '1 / (col[\"line.line_number\"] - 1)' }", "X: formula: division by zero"),
        ],
    )
    def test_a_value_that_does_not_fit_stops_the_file(self, lab: Lab, rule: str, why: str) -> None:
        assert why in refused(lab, rule).what

    def test_a_character_that_the_partner_cannot_read_stops_the_file(self, lab: Lab) -> None:
        text = ORDER + 'encoding = "ascii"\n[documents.order.fields]\nS = "service"\n'
        with pytest.raises(BadRecord) as caught:
            lab.load(text).documents.render("order", order(service="tür"))
        assert caught.value.what == "acme order, number PO-1: the character 'ü' cannot be written in ascii"

    def test_a_nul_stops_the_file(self, lab: Lab) -> None:
        assert "holds a character that no text file may hold" in refused(lab, 'S = "note"', order(note="a\x00b")).what


class TestNames:
    def test_the_file_is_named_after_the_record(self, lab: Lab) -> None:
        documents = lab.load(ORDER + '[documents.order.fields]\nPO = "number"\n').documents
        assert documents.file_name("order", order(number="PO 7#1")) == "/in/PO_PO 7#1.csv"
        assert documents.files("order") == "/in/PO_{number}.csv"

    @pytest.mark.parametrize("number", ["../x", "a/b", ".hidden", "a\\b", "ä", "-" * 3 + "*"])
    def test_no_record_leads_a_file_out_of_its_folder(self, lab: Lab, number: str) -> None:
        documents = lab.load(ORDER + '[documents.order.fields]\nPO = "number"\n').documents
        with pytest.raises(BadRecord, match="cannot stand in a file name") as caught:
            documents.file_name("order", order(number=number))
        assert caught.value.field == "files"

    def test_a_name_may_hold_several_fields(self, lab: Lab) -> None:
        text = (
            ORDER.replace("PO_{number}", "{supplier}_{number}_{ship_by}") + '[documents.order.fields]\nPO = "number"\n'
        )
        documents = lab.load(text).documents
        stamped = order(ship_by=datetime(2026, 11, 21, tzinfo=UTC), number="1")
        with pytest.raises(BadRecord, match="'2026-11-21T00:00:00Z' cannot stand in a file name"):
            documents.file_name("order", stamped)
        with pytest.raises(BadRecord, match="'' cannot stand in a file name"):
            documents.file_name("order", order())


class TestOtherKinds:
    def test_a_stock_push_is_a_row_for_each_figure(self, lab: Lab) -> None:
        text = """
[documents.push]
direction = "out"
takes = "stock_push"
files = "/in/stock.csv"
rows = "rows"
[documents.push.fields]
SKU = "row.sku"
Stock = { from = "row.quantity", type = "integer" }
"""
        push = StockPush(rows=(StockPushRow(sku="A", location="1", quantity=Decimal(3)),))
        assert lab.load(text).documents.render("push", push) == b"SKU,Stock\r\nA,3\r\n"
        assert lab.load(text).documents.file_name("push", push) == "/in/stock.csv"

    def test_a_fulfilment_that_cannot_be_written_is_named_by_its_id(self, lab: Lab) -> None:
        text = """
[documents.done]
direction = "out"
takes = "fulfilment"
files = "/in/{fulfilment_id}.csv"
[documents.done.fields]
T = { from = "tracking", table = "t" }
[tables.t]
x = "y"
"""
        line = FulfilmentLine(channel_line="1", quantity=Decimal(1))
        done = Fulfilment(fulfilment_id="F1", channel_order="4", node="N", tracking="1Z", lines=(line,))
        with pytest.raises(BadRecord) as caught:
            lab.load(text).documents.render("done", done)
        assert caught.value.record == "fulfilment_id F1"


class TestPartnerLists:
    def test_the_documents_are_listed_with_their_directions(self, house_lab: Lab) -> None:
        text = 'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "acme"\n[connection]\nurl = "x"\n'
        documents = house_lab.open(house_lab.write(text)).documents
        assert [(each.name, str(each.direction), str(each.kind), str(each.mode)) for each in documents.documents()] == [
            ("stock", "in", "stock_level", "snapshot"),
            ("catalogue", "in", "catalogue_entry", "snapshot"),
            ("acknowledgement", "in", "acknowledgement", "delta"),
            ("shipment", "in", "shipment", "delta"),
            ("order", "out", "purchase_order", "delta"),
        ]


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """A document out and one in that say the same of the same columns."""
    lab = Lab(tmp_path_factory.mktemp("lab"), tmp_path_factory.getbasetemp(), {})
    return lab.load(
        """
[tables.at]
"1" = "EAST"
"2" = "WEST"
[documents.push]
direction = "out"
takes = "stock_push"
files = "x"
rows = "rows"
decimal = ","
delimiter = ";"
[documents.push.fields]
"the SKU" = "row.sku"
Where = { from = "row.location", table = "at" }
Qty = "row.quantity"
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "x"
decimal = ","
delimiter = ";"
[documents.stock.fields]
sku = "the SKU"
location = { from = "Where", table = "at" }
quantity = "Qty"
"""
    ).documents


SKUS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)
FIGURES = st.decimals(0, 10**12, places=3, allow_nan=False)


@given(rows=st.lists(st.tuples(SKUS, st.sampled_from(["EAST", "WEST"]), FIGURES), min_size=1, max_size=10))
def test_what_goes_out_comes_back_the_same(both_ways: Documents, rows: list[tuple[str, str, Decimal]]) -> None:
    push = StockPush(rows=tuple(StockPushRow(sku=sku, location=at, quantity=qty) for sku, at, qty in rows))
    back = list(both_ways.parse("stock", both_ways.render("push", push)))
    assert not [each for each in back if isinstance(each, BadRecord)]
    assert [(each.sku, each.location, each.quantity) for each in back] == [  # type: ignore[attr-defined,union-attr]
        (row.sku, row.location, row.quantity) for row in push.rows
    ]
