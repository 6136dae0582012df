"""Cursor paging as the REST Admin API does it: an opaque `page_info` in a Link header, next and previous."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
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
    key: tuple[str | int, ...] | None = None
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
        return Place(filters, tuple(held["key"]), bool(held["backward"]))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadQuery({"page_info": "Invalid value."}) from None


def limit_of(query: Mapping[str, str]) -> int:
    """Return the page size: 50 unless asked, 250 at most."""
    text = query.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise BadQuery({"limit": f"must be between 1 and {_MOST}"})
    return int(text)


def page_of(
    rows: Sequence[T],
    place: Place,
    key: Callable[[T], tuple[str | int, ...]],
    url: str,
    *,
    descending: bool = False,
) -> tuple[list[T], str | None]:
    """Return one page of the rows and its Link header.

    The page starts at a key, not at a count: a row that changes meanwhile turns up again behind, as it really does.
    """
    limit = limit_of(place.filters)
    ordered = sorted(rows, key=key, reverse=descending != place.backward)
    if place.key is not None:
        ahead = descending == place.backward
        ordered = [row for row in ordered if (key(row) > place.key if ahead else key(row) < place.key)]
    page, more = ordered[:limit], len(ordered) > limit
    if place.backward:
        page.reverse()
    links = []
    if page and (place.key is not None if not place.backward else more):
        links.append(_link(url, place, key(page[0]), limit, backward=True))
    if page and (more if not place.backward else True):
        links.append(_link(url, place, key(page[-1]), limit, backward=False))
    return page, ", ".join(links) or None


def _link(url: str, place: Place, key: tuple[str | int, ...], limit: int, *, backward: bool) -> str:
    held = {"filters": dict(place.filters), "key": list(key), "backward": backward}
    token = base64.urlsafe_b64encode(json.dumps(held, separators=(",", ":")).encode()).decode()
    query = {"limit": str(limit), "page_info": token}
    if "fields" in place.filters:
        query["fields"] = place.filters["fields"]
    return f'<{url}?{urlencode(query)}>; rel="{"previous" if backward else "next"}"'
