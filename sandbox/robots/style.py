"""How a partner writes: the same documents as CSV, JSON, XML, fixed width or workbooks, all by hand.

A document is a header and rows of plain values under it; a style turns it into the bytes of one file and reads the
order files that come back. Nothing here is the connectors' code, or one misreading would hide on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sandbox.robots.csv_style import CsvStyle
from sandbox.robots.files import OrderedLine
from sandbox.robots.fixed_style import FixedStyle
from sandbox.robots.json_style import JsonStyle
from sandbox.robots.workbook_style import WorkbookStyle
from sandbox.robots.xml_style import XmlStyle


class Style(Protocol):
    """One way of writing documents; `ending` is what its files are called."""

    @property
    def ending(self) -> str:
        """Return the ending of its files, with the dot."""
        ...

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order file; raises Unreadable for what a careful clerk would send back."""
        ...

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the file of a document: `stock`, `catalogue`, `acknowledgement`, `shipment` or `invoice`."""
        ...


def style_of(name: str) -> Style:
    """Return the style of this name."""
    styles: dict[str, type[Style]] = {
        "csv": CsvStyle,
        "json": JsonStyle,
        "xml": XmlStyle,
        "fixed": FixedStyle,
        "xlsx": WorkbookStyle,
    }
    return styles[name]()
