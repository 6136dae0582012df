"""Orders that lack a source for a quantity are looked at again when their SKUs have had news of stock or prices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.log import EventLog
from hub.services.desk import Desk
from hub.services.sourcing import routing
from hub.store import allocations
from hub.store.upsert import batches

log = EventLog(__name__)
#: So many orders that had news share a commit; others who write wait no longer than these take.
_TOGETHER = 8


def route_waiting(desk: Desk) -> int:
    """Route again the orders whose missing SKUs have had news, some at a time with one commit, each undone by itself.

    Called after feeds of stock and prices: an order that came before its supplier's first ones needs no person. Returns
    how many fared differently. Of one that did not, nothing is written down: with every feed that would be most of
    what the database holds. An order that cannot be routed is left as it was, and does not stop the others.
    """
    with desk.store.read() as tx:
        waiting = allocations.orders_with_news(tx, desk.clock.now())
    return sum(_try_again(desk, each) for each in batches(waiting, _TOGETHER))


def _try_again(desk: Desk, order_ids: Sequence[str]) -> int:
    ended = desk.store.submit_each([partial(_with_news, desk, order_id) for order_id in order_ids])
    for order_id, (_, error) in zip(order_ids, ended, strict=True):
        if isinstance(error, SQLAlchemyError) or not isinstance(error, Exception | None):
            raise error
        if error is not None:  # one order must not keep the others from their goods
            log.unforeseen("reroute.unforeseen", error, order=order_id)
    return sum(bool(changed) for changed, _ in ended)


def _with_news(desk: Desk, order_id: str, tx: Connection) -> bool:
    before = _standing(tx, order_id)
    savepoint = tx.begin_nested()
    routing.reroute(tx, desk, order_id, "stock news")
    if _standing(tx, order_id) != before:
        savepoint.commit()
        return True
    savepoint.rollback()
    allocations.seen(tx, order_id, desk.clock.now())
    return False


def _standing(tx: Connection, order_id: str) -> Sequence[object]:
    return [portion.row for portion in allocations.of_order(tx, order_id)]
