"""Everything that partners get wrong, through the house templates: told by partner, document, row and field."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.contract import BadRecord
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.purchase import Acknowledgement, Outcome
from hub.model.shipment import Shipment
from hub.model.stock import StockLevel
from tests.mapping.lab import Lab

STOCK = "Item,Qty Avail,UOM,Status,Updated"
CATALOGUE = "Item,Supplier Item,Description,Price,Currency,Min Qty,Lead Days,Weight g"
ACK = "PO,Line,Item,Status,Qty,Ship Date,Reason"
SHIP = "PO,Line,Item,Shipped,Short,Shipment,Carrier,Tracking,Shipped At"
GOOD = {
    "stock": "OK-1,3,EA,A,2026-11-20T06:00:00Z",
    "catalogue": "OK-1,S-1,Tent,9.50,USD,1,2,800",
    "acknowledgement": "PO-OK,1,OK-1,A,2,2026-11-23,",
    "shipment": "PO-OK,1,OK-1,2,0,S-1,UPS,1Z,2026-11-23T15:00:00Z",
}
HEADERS = {"stock": STOCK, "catalogue": CATALOGUE, "acknowledgement": ACK, "shipment": SHIP}


@pytest.fixture
def documents(house_lab: Lab) -> Documents:
    text = 'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "acme"\n[connection]\nurl = "x"\n'
    return house_lab.open(house_lab.write(text)).documents


@pytest.fixture
def warehouse(house_lab: Lab) -> Documents:
    text = 'version = 1\nextends = "csv_warehouse"\n[partner]\ncode = "dc1"\n[connection]\nurl = "x"\n'
    return house_lab.open(house_lab.write(text, "dc1.toml")).documents


def parsed(documents: Documents, document: str, *rows: str | bytes) -> list[Record | BadRecord]:
    lines = [HEADERS[document].encode(), *(row if isinstance(row, bytes) else row.encode() for row in rows)]
    return list(documents.parse(document, b"\r\n".join(lines) + b"\r\n"))


def split(results: Sequence[Record | BadRecord]) -> tuple[list[Record], list[BadRecord]]:
    good = [each for each in results if not isinstance(each, BadRecord)]
    return good, [each for each in results if isinstance(each, BadRecord)]


BAD_ROWS = [
    ("stock", "AB,-1,EA,A,", "quantity", "must not be negative, got -1"),
    ("stock", "AB,NaN,EA,A,", "quantity", "'NaN' is not a plain number"),
    ("stock", "AB,Infinity,EA,A,", "quantity", "'Infinity' is not a plain number"),
    ("stock", "AB,1E+2000000,EA,A,", "quantity", "'1E+2000000' is not a plain number"),
    ("stock", "AB,1_000,EA,A,", "quantity", "'1_000' is not a plain number"),
    ("stock", 'AB,"1,000",EA,A,', "quantity", "'1,000' is not a plain number"),
    ("stock", "AB,\uff15,EA,A,", "quantity", "is not a plain number"),
    ("stock", "AB,0x10,EA,A,", "quantity", "'0x10' is not a plain number"),
    ("stock", "AB,1.5,EA,A,", "quantity", "1.5 is not a whole number"),
    ("stock", f"AB,{'9' * 5000},EA,A,", "quantity", "is not a plain number"),
    ("stock", "AB,5,PAL,A,", "quantity", "unit 'PAL' unknown; known: EA, CS"),
    ("stock", "AB,5,ea,A,", "quantity", "unit 'ea' unknown; known: EA, CS"),
    ("stock", "AB,5,EA,X,", "status", "'X' is not in table 'stock_status'; known: A, D"),
    ("stock", "AB,5,EA,A,yesterday", "as_of", "'yesterday' is no date"),
    ("stock", "AB,5,EA,A,2026-02-30T00:00:00Z", "as_of", "'2026-02-30T00:00:00Z' is no date"),
    ("stock", ",5,EA,A,", "sku", "is empty and cannot be"),
    ("stock", "AB\x07,5,EA,A,", "sku", ""),
    ("catalogue", "AB,S,Tent,-1,USD,1,2,", "price", "must not be negative, got -1"),
    ("catalogue", "AB,S,Tent,,USD,1,2,", "price", "is empty and cannot be"),
    ("catalogue", "AB,S,Tent,9.99,QQQ,1,2,", "currency", "'QQQ' is not an ISO 4217 currency code"),
    ("catalogue", "AB,S,Tent,9.99,USD,one,2,", "minimum", "'one' is not a plain number"),
    ("catalogue", "AB,S,Tent,9.99,USD,1,-2,", "lead_days", "must be greater than or equal to 0"),
    ("catalogue", "AB,S,Tent,9.99,USD,1,9999,", "lead_days", "must be less than or equal to 730"),
    ("catalogue", "AB,S,Tent,9.99,USD,1,2.5,", "lead_days", "2.5 is not a whole number"),
    ("catalogue", "AB,S,Tent,9.99,USD,1,2,heavy", "weight_g", "'heavy' is not a plain number"),
    ("catalogue", f"AB,S,{'x' * 2001},9.99,USD,1,2,", "name", "has 2001 characters; 0 to 2000 are allowed"),
    ("acknowledgement", ",1,AB,A,2,,", "order_number", "is empty and cannot be"),
    ("acknowledgement", "PO-1,0,AB,A,2,,", "line_number", "must be greater than or equal to 1"),
    ("acknowledgement", "PO-1,1,AB,Z,2,,", "outcome", "'Z' is not in table 'outcome'; known: A, B, C, R"),
    ("acknowledgement", "PO-1,1,AB,A,-2,,", "quantity", "must not be negative, got -2"),
    ("acknowledgement", "PO-1,1,AB,A,2,soon,", "promised", "'soon' is no date"),
    ("shipment", "PO-1,1,AB,,0,S,UPS,1Z,", "quantity", "is empty and cannot be"),
    ("shipment", "PO-1,1,AB,x,0,S,UPS,1Z,", "quantity", "'x' is not a plain number"),
    ("shipment", "PO-1,1,AB,1,-1,S,UPS,1Z,", "short", "must not be negative, got -1"),
    ("shipment", f"PO-1,1,AB,1,0,S,{'U' * 65},1Z,", "carrier", "has 65 characters; 0 to 64 are allowed"),
    ("shipment", "PO-1,1,AB,1,0,S,UPS,1Z,11/23/2026", "shipped_at", "'11/23/2026' is no date"),
]


@pytest.mark.parametrize(("document", "row", "field", "why"), BAD_ROWS)
def test_a_bad_row_is_told_and_the_rest_goes_on(
    documents: Documents, document: str, row: str, field: str, why: str
) -> None:
    good, bad = split(parsed(documents, document, GOOD[document], row, GOOD[document].replace("OK", "OK2")))
    assert len(good) == 2
    assert len(bad) == 1
    assert bad[0].record == "row 3"
    assert bad[0].field == field
    assert bad[0].what.startswith(f"acme {document}, row 3: {field}")
    assert why in bad[0].what
    assert bad[0].extract[:40] == row[:40]
    assert bad[0].code not in ("", "BadRecord")


@pytest.mark.parametrize("document", list(HEADERS))
class TestEveryDocument:
    def test_a_good_row_becomes_a_record(self, documents: Documents, document: str) -> None:
        good, bad = split(parsed(documents, document, GOOD[document]))
        assert (len(good), bad) == (1, [])

    def test_a_header_without_its_first_column_is_told(self, documents: Documents, document: str) -> None:
        first, rest = HEADERS[document].split(",", 1)
        (error,) = documents.parse(document, f"Nummer,{rest}\r\n{GOOD[document]}\r\n".encode())
        assert isinstance(error, BadRecord)
        assert error.what.startswith(f"acme {document}, the header: column {first!r} is missing")
        assert (error.record, error.known) == ("the header", {})

    def test_columns_in_another_order_make_no_difference(self, documents: Documents, document: str) -> None:
        names, cells = HEADERS[document].split(","), GOOD[document].split(",")
        turned = f"{','.join(reversed(names))}\n{','.join(reversed(cells))}\n".encode()
        assert list(documents.parse(document, turned)) == parsed(documents, document, GOOD[document])

    def test_columns_that_nobody_asked_for_make_no_difference(self, documents: Documents, document: str) -> None:
        more = f"Extra,{HEADERS[document]}\nx,{GOOD[document]}\n".encode()
        assert list(documents.parse(document, more)) == parsed(documents, document, GOOD[document])

    def test_an_empty_file_below_its_header_holds_nothing(self, documents: Documents, document: str) -> None:
        assert parsed(documents, document) == []

    def test_a_file_cut_off_in_the_middle_of_a_row_loses_only_that_row(
        self, documents: Documents, document: str
    ) -> None:
        whole = f"{HEADERS[document]}\r\n{GOOD[document]}\r\n{GOOD[document]}\r\n".encode()
        good, bad = split(list(documents.parse(document, whole[: -len(GOOD[document])])))
        assert len(good) == 1
        assert [error.record for error in bad] == ["row 3"]

    def test_latin_1_in_a_file_that_is_to_be_utf_8_costs_its_row_only(
        self, documents: Documents, document: str
    ) -> None:
        spoilt = GOOD[document].replace("OK", "\u00e9").encode("latin-1")
        good, bad = split(parsed(documents, document, spoilt, GOOD[document]))
        assert len(good) == 1
        assert f"acme {document}, row 2: cell " in bad[0].what
        assert "holds the byte 0xE9, which is not utf-8" in bad[0].what
        assert bad[0].known == {}

    def test_a_row_without_end_costs_itself_only(self, documents: Documents, document: str) -> None:
        endless = b"x" * (3 << 20)
        good, bad = split(parsed(documents, document, GOOD[document], endless, GOOD[document].replace("OK", "O2")))
        assert len(good) == 2
        assert bad[0].what == f"acme {document}, row 3: the row is longer than 1048576 bytes"
        assert len(bad[0].extract) <= 2000

    def test_many_threads_read_at_once_without_getting_in_each_others_way(
        self, documents: Documents, document: str
    ) -> None:
        rows = [GOOD[document].replace("OK", f"OK{number}") for number in range(200)]
        alone = parsed(documents, document, *rows)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: parsed(documents, document, *rows), range(16)))
        assert all(each == alone for each in found)


class TestWhatIsKnownOfABadRow:
    """A snapshot keeps the old figure of a row that it cannot read, and zeroes nothing when it cannot say which."""

    def test_a_stock_row_with_a_bad_figure_still_names_its_sku(self, documents: Documents) -> None:
        _, (bad,) = split(parsed(documents, "stock", "AB-7,many,EA,A,"))
        assert bad.known == {"sku": "AB-7"}

    def test_with_several_nodes_it_names_the_node_too(self, documents: Documents) -> None:
        content = f"{STOCK},Warehouse\nAB-7,many,EA,A,,EAST\n".encode()
        (bad,) = documents.parse("stock", content)
        assert isinstance(bad, BadRecord)
        assert bad.known == {"sku": "AB-7", "location": "EAST"}

    @pytest.mark.parametrize("row", ["AB-7,5,EA", "AB-7,5,EA,A,,,,x", b"\xff,5,EA,A,", '"AB,5,EA,A,', "\x00,5,EA,A,"])
    def test_of_a_row_that_is_not_even_a_row_nothing_is_known(self, documents: Documents, row: str | bytes) -> None:
        _, bad = split(parsed(documents, "stock", row))
        assert [each.known for each in bad] == [{}]

    def test_an_answer_names_its_order(self, documents: Documents) -> None:
        _, (bad,) = split(parsed(documents, "acknowledgement", "PO-1,x,AB,A,2,,"))
        assert bad.known == {"order_number": "PO-1"}


class TestTheSandboxLayouts:
    """The files of the house templates as partners send them, value by value."""

    def test_stock(self, documents: Documents) -> None:
        assert parsed(documents, "stock", "AB,5,CS,A,2026-11-20T06:00:00Z", "CD,0,EA,D,") == [
            StockLevel(sku="AB", quantity=Decimal(60), as_of=datetime(2026, 11, 20, 6, tzinfo=UTC)),
            StockLevel(sku="CD", quantity=Decimal(0), status="discontinued"),
        ]

    def test_catalogue(self, documents: Documents) -> None:
        assert parsed(documents, "catalogue", "AB,S-1,Tent,119.95,EUR,2,3,2400", "CD,,,0.5,,,,") == [
            CatalogueEntry(
                sku="AB",
                supplier_sku="S-1",
                name="Tent",
                price=Decimal("119.95"),
                currency="EUR",
                minimum=Decimal(2),
                lead_days=3,
                weight_g=Decimal(2400),
            ),
            CatalogueEntry(sku="CD", price=Decimal("0.5")),
        ]

    def test_acknowledgements(self, documents: Documents, warehouse: Documents) -> None:
        rows = ("PO-1,1,AB,A,2,2026-11-23,", "PO-1,2,CD,B,0,,next week", "PO-2,1,AB,C,1,2026-11-24T10:00:00Z,one left")
        first, second = parsed(documents, "acknowledgement", *rows)
        assert isinstance(first, Acknowledgement)
        assert [(line.line_number, line.outcome, line.quantity, line.reason) for line in first.lines] == [
            (1, Outcome.ACCEPTED, 2, ""),
            (2, Outcome.BACKORDERED, 0, "next week"),
        ]
        assert isinstance(second, Acknowledgement)
        assert second.lines[0].promised == datetime(2026, 11, 24, 10, tzinfo=UTC)
        assert parsed(warehouse, "acknowledgement", *rows) == [first, second]

    def test_shipments_over_two_files_are_two_records(self, documents: Documents) -> None:
        one = parsed(documents, "shipment", "PO-1,1,AB,1,,S-1,UPS,1Z1,2026-11-23T15:00:00Z")
        two = parsed(documents, "shipment", "PO-1,1,AB,1,,S-2,UPS,1Z2,2026-11-24T15:00:00Z")
        assert [each.shipment_number for each in (*one, *two) if isinstance(each, Shipment)] == ["S-1", "S-2"]

    def test_a_warehouse_has_no_catalogue(self, warehouse: Documents) -> None:
        assert warehouse.names() == ("stock", "acknowledgement", "shipment", "ship_order")
