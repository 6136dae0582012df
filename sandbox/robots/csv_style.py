"""Partners that write CSV: header for header as the tables stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from sandbox.robots.files import OrderedLine, Unreadable, ordered_lines


class CsvStyle:
    """Commas, UTF-8, a header."""

    ending = ".csv"

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order file."""
        try:
            rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error) as bad:
            raise Unreadable(f"not a CSV file in UTF-8: {bad}") from bad
        return ordered_lines(rows, header)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:  # noqa: ARG002 - every document is a table
        """Return the table."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(rows)
        return text.getvalue().encode("utf-8")
