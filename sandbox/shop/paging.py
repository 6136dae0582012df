"""Cursor paging as the REST Admin API does it: an opaque `page_info` in a Link header, next and previous."""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
Key = tuple[int, ...]
_MOST = 250
_WITH_PAGE_INFO = {"limit", "fields", "page_info"}


class BadQuery(Exception):
    """A query that the API answers with 400; the mapping is its `errors`."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts: the filters of the first request and the sort key just outside the page."""

    filters: Mapping[str, str]
    key: Key | None = None
    backward: bool = False


def start_of(query: Mapping[str, str]) -> Place:
    """Return where the requested page starts; raises BadQuery as the API does."""
    token = query.get("page_info")
    if token is None:
        return Place(dict(query))
    for name in query:
        if name not in _WITH_PAGE_INFO:
            raise BadQuery({name: f"{name} cannot be passed when page_info is present."})
    try:
        held = json.loads(base64.urlsafe_b64decode(token.encode()))
        filters = {**held["filters"], **{key: query[key] for key in ("limit", "fields") if key in query}}
        return Place(filters, tuple(int(part) for part in held["key"]), bool(held["backward"]))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadQuery({"page_info": "Invalid value."}) from None


def limit_of(query: Mapping[str, str]) -> int:
    """Return the page size: 50 unless asked, 250 at most."""
    text = query.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise BadQuery({"limit": f"must be between 1 and {_MOST}"})
    return int(text)


class Listing(Generic[T]):
    """Rows by their sort keys, ascending; made once and paged through as often as wanted."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], Key]) -> None:
        ordered = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0])
        self.keys = [pair[0] for pair in ordered]
        self.rows = [pair[1] for pair in ordered]


def page_of(listing: Listing[T], place: Place, url: str, *, descending: bool = False) -> tuple[list[T], str | None]:
    """Return one page of the rows and its Link header.

    The page starts at a key, not at a count: a row that changes meanwhile turns up again behind, as it really does.
    """
    limit, size = limit_of(place.filters), len(listing.rows)
    if descending == place.backward:  # towards the larger keys
        first = 0 if place.key is None else bisect_right(listing.keys, place.key)
        last = min(first + limit, size)
        more = last < size
    else:
        last = size if place.key is None else bisect_left(listing.keys, place.key)
        first = max(0, last - limit)
        more = first > 0
    rows, keys = listing.rows[first:last], listing.keys[first:last]
    if descending:
        rows, keys = rows[::-1], keys[::-1]
    before, after = (more, True) if place.backward else (place.key is not None, more)
    links = [_link(url, place, keys[0], limit, backward=True)] if keys and before else []
    links += [_link(url, place, keys[-1], limit, backward=False)] if keys and after else []
    return rows, ", ".join(links) or None


def _link(url: str, place: Place, key: Key, limit: int, *, backward: bool) -> str:
    held = {"filters": dict(place.filters), "key": list(key), "backward": backward}
    token = base64.urlsafe_b64encode(json.dumps(held, separators=(",", ":")).encode()).decode()
    query = {"limit": str(limit), "page_info": token}
    if "fields" in place.filters:
        query["fields"] = place.filters["fields"]
    return f'<{url}?{urlencode(query)}>; rel="{"previous" if backward else "next"}"'
