"""A refusal and silence mean what the rule set says: for how long a node is not asked, and who is asked instead."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.order import DeliveryMethod, OrderLine
from hub.model.purchase import AcknowledgementLine, Outcome
from hub.services.sourcing import news, routing
from hub.services.trade import silence
from hub.store import events
from hub.store.tables import purchase
from tests.orders.conftest import Rules, World

MUG = {"1": ("MUG", 2)}
ANSWERS = '[[rules]]\nname = "all"\nanswers = {{ {} }}\n'


@pytest.fixture
def sent(world: World, rules: Rules) -> World:
    """An order that went to the cheaper of two suppliers, which has to answer within a day."""
    rules(ANSWERS.format('silence = "reroute", exclude_days = 7'))
    world.source_of("acme", "MUG", 9, price="1")
    world.source_of("bolt", "MUG", 9, price="2")
    world.order(lines=MUG)
    world.deliver()
    return world


def rejects(world: World) -> None:
    world.answers(world.document("ACME"), outcome=Outcome.REJECTED, reason="none left")


def reroute(world: World) -> None:
    with world.store.write() as tx:
        routing.reroute(tx, world.desk, world.id_of(), "ann")


def test_a_node_that_refused_is_asked_again_after_the_days_of_the_rules(sent: World) -> None:
    sent.stocks("BOLT", "MUG", 0)
    rejects(sent)
    assert sent.where() == {("backordered", ""): 2}
    (portion,) = sent.portions()
    assert portion.row.excluded_until == {"ACME": sent.clock.now() + timedelta(days=7)}
    sent.clock.advance(7 * 86_400 - 60)
    sent.stocks("ACME", "MUG", 9)
    reroute(sent)
    assert sent.where() == {("backordered", ""): 2}
    sent.clock.advance(120)
    reroute(sent)
    assert sent.where() == {("allocated", "ACME"): 2}


def test_a_refusal_ends_at_its_time_for_news_as_for_routing(sent: World) -> None:
    """News counted a node again at the very moment at which routing did not ask it yet."""
    sent.stocks("BOLT", "MUG", 0)
    rejects(sent)
    sent.clock.advance(7 * 86_400 - 1)
    sent.stocks("ACME", "MUG", 9)
    assert news.route_waiting(sent.desk) == 0
    sent.clock.advance(1)
    assert news.route_waiting(sent.desk) == 1
    assert sent.where() == {("allocated", "ACME"): 2}


def test_silence_past_the_agreed_hours_asks_another_node_and_says_so(sent: World) -> None:
    assert silence.look(sent.desk) == 0
    sent.clock.advance(24 * 3600 + 1)
    assert silence.look(sent.desk) == 1
    assert sent.where() == {("allocated", "BOLT"): 2}
    assert sent.portions()[0].row.excluded == {"ACME"}
    assert "document.unanswered" in sent.events()
    state = sent.read(lambda tx: tx.execute(select(purchase.c.state).where(purchase.c.node == "ACME")).scalar_one())
    assert state == "rejected"
    assert silence.look(sent.desk) == 0


def test_a_partner_that_takes_changes_is_told_to_stop(sent: World) -> None:
    sent.directory.out["acme", Kind.PURCHASE_ORDER_CHANGE] = "changes"
    sent.clock.advance(24 * 3600 + 1)
    silence.look(sent.desk)
    (change,) = sent.outgoing(Kind.PURCHASE_ORDER_CHANGE)
    assert (change.connection, change.doc["cancelled"]) == ("acme", True)
    assert sent.where() == {("allocated", "BOLT"): 2}


def test_only_what_remains_is_asked_elsewhere(sent: World) -> None:
    sent.answers(sent.document("ACME"), AcknowledgementLine(line_number=1, quantity=Decimal(1)))
    assert sent.where() == {("acknowledged", "ACME"): 1, ("allocated", "BOLT"): 1}
    sent.clock.advance(24 * 3600 + 1)
    silence.look(sent.desk)
    assert sent.where() == {("acknowledged", "ACME"): 1, ("allocated", "BOLT"): 1}


def test_silence_waits_for_a_person_where_the_rules_say_nothing(world: World, rules: Rules) -> None:
    rules(ANSWERS.format("exclude_days = 7"))
    world.source_of("acme", "MUG", 9)
    world.order(lines=MUG)
    world.deliver()
    world.clock.advance(48 * 3600)
    assert silence.look(world.desk) == 0
    assert world.where() == {("released", "ACME"): 2}


def test_what_the_customer_collects_never_moves_by_itself(world: World, rules: Rules) -> None:
    rules(ANSWERS.format('silence = "reroute"'))
    world.owns("MUG")
    world.supplier("store", kind=NodeKind.STORE, pick_up=True)
    world.supplier("dc", kind=NodeKind.WAREHOUSE)
    for node in ("STORE", "DC"):
        world.stocks(node, "MUG", 9)
    line = OrderLine(line_id="1", sku="MUG", quantity=Decimal(2), pick_up_node="STORE")
    world.says(world.made(lines={}, method=DeliveryMethod.PICK_UP).changed(lines=(line,)))
    world.deliver()
    world.clock.advance(48 * 3600)
    assert silence.look(world.desk) == 0
    assert world.where() == {("released", "STORE"): 2}


def test_the_promise_follows_where_the_goods_come_from(world: World, rules: Rules) -> None:
    rules(ANSWERS.format('silence = "reroute"'))
    world.source_of("acme", "MUG", 9, price="1")
    world.supplier("bolt")
    world.stocks("BOLT", "MUG", 9)
    world.sells("bolt", "MUG", "2", lead_days=4)
    world.order(lines=MUG)
    world.deliver()
    first = world.portions()[0].row.promised_at
    world.clock.advance(24 * 3600 + 1)
    silence.look(world.desk)
    now = world.portions()[0].row.promised_at
    assert first is not None
    assert now is not None
    assert now - first == timedelta(days=5, seconds=1)
    told = world.read(lambda tx: events.search(tx, subject=world.id_of(), name="order.promise_changed"))
    assert told[0].detail == {"was": first.isoformat(), "becomes": now.isoformat()}


def test_the_promise_is_the_day_that_the_supplier_names(sent: World) -> None:
    day = sent.clock.now() + timedelta(days=12)
    sent.answers(sent.document("ACME"), AcknowledgementLine(line_number=1, outcome=Outcome.BACKORDERED, promised=day))
    (portion,) = sent.portions()
    assert (portion.row.state, portion.row.promised_at) == ("acknowledged", day)
    assert "order.promise_changed" in sent.events()
