"""Excel workbooks (.xlsx): the rows of one sheet as text, and rows back to a workbook.

Read with openpyxl in its read-only mode, row by row, through defusedxml. A cell is text as a person sees it but for
its format: a number plainly and with the fifteen digits that Excel keeps, a date as ISO 8601, true or false in small
letters. Formulas give the value that was saved with them.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException

from hub.codec import sheet_guard
from hub.codec.delimited import Numbered
from hub.codec.fault import Refused
from hub.codec.packed import is_workbook
from hub.codec.tree import Bare

#: So much a workbook may hold when unpacked, so much each part of it but the sheets, which are read as streams, and so
#: many columns.
LARGEST: Final = 512 << 20
LARGEST_PART: Final = 64 << 20
WIDEST: Final = 1000
_LONGEST: Final = 32_767
_OLD: Final = b"\xd0\xcf\x11\xe0"
#: XML that is none raises a SyntaxError, a document type or an entity a ValueError of defusedxml's.
_BROKEN: Final = (
    *(OSError, EOFError, KeyError, ValueError, IndexError, TypeError, AttributeError, zlib.error),
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, SyntaxError, InvalidFileException),
)


def rows(content: bytes, sheet: str = "") -> Iterator[Numbered]:
    """Yield the rows of a sheet (the first one when none is named) that hold anything; raises Refused."""
    _look_inside(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except _BROKEN as error:
        raise _damaged(error) from None
    try:
        yield from _rows(book, sheet)
    except _BROKEN as error:
        raise _damaged(error) from None
    finally:
        book.close()


def sheets(content: bytes) -> tuple[str, ...]:
    """Return the names of the sheets, in their order; raises Refused."""
    _look_inside(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    except _BROKEN as error:
        raise _damaged(error) from None
    try:
        return tuple(page.title for page in book.worksheets)
    finally:
        book.close()


def write(table: Iterable[Sequence[str]], sheet: str = "") -> bytes:
    """Return a workbook of one sheet; what is `Bare` becomes a number. Raises ValueError for what it cannot hold."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet or "Sheet1")
    for row in table:
        try:
            page.append([_cell(text) for text in row])
        except IllegalCharacterError as error:
            raise ValueError(f"{str(error)[:40]!r} holds a character that no workbook may hold") from None
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _rows(book: Workbook, sheet: str) -> Iterator[Numbered]:
    names = list(book.sheetnames)
    if sheet and sheet not in names:
        raise Refused(
            f"the workbook has no sheet {sheet!r}; it has {', '.join(names[:10])}",
            "name one of them as `sheet`, or ask the partner what changed",
        )
    page: Any = book[sheet] if sheet else book.worksheets[0]
    page.reset_dimensions()  # what a file says of its own size need not be so
    for number, cells in enumerate(page.iter_rows(values_only=True), 1):
        if len(cells) > WIDEST:
            raise Refused(f"row {number} has {len(cells)} columns", f"ask the partner for at most {WIDEST}")
        row = [_text(cell) for cell in cells]
        if any(row):
            yield number, row


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(f'{value:.15g}'):f}" if value == value else ""  # noqa: PLR0124 - not a number
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _cell(text: str) -> object:
    if isinstance(text, Bare):
        return {"true": True, "false": False}.get(text) or Decimal(text)
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:40]!r} has {len(text)} characters; a cell holds {_LONGEST}")
    if text.startswith("="):
        raise ValueError(f"{text[:40]!r} would be a formula in a workbook")
    return text


def _look_inside(content: bytes) -> None:
    """Refuse what is no workbook, or would be too large, before anything is unpacked."""
    if not is_workbook(content):
        old = "an old Excel file (.xls)" if content.startswith(_OLD) else "no Excel workbook (.xlsx)"
        raise Refused(f"the file is {old}", "ask the partner for an .xlsx, or declare what it really is as `format`")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except _BROKEN as error:
        raise _damaged(error) from None
    size = sum(each.file_size for each in parts)
    beside = max((each.file_size for each in parts if "worksheets/" not in each.filename), default=0)
    if size > LARGEST or beside > LARGEST_PART:
        raise Refused(f"the workbook unpacks to {size >> 20} MiB", "ask the partner for a smaller one, or for CSV")
    try:
        sheet_guard.check(archive)
    except _BROKEN as error:
        raise _damaged(error) from None


def _damaged(error: Exception) -> Refused:
    return Refused(f"the workbook cannot be read: {error}", "ask the partner to save it again as .xlsx")
