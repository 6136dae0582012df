"""Originals on their way in: a page becomes durable together with its cursor, before anything of it is mapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from sqlalchemy import Connection

from hub.contract import Connector, Cuts, DocumentSpec, Page, RawItem
from hub.model.document import Kind
from hub.services.desk import Desk, Source
from hub.store import archive, messages, runs
from hub.store.messages import MessageRow

#: So many parts of a whole are kept in one transaction.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Inlet:
    """One inbound document of one open connection."""

    connection: str
    connector: Connector
    document: DocumentSpec
    mapping_hash: str

    def source(self, message: MessageRow) -> Source:
        """Return where the records of a message come from."""
        mode, at = self.document.mode, message.dated_at or message.received_at
        least = self.document.hold_below
        return Source(self.connection, self.document.name, message.id, self.mapping_hash, mode, at, least)


@dataclass(slots=True)
class Come:
    """What came for a flow and was not there before, with its contents; and the keys of wholes put in quarantine."""

    fresh: list[MessageRow] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)


def receive(desk: Desk, inlet: Inlet, page: Page, run: int, come: Come) -> None:
    """Make a page durable together with its cursor, and note the messages of this flow that were not there before.

    With them come their contents, as they were archived. What belongs to other flows (a mailbox holds many) waits for
    whoever holds those.
    """
    own = inlet.document.name

    def keep(tx: Connection) -> Come:
        now = desk.clock.now()
        fresh: dict[int, bytes] = {}
        quarantined = come.quarantined.copy()  # the transaction may be tried again
        for item in page.items:
            received = messages.receive(
                tx,
                connection=inlet.connection,
                document=item.document or own,
                key=item.key,
                name=item.name,
                content=item.content,
                now=now,
                run_id=run,
                dated_at=item.at,
                part_of_quarantined=item.part_of in quarantined,
                envelope=inlet.document.kind is Kind.INTERCHANGE and item.document in {"", own},
                mapping_hash=inlet.mapping_hash,
                said=item.said,
            )
            if received.quarantined:
                quarantined.add(item.key)
            if received.fresh and item.document in {"", own}:
                fresh[received.id] = item.content
        if page.cursor is not None:
            runs.move_cursor(tx, inlet.connection, inlet.document.name, page.cursor, now)
        return Come(messages.by_ids(tx, fresh), fresh, quarantined)

    kept = desk.store.transact(keep)
    come.fresh += kept.fresh
    come.contents.update(kept.contents)
    come.quarantined |= kept.quarantined


def keep_parts(desk: Desk, inlet: Inlet, connector: Cuts, message: MessageRow) -> None:
    """Keep what is in a whole that is applied again, for the flows that it belongs to.

    What was not kept when it came (nobody wanted it then) is kept now; what went into quarantine with it comes out.
    """
    if inlet.document.kind is not Kind.INTERCHANGE:
        return
    with desk.store.read() as tx:
        content = archive.load(tx, message.sha256)
    at = message.dated_at or message.received_at
    parts = connector.cut(inlet.document.name, RawItem(message.key, content, message.name, at))
    whole = next(parts)
    quarantined = message.key != messages.bounded_key(whole.key) and message.key.startswith(whole.key)

    def keep(tx: Connection, some: Sequence[RawItem]) -> None:
        now = desk.clock.now()
        for part in some:
            messages.receive(
                tx,
                connection=inlet.connection,
                document=part.document,
                key=part.key,
                name=part.name,
                content=part.content,
                now=now,
                run_id=message.run_id,
                dated_at=part.at,
                part_of_quarantined=quarantined,
                said=part.said,
            )
            if quarantined:
                messages.release_part(tx, inlet.connection, part.document, part.key, part.content)

    while some := tuple(islice(parts, _AT_ONCE)):
        desk.store.transact(partial(keep, some=some))
