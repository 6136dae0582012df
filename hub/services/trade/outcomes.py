"""What it means for our orders that a delivery arrived or needs a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from hub.contract import ConnectorError, Receipt
from hub.model.document import Kind
from hub.services.book import Book
from hub.services.desk import Desk
from hub.services.trade import accounts, changes, purchasing
from hub.store import allocations, events, orders, published, purchases
from hub.store.delivery_row import Delivery

_ASKS_A_NODE = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER})


class DomainOutcomes:
    """The delivery runner tells it; each call is part of the runner's own ledger transaction.

    It asks for the desk each time, because the partners known may have changed since.
    """

    def __init__(self, desk: Callable[[], Desk]) -> None:
        self._desk = desk

    def sent(self, tx: Connection, delivery: Delivery, receipt: Receipt) -> None:
        """Release what was allocated under a node's document; note which figures a channel did not take or keep."""
        if delivery.kind in _ASKS_A_NODE:
            self._reached(tx, delivery)
        if delivery.kind is Kind.PURCHASE_ORDER_CHANGE and receipt.confirmed:
            self._changed(tx, delivery)
        if delivery.kind is Kind.STOCK_PUSH and receipt.untaken:
            places = [(sku, location) for location, sku in receipt.untaken]
            published.mark_untaken(tx, delivery.connection, places, delivery.id)
        if delivery.kind is Kind.ASSIGNMENT and receipt.untaken:
            published.forget_places(tx, delivery.connection, [(sku, place) for place, sku in receipt.untaken])

    def _changed(self, tx: Connection, delivery: Delivery) -> None:
        desk = self._desk()
        now = desk.clock.now()
        answered = changes.taken(tx, desk, delivery, now)
        if answered is not None:
            accounts.book_purchase(tx, desk, answered.row, answered.book, now)

    def _reached(self, tx: Connection, delivery: Delivery) -> None:
        """Release what was allocated under a document that its node has now, and book it."""
        desk = self._desk()
        now = desk.clock.now()
        allocations.release(tx, delivery.key, now)
        if delivery.kind is Kind.PURCHASE_ORDER and accounts.keeps_books(desk):
            row = purchases.get(tx, delivery.key)
            order = orders.get(tx, delivery.order_id) if delivery.order_id else None
            if row is not None and order is not None:
                book = Book(order, allocations.of_order(tx, order.id))  # read only: whoever changes it books it anew
                accounts.book_purchase(tx, desk, row, book, now)

    def too_old(self, tx: Connection, delivery_ids: Sequence[int]) -> None:
        """Free what was allocated under documents that never leave, and their orders with it."""
        purchasing.let_go_older(tx, delivery_ids, self._desk().clock.now())

    def parked(self, tx: Connection, delivery: Delivery, error: ConnectorError) -> None:
        """Note on the order that one of its documents waits for a person; its quantities stay where they are."""
        if delivery.order_id is None:
            return
        detail = {"document": delivery.key, "connection": delivery.connection, "error": error.what}
        events.record(tx, "delivery.parked", delivery.order_id, self._desk().clock.now(), detail=detail)
