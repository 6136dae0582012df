"""Inbound CSV: rows become canonical records; what cannot be read is told, and the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import BadRecord, Mode
from hub.mapping import run
from hub.mapping.cell import Memo
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.order import SalesOrder
from hub.model.purchase import Acknowledgement, AcknowledgementLine, Invoice, Outcome
from hub.model.shipment import Shipment
from hub.model.stock import StockLevel
from tests.mapping.lab import Lab

STOCK = """
[tables.status]
A = "active"
D = "discontinued"
[units]
EA = 1
CS = 12
HALF = 0.5
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/*.csv"
"""
PLAIN = """
[documents.stock.fields]
sku = "Item"
quantity = "Qty"
"""


def parsed(lab: Lab, text: str, content: str | bytes, document: str = "stock") -> list[Record | BadRecord]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(lab.load(text).documents.parse(document, data))


def only(results: Sequence[Record | BadRecord]) -> Record | BadRecord:
    assert len(results) == 1, results
    return results[0]


def bad(result: Record | BadRecord) -> BadRecord:
    assert isinstance(result, BadRecord), result
    return result


class TestStock:
    FIELDS = """
skip_when = 'col["Item"] == ""'
[documents.stock.fields]
sku       = "Item"
location  = { value = "ACME-DC1" }
quantity  = { from = "Qty Avail", type = "integer", unit_from = "UOM", min = 0 }
safety    = { formula = 'max(2, round(number(col["Qty Avail"]) * 0.05))' }
status    = { from = "Stat", table = "status", default = "active" }
as_of     = { from = "Updated", type = "datetime", format = "%m/%d/%Y %H:%M" }
"""
    HEADER = "Item,Qty Avail,UOM,Stat,Updated\n"

    def test_the_file_of_the_reference_becomes_what_it_says(self, lab: Lab) -> None:
        content = self.HEADER + " AB-100 ,5,CS,A,11/20/2026 06:00\n,1,EA,A,11/20/2026 06:00\n"
        assert parsed(lab, STOCK + self.FIELDS, content) == [
            StockLevel(
                sku="AB-100",
                location="ACME-DC1",
                quantity=Decimal(60),
                safety=Decimal(2),
                status="active",
                as_of=datetime(2026, 11, 20, 12, tzinfo=UTC),
            )
        ]

    def test_records_are_the_same_as_the_model_makes_them(self, lab: Lab) -> None:
        made = only(parsed(lab, STOCK + self.FIELDS, self.HEADER + "AB,5,CS,D,11/20/2026 06:00\n"))
        assert isinstance(made, StockLevel)
        again = StockLevel.model_validate(made.model_dump())
        assert made == again
        assert hash(made) == hash(again)
        assert made.model_dump_json() == again.model_dump_json()
        assert made.changed(quantity=Decimal(3)).quantity == 3
        assert StockLevel.model_validate_json(made.model_dump_json()) == made

    @pytest.mark.parametrize(
        ("row", "field", "why"),
        [
            ("AB,x,CS,A,11/20/2026 06:00", "quantity", "column 'Qty Avail'): 'x' is not a plain number"),
            ("AB,NaN,CS,A,11/20/2026 06:00", "quantity", "'NaN' is not a plain number"),
            ("AB,1E+2000000,CS,A,11/20/2026 06:00", "quantity", "'1E+2000000' is not a plain number"),
            ("AB,-3,EA,A,11/20/2026 06:00", "quantity", "-3 is less than 0"),
            ("AB,5,BX,A,11/20/2026 06:00", "quantity", "unit 'BX' unknown; known: EA, CS, HALF"),
            ("AB,5,,A,11/20/2026 06:00", "quantity", "unit '' unknown; known: EA, CS, HALF"),
            ("AB,5,HALF,A,11/20/2026 06:00", "quantity", "2.5 is not a whole number"),
            ("AB,999999999999999,CS,A,11/20/2026 06:00", "quantity", "is not a plain number"),
            ("AB,,EA,A,11/20/2026 06:00", "quantity", "is empty and cannot be"),
            ("AB,5,EA,A,2026-11-20", "as_of", "column 'Updated'): '2026-11-20' is not written as '%m/%d/%Y %H:%M'"),
        ],
    )
    def test_a_bad_cell_parks_its_row_and_says_what_to_do(self, lab: Lab, row: str, field: str, why: str) -> None:
        good = "OK,1,EA,A,11/20/2026 06:00\n"
        before, found, after = parsed(lab, STOCK + self.FIELDS, self.HEADER + good + row + "\n" + good)
        assert isinstance(before, StockLevel)
        assert isinstance(after, StockLevel)
        error = bad(found)
        assert (error.record, error.field, error.extract) == (
            "row 3",
            field,
            row,
        )
        assert error.what.startswith(f"acme stock, row 3: {field}")
        assert why in error.what
        assert error.known == {"sku": "AB", "location": "ACME-DC1"}

    def test_an_unknown_code_takes_the_default_and_a_blank_too(self, lab: Lab) -> None:
        content = self.HEADER + "A,1,EA,Z,11/20/2026 06:00\nB,1,EA,,11/20/2026 06:00\n"
        assert [each.status for each in parsed(lab, STOCK + self.FIELDS, content) if isinstance(each, StockLevel)] == [
            "active",
            "active",
        ]

    def test_an_unknown_code_without_default_names_the_known_ones(self, lab: Lab) -> None:
        text = STOCK + PLAIN + 'status = { from = "S", table = "status" }\n'
        error = bad(only(parsed(lab, text, "Item,Qty,S\nAB,1,a\n")))
        assert error.what == "acme stock, row 2: status (column 'S'): 'a' is not in table 'status'; did you mean 'A'?"
        assert error.todo == "add it to [tables.status]"
        assert error.code == "table"

    def test_the_same_wrong_code_over_and_over_is_told_each_time(self, lab: Lab) -> None:
        text = STOCK + PLAIN + 'status = { from = "S", table = "status" }\n'
        rows = "".join(f"AB{number},1,z{number % 150}\n" for number in range(300))
        results = parsed(lab, text, "Item,Qty,S\n" + rows)
        assert len({bad(each).record for each in results}) == 300

    def test_the_mode_of_the_document_is_told_to_the_hub(self, lab: Lab) -> None:
        spec = lab.load(STOCK + PLAIN).documents.documents()[0]
        assert (spec.name, spec.mode) == ("stock", Mode.SNAPSHOT)

    def test_nothing_is_known_of_a_row_whose_sku_cannot_be_read(self, lab: Lab) -> None:
        error = bad(only(parsed(lab, STOCK + PLAIN, "Item,Qty\n,5\n")))
        assert (error.field, error.known) == ("sku", {})
        assert error.what == "acme stock, row 2: sku (column 'Item'): is empty and cannot be"

    def test_a_sku_that_is_too_long_is_refused(self, lab: Lab) -> None:
        assert bad(only(parsed(lab, STOCK + PLAIN, f"Item,Qty\n{'x' * 129},5\n"))).field == "sku"

    def test_the_row_number_counts_lines_of_the_file(self, lab: Lab) -> None:
        results = parsed(lab, STOCK + PLAIN, 'Item,Qty\n"two\nlines",1\n\nAB,x\n')
        assert [each.record for each in results if isinstance(each, BadRecord)][-1] == "row 5"

    def test_most_of_a_file_being_bad_ends_it(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "MOST_BAD_ROWS", 10)
        results = parsed(lab, STOCK + PLAIN, "Item,Qty\n" + "AB,x\n" * 50)
        assert len(results) == 11
        last = bad(results[-1])
        assert last.what == (
            "acme stock, the rest of the file: 10 of 11 rows cannot be read; the rest of the file is not looked at"
        )
        assert last.known == {}

    def test_a_few_bad_rows_in_a_large_file_end_nothing(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "MOST_BAD_ROWS", 10)
        results = parsed(lab, STOCK + PLAIN, "Item,Qty\n" + "AB,1\nAB,2\nAB,x\n" * 50)
        assert len(results) == 150


class TestHeader:
    def test_missing_columns_are_all_named_with_the_nearest(self, lab: Lab) -> None:
        error = bad(only(parsed(lab, STOCK + PLAIN, "Itm,Quantity\nAB,1\n")))
        assert error.what == (
            "acme stock, the header: column 'Item' is missing; did you mean 'Itm'?; "
            "column 'Qty' is missing; known: Itm, Quantity"
        )
        assert (error.record, error.extract, error.code) == ("the header", "Itm,Quantity", "header")
        assert "ask the partner what changed" in error.todo

    def test_a_header_with_another_delimiter_says_so(self, lab: Lab) -> None:
        error = bad(only(parsed(lab, STOCK + PLAIN, "Item;Qty\nAB;1\n")))
        assert error.what.endswith("; the header seems to be separated by ';': declare it as `delimiter`")

    def test_a_column_that_stands_twice_must_be_named_by_its_place(self, lab: Lab) -> None:
        error = bad(only(parsed(lab, STOCK + PLAIN, "Item,Qty,Qty\nAB,1,2\n")))
        assert "column 'Qty' stands in the header 2 times (#2 and #3); name the one you mean by its place" in error.what

    def test_a_column_can_be_named_by_its_place(self, lab: Lab) -> None:
        text = STOCK + '[documents.stock.fields]\nsku = "#1"\nquantity = "#3"\n'
        assert only(parsed(lab, text, "Item,Qty,Qty\nAB,1,2\n")) == StockLevel(sku="AB", quantity=Decimal(2))

    def test_a_place_beyond_the_header_is_told(self, lab: Lab) -> None:
        text = STOCK + '[documents.stock.fields]\nsku = "#1"\nquantity = "#3"\n'
        assert "there is no column #3: the file has 2" in bad(only(parsed(lab, text, "Item,Qty\nAB,1\n"))).what

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "acme stock, the whole file: the file is empty: not even a header line"),
            (b"%PDF-1.7", "acme stock, the whole file: the file is a PDF, not delimited text"),
        ],
    )
    def test_a_file_that_is_no_table_is_one_bad_record(self, lab: Lab, content: bytes, why: str) -> None:
        error = bad(only(parsed(lab, STOCK + PLAIN, content)))
        assert (error.what, error.record) == (why, "the whole file")

    def test_an_optional_column_may_be_missing(self, lab: Lab) -> None:
        text = STOCK + PLAIN + 'location = { from = "Warehouse", optional = true }\n'
        assert only(parsed(lab, text, "Item,Qty\nAB,1\n")) == StockLevel(sku="AB", quantity=Decimal(1))
        with_it = only(parsed(lab, text, "Item,Qty,Warehouse\nAB,1,EAST\n"))
        assert with_it == StockLevel(sku="AB", quantity=Decimal(1), location="EAST")

    def test_an_optional_column_that_something_else_needs_must_be_there(self, lab: Lab) -> None:
        text = STOCK + PLAIN + 'location = { from = "Qty", optional = true }\n'
        assert "column 'Qty' is missing" in bad(only(parsed(lab, text, "Item\nAB\n"))).what

    def test_an_optional_figure_does_not_lose_its_unit(self, lab: Lab) -> None:
        text = STOCK + PLAIN + 'safety = { from = "Keep", unit_from = "UOM", optional = true }\n'
        assert (
            "column 'UOM' is missing, and safety needs it"
            in bad(only(parsed(lab, text, "Item,Qty,Keep\nAB,1,2\n"))).what
        )
        assert only(parsed(lab, text, "Item,Qty\nAB,1\n")) == StockLevel(sku="AB", quantity=Decimal(1))

    def test_a_formula_needs_its_columns(self, lab: Lab) -> None:
        text = STOCK + PLAIN + "safety = { formula = 'number(Keep)' }\n"
        assert "column 'Keep' is missing" in bad(only(parsed(lab, text, "Item,Qty\nAB,1\n"))).what


class TestFormulas:
    def test_an_empty_cell_in_a_formula_leaves_the_field_empty(self, lab: Lab) -> None:
        text = STOCK + PLAIN + "safety = { formula = 'number(Keep) * 2' }\n"
        none, four = parsed(lab, text, "Item,Qty,Keep\nA,1,\nB,1,2\n")
        assert [each.safety for each in (none, four) if isinstance(each, StockLevel)] == [None, Decimal(4)]

    def test_a_failing_formula_parks_its_row(self, lab: Lab) -> None:
        text = STOCK + PLAIN + "safety = { formula = '1 / number(Keep)' }\n"
        error = bad(only(parsed(lab, text, "Item,Qty,Keep\nA,1,0\n")))
        assert (error.what, error.code) == ("acme stock, row 2: safety: formula: division by zero", "formula")

    def test_a_failing_skip_when_parks_its_row(self, lab: Lab) -> None:
        text = STOCK + "skip_when = 'number(Qty) == 0'\n" + PLAIN
        skipped, error = [*parsed(lab, text, "Item,Qty\nA,0\nB,1\n"), *parsed(lab, text, "Item,Qty\nA,x\n")]
        assert isinstance(skipped, StockLevel)
        assert bad(error).what.startswith("acme stock, row 2: skip_when: 'x' is not a plain number")

    @pytest.mark.parametrize(
        ("formula", "quantity"),
        [("number(Qty) / 3", "0.333333333"), ("trim(Qty)", "1"), ("Qty", "1")],
    )
    def test_what_a_formula_gives_is_checked_like_a_cell(self, lab: Lab, formula: str, quantity: str) -> None:
        text = STOCK + f'[documents.stock.fields]\nsku = "Item"\nquantity = {{ formula = "{formula}" }}\n'
        assert only(parsed(lab, text, "Item,Qty\nA,1\n")) == StockLevel(sku="A", quantity=Decimal(quantity))

    def test_a_formulas_number_can_be_a_text(self, lab: Lab) -> None:
        text = STOCK + "[documents.stock.fields]\nsku = { formula = 'number(Item)' }\nquantity = 'Qty'\n"
        assert only(parsed(lab, text, "Item,Qty\n007,1\n")) == StockLevel(sku="7", quantity=Decimal(1))

    def test_a_formulas_date_and_truth_reach_their_fields(self, lab: Lab) -> None:
        text = """
[documents.cat]
direction = "in"
makes = "catalogue_entry"
mode = "delta"
files = "x"
[documents.cat.fields]
sku = "Item"
price = "Price"
active = { formula = 'Price != "0"' }
as_of = { formula = 'days_after(date(Day), 1)' }
"""
        made = only(parsed(lab, text, "Item,Price,Day\nA,2,2026-11-20T00:00Z\n", "cat"))
        assert made == CatalogueEntry(sku="A", price=Decimal(2), active=True, as_of=datetime(2026, 11, 21, tzinfo=UTC))


class TestVerbs:
    CATALOGUE = """
[tables.flag]
on = true
off = false
[tables.days]
fast = 1
slow = 9
[documents.cat]
direction = "in"
makes = "catalogue_entry"
mode = "delta"
files = "x"
[documents.cat.fields]
sku = "Item"
"""

    @pytest.mark.parametrize(
        ("rule", "cell", "field", "value"),
        [
            ('price = { from = "X", decimal = ",", thousands = "." }', "1.250,75", "price", Decimal("1250.75")),
            ('price = { from = "X", trailing_sign = true, min = -10 }\n', "5-", "price", None),
            ('price = { from = "X", places = 2 }', "1.005", "price", Decimal("1.01")),
            ('price = { from = "X", default = 9.5 }', "", "price", Decimal("9.5")),
            ('price = { from = "X", default = "9.5" }', "", "price", Decimal("9.5")),
            ("price = { value = 3 }", "", "price", Decimal(3)),
            ('price = { value = "3.10" }', "", "price", Decimal("3.10")),
            ('lead_days = "X"', "7", "lead_days", 7),
            ('lead_days = "X"', "7.0", "lead_days", 7),
            ('lead_days = "X"', "7.5", "lead_days", None),
            ('lead_days = "X"', "800", "lead_days", None),
            ('lead_days = { from = "X", table = "days" }', "slow", "lead_days", 9),
            ('active = "X"', "Yes", "active", True),
            ('active = "X"', "0", "active", False),
            ('active = "X"', "maybe", "active", None),
            ('active = { from = "X", table = "flag" }', "off", "active", False),
            ("active = { value = false }", "", "active", False),
            ('supplier_sku = { from = "X", pad = 6 }', "42", "supplier_sku", "000042"),
            ('supplier_sku = { from = "X", type = "integer" }', "00042", "supplier_sku", "42"),
            ('supplier_sku = { from = "X", type = "decimal", places = 1 }', "1.25", "supplier_sku", "1.3"),
            ("supplier_sku = { value = 42 }", "", "supplier_sku", "42"),
            ('name = { value = "" }', "", "name", ""),
            ('name = "X"', "n" * 2001, "name", None),
            ('gtin = "X"', "4006381333931", "gtin", "4006381333931"),
            ('gtin = "X"', "4006381333932", "gtin", None),
            ('currency = "X"', "eur", "currency", "EUR"),
            ('currency = "X"', "XXQ", "currency", None),
            (
                'as_of = { from = "X", type = "date", format = "%d.%m.%Y" }',
                "20.11.2026",
                "as_of",
                datetime(2026, 11, 20, 6, tzinfo=UTC),
            ),
        ],
    )
    def test_a_verb_shapes_its_field(self, lab: Lab, rule: str, cell: str, field: str, value: object) -> None:
        other = "" if field == "price" else 'price = { value = "1" }\n'
        made = only(parsed(lab, self.CATALOGUE + other + rule, f'Item,X\nA,"{cell}"\n', "cat"))
        if value is None:
            assert bad(made).field == field
        else:
            assert getattr(made, field) == value
            assert type(getattr(made, field)) is type(value)

    @pytest.mark.parametrize("name", ["latin-1", "ISO-8859-1", "latin1", "windows-1252", "CP1252"])
    def test_an_encoding_may_be_written_as_people_write_it(self, lab: Lab, name: str) -> None:
        text = STOCK + f'encoding = "{name}"\n' + PLAIN
        assert only(parsed(lab, text, b"Item,Qty\ncaf\xe9,1\n")) == StockLevel(sku="café", quantity=Decimal(1))

    def test_numerals_can_be_declared_for_a_whole_document(self, lab: Lab) -> None:
        text = STOCK + 'decimal = ","\nthousands = "."\ndelimiter = ";"\nencoding = "cp1252"\n' + PLAIN
        assert only(parsed(lab, text, "Item;Qty\nStück;1.250,5\n".encode("cp1252"))) == StockLevel(
            sku="Stück", quantity=Decimal("1250.5")
        )


ACK = """
[tables.outcome]
A = "accepted"
R = "rejected"
[documents.ack]
direction = "in"
makes = "acknowledgement"
files = "/out/ACK*.csv"
[documents.ack.fields]
order_number = "PO"
line_number = "Line"
quantity = "Qty"
outcome = { from = "S", table = "outcome" }
reason = "Why"
record.reason = "Remark"
"""
ACK_HEADER = "PO,Line,Qty,S,Why,Remark\n"


class TestLines:
    def test_rows_of_one_order_make_one_record(self, lab: Lab) -> None:
        content = ACK_HEADER + "P1,1,2,A,,thanks\nP2,1,1,A,,\nP1,2,0,R,sold out,again\n"
        assert parsed(lab, ACK, content, "ack") == [
            Acknowledgement(
                order_number="P1",
                reason="thanks",
                lines=(
                    AcknowledgementLine(line_number=1, quantity=Decimal(2), outcome=Outcome.ACCEPTED),
                    AcknowledgementLine(
                        line_number=2, quantity=Decimal(0), outcome=Outcome.REJECTED, reason="sold out"
                    ),
                ),
            ),
            Acknowledgement(
                order_number="P2",
                lines=(AcknowledgementLine(line_number=1, quantity=Decimal(1), outcome=Outcome.ACCEPTED),),
            ),
        ]

    def test_a_name_of_record_and_line_is_the_records_where_there_are_no_lines(self, lab: Lab) -> None:
        text = ACK[: ACK.index("line_number")] + 'outcome = { from = "S", table = "outcome" }\nreason = "Why"\n'
        assert only(parsed(lab, text, "PO,S,Why\nP1,R,closed\n", "ack")) == Acknowledgement(
            order_number="P1", outcome=Outcome.REJECTED, reason="closed"
        )

    def test_one_bad_row_makes_its_whole_record_bad_and_no_other(self, lab: Lab) -> None:
        content = ACK_HEADER + "P1,1,2,A,,\nP1,x,1,A,,\nP1,y,1,A,,\nP2,1,1,A,,\n"
        error, good = parsed(lab, ACK, content, "ack")
        assert bad(error).record == "row 3"
        assert bad(error).what.startswith("acme ack, row 3: line_number (column 'Line'): 'x' is not a plain number")
        assert bad(error).known == {"order_number": "P1"}
        assert isinstance(good, Acknowledgement)
        assert good.order_number == "P2"

    def test_a_row_of_no_order_is_bad_by_itself(self, lab: Lab) -> None:
        error, good = parsed(lab, ACK, ACK_HEADER + ",1,1,A,,\nP2,1,1,A,,\n", "ack")
        assert (bad(error).record, bad(error).field) == ("row 2", "order_number")
        assert isinstance(good, Acknowledgement)

    def test_a_word_that_is_none_of_the_fixed_ones_is_told_with_all_of_them(self, lab: Lab) -> None:
        text = ACK.replace(', table = "outcome"', "")
        error = bad(only(parsed(lab, text, ACK_HEADER + "P1,1,2,A,,\n", "ack")))
        assert error.what.endswith("'A' is not one of accepted, changed, backordered, rejected")
        assert error.todo == "map the partner's codes with a table"

    def test_an_unreadable_row_is_told_before_the_records(self, lab: Lab) -> None:
        error, good = parsed(lab, ACK, ACK_HEADER + "P1,1\nP2,1,1,A,,\n", "ack")
        assert bad(error).what == "acme ack, row 2: the row has 2 cells and the header 6"
        assert isinstance(good, Acknowledgement)

    def test_a_row_without_any_line_cell_only_fills_the_record(self, lab: Lab) -> None:
        made = only(parsed(lab, ACK, ACK_HEADER + "P1,,,,,\nP1,1,1,A,,late\n", "ack"))
        assert isinstance(made, Acknowledgement)
        assert (made.reason, len(made.lines)) == ("late", 1)

    def test_shipments_with_a_number_keep_their_parcels_together(self, house_lab: Lab) -> None:
        file = _house(house_lab)
        header = b"PO,Line,Item,Shipped,Short,Shipment,Carrier,Tracking,Shipped At\n"
        rows = b"P1,1,A,1,,S1,UPS,T1,\nP1,2,B,1,,S1,UPS,T2,\nP1,3,C,1,,,UPS,T3,\nP1,4,D,1,,,UPS,T4,\n"
        made = [each for each in file.parse("shipment", header + rows) if isinstance(each, Shipment)]
        assert [(each.shipment_number, each.tracking, len(each.lines)) for each in made] == [
            ("S1", "T1", 2),
            ("", "T3", 1),
            ("", "T4", 1),
        ]

    def test_an_invoice_is_made_of_its_rows(self, lab: Lab) -> None:
        text = """
[documents.inv]
direction = "in"
makes = "invoice"
files = "x"
[documents.inv.fields]
invoice_number = "I"
order_number = "O"
total = "T"
quantity = "Q"
price = "P"
"""
        made = only(parsed(lab, text, "I,O,T,Q,P\nI1,P1,30.5,1,10.5\nI1,P1,30.5,2,10\n", "inv"))
        assert isinstance(made, Invoice)
        assert (made.total, [line.quantity * line.price for line in made.lines]) == (
            Decimal("30.5"),
            [Decimal("10.5"), Decimal(20)],
        )


ORDER = """
[documents.so]
direction = "in"
makes = "sales_order"
files = "x"
[documents.so.fields]
order_id = "Id"
number = "Id"
placed_at = "At"
updated_at = "At"
currency = { value = "usd" }
ship_to.name = "Name"
ship_to.city = "City"
ship_to.country = "Land"
ship_to.coordinates.latitude = "Lat"
ship_to.coordinates.longitude = { from = "Lon" }
customer.name = "Name"
line.line_id = "Line"
line.sku = "Item"
line.quantity = "Qty"
"""
ORDER_HEADER = "Id,At,Name,City,Land,Lat,Lon,Line,Item,Qty\n"


class TestOrders:
    def test_an_order_has_its_partners_code_as_channel(self, lab: Lab) -> None:
        rows = "7,2026-11-20T06:00Z,Ann,Austin,US,30.25,-97.75,1,A,2\n7,2026-11-20T06:00Z,Ann,Austin,US,,,2,B,1\n"
        made = only(parsed(lab, ORDER, ORDER_HEADER + rows, "so"))
        assert isinstance(made, SalesOrder)
        assert (made.channel, made.currency, len(made.lines)) == ("acme", "USD", 2)
        assert made.ship_to is not None
        assert (made.ship_to.city, made.ship_to.country) == ("Austin", "US")
        assert made.ship_to.coordinates is not None
        assert made.ship_to.coordinates.longitude == -97.75

    def test_what_only_the_whole_record_can_tell_names_its_first_row(self, lab: Lab) -> None:
        rows = "7,2026-11-20T06:00Z,Ann,Austin,US,,,1,A,2\n7,2026-11-20T06:00Z,Ann,Austin,US,,,1,B,1\n"
        error = bad(only(parsed(lab, ORDER, ORDER_HEADER + rows, "so")))
        assert error.what == "acme so, row 2: order 7: two lines share one line id"
        assert error.extract == rows.strip()

    def test_a_part_of_an_address_that_lacks_the_rest_names_the_field(self, lab: Lab) -> None:
        error = bad(only(parsed(lab, ORDER, ORDER_HEADER + "7,2026-11-20T06:00Z,Ann,,,,,1,A,2\n", "so")))
        assert error.field == "ship_to.country"


def _house(lab: Lab) -> Documents:
    text = 'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "acme"\n[connection]\nurl = "x"\n'
    return lab.open(lab.write(text)).documents


def test_a_memo_remembers_short_texts_and_forgets_nothing_else() -> None:
    asked: list[str] = []

    def convert(text: str) -> object:
        asked.append(text)
        return len(text)

    memo = Memo(convert)
    assert [memo["ab"], memo["ab"], memo["x" * 100], memo["x" * 100]] == [2, 2, 100, 100]
    assert asked == ["ab", "x" * 100, "x" * 100]
    for number in range(10_000):
        assert memo[str(number)] == len(str(number))
    assert len(memo) <= 8192


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    lab = Lab(tmp_path_factory.mktemp("lab"), tmp_path_factory.getbasetemp(), {})
    fields = '[documents.stock.fields]\nsku = "Item"\nquantity = { from = "Qty", unit_from = "UOM" }\n'
    return lab.load(STOCK + fields).documents


@given(
    rows=st.lists(
        st.tuples(
            st.text("AB1-é ", max_size=5),
            st.sampled_from(["1", "0", "12.5", "-1", "x", "NaN", "", "1e9", "\u0663", "999999999999999"]),
            st.sampled_from(["EA", "CS", "", "BX"]),
        ),
        max_size=15,
    )
)
def test_every_row_is_a_record_or_told_as_bad(stock: Documents, rows: list[tuple[str, ...]]) -> None:
    content = "Item,Qty,UOM\n" + "".join(",".join(row) + "\n" for row in rows)
    results = list(stock.parse("stock", content.encode()))
    assert len(results) == sum(1 for row in rows if any(row))
    for each in results:
        if isinstance(each, StockLevel):
            assert each.quantity.is_finite()
            assert each == StockLevel.model_validate(each.model_dump())
