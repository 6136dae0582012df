"""What a rerun would do, without doing it: originals mapped by the files in force, documents as they would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from hub.contract import WHOLE, BadRecord, ConnectorError, RawItem
from hub.delivery.links import Links, NotConnected
from hub.model.base import Record
from hub.model.state import DELIVERY_MOVES, DeliveryState
from hub.services.attention import failures
from hub.services.attention.failure import FailureKind, number_of
from hub.services.attention.failure_sources import ASKED_BACK
from hub.store import archive, connections, deliveries, messages, parking
from hub.store.messages import MessageRow
from hub.store.parking import ParkedRecord

#: These go again at once; so does whatever may legally be queued and is not under way.
_SOON = frozenset({DeliveryState.QUEUED, DeliveryState.WAITING, DeliveryState.UNKNOWN})
#: What a rerun does with a failure of another kind than a record or a document.
_OTHERS = {
    FailureKind.RUN: "runs the flow once more, from its cursor",
    FailureKind.LINE: "routes the order's line once more",
    FailureKind.INVOICE: "compares the invoice with its order once more",
}
_LETTERS = frozenset(kind.value[0] for kind in _OTHERS)


def rehearse(
    tx: Connection, links: Links, ids: Iterable[str], now: datetime, *, send_again: bool = False
) -> Mapping[str, str]:
    """Return in words what a rerun of each failure would come to; nothing is changed and nobody is asked.

    What a rerun would refuse, because it is over or there is nothing of that id, is not among them.
    """
    ids = list(dict.fromkeys(ids))
    numbers = {each: number for each in ids if each and (number := number_of(each[1:])) is not None}
    words = {f"r{number}": said for number, said in _records(tx, links, _of(numbers, "r"))}
    words |= {
        f"d{number}": said for number in _of(numbers, "d") if (said := _delivery(tx, number, send_again=send_again))
    }
    for failure in failures.by_ids(tx, now, [each for each in numbers if each[0] in _LETTERS]).values():
        paused = failure.kind is FailureKind.RUN and not connections.is_open(tx, failure.partner)
        if failure.code != ASKED_BACK and not paused:
            words[failure.id] = _OTHERS[failure.kind]
    return {each: words[each] for each in ids if each in words}


def _of(numbers: Mapping[str, int], letter: str) -> list[int]:
    return [number for each, number in numbers.items() if each[0] == letter]


def _records(tx: Connection, links: Links, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    of_message: dict[int, list[ParkedRecord]] = {}
    for start in range(0, len(numbers), 500):
        for row in parking.search(tx, ids=numbers[start : start + 500]):
            of_message.setdefault(row.message_id, []).append(row)
    for message in messages.by_ids(tx, of_message):
        bad = {
            (each.record, each.field): each.what for each in parse(tx, links, message) if isinstance(each, BadRecord)
        }
        whole = next((what for (record, _), what in bad.items() if record in WHOLE), None)
        for row in of_message[message.id]:
            still = whole or bad.get((row.record, row.field)) or _of_record(bad, row.record)
            yield row.id, f"would be parked again: {still}" if still else "would be read now"


def _of_record(bad: Mapping[tuple[str, str], str], record: str) -> str | None:
    return next((what for (each, _), what in bad.items() if each == record), None)


def parse(tx: Connection, links: Links, message: MessageRow) -> list[Record | BadRecord]:
    """Return what a stored original is made into by the mapping now in force; what ends it comes as a bad record."""
    try:
        content = archive.load(tx, message.sha256)
        item = RawItem(message.key, content, message.name, message.dated_at or message.received_at)
        with links.use(message.connection) as connector:
            return list(connector.parse(message.document, item))
    except BadRecord as bad:
        return [bad]
    except (archive.ContentGone, NotConnected) as error:
        return [BadRecord(str(error), record="the whole document")]
    except ConnectorError as error:
        return [BadRecord(error.what, record="the whole document", todo=error.todo)]


def _delivery(tx: Connection, number: int, *, send_again: bool) -> str | None:
    try:
        row = deliveries.get(tx, number)
    except LookupError:
        return None
    goes = row.state in _SOON or DeliveryState.QUEUED in DELIVERY_MOVES[row.state]
    if not goes or row.state is DeliveryState.RUNNING:
        return None
    first = "asks the partner whether it has it, then sends" if row.doubt and not send_again else "sends"
    if row.content_sha256 is None:
        return f"renders it anew and {first} {row.kind.value} {row.key} to {row.connection}"
    return f"{first} {row.content_name or row.key}, the stored bytes {row.content_sha256[:12]}, to {row.connection}"
