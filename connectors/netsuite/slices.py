"""Reading what changed since, in slices that cannot skip.

NetSuite runs a search again for every further page, so what changed meanwhile falls between pages. Here every slice is
the first page of a search of its own: records with an id beyond the last one. A record that changes while we read keeps
its id, and so its slice; what changes behind us is read the next time, because the watermark is the moment at which
the reading began, less an overlap.

That a page holds the lowest ids is not promised anywhere. So a page that is not all there is gets counted again over
the range of its own ids, and is replaced by one over a smaller range when somebody is missing from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.netsuite.gateway import Found, Gateway, Slice, Wanted
from hub.contract import TemporaryFailure

#: The least page that a search may ask for, where only the count matters.
_FEWEST = 5
_MOVED = "the records of a NetSuite search moved away while they were read"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reading stands: changes before `since` are known; inside a reading, ids up to `beyond` are too."""

    since: datetime | None = None
    began: datetime | None = None
    beyond: int = 0

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Return the cursor that `write` wrote; an empty one when there is none or it is not ours."""
        try:
            tree = json.loads(text or "{}")
            moments = {name: datetime.fromisoformat(tree[name]) for name in ("since", "began") if name in tree}
            return cls(**moments, beyond=int(tree.get("beyond", 0)))
        except (ValueError, TypeError, AttributeError):
            return cls()

    def write(self) -> str:
        """Return the cursor as text."""
        named = {"since": self.since, "began": self.began}
        moments = {name: value.astimezone(UTC).isoformat() for name, value in named.items() if value is not None}
        return json.dumps(moments | ({"beyond": self.beyond} if self.began else {}))

    def done(self) -> Cursor:
        """Return the cursor after the last slice: the next reading starts where this one began."""
        return Cursor(since=self.began)


@dataclass(frozen=True, slots=True)
class Part:
    """One slice and the cursor that stands after it."""

    records: tuple[Found, ...]
    cursor: Cursor
    since: datetime | None


def read_since(
    gateway: Gateway, wanted: Wanted, text: str | None, overlap: timedelta, *, unchanged: bool = False
) -> Iterator[Part]:
    """Yield slices of records that changed since the cursor, by id; the last one moves the watermark.

    With `unchanged` all records come, whether they changed or not.
    """
    cursor = Cursor.read(text)
    if cursor.began is None:
        cursor = replace(cursor, began=gateway.now(), beyond=0)
    since = None if cursor.since is None else cursor.since - overlap
    while True:
        asked = replace(wanted, since=None if unchanged else since, beyond=cursor.beyond)
        found = next_slice(gateway.search, asked)
        if found.whole:
            yield Part(found.records, cursor.done(), since)
            return
        cursor = replace(cursor, beyond=_last(found))
        yield Part(found.records, cursor, since)


def next_slice(search: Callable[[Wanted], Slice], wanted: Wanted) -> Slice:
    """Return the records of the lowest ids beyond `wanted.beyond`; `total` is more than these while others follow.

    A page of everything is counted again over the range of its own ids: when that range holds more, a smaller one is
    sought that fits on a page, by halving.
    """
    page = search(wanted)
    if page.whole:
        return page
    most = max(_id(each) for each in page.records)
    counted = search(replace(wanted, up_to=most, size=_FEWEST))
    if counted.total <= len(page.records):
        return page
    low, high = wanted.beyond, most
    while high - low > 1:
        middle = (low + high) // 2
        part = search(replace(wanted, up_to=middle))
        if part.whole and part.records:
            return Slice(part.records, page.total)
        low, high = (middle, high) if part.whole else (low, middle)
    raise TemporaryFailure(_MOVED, todo="nothing, when it passes", code="search moved")


def _last(found: Slice) -> int:
    return max(_id(each) for each in found.records)


def _id(found: Found) -> int:
    if not found.id.isdigit():
        raise TemporaryFailure(f"NetSuite gave a record without an id: {found.id!r}", code="record without id")
    return int(found.id)
