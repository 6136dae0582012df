"""One original that came, raw beside what it becomes: the records of it by the mapping now in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from hub.contract import BadRecord, RawItem
from hub.model.base import Record
from hub.services.intake import traces
from hub.store import archive, messages, purchases
from hub.store.messages import MessageRow
from hub.store.orders import OrderRow

#: Maps an original of a partner's document again, without asking the partner anything.
Parse = Callable[[str, str, RawItem], Iterable[Record | BadRecord]]

#: So many characters of an original are shown, beginning so many before the order's name.
_SHOWN, _BEFORE = 20_000, 2_000
#: A larger original is not mapped for a page, and no more of its records are looked at, or shown.
_LARGEST, _MOST_READ, _MOST_SHOWN = 4 << 20, 5_000, 20


@dataclass(frozen=True, slots=True)
class MessageView:
    """What a page shows of a message; `raw` is None when its retention has ended, `note` says what is left out."""

    message: MessageRow
    raw: str | None
    records: list[Mapping[str, Any]]
    note: str


def view(
    tx: Connection, number: int, order: OrderRow | None, parse: Parse | None, hide: Callable[[str], str] = str
) -> MessageView | None:
    """Return a message, of its records only those about the order where one is given; None when there is none.

    `hide` takes secrets out of the raw text.
    """
    row = messages.get(tx, number)
    if row is None:
        return None
    try:
        content = archive.load(tx, row.sha256)
    except archive.ContentGone as gone:
        return MessageView(row, None, [], str(gone))
    names = _names(tx, order)
    found = next((at for name in names if (at := content.find(name.encode())) >= 0), 0)
    start = max(0, found - _BEFORE) if found > _SHOWN - _BEFORE else 0
    raw = hide(content[start : start + _SHOWN].decode("utf-8", "replace"))
    records, note = _records(row, content, names, parse)
    if start or len(content) > _SHOWN:
        note = f"{len(content):,} bytes, shown from byte {start:,} on. {note}".strip()
    return MessageView(row, raw, records, note)


def _names(tx: Connection, order: OrderRow | None) -> list[str]:
    """Return the names under which a partner may speak of an order."""
    if order is None:
        return []
    return [order.doc.order_id, *(each.number for each in purchases.of_order(tx, order.id))]


def _records(
    row: MessageRow, content: bytes, names: list[str], parse: Parse | None
) -> tuple[list[Mapping[str, Any]], str]:
    if parse is None or len(content) > _LARGEST:
        return [], "too large to be mapped for a page" if parse else ""
    item = RawItem(row.key, content, row.name, row.dated_at or row.received_at)
    mapped = islice(parse(row.connection, row.document, item), _MOST_READ)
    fitting = list(islice(_told(mapped, names), _MOST_SHOWN))
    return fitting, "" if fitting else "the mapping now in force makes no record of it about this"


def _told(mapped: Iterable[Record | BadRecord], names: list[str]) -> Iterator[Mapping[str, Any]]:
    for each in mapped:
        if isinstance(each, BadRecord):
            if not names:
                yield {"problem": each.what, "record": each.record}
        elif not names or traces.name_of(each) in names or not traces.name_of(each):
            yield each.model_dump(mode="json", exclude_defaults=True)
