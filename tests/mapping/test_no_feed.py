"""Samples that are no feed, or a broken one: `mapping new` says in a sentence what it is and what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from hub.mapping.guess.new import new_mapping
from hub.mapping.guess.sample import NoSample
from tests.mapping.measure import opened

STOCK = "sku,qty,price\nA-1,5,1.50\nA-2,6,2.50\nA-3,7,2.00\n"


def drawn_up(tmp_path: Path, content: str | bytes, name: str = "feed.csv", document: str | None = None) -> str:
    """Return the mapping file that is drawn up from a sample."""
    sample = tmp_path / name
    sample.write_bytes(content.encode() if isinstance(content, str) else content)
    return new_mapping("acme", [(sample, document)], tmp_path, opened, force=True).path.read_text("utf-8")


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, STOCK)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("page.csv", "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title>", r"web page \('502 Bad Gateway'\)"),
        ("empty.csv", "", "is empty; ask the partner"),
        ("blank.csv", "\r\n\r\n   \r\n", "is empty; ask the partner"),
        ("list.csv", b"%PDF-1.7\n%\xe2\xe3", "is a PDF; ask for the same as CSV"),
        ("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "an old Excel or Word file; save it as .xlsx"),
        ("list.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is a picture"),
        ("two.zip", zipped("stock.csv", "readme.txt"), r"holds 2 files \(stock.csv, readme.txt\)"),
        ("list.xlsx", b"PK\x03\x04" + bytes(300), "the archive is damaged"),
        (
            "cut.json",
            '{"items": [{"sku": "A1", "qty": 1}, {"sku": "A2", "q',
            "its end is missing: the file was cut off",
        ),
        ("cut.xml", "<Items><Item><Sku>A1</Sku><Qty>1</Qty></Item><Item><Sk", "its end is missing"),
        ("refused.json", '{"error": {"code": 401, "message": "token expired"}}', "looks like none of stock, catalogue"),
        ("nul.json", b'{"items": [\x00\x00\x00]}', "nul.json: the sample is no text: it holds NUL bytes"),
        (
            "keyed.json",
            '{"stock": {"AX-1": {"qty": 5}, "AX-2": {"qty": 0}, "AX-3": {"qty": 8}}}',
            r"under names of their own \(AX-1, AX-2, AX-3, ...\) and in no list; ask for a list",
        ),
        ("letter.txt", "Dear customer,\n\nour list comes next week.\n\nKind regards\nJohn\n", "looks like none of"),
        ("line.csv", "A-1,5," * 20_000, "a line of it has 40001 cells"),
        ("header.csv", "Item,Description,Qty,Price\n", "a header and no row below it"),
        (
            "orders.csv",
            "Order ID,SKU,Qty,Ship Street,Ship City\n1,A-1,5,1 Main St,Reno\n2,A-2,6,2 Oak Av,Reno\n",
            "it looks like an order",
        ),
    ],
)
def test_what_is_no_feed_is_told_with_what_to_do(tmp_path: Path, name: str, content: str | bytes, told: str) -> None:
    with pytest.raises(NoSample, match=told) as found:
        drawn_up(tmp_path, content, name)
    assert str(found.value).startswith(f"{name}: ")
    assert not (tmp_path / "acme.toml").exists()


@pytest.mark.parametrize(
    ("name", "content"), [("s.zip", zipped("s.csv")), ("s.csv.gz", gzip.compress(STOCK.encode(), mtime=0))]
)
def test_a_packed_sample_is_unpacked_as_the_hub_unpacks_it(tmp_path: Path, name: str, content: bytes) -> None:
    written = drawn_up(tmp_path, content, name)
    assert 'sku      = "sku"' in written
    assert name.rpartition(".")[2] in written


def test_codes_that_a_spreadsheet_has_ruined_are_asked_about(tmp_path: Path) -> None:
    written = drawn_up(tmp_path, "SKU,Stock\n4.00638E+12,7\n1.23457E+11,9\n5-Mar,2\n")
    assert "# ? 98 %: a spreadsheet has ruined codes such as '4.00638E+12'" in written


def test_rows_that_are_cut_short_are_asked_about_and_never_taken_for_titles(tmp_path: Path) -> None:
    written = drawn_up(tmp_path, "sku,qty,price\nA-1,5,1.50\nA-2,5\nA-3\nA-4,7,2.00\n")
    assert "filled    = true  # ? 2 of 4 rows are shorter than the header" in written
    assert "skip_when" not in written


def test_an_order_that_is_said_to_be_something_else_is_taken_for_that(tmp_path: Path) -> None:
    text = "Order ID,SKU,Qty,Ship Street,Ship City\n1,A-1,5,1 Main St,Reno\n2,A-2,6,2 Oak Av,Reno\n"
    assert "[documents.shipment]" in drawn_up(tmp_path, text, document="shipment")
