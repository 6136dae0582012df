"""How a partner writes: the same documents as CSV, JSON, XML, fixed width or workbooks, all by hand.

A document is a header and rows of plain values under it; a style turns it into the bytes of one file and reads the
order files that come back. Nothing here is the connectors' code, or one misreading would hide on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from sandbox.plan import Firm, Kind
from sandbox.robots.csv_style import CsvStyle
from sandbox.robots.files import ChangedLine, OrderedLine
from sandbox.robots.fixed_style import FixedStyle
from sandbox.robots.json_style import JsonStyle
from sandbox.robots.sap_style import SapStyle
from sandbox.robots.workbook_style import WorkbookStyle
from sandbox.robots.x12_style import X12Style
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


@runtime_checkable
class Receipting(Protocol):
    """A style in which what comes is confirmed at once, before anybody says what becomes of it."""

    @property
    def receipt_name(self) -> str:
        """Return what such a file is called."""
        ...

    def receipt(self, content: bytes, *, readable: bool) -> bytes | None:
        """Return the file that confirms or refuses another one; None when there is nothing to say."""
        ...


@runtime_checkable
class Amending(Protocol):
    """A style in which an order that was taken can be changed."""

    @property
    def change_answer(self) -> str:
        """Return the document that answers a change: `acknowledgement`, or one of its own."""
        ...

    def read_change(self, content: bytes) -> list[ChangedLine]:
        """Return what a file changes of orders taken before; none for one that changes nothing. Raises Unreadable."""
        ...


@runtime_checkable
class Receiving(Protocol):
    """A style in which a place tells what came in, as the document `receipt`."""

    @property
    def receives(self) -> bool:
        """Return whether this partner does."""
        ...


def style_of(firm: Firm, now: Callable[[], datetime]) -> Style:
    """Return the style of a firm."""
    if firm.style in ("x12", "sap"):
        speaks = X12Style if firm.style == "x12" else SapStyle
        return speaks(firm.code, now, warehouse=firm.kind is Kind.WAREHOUSE)
    styles: dict[str, type[Style]] = {
        "csv": CsvStyle,
        "json": JsonStyle,
        "xml": XmlStyle,
        "fixed": FixedStyle,
        "xlsx": WorkbookStyle,
    }
    return styles[firm.style]()
