"""Each rule of [alerts] finds what it is for, says what to do, and nothing before its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.partner import Partner, Role
from hub.model.state import DeliveryState
from hub.services.alerting.alert_rules import evaluate
from hub.services.alerting.alert_settings import AlertRule
from hub.store import connections, deliveries, feeds, messages, parking
from hub.store.delivery_row import NewDelivery
from hub.store.engine import Store
from hub.store.tables import delivery
from hub.testing.clock import FakeClock
from tests.delivery.world import fulfilment
from tests.orders.conftest import FakeDirectory

Cause = Callable[[Any, FakeClock], None]


@pytest.fixture
def directory() -> FakeDirectory:
    """A supplier that is to send stock, and one that is not."""
    known = {code: Partner(code=code, name=code, role=Role.SUPPLIER) for code in ("acme", "bolt")}
    return FakeDirectory(known, ins={("acme", Kind.STOCK_LEVEL): "stock"})


def came(tx: Any, clock: FakeClock, key: str) -> int:
    content = key.encode()
    got = messages.receive(tx, connection="acme", document="stock", key=key, name=key, content=content, now=clock.now())
    return int(got.id)


def a_feed(tx: Any, clock: FakeClock) -> None:
    generation = feeds.begin(tx, "acme", "stock", came(tx, clock, "k"), clock.now())
    feeds.end(tx, generation, "applied", (1, 1, 0), clock.now())


def nothing(_tx: Any, _clock: FakeClock) -> None:
    """It is live, and that is all."""


def a_feed_that_was_held(tx: Any, clock: FakeClock) -> None:
    a_feed(tx, clock)
    later = clock.now() + timedelta(hours=4)
    feeds.end(tx, feeds.begin(tx, "acme", "stock", came(tx, clock, "k2"), later), "held", (1, 0, 1), later)


def a_feed_of_which_nothing_could_be_read(tx: Any, clock: FakeClock) -> None:
    a_feed(tx, clock)
    later = clock.now() + timedelta(hours=1)
    feeds.end(tx, feeds.begin(tx, "acme", "stock", came(tx, clock, "k2"), later), "suspended", (3, 0, 3), later)


def two_parked(tx: Any, clock: FakeClock) -> None:
    for row in ("row 1", "row 2"):
        bad = BadRecord("unit 'PK' is unknown", record=row, todo="add PK to [units]", code="unit")
        parking.park(tx, came(tx, clock, row), "acme", "stock", bad, clock.now())


def a_document(tx: Any, clock: FakeClock) -> int:
    new = NewDelivery(
        connection="acme", document="po", kind=Kind.FULFILMENT, entity="order:1", key="F1", record=fulfilment("F1")
    )
    return deliveries.enqueue(tx, new, clock.now())


def one_unanswered(tx: Any, clock: FakeClock) -> None:
    values = {"state": DeliveryState.SENT.value, "sent_at": clock.now(), "answer_by": clock.now() + timedelta(hours=2)}
    tx.execute(update(delivery).where(delivery.c.id == a_document(tx, clock)).values(values))


@pytest.mark.parametrize(
    ("cause", "rule", "too_soon", "late", "words", "todo"),
    [
        (a_feed, {"when": "feed_older", "than": "6h"}, 6, 6.1, "the last stock of acme came 20", "sync run acme"),
        (a_feed_that_was_held, {"when": "feed_older", "than": "6h"}, 6, 6.1, "the last stock of acme", "sync run acme"),
        (
            a_feed_of_which_nothing_could_be_read,
            {"when": "feed_older", "than": "6h"},
            6,
            6.1,
            "the last stock of acme",
            "sync run acme",
        ),
        (nothing, {"when": "feed_older", "than": "6h"}, 6, 6.1, "no stock of acme has ever come", "sync run acme"),
        (two_parked, {"when": "parked_more", "count": 1}, None, 0, "unknown (stock, 2 like it)", "add PK to [units]"),
        (two_parked, {"when": "parked_more", "than": "1h"}, 0.9, 1, "acme: unit 'PK' is unknown", "add PK to [units]"),
        (one_unanswered, {"when": "acknowledgement_overdue"}, 2, 2.1, "acme has not answered F1", "ask acme"),
        (
            one_unanswered,
            {"when": "acknowledgement_overdue", "than": "3h"},
            2.9,
            3,
            "acme has not answered",
            "ask acme",
        ),
        (
            a_document,
            {"when": "deliveries_stuck", "than": "1h"},
            1,
            1.1,
            "documents for acme do not leave: 1, the oldest of 20",
            "check acme",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_rule_finds_its_cause_when_it_has_lasted(  # noqa: PLR0917 - one row of the table above
    store: Store,
    clock: FakeClock,
    directory: FakeDirectory,
    cause: Cause,
    rule: dict[str, Any],
    too_soon: float | None,
    late: float,
    words: str,
    todo: str,
) -> None:
    with store.write() as tx:
        for code in ("acme", "bolt"):
            connections.ensure(tx, code, "files", "h", clock.now())
            connections.go_live(tx, code, clock.now(), clock.now())
        cause(tx, clock)
    known = AlertRule.model_validate({"name": "r", **rule})
    with store.read() as tx:
        if too_soon is not None:
            assert evaluate(tx, [known], clock.now() + timedelta(hours=too_soon), directory) == {}
        (alert,) = evaluate(tx, [known], clock.now() + timedelta(hours=late), directory).values()
        of_others = known.model_copy(update={"partner": "bolt"})
        assert evaluate(tx, [of_others], clock.now() + timedelta(hours=late), directory) == {}
    assert words in alert.text
    assert todo in alert.todo


@pytest.mark.parametrize(
    "rule",
    [
        {"when": "parked_more", "count": 2},
        {"when": "deliveries_stuck", "than": "1h"},
        {"when": "feed_older", "than": "1h"},
        {"when": "acknowledgement_overdue"},
    ],
)
def test_what_is_few_or_only_observes_is_no_alert(
    store: Store, clock: FakeClock, directory: FakeDirectory, rule: dict[str, Any]
) -> None:
    with store.write() as tx:
        connections.ensure(tx, "acme", "files", "h", clock.now())  # it observes: nothing is to leave
        two_parked(tx, clock)
        a_document(tx, clock)
    with store.read() as tx:
        rules = [AlertRule.model_validate({"name": "r", **rule})]
        assert evaluate(tx, rules, clock.now() + timedelta(hours=9), directory) == {}


def test_the_old_stock_of_a_partner_that_is_gone_is_no_alert(
    store: Store, clock: FakeClock, directory: FakeDirectory
) -> None:
    """Its last feed was told as old for ever after its mapping file had been taken away."""
    with store.write() as tx:
        connections.ensure(tx, "acme", "files", "h", clock.now())
        a_feed(tx, clock)
    rule = AlertRule.model_validate({"name": "r", "when": "feed_older", "than": "6h"})
    later = clock.now() + timedelta(hours=7)
    with store.read() as tx:
        assert evaluate(tx, [rule], later, directory)
        directory.known.clear()
        assert evaluate(tx, [rule], later, directory) == {}
