"""What a rerun would do, without doing it: originals mapped by the files in force, documents as they would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from hub.contract import WHOLE, BadRecord, ConnectorError, RawItem
from hub.delivery.links import Links, NotConnected
from hub.model.base import Record
from hub.store import archive, deliveries, messages
from hub.store.messages import MessageRow, ParkedRecord


def rehearse(tx: Connection, links: Links, ids: Iterable[str]) -> Mapping[str, str]:
    """Return in words what a rerun of each failure would come to; nothing is changed and nobody is asked."""
    ids = list(ids)
    numbers = [int(each[1:]) for each in ids if each[0] == "r"]
    words = {f"r{number}": said for number, said in _records(tx, links, numbers)}
    return {each: words[each] if each in words else _other(tx, each) for each in ids}


def _other(tx: Connection, failure_id: str) -> str:
    looks = {"d": _delivery, "s": _run, "l": _line}
    look = looks.get(failure_id[:1])
    return look(tx, int(failure_id[1:])) if look else "nothing: it is no longer open, or is at the partner"


def _records(tx: Connection, links: Links, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    of_message: dict[int, list[ParkedRecord]] = {}
    for start in range(0, len(numbers), 500):
        for row in messages.parked(tx, ids=numbers[start : start + 500]):
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


def _delivery(tx: Connection, number: int) -> str:
    row = deliveries.get(tx, number)
    first = "asks the partner whether it has it, then sends" if row.doubt else "sends"
    if row.content_sha256 is None:
        return f"renders it anew and {first} {row.kind.value} {row.key} to {row.connection}"
    return f"{first} {row.content_name or row.key}, the stored bytes {row.content_sha256[:12]}, to {row.connection}"


def _run(_tx: Connection, _number: int) -> str:
    return "runs the flow once more, from its cursor"


def _line(_tx: Connection, _number: int) -> str:
    return "routes the order's line once more"
