"""The originals that came of a flow: the newest one, for trying a changed mapping file on it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hub.store import messages
from hub.store.messages import MessageRow
from hub.store.tables import message


def last(tx: Connection, connection: str, document: str) -> MessageRow | None:
    """Return the newest inbound message of a connection's document, or None when none ever came."""
    where = (message.c.connection == connection, message.c.document == document, message.c.direction == "in")
    found = tx.execute(select(message.c.id).where(*where).order_by(message.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else messages.get(tx, found)
