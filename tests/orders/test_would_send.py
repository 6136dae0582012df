"""What an observing connection would have sent."""

from __future__ import annotations

from typing import Any

import pytest

from hub.services import explain
from hub.services.syncing import would_send
from hub.store import archive, connections
from hub.store.delivery_row import NEVER
from hub.store.tables import delivery


@pytest.fixture
def observed(world: Any) -> Any:
    """One order for acme, which only observes; its document is rendered as `preview` leaves it."""
    world.source_of("acme", "CUP", 5)
    with world.store.write() as tx:
        connections.ensure(tx, "acme", "http", None, world.clock.now())
    world.order(lines={"L1": ("CUP", 5)})
    with world.store.write() as tx:
        sha256 = archive.keep(tx, b"PO,CUP,5\n", world.clock.now())
        tx.execute(delivery.update().values(content_sha256=sha256, content_name="in/PO.csv", due_at=NEVER))
    return world


def test_what_is_held_back_is_listed_with_its_bytes(observed: Any) -> None:
    (held,) = observed.read(would_send.listing)
    assert (held.partner, held.name, held.size, held.content) == ("acme", "in/PO.csv", 9, "PO,CUP,5\n")
    assert observed.read(lambda tx: would_send.listing(tx, "globex")) == []
    assert observed.read(lambda tx: would_send.listing(tx, document="nothing")) == []


def test_an_order_shows_what_would_have_been_sent_of_it(observed: Any) -> None:
    (held,) = observed.read(lambda tx: explain.show(tx, observed.desk, "#1001"))["would_send"]
    assert held["content"] == "PO,CUP,5\n"


def test_nothing_is_held_back_once_the_connection_is_live(observed: Any) -> None:
    with observed.store.write() as tx:
        connections.go_live(tx, "acme", observed.clock.now().replace(year=2000), observed.clock.now())
    assert observed.read(would_send.listing) == []
