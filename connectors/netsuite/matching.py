"""Lines of ours and lines of NetSuite's: which is which, and whether a record says what a draft does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors.netsuite import carried
from connectors.netsuite.draft import Draft, Line
from connectors.netsuite.values import id_of
from hub.contract import Rejected
from hub.model.number import exact

Row = Mapping[str, Any]
Sums = dict[tuple[str, str], Decimal]
_RATE_DIGITS = Decimal("0.00000001")  # NetSuite keeps eight digits of a rate


def matched(draft: Draft, rows: list[Row]) -> Mapping[str, Line]:
    """Return the draft's lines by the source's line; Rejected when one is not open there."""
    open_lines = {row["orderLine"]: _name(row) for row in rows}
    ordered = sorted(open_lines, key=int)
    found: dict[str, Line] = {}
    for line in draft.lines:
        at = line.order_line if line.order_line in open_lines else ""
        if not at or (line.sku and open_lines[at] != line.sku):
            at = _best([row for row in rows if row["orderLine"] not in found], line, draft.location, ordered)
        if not at:
            what = f"{draft.type} {draft.external_id}: line {line.order_line or line.sku} is not open in NetSuite"
            todo = "look at the order in NetSuite: somebody has closed, fulfilled or billed it"
            raise Rejected(what, todo=todo, code="line not open")
        found[at] = _together(found[at], line) if at in found else line
    return found


def _together(one: Line, other: Line) -> Line:
    """Return two lines that speak of one line of the source as one, at the price that both of them come to."""
    first, second = exact(one.quantity), exact(other.quantity)
    line = replace(one, quantity=f"{first + second:f}")
    if one.rate == other.rate:
        return line
    amount = first * exact(one.rate or "0") + second * exact(other.rate or "0")
    return replace(line, rate=f"{(amount / (first + second)).quantize(_RATE_DIGITS).normalize():f}")


def _best(rows: Sequence[Row], line: Line, location: str, ordered: list[str]) -> str:
    """Return the source's line of this SKU: where it is shipped from and there is enough first, then the earliest."""

    def rank(row: Row) -> tuple[bool, bool, int]:
        elsewhere = bool(location) and row.get("location", {}).get("internalId") != location
        short = exact(row.get("quantityRemaining") or row.get("quantity") or "0") < exact(line.quantity)
        return elsewhere, short, ordered.index(row["orderLine"])

    fitting = sorted((row for row in rows if line.sku and _name(row) == line.sku), key=rank)
    return str(fitting[0]["orderLine"]) if fitting else ""


def carries(rows: Iterable[Row], draft: Draft) -> bool:
    """Tell whether a sales order has all goods of a draft where they are to be shipped from."""
    have = _there(rows)
    return all(have.get(at, Decimal(0)) >= quantity for at, quantity in _asked(draft.lines, draft).items())


def says_the_same(rows: Iterable[Row], draft: Draft) -> bool:
    """Tell whether a record has the open goods of a draft and no others: what is closed there is wanted no more."""
    charges = {line.item for line in draft.lines if line.item}
    goods = [row for row in rows if id_of(row, "item") not in charges and row.get("isClosed") != "true"]
    return _there(goods) == _asked([line for line in draft.lines if not line.closed], draft)


def _there(rows: Iterable[Row]) -> Sums:
    have: Sums = {}
    for row in rows:
        at = _name(row), carried.place_of(id_of(row, "location"), id_of(row, "poVendor"))
        have[at] = have.get(at, Decimal(0)) + exact(row.get("quantity") or "0")
    return have


def _asked(lines: Iterable[Line], draft: Draft) -> Sums:
    want: Sums = {}
    for line in lines:
        if line.sku:
            at = line.sku, carried.place_of(line.location or draft.location, line.vendor)
            want[at] = want.get(at, Decimal(0)) + exact(line.quantity)
    return want


def is_same(row: Row, line: Row) -> bool:
    """Tell whether a line is the one that is there: the same item at the same place."""
    item = line["item"]
    if "internalId" in item and item["internalId"] != id_of(row, "item"):
        return False
    there = carried.place_of(id_of(row, "location"), id_of(row, "poVendor"))
    return there in ("", carried.place_of(str(line["location"] or ""), str(line.get("poVendor") or "")))


def _name(row: Row) -> str:
    return str(row.get("item", {}).get("name", "")).rpartition(" : ")[2].strip()
