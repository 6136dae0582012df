"""Workbooks of a few kilobytes that would take a daemon's memory or its afternoon: refused before they are built."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from hub.codec import sheet_guard, workbook
from hub.codec.fault import Refused

_HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_TAIL = "</sheetData></worksheet>"
_SHEET = "xl/worksheets/sheet1.xml"


def book(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A small workbook of which one part is changed."""
    made = Workbook()
    made.active.append(["Item", "Qty"])
    made.active.append(["AB-1", 5])
    whole, changed = io.BytesIO(), io.BytesIO()
    made.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for each in source.infolist():
            content = source.read(each)
            target.writestr(each.filename, change(content) if each.filename == part else content)
    return changed.getvalue()


def sheet(rows: str) -> bytes:
    return book(_SHEET, lambda _: f"{_HEAD}{rows}{_TAIL}".encode())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            sheet('<row r="1"><c><v>1</v></c></row><row r="2000000000"><c><v>1</v></c></row>'),
            "numbers a row 2000000000",
        ),
        (sheet(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>'), "numbers a row 999"),
        (sheet(f'<row r="1">{"<c/>" * (sheet_guard.MOST_TAGS_A_ROW + 1)}</row>'), "tags in one row"),
        (sheet(f'<row r="1"><c t="str"><v>{"a" * (5 << 20)}</v></c></row>'), "a text of more than 4 MiB"),
        (book(_SHEET, lambda old: b"<!DOCTYPE worksheet [<!ENTITY a 'b'>]>" + old), "declares a document type"),
    ],
    ids=["row far below", "row of 5000 digits", "endless row", "endless cell", "document type"],
)
def test_a_small_workbook_that_would_never_be_read_to_its_end_is_refused(content: bytes, why: str) -> None:
    assert len(content) < 20_000
    with pytest.raises(Refused, match=why):
        list(workbook.rows(content))


def test_tags_without_end_beside_the_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_guard, "MOST_TAGS", 1000)
    content = book("xl/styles.xml", lambda old: old.replace(b"</styleSheet>", b"<a/>" * 1001 + b"</styleSheet>"))
    with pytest.raises(Refused, match="more than 1000 tags beside its rows"):
        list(workbook.rows(content))


def test_a_usual_workbook_is_read_as_before() -> None:
    content = book(_SHEET, lambda old: old)
    assert list(workbook.rows(content)) == [(1, ["Item", "Qty"]), (2, ["AB-1", "5"])]
