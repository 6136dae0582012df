"""Partners that write JSON: what belongs to the whole document stands once, its rows are a list of objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.robots.files import OrderedLine, Unreadable, ordered_lines

#: Of each document, what stands once and what its list is called.
SHAPES: Mapping[str, tuple[frozenset[str], str]] = {
    "stock": (frozenset({"Updated"}), "items"),
    "catalogue": (frozenset(), "products"),
    "acknowledgement": (frozenset({"PO"}), "lines"),
    "shipment": (frozenset({"PO", "Shipment", "Carrier", "Tracking", "Shipped At"}), "lines"),
    "invoice": (frozenset({"Invoice", "PO", "Date", "Currency", "Total"}), "lines"),
}
_SHIP_TO = ("Name", "Company", "Street", "Street 2", "City", "Region", "Postal Code", "Country", "Phone", "Email")
_LINE = ("Line", "Item", "Supplier Item", "Qty", "Price", "Order Line")


class JsonStyle:
    """Names in camel case, numbers as numbers, nothing where there is nothing."""

    ending = ".json"

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:
        """Return the lines of an order: its head, its `shipTo`, its `lines`."""
        try:
            order = json.loads(content, parse_float=str, parse_int=str)["order"]
            rows = [_row(header, order, line) for line in order["lines"]]
        except (ValueError, KeyError, TypeError, AttributeError) as bad:
            raise Unreadable(f"not the JSON of an order: {type(bad).__name__} {bad}") from bad
        return ordered_lines([list(header), *rows], header)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the document."""
        once, listed = SHAPES[document]
        tables = [dict(zip(header, row, strict=True)) for row in rows]
        head = {camel(name): _plain(tables[0][name]) for name in header if name in once and tables}
        lines = [{camel(name): _plain(row[name]) for name in header if name not in once} for row in tables]
        return json.dumps({**head, listed: lines}, ensure_ascii=False).encode()


def _row(header: Sequence[str], order: Mapping[str, Any], line: Mapping[str, Any]) -> list[str]:
    places = {**dict.fromkeys(header, order), **dict.fromkeys(_SHIP_TO, order["shipTo"]), **dict.fromkeys(_LINE, line)}
    return [str(places[name].get(camel(name), "")) for name in header]


def _plain(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def camel(name: str) -> str:
    """Return a header as a name: `Order Line` is orderLine, `PO` is po."""
    first, *rest = re.split(r"\s+", name)
    return first.lower() + "".join(each.capitalize() for each in rest)
