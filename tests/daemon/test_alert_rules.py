"""Each rule of [alerts] finds what it is for, says what to do, and nothing before its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.services.alerting.alert_rules import evaluate
from hub.services.alerting.alert_settings import AlertRule
from hub.store import connections, deliveries, feeds, messages
from hub.store.delivery_row import NewDelivery
from hub.store.engine import Store
from hub.store.tables import delivery
from hub.testing.clock import FakeClock
from tests.delivery.world import fulfilment

Cause = Callable[[Any, FakeClock], None]


def came(tx: Any, clock: FakeClock, key: str) -> int:
    content = key.encode()
    got = messages.receive(tx, connection="acme", document="stock", key=key, name=key, content=content, now=clock.now())
    return int(got.id)


def a_feed(tx: Any, clock: FakeClock) -> None:
    generation = feeds.begin(tx, "acme", "stock", came(tx, clock, "k"), clock.now())
    feeds.end(tx, generation, "applied", (1, 1, 0), clock.now())


def two_parked(tx: Any, clock: FakeClock) -> None:
    for row in ("row 1", "row 2"):
        bad = BadRecord("unit 'PK' is unknown", record=row, todo="add PK to [units]", code="unit")
        messages.park(tx, came(tx, clock, row), "acme", "stock", bad, clock.now())


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
        (two_parked, {"when": "parked_more", "count": 1}, None, 0, "acme: unit 'PK' is unknown", "add PK to [units]"),
        (two_parked, {"when": "parked_more", "than": "1h"}, 0.9, 1, "acme: unit 'PK' is unknown", "add PK to [units]"),
        (one_unanswered, {"when": "acknowledgement_overdue"}, 2, 2.1, "acme has not answered F1", "ask acme"),
        (
            a_document,
            {"when": "deliveries_stuck", "than": "1h"},
            1,
            1.1,
            "documents for acme do not leave",
            "check acme",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_rule_finds_its_cause_when_it_has_lasted(  # noqa: PLR0917 - one row of the table above
    store: Store,
    clock: FakeClock,
    cause: Cause,
    rule: dict[str, Any],
    too_soon: float | None,
    late: float,
    words: str,
    todo: str,
) -> None:
    with store.write() as tx:
        connections.ensure(tx, "acme", "files", "h", clock.now())
        connections.go_live(tx, "acme", clock.now(), clock.now())
        cause(tx, clock)
    known = AlertRule.model_validate({"name": "r", **rule})
    with store.read() as tx:
        if too_soon is not None:
            assert evaluate(tx, [known], clock.now() + timedelta(hours=too_soon)) == {}
        (alert,) = evaluate(tx, [known], clock.now() + timedelta(hours=late)).values()
        of_others = known.model_copy(update={"partner": "bolt"})
        assert evaluate(tx, [of_others], clock.now() + timedelta(hours=late)) == {}
    assert words in alert.text
    assert todo in alert.todo


@pytest.mark.parametrize("rule", [{"when": "parked_more", "count": 2}, {"when": "deliveries_stuck", "than": "1h"}])
def test_what_is_few_or_only_observes_is_no_alert(store: Store, clock: FakeClock, rule: dict[str, Any]) -> None:
    with store.write() as tx:
        connections.ensure(tx, "acme", "files", "h", clock.now())  # it observes: nothing is to leave
        two_parked(tx, clock)
        a_document(tx, clock)
    with store.read() as tx:
        rules = [AlertRule.model_validate({"name": "r", **rule})]
        assert evaluate(tx, rules, clock.now() + timedelta(hours=9)) == {}
