"""Partners that write Excel workbooks: one sheet, the header in its first row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook

from sandbox.robots.files import OrderedLine, Unreadable, ordered_lines


class WorkbookStyle:
    """Numbers are numbers, everything else is text."""

    ending = ".xlsx"

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order file."""
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        except (BadZipFile, KeyError, ValueError) as bad:
            raise Unreadable(f"not a workbook: {bad}") from bad
        rows = [["" if cell is None else str(cell) for cell in row] for row in book.worksheets[0].values]
        book.close()
        return ordered_lines(rows, header)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the workbook."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet(document)
        sheet.append(list(header))
        for row in rows:
            sheet.append([cell.isoformat() if isinstance(cell, date) else cell for cell in row])
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()
