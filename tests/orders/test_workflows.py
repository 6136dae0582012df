"""Different kinds of orders go different ways, as the routing files say; every gate tells who opened it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import insert

from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.order import DeliveryMethod, OrderLine
from hub.services import explain
from hub.services.alerting.alert_rules import evaluate
from hub.services.alerting.alert_settings import AlertRule
from hub.services.selling import due, orders
from hub.services.sourcing import routing, workflows
from hub.store import decisions
from hub.store import orders as stored
from hub.store.tables import expected_receipt
from tests.orders.conftest import PLACED, Rules, World

MUG = {"1": ("MUG", 2)}


def workflow(orders_taken: str, step: str) -> str:
    return f'[[workflows]]\nname = "w"\n[workflows.orders]\n{orders_taken}\n[[workflows.steps]]\n{step}\n'


def released(world: World) -> None:
    with world.store.write() as tx:
        orders.release(tx, world.desk, world.id_of(), "ann")


# --- gates ---


def test_a_risky_order_is_held_until_a_person_releases_it(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow('risk = "high"', 'do = "hold"\nwhy = "may be a fraud"'))
    world.order(lines=MUG, risk="high")
    assert (world.where(), world.status()) == ({("held", ""): 2}, "held")
    assert world.portions()[0].row.reason == "may be a fraud"
    released(world)
    assert world.where() == {("allocated", "ACME"): 2}
    assert {"order.gate_shut", "order.gate_opened", "order.released"} <= set(world.events())


def test_an_unpaid_order_goes_on_by_itself_when_it_is_paid(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow('payment = ["pending", "authorized"]', 'do = "hold"\nwhy = "not paid"'))
    world.order(lines=MUG, payment="pending")
    assert world.where() == {("held", ""): 2}
    world.order(lines=MUG, payment="paid", at=5)
    assert world.where() == {("allocated", "ACME"): 2}
    assert "order.gate_gone" in world.events()


def test_an_order_that_turns_risky_takes_back_what_has_not_left(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow('risk = "high"', 'do = "hold"\nwhy = "may be a fraud"'))
    world.order(lines=MUG)
    assert world.where() == {("allocated", "ACME"): 2}
    world.order(lines=MUG, risk="high", at=5)
    assert world.where() == {("held", ""): 2}


def test_a_large_order_waits_for_an_approval_that_holds_until_it_grows(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 99)
    rules(workflow("", 'do = "approve"\nabove = 100'))

    def says(price: int, at: int) -> None:
        line = OrderLine(line_id="1", sku="MUG", quantity=Decimal(2), price=Decimal(price))
        world.says(world.made(lines={}, at=at).changed(lines=(line,)))

    says(50, 0)
    assert world.where() == {("allocated", "ACME"): 2}
    says(51, 1)
    assert world.where() == {("held", ""): 2}
    assert "somebody has to approve it" in world.portions()[0].row.reason
    released(world)
    assert world.where() == {("allocated", "ACME"): 2}
    says(51, 2)
    assert world.where() == {("allocated", "ACME"): 2}
    says(90, 3)
    assert world.where() == {("held", ""): 2}


def test_an_order_waits_for_its_time_and_goes_on_by_itself(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow("", 'do = "wait"\nminutes = 30'))
    world.order(lines=MUG, placed_at=world.clock.now())
    world.clock.advance(29 * 60)
    assert due.look(world.desk) == 0
    assert world.where() == {("held", ""): 2}
    world.clock.advance(60)
    assert due.look(world.desk) == 1
    assert world.where() == {("allocated", "ACME"): 2}
    assert due.look(world.desk) == 0


def test_a_pre_order_is_released_when_its_goods_come_and_says_when_they_may(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(workflow('type = "preorder"', 'do = "receipt"'))
    day = world.clock.now() + timedelta(days=10)
    with world.store.write() as tx:
        word = {"reference": "PO7", "quantity": Decimal(50), "certainty": "firm", "as_of": PLACED, "generation": 1}
        tx.execute(insert(expected_receipt).values(node="ACME", sku="MUG", expected_at=day, **word))
    world.order(lines=MUG, kind="preorder")
    assert world.where() == {("held", ""): 2}
    row = world.read(lambda tx: stored.get(tx, world.id_of()))
    assert row.gates[0].until == day
    world.clock.advance(300)
    due.look(world.desk)
    assert world.where() == {("held", ""): 2}
    world.stocks("ACME", "MUG", 51)
    world.clock.advance(300)
    due.look(world.desk)
    assert world.where() == {("allocated", "ACME"): 2}


def test_goods_are_expected_when_the_last_of_them_is_and_what_is_past_promises_nothing(quick_world: World) -> None:
    now = quick_world.clock.now()
    said = {"MUG": (-1, 5, 3), "CUP": (4,), "POT": (-2,)}
    rows = [
        {"sku": sku, "expected_at": now + timedelta(days=days), "node": "ACME", "reference": f"PO{days}"}
        for sku, each in said.items()
        for days in each
    ]
    word = {"quantity": Decimal(5), "certainty": "firm", "as_of": PLACED, "generation": 1}
    with quick_world.store.write() as tx:
        tx.execute(insert(expected_receipt), [row | word for row in rows])
        days = {
            skus: workflows.expected_at(tx, skus, now)
            for skus in (("MUG",), ("MUG", "CUP"), ("MUG", "POT"), ("POT",), ("PAN",))
        }
    assert days == {
        ("MUG",): now + timedelta(days=3),
        ("MUG", "CUP"): now + timedelta(days=4),
        ("MUG", "POT"): None,
        ("POT",): None,
        ("PAN",): None,
    }


def test_a_held_order_that_is_cancelled_is_looked_at_no_more(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(workflow("", 'do = "receipt"'))
    world.order(lines=MUG)
    world.order(lines=MUG, cancelled=True, at=5)
    world.clock.advance(3600)
    assert due.look(world.desk) == 0
    assert world.status() == "cancelled"


# --- ways ---


def test_b2b_ships_complete_from_one_node_and_the_rest_as_it_likes(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9, price="1")
    world.source_of("bolt", "CUP", 9, price="1")
    world.source_of("bolt", "MUG", 9, price="50")
    rules(workflow("b2b = true", 'do = "route"\nship_complete = true'))
    both = {"1": ("MUG", 1), "2": ("CUP", 1)}
    world.order("1001", lines=both)
    world.order("1002", lines=both, b2b=True)
    assert world.where("1001") == {("allocated", "ACME"): 1, ("allocated", "BOLT"): 1}
    assert world.where("1002") == {("allocated", "BOLT"): 2}


def test_a_store_keeps_its_last_units_from_being_shipped(world: World, rules: Rules) -> None:
    world.owns("MUG")
    world.supplier("store", kind=NodeKind.STORE, freight="1")
    world.supplier("dc", kind=NodeKind.WAREHOUSE, freight="9")
    for node in ("STORE", "DC"):
        world.stocks(node, "MUG", 3)
    rules(workflow("", 'do = "route"\nkeep_back = { store = 2 }'))
    world.order(lines=MUG)
    assert world.where() == {("allocated", "DC"): 2}


def test_drop_ship_orders_go_to_suppliers_alone_and_the_reason_says_so(world: World, rules: Rules) -> None:
    world.owns("MUG")
    world.supplier("dc", kind=NodeKind.WAREHOUSE, freight="1")
    world.stocks("DC", "MUG", 9)
    world.source_of("acme", "MUG", 9, price="50")
    rules('[[rules]]\nname = "drop ship"\norders.tags = "bulky"\nrouting.only_kinds = ["supplier"]\n')
    world.order(lines=MUG, tags={"bulky"})
    assert world.where() == {("allocated", "ACME"): 2}
    (decided,) = world.read(lambda tx: decisions.of_order(tx, world.id_of()))
    assert decided.decision.rule_set == "drop ship"
    assert decided.decision.policy_hash == world.desk.policy.hash  # type: ignore[union-attr]
    assert decided.problem["rules"] == {"only_kinds": ["supplier"]}


def test_what_a_customer_collects_has_a_deadline_and_is_never_sent_from_elsewhere(world: World, rules: Rules) -> None:
    world.owns("MUG")
    world.supplier("store", kind=NodeKind.STORE, pick_up=True)
    world.supplier("dc", kind=NodeKind.WAREHOUSE)
    for node in ("STORE", "DC"):
        world.stocks(node, "MUG", 9)
    rules(workflow('method = "pick_up"', 'do = "pick_up"\nready_hours = 2'))
    line = OrderLine(line_id="1", sku="MUG", quantity=Decimal(2), pick_up_node="STORE")
    world.says(world.made(lines={}, method=DeliveryMethod.PICK_UP).changed(lines=(line,)))
    (sent,) = world.outgoing(Kind.SHIP_ORDER)
    assert sent.doc["node"] == "STORE"
    assert sent.doc["note"] == "PICK-UP: the customer collects it"
    assert sent.doc["ship_by"] == (world.clock.now() + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    world.deliver()
    world.answers(sent.key, outcome="rejected", reason="broken")
    assert world.where() == {("unfillable", ""): 2}
    with world.store.write() as tx:
        routing.reroute(tx, world.desk, world.id_of(), "ann")
    assert world.where() == {("unfillable", ""): 2}


def test_a_gift_and_a_note_stand_on_the_document(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow("", 'do = "gift"\n[[workflows.steps]]\ndo = "note"\ntext = "leave at the door"'))
    world.order(lines=MUG, gift=True, gift_message="Happy birthday")
    (sent,) = world.outgoing(Kind.PURCHASE_ORDER)
    assert sent.doc["note"] == 'GIFT: show no price; message: "Happy birthday"\nleave at the door'


def test_people_are_told_once_of_a_new_order(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 9)
    rules(workflow('tags = "vip"', 'do = "notify"\ntext = "call them"'))
    world.order(lines=MUG, tags={"vip"})
    world.order(lines={"1": ("MUG", 1)}, tags={"vip"}, at=5)
    assert world.events().count("order.notice") == 1


def test_what_people_are_to_be_told_becomes_an_alert_for_a_day(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(
        '[[rules]]\nname = "all"\nnothing_fits = { notify = true }\n'
        '[[workflows]]\nname = "w"\nsteps = [{ do = "notify", text = "call them" }]\n'
    )
    world.order(lines=MUG)
    wanted = [AlertRule(name="orders", when="order_notice", partner="shop")]

    def texts() -> list[str]:
        found = world.read(lambda tx: evaluate(tx, wanted, world.clock.now(), world.desk.directory))
        return [alert.text for alert in found.values()]

    assert texts() == ["order #1001: call them", "order #1001: nothing fits 1 of MUG"]
    world.clock.advance(86_400)
    assert texts() == []


# --- nothing fits ---


def nothing_fits(how: str) -> str:
    return f'[[rules]]\nname = "all"\nnothing_fits = {{ {how} }}\n'


def test_a_backorder_has_the_day_of_the_next_receipt_or_the_one_of_the_rules(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(nothing_fits('then = "backorder", days = 14'))
    world.order(lines=MUG)
    stuck = next(each for each in world.portions() if each.row.state == "backordered")
    assert stuck.row.promised_at == world.clock.now() + timedelta(days=14)
    day = world.clock.now() + timedelta(days=3)
    with world.store.write() as tx:
        word = {"reference": "", "quantity": Decimal(5), "certainty": "firm", "as_of": PLACED, "generation": 1}
        tx.execute(insert(expected_receipt).values(node="ACME", sku="MUG", expected_at=day, **word))
        routing.reroute(tx, world.desk, world.id_of(), "ann")
    stuck = next(each for each in world.portions() if each.row.state == "backordered")
    assert stuck.row.promised_at == day
    assert f"expected {day:%Y-%m-%d}" in stuck.row.reason


def test_what_fits_nowhere_ends_where_the_rules_say_so_and_no_later_version_brings_it_back(
    world: World, rules: Rules
) -> None:
    world.source_of("acme", "MUG", 1)
    rules(nothing_fits('then = "cancel", notify = true'))
    world.order(lines=MUG)
    assert world.where() == {("allocated", "ACME"): 1, ("cancelled", ""): 1}
    world.order(lines=MUG, at=5, tags={"x"})
    assert world.where() == {("allocated", "ACME"): 1, ("cancelled", ""): 1}
    assert world.events().count("order.nothing_fits") == 1


def test_an_order_that_fits_only_in_part_is_kept_whole_until_a_person_releases_it(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(nothing_fits('then = "hold"'))
    world.order(lines=MUG)
    assert world.where() == {("held", ""): 2}
    assert world.outgoing() == []
    released(world)
    assert world.where() == {("allocated", "ACME"): 1, ("backordered", ""): 1}


def test_what_waits_for_goods_ends_after_the_days_of_the_rules(world: World, rules: Rules) -> None:
    world.source_of("acme", "MUG", 1)
    rules(nothing_fits("cancel_after_days = 30"))
    world.order(lines=MUG, placed_at=world.clock.now())
    world.clock.advance(30 * 86_400 - 60)
    assert due.look(world.desk) == 0
    world.clock.advance(60)
    assert due.look(world.desk) == 1
    assert world.where() == {("allocated", "ACME"): 1, ("cancelled", ""): 1}
    assert "closed: no goods within 30 days of the order" in {each.row.reason for each in world.portions()}
    assert due.look(world.desk) == 0


def test_who_released_or_rerouted_an_order_and_why_stands_in_its_history(world: World, rules: Rules) -> None:
    rules(workflow('risk = "high"', 'do = "hold"\nwhy = "may be a fraud"'))
    world.order(lines=MUG, risk="high")
    with world.store.write() as tx:
        orders.release(tx, world.desk, world.id_of(), "ann", "called: it is his mother's address")
        routing.reroute(tx, world.desk, world.id_of(), "bob", "acme says it has some")
    with world.store.read() as tx:
        told = {each["name"]: each for each in explain.show(tx, world.desk, world.id_of())["events"]}
    assert (told["order.released"]["actor"], told["order.released"]["detail"]) == (
        "ann",
        {"why": "called: it is his mother's address"},
    )
    assert told["order.rerouted"]["detail"] == {"why": "acme says it has some"}
