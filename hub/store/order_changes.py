"""Which changes of an order its customer has sent, so that the same one counts once."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hub.store import refs
from hub.store.tables import external_ref

_ENTITY = "order_change"


def known(tx: Connection, channel: str, order_id: str) -> dict[str, str]:
    """Return the changes of an order that were applied: the customer's number of each -> the hash of what it said."""
    where = (
        external_ref.c.entity == _ENTITY,
        external_ref.c.partner == channel,
        external_ref.c.kind == order_id,
    )
    query = select(external_ref.c.theirs, external_ref.c.ours).where(*where).order_by(external_ref.c.id)
    return {row.theirs: row.ours for row in tx.execute(query)}


def keep(tx: Connection, channel: str, order_id: str, number: str, content: str) -> None:
    """Remember that a change was applied."""
    refs.bind(tx, _ENTITY, content, channel, order_id, number)


def newest(tx: Connection, channel: str, order_id: str) -> str:
    """Return the customer's number of the change that was applied last; empty when there was none."""
    return next(reversed(known(tx, channel, order_id)), "")
