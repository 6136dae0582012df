"""What a request asks, read out of its query string and its JSON body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.shop.documents import Document
from sandbox.shop.paging import BadQuery, Key
from sandbox.shop.shop import Refused, Tracking
from sandbox.shop.state import Order
from sandbox.web import Request

SortKey = Callable[[Order], Key]
_SORT_KEYS: Mapping[str, SortKey] = {
    "id": lambda order: (order.id,),
    "created_at": lambda order: (int(order.created.timestamp()), order.id),
    "processed_at": lambda order: (int(order.created.timestamp()), order.id),
    "updated_at": lambda order: (int(order.updated.timestamp()), order.id),
}


def sorting(filters: Mapping[str, str]) -> tuple[SortKey, bool]:
    """Return the sort key asked for, and whether it descends."""
    text = filters.get("order", "processed_at desc")
    name, _, direction = text.partition(" ")
    if name not in _SORT_KEYS or direction.lower() not in ("", "asc", "desc"):
        raise BadQuery({"order": f"{text} is not an order"})
    return _SORT_KEYS[name], direction.lower() == "desc"


def wanted(orders: Iterable[Order], filters: Mapping[str, str]) -> list[Order]:
    """Return the orders that pass the filters; without a status only open ones do."""
    status = filters.get("status", "open")
    chosen, since = ids(filters, "ids", 250), whole(filters.get("since_id")) or 0
    updated, created = Span.of(filters, "updated_at"), Span.of(filters, "created_at")
    return [
        order
        for order in orders
        if order.id > since
        and order.updated in updated
        and order.created in created
        and (status == "any" or status == _status(order))
        and (not chosen or order.id in chosen)
    ]


def _status(order: Order) -> str:
    return "cancelled" if order.cancelled else "closed" if order.closed else "open"


@dataclass(frozen=True, slots=True)
class Span:
    """From the `_min` to the `_max` filter of one name; open where there is none."""

    least: datetime | None
    most: datetime | None

    @classmethod
    def of(cls, filters: Mapping[str, str], name: str) -> Span:
        """Return the span that the filters ask for."""
        least, most = filters.get(f"{name}_min"), filters.get(f"{name}_max")
        return cls(_moment(least, name) if least else None, _moment(most, name) if most else None)

    def __contains__(self, moment: datetime) -> bool:
        return (self.least is None or moment >= self.least) and (self.most is None or moment <= self.most)


def _moment(text: str, name: str) -> datetime:
    try:
        # a plus that nobody escaped arrives as a blank
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise BadQuery({name: f"{text} is not a time"}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ids(filters: Mapping[str, str], name: str, most: int) -> frozenset[int]:
    """Return a comma-separated list of ids; more than `most` are refused."""
    texts = [text for text in filters.get(name, "").split(",") if text]
    if len(texts) > most or not all(text.isascii() and text.isdigit() for text in texts):
        raise BadQuery({name: f"must be at most {most} ids"})
    return frozenset(int(text) for text in texts)


def only(document: Document, fields: str | None) -> Document:
    """Return the fields asked for of a document; all of them when none are named."""
    names = {name.strip() for name in fields.split(",")} if fields else set(document)
    return {name: value for name, value in document.items() if name in names}


def body(request: Request) -> Mapping[str, object]:
    """Return the JSON object in a request's body."""
    try:
        return mapping(json.loads(request.body), "body")
    except ValueError:
        raise BadQuery({"body": "is not JSON"}) from None


def mapping(value: object, name: str) -> Mapping[str, object]:
    """Return the value when it is an object."""
    if not isinstance(value, dict):
        raise BadQuery({name: "Required parameter missing or invalid"})
    return value


def whole(value: object) -> int | None:
    """Return a whole number, also from text as the API takes it; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


def quantities(value: object) -> dict[int, int] | None:
    """Return quantities by line id; None (everything) when nothing is listed."""
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise BadQuery({"fulfillment_order_line_items": "must be a list"})
    chosen: dict[int, int] = {}
    for each in value:
        line = mapping(each, "fulfillment_order_line_items")
        line_id, quantity = whole(line.get("id")), whole(line.get("quantity"))
        if line_id is None or quantity is None:
            raise Refused("Invalid fulfillment order line item quantity requested.")
        chosen[line_id] = chosen.get(line_id, 0) + quantity
    return chosen


def tracking(value: object) -> Tracking:
    """Return the tracking information of a fulfilment."""
    info = mapping(value, "tracking_info") if value is not None else {}
    texts = [str(info[name]) if info.get(name) else None for name in ("company", "number", "url")]
    return Tracking(*texts)
