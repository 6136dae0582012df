"""Everything that needs a person stands in one list, and rerun and close end it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.order import DeliveryMethod
from hub.model.purchase import Outcome
from hub.model.shipment import ShipmentLine
from hub.model.state import DeliveryState
from hub.services.attention import failures
from hub.services.attention.failure import Failure, FailureKind
from hub.services.requests import Refused
from hub.services.sourcing import news, routing
from hub.store import messages, parking, runs
from hub.store.runs import RunError, Tick
from hub.store.tables import decision, event


def one(world: Any, **filters: Any) -> Failure:
    (failure,) = world.failures(**filters)
    return failure


@pytest.fixture
def ordered(world: Any) -> Any:
    """Five cups of order #1001 allocated at acme; globex has some too."""
    world.source_of("acme", "CUP", 50, "8")
    world.source_of("globex", "CUP", 50, "9")
    world.order(lines={"L1": ("CUP", 5)})
    world.po = world.document("ACME")
    return world


# --- deliveries ------------------------------------------------------------------------------------------------------


def test_a_refused_document_is_listed_with_the_lines_it_keeps_back(ordered: Any) -> None:
    ordered.refuse(ordered.po, "unknown ship-to")
    failure = one(ordered)
    assert (failure.kind, failure.partner, failure.error) == (FailureKind.DELIVERY, "acme", "unknown ship-to")
    assert [line.as_json() for line in failure.lines] == [
        {"channel": "shop", "order": "1001", "line": "L1", "quantity": "5"}
    ]
    assert failures.excuses([failure]) == [line.as_json() for line in failure.lines]
    assert ordered.where() == {("allocated", "ACME"): 5}
    assert "delivery.parked" in ordered.events()


def test_rerunning_a_refused_document_sends_it_again_under_its_key(ordered: Any) -> None:
    ordered.refuse(ordered.po)
    assert list(ordered.rerun_all()["done"]) == ["d1"]
    assert [each.key for each in ordered.deliver()] == [ordered.po]
    assert ordered.where() == {("released", "ACME"): 5}
    assert ordered.failures() == []


def test_a_document_that_went_through_can_still_be_looked_at(ordered: Any) -> None:
    """Who had changed it, and why, was kept and shown nowhere any more."""
    ordered.refuse(ordered.po)
    ordered.rerun_all()
    ordered.deliver()
    with ordered.store.read() as tx:
        found = failures.get(tx, "d1", ordered.clock.now())
    assert found is not None
    assert (found.id, found.error, found.lines) == ("d1", "it is sent", ())


def test_closing_a_refused_document_sends_its_lines_elsewhere(ordered: Any) -> None:
    ordered.refuse(ordered.po)
    ordered.close(one(ordered).id, "they are bankrupt")
    assert ordered.where() == {("allocated", "GLOBEX"): 5}
    assert ordered.failures() == []
    assert one(ordered, closed=True).todo == "they are bankrupt"


def test_silence_within_the_agreed_hours_is_no_failure_and_after_them_it_is(ordered: Any) -> None:
    ordered.in_doubt(ordered.po)
    assert ordered.failures() == []
    ordered.clock.advance(timedelta(hours=25).total_seconds())
    failure = one(ordered)
    assert failure.code == "in doubt"
    assert failure.lines


def test_closing_a_document_in_doubt_counts_it_as_arrived(ordered: Any) -> None:
    ordered.in_doubt(ordered.po)
    ordered.clock.advance(timedelta(hours=25).total_seconds())
    ordered.close(one(ordered).id)
    assert ordered.where() == {("released", "ACME"): 5}
    assert ordered.outgoing()[0].state is DeliveryState.CONFIRMED


def test_rerunning_a_document_in_doubt_asks_first_unless_a_person_knows(ordered: Any) -> None:
    ordered.in_doubt(ordered.po)
    ordered.clock.advance(timedelta(hours=25).total_seconds())
    assert "asked" in ordered.rerun_all()["done"]["d1"]
    assert ordered.outgoing()[0].doubt
    with ordered.store.write() as tx:
        failures.rerun(tx, ordered.desk, ["d1"], "ann", send_again=True)
    assert not ordered.outgoing()[0].doubt


def test_a_refused_fulfilment_keeps_the_shops_lines_back(ordered: Any) -> None:
    ordered.deliver()
    ordered.ships(ordered.po)
    (told,) = ordered.outgoing(Kind.FULFILMENT)
    ordered.refuse(told.key)
    failure = one(ordered)
    assert (failure.partner, failure.lines[0].line, failure.lines[0].quantity) == ("shop", "L1", 5)


# --- lines -----------------------------------------------------------------------------------------------------------


def test_a_line_without_stock_is_routed_when_stock_comes(world: Any) -> None:
    world.source_of("acme", "CUP", 0)
    world.clock.advance(60)
    world.order(lines={"L1": ("CUP", 5)})
    assert world.where() == {("backordered", ""): 5}
    assert news.route_waiting(world.desk) == 0
    world.clock.advance(60)
    world.stocks("ACME", "CUP", 10)
    assert news.route_waiting(world.desk) == 1
    assert world.where() == {("allocated", "ACME"): 5}
    assert news.route_waiting(world.desk) == 0


def test_a_line_without_a_price_is_routed_when_the_catalogue_comes(world: Any) -> None:
    world.supplier("acme")
    world.stocks("ACME", "CUP", 10)
    world.clock.advance(60)
    world.order(lines={"L1": ("CUP", 5)})
    assert world.where() == {("backordered", ""): 5}
    assert news.route_waiting(world.desk) == 0
    world.clock.advance(60)
    world.sells("acme", "CUP", "3")
    assert news.route_waiting(world.desk) == 1
    assert world.where() == {("allocated", "ACME"): 5}


def test_an_order_before_the_first_feed_needs_no_person(world: Any) -> None:
    world.order(lines={"L1": ("CUP", 5)})
    assert world.where() == {("unfillable", ""): 5}
    world.clock.advance(60)
    world.source_of("acme", "CUP", 10)
    news.route_waiting(world.desk)
    assert world.where() == {("allocated", "ACME"): 5}


def test_news_that_changes_nothing_leaves_no_trace(world: Any) -> None:
    """An hour of feeds wrote 64,745 events and as many decisions of 203 lines that stayed where they were."""
    world.source_of("acme", "CUP", 0)
    world.clock.advance(60)
    world.order(lines={"L1": ("CUP", 5)})
    before = _traces(world)
    for _ in range(3):
        world.clock.advance(60)
        world.stocks("ACME", "CUP", 0)
        assert news.route_waiting(world.desk) == 0
    assert _traces(world) == before
    assert world.where() == {("backordered", ""): 5}


def test_news_that_does_not_help_leaves_the_age_of_a_line(world: Any) -> None:
    """Every feed that did not help made a line young again: `--older` and alerts with `than` never saw it."""
    world.source_of("acme", "CUP", 3)
    world.clock.advance(60)
    began = world.clock.now()
    world.order(lines={"L1": ("CUP", 5)})
    assert world.where() == {("allocated", "ACME"): 3, ("backordered", ""): 2}
    for stock in (3, 4):  # no help; and some: what is left is no younger for it
        world.clock.advance(3600)
        world.stocks("ACME", "CUP", stock)
        news.route_waiting(world.desk)
        assert one(world).since == began
    assert world.where() == {("allocated", "ACME"): 4, ("backordered", ""): 1}


def test_news_of_a_node_that_refused_a_line_is_no_news_for_it(world: Any, monkeypatch: Any) -> None:
    world.source_of("acme", "CUP", 10)
    world.clock.advance(60)
    world.order(lines={"L1": ("CUP", 5)})
    world.answers(world.document("ACME"), outcome=Outcome.REJECTED)
    world.clock.advance(60)
    world.stocks("ACME", "CUP", 20)
    asked: list[str] = []
    monkeypatch.setattr(routing, "reroute", lambda _tx, _desk, order_id, _actor: asked.append(order_id))
    assert news.route_waiting(world.desk) == 0
    assert asked == []
    world.source_of("other", "CUP", 10)
    news.route_waiting(world.desk)
    assert asked == [world.id_of()]


def _traces(world: Any) -> tuple[int, int]:
    with world.store.read() as tx:
        return tuple(tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (event, decision))


def test_an_order_that_cannot_be_routed_does_not_stop_the_others(quick_world: Any, monkeypatch: Any) -> None:
    for number in ("1", "2", "3"):
        quick_world.order(number, lines={"L1": ("CUP", 1)})
    quick_world.clock.advance(60)
    quick_world.source_of("acme", "CUP", 10)
    bad, reroute = quick_world.id_of("1"), routing.reroute

    def failing(tx: Any, desk: Any, order_id: str, actor: str) -> Any:
        reroute(tx, desk, order_id, actor)
        if order_id == bad:
            raise LookupError("its partner has gone")

    monkeypatch.setattr(routing, "reroute", failing)
    assert news.route_waiting(quick_world.desk) == 2
    assert quick_world.where("1") == {("unfillable", ""): 1}
    assert quick_world.where("2") == quick_world.where("3") == {("allocated", "ACME"): 1}


def test_what_the_customer_collects_nobody_knows_where_waits_for_a_person(quick_world: Any) -> None:
    quick_world.owns("CUP")
    quick_world.supplier("dc", NodeKind.WAREHOUSE)
    quick_world.supplier("store", NodeKind.STORE, pick_up=True)
    quick_world.stocks("DC", "CUP", 50)
    quick_world.stocks("STORE", "CUP", 5)
    order = quick_world.made(lines={"L1": ("CUP", 2)}, method=DeliveryMethod.PICK_UP)
    quick_world.says(order)
    assert quick_world.where() == {("unfillable", ""): 2}
    assert "its pick-up location is not mapped" in one(quick_world).error
    quick_world.says(order.changed(lines=(order.lines[0].changed(pick_up_node="STORE"),)))
    assert quick_world.where() == {("allocated", "STORE"): 2}
    assert quick_world.failures() == []


def test_rerunning_a_line_routes_it(world: Any) -> None:
    world.source_of("acme", "CUP", 0)
    world.order(lines={"L1": ("CUP", 5)})
    world.stocks("ACME", "CUP", 10)
    world.rerun_all()
    assert world.where() == {("allocated", "ACME"): 5}


def test_rerouting_may_forgive_the_nodes_that_refused(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.answers(world.document("ACME"), outcome=Outcome.REJECTED)
    world.rerun_all()
    assert world.where() == {("unfillable", ""): 5}
    with world.store.write() as tx:
        routing.reroute(tx, world.desk, world.id_of(), "ann", forgive=True)
    assert world.where() == {("allocated", "ACME"): 5}


def test_closing_a_line_ends_it_and_a_newer_version_does_not_bring_it_back(world: Any) -> None:
    world.source_of("acme", "CUP", 0)
    world.order(lines={"L1": ("CUP", 5)})
    world.close(one(world).id, "refunded")
    world.order(lines={"L1": ("CUP", 5)}, at=1, tags=frozenset({"refunded"}))
    assert world.where() == {("cancelled", ""): 5}
    assert world.failures() == []
    assert one(world, closed=True).error == "closed: refunded"


def test_closing_a_line_that_was_asked_back_takes_the_word_that_it_was_stopped(ordered: Any) -> None:
    ordered.deliver()
    ordered.order(lines={"L1": ("CUP", 2)}, at=1)
    ordered.close(one(ordered).id, "acme stopped them")
    assert ordered.where() == {("released", "ACME"): 2, ("cancelled", ""): 3}
    ordered.order(lines={"L1": ("CUP", 2)}, at=2, tags=frozenset({"vip"}))
    assert ordered.where() == {("released", "ACME"): 2, ("cancelled", ""): 3}


def test_a_line_that_was_asked_back_cannot_be_rerun(ordered: Any) -> None:
    ordered.deliver()
    ordered.order(lines={"L1": ("CUP", 2)}, at=1)
    (reason,) = ordered.rerun_all()["refused"].values()
    assert "ask them to stop it" in reason


def test_late_goods_are_listed_until_they_come_or_somebody_waits_for_them(ordered: Any) -> None:
    ordered.deliver()
    ordered.accepts(ordered.po)
    assert ordered.failures() == []
    ordered.clock.advance(timedelta(hours=73).total_seconds())
    failure = one(ordered)
    assert (failure.id, failure.kind, failure.lines) == (f"p{ordered.po}", FailureKind.LATE, ())
    ordered.close(failure.id)
    assert ordered.failures() == []


# --- records and runs ------------------------------------------------------------------------------------------------


def parked(world: Any, record: str = "row 7") -> int:
    with world.store.write() as tx:
        now = world.clock.now()
        got = messages.receive(
            tx, connection="acme", document="stock", key=record, name="s.csv", content=record.encode(), now=now
        )
        messages.applied(tx, got.id, 1, 1, "h", now)
        bad = BadRecord("unit 'PAL' unknown", record=record, field="quantity", todo="add it to [units]", code="unit")
        parking.park(tx, got.id, "acme", "stock", bad, now)
        return int(got.id)


def test_a_parked_record_is_listed_mapped_again_and_closed(world: Any) -> None:
    message = parked(world)
    failure = one(world, kinds=frozenset({FailureKind.RECORD}))
    assert (failure.partner, failure.code, failure.todo) == ("acme", "unit", "add it to [units]")
    assert "row 7" in failure.subject
    world.rerun_all()
    assert [each.id for each in world.read(lambda tx: messages.waiting(tx, 10))] == [message]
    world.close(failure.id, "not ours")
    assert world.failures() == []
    assert one(world, closed=True).todo == "not ours"


def test_failures_of_one_cause_are_one_group(world: Any) -> None:
    for row in range(3):
        parked(world, f"row {row}")
    (group,) = world.read(lambda tx: failures.groups(tx, world.clock.now(), with_ids=True))
    assert (group.count, group.code, len(group.ids)) == (3, "unit", 3)


def failed_run(world: Any) -> int:
    with world.store.write() as tx:
        now = world.clock.now()
        run = runs.start(tx, Tick("stock", "acme", "stock", now), now)
        assert run is not None
        runs.fail(tx, run, RunError("TemporaryFailure", "http 503", "acme is down", "wait"), now)
        return run


def test_a_failed_run_is_asked_for_again(world: Any) -> None:
    world.supplier("acme")
    world.directory.ins["acme", Kind.STOCK_LEVEL] = "stock"
    run = failed_run(world)
    assert one(world).id == f"s{run}"
    world.rerun_all()
    (asked,) = world.read(runs.asked)
    assert (asked["verb"], asked["arguments"]) == ("sync.run", {"connection": "acme", "kinds": ["stock_level"]})


def test_a_failed_run_of_a_document_that_is_gone_can_only_be_closed(world: Any) -> None:
    run = failed_run(world)
    assert "any more" in world.rerun_all()["refused"][f"s{run}"]
    world.close(f"s{run}")
    assert world.failures() == []


# --- the verbs themselves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure_id", ["", "x1", "d", "d999", "r999", "s999", "l999", "l1x", "pPO9"])
def test_an_id_that_means_nothing_is_refused_alone(quick_world: Any, failure_id: str) -> None:
    quick_world.source_of("acme", "CUP", 50)
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.refuse(quick_world.document("ACME"))
    with quick_world.store.write() as tx:
        rerun = failures.rerun(tx, quick_world.desk, [failure_id, "d1"], "ann")
    assert list(rerun["done"]) == ["d1"]
    assert list(rerun["refused"]) == [failure_id]
    assert failure_id in quick_world.close(failure_id)["refused"]


def test_closing_needs_a_reason(world: Any) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        world.close("d1", " ")


def test_one_failure_is_found_by_its_id_and_listed_by_what_it_is(ordered: Any) -> None:
    ordered.refuse(ordered.po)
    assert ordered.read(lambda tx: failures.get(tx, "d1", ordered.clock.now())).id == "d1"
    assert ordered.read(lambda tx: failures.get(tx, "d2", ordered.clock.now())) is None
    assert ordered.failures(partner="globex") == []
    assert one(ordered, text=ordered.po).as_json()["lines"][0]["line"] == "L1"


def test_what_waits_behind_a_parked_document_is_listed_with_its_own_lines(ordered: Any) -> None:
    ordered.deliver()
    ordered.ships(ordered.po, ShipmentLine(line_number=1, quantity=Decimal(2)), name="S1")
    ordered.refuse(ordered.outgoing(Kind.FULFILMENT)[0].key)
    ordered.ships(ordered.po, ShipmentLine(line_number=1, quantity=Decimal(3)), name="S2")
    parked, waiting = sorted(ordered.failures(), key=lambda failure: failure.id)
    assert (waiting.code, waiting.lines[0].quantity) == ("blocked", 3)
    assert ordered.close(parked.id, "told by mail")["done"][parked.id] == "closed; it is not sent"
    assert ordered.failures() == []


def test_closing_what_was_sent_and_never_answered_takes_the_word_that_it_is_there(ordered: Any) -> None:
    ordered.deliver()
    ordered.silent_since(ordered.po)
    failure = one(ordered)
    assert (failure.code, failure.lines) == ("overdue", ())
    assert "counts as arrived" in ordered.close(failure.id)["done"][failure.id]
    assert ordered.failures() == []
    assert "nothing to close" in ordered.close(failure.id)["refused"][failure.id]


def test_a_line_that_needs_nobody_cannot_be_closed(ordered: Any) -> None:
    (portion,) = ordered.portions()
    assert "needs nobody" in ordered.close(f"l{portion.id}")["refused"][f"l{portion.id}"]
