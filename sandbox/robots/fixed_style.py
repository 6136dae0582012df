"""Partners that write fixed width: every cell at its place, no header, Windows letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sandbox.robots.files import OrderedLine, Unreadable, ordered_lines

_ENCODING = "cp1252"
#: How wide each column is; a document is the columns of its table, one after the other.
WIDTHS: Mapping[str, int] = {
    **dict.fromkeys(("PO", "Item", "Supplier Item", "Order", "Order Line", "Shipment", "Tracking", "Service"), 24),
    **dict.fromkeys(("Line", "Min Qty", "Lead Days"), 4),
    **dict.fromkeys(("Qty", "Qty Avail", "Shipped", "Short", "Weight g"), 9),
    **dict.fromkeys(("Price", "Carrier", "Phone", "Ship Date", "Postal Code"), 16),
    **dict.fromkeys(("Currency", "UOM"), 3),
    **dict.fromkeys(("Updated", "Ordered At", "Shipped At"), 20),
    **dict.fromkeys(("Name", "Company", "Street", "Street 2", "City", "Email", "Description", "Reason"), 60),
    **dict.fromkeys(("Region", "Country"), 8),
    "Status": 1,
}


class FixedStyle:
    """One line a row."""

    ending = ".txt"

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order file."""
        try:
            lines = content.decode(_ENCODING).split("\r\n")
        except UnicodeDecodeError as bad:
            raise Unreadable(f"not in {_ENCODING}: {bad}") from bad
        if lines.pop():
            raise Unreadable("the last line has no end")
        longest = sum(WIDTHS[name] for name in header)
        if any(len(line) > longest for line in lines):
            raise Unreadable(f"a line is longer than {longest}")
        return ordered_lines([list(header), *(_cut(line, header) for line in lines)], header)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:  # noqa: ARG002 - every document is a table
        """Return the lines."""
        lines = ["".join(_cell(name, each) for name, each in zip(header, row, strict=True)) for row in rows]
        return "".join(f"{line}\r\n" for line in lines).encode(_ENCODING, "replace")


def _cut(line: str, header: Sequence[str]) -> list[str]:
    cells, at = [], 0
    for name in header:
        cells.append(line[at : at + WIDTHS[name]].strip())
        at += WIDTHS[name]
    return cells


def _cell(name: str, value: object) -> str:
    text = str(value)[: WIDTHS[name]]
    return text.rjust(WIDTHS[name]) if isinstance(value, int) else text.ljust(WIDTHS[name])
