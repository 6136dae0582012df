"""What an outcome means for orders and stock, as the runner asks for it; services say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from hub.contract import ConnectorError, Receipt
from hub.store.delivery_row import Delivery


class Outcomes(Protocol):
    """Called in the transaction that writes the outcome down: both are durable, or neither is.

    An exception undoes that transaction. After a send the delivery is then in doubt, so that the partner is asked
    before anything leaves again; a call may therefore come a second time for a delivery whose first call was undone.
    """

    def sent(self, tx: Connection, delivery: Delivery, receipt: Receipt) -> None:
        """Take note that the document has reached its partner: sent or, when the receipt says so, confirmed.

        Not called when an answer of the partner proves the arrival first: `deliveries.confirm` tells its caller.
        """
        ...

    def parked(self, tx: Connection, delivery: Delivery, error: ConnectorError) -> None:
        """Take note that the delivery waits for a person, and why."""
        ...

    def too_old(self, tx: Connection, delivery_ids: Sequence[int]) -> None:
        """Take note that these never leave: their orders are older than the connection's going live."""
        ...


class NoOutcomes:
    """Outcomes that mean nothing to anybody: for benchmarks, tests and tools."""

    def sent(self, tx: Connection, delivery: Delivery, receipt: Receipt) -> None:
        """Do nothing."""

    def parked(self, tx: Connection, delivery: Delivery, error: ConnectorError) -> None:
        """Do nothing."""

    def too_old(self, tx: Connection, delivery_ids: Sequence[int]) -> None:
        """Do nothing."""
