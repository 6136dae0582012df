"""What may be promised: the arithmetic on the database against a naive model of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from hub.model.state import BOUND, LineState
from hub.model.stock import Demand, Nets
from hub.store import stock as levels_of
from hub.store.engine import Store
from hub.store.stock import Shortage
from hub.store.tables import allocation, reservation, sales_order, stock, stock_confirmed

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put_level(tx: Connection, node: str, sku: str, on_hand: str, **more: object) -> None:
    values = {"safety": Decimal(0), "nets": Nets.ORDERS, "status": "active", "as_of": NOW, "generation": 1}
    values |= {"updated_at": NOW, "node": node, "sku": sku, "on_hand": Decimal(on_hand)} | more
    tx.execute(insert(stock).values(values))


def put_order(tx: Connection) -> None:
    values = {"channel": "shop", "channel_order": "1", "number": "#1", "status": "open", "placed_at": NOW, "doc": {}}
    values |= {"source_updated_at": NOW, "created_at": NOW, "updated_at": NOW, "id": "SO1"}
    tx.execute(insert(sales_order).values(values))


def allocate(tx: Connection, node: str, sku: str, quantity: str, state: str, **more: object) -> None:
    values = {"order_id": "SO1", "line_id": "1", "excluded": [], "reason": "", "updated_at": NOW, "node": node}
    values |= {"sku": sku, "quantity": Decimal(quantity), "state": state} | more
    tx.execute(insert(allocation).values(values))


def atp(tx: Connection, now: datetime = NOW) -> Decimal:
    return levels_of.available(tx, [("A", "X")], now)[("A", "X")]


def test_a_node_without_a_figure_promises_nothing(store: Store) -> None:
    with store.read() as tx:
        assert levels_of.available(tx, [("A", "X")], NOW) == {("A", "X"): Decimal(0)}
        assert levels_of.atp(tx, ["X"], NOW) == {}


def test_safety_is_kept_back_and_nothing_is_promised_below_zero(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10", safety=Decimal(3))
        put_level(tx, "B", "X", "2", safety=Decimal(3))
        assert levels_of.atp(tx, ["X"], NOW) == {("A", "X"): Decimal(7), ("B", "X"): Decimal(0)}


@pytest.mark.parametrize(
    ("nets", "sent", "shipped", "promised"),
    [
        (Nets.ORDERS, None, None, "6"),  # the order has not reached them: their figure cannot know
        (Nets.ORDERS, -HOUR, None, "10"),  # it had reached them: they took it off themselves
        (Nets.ORDERS, HOUR, None, "6"),  # it reached them after they counted
        (Nets.ORDERS, timedelta(0), None, "6"),  # at the same moment: in doubt it is not known
        (Nets.ORDERS, None, -HOUR, "10"),  # left already, so they knew
        (Nets.SHIPMENTS, -HOUR, None, "6"),  # a count still holds what is only ordered
        (Nets.SHIPMENTS, -2 * HOUR, -HOUR, "10"),  # left before the count
        (Nets.SHIPMENTS, -HOUR, HOUR, "6"),  # left after it
    ],
)
def test_a_figure_is_reduced_only_by_what_it_does_not_know(
    store: Store, nets: Nets, sent: timedelta | None, shipped: timedelta | None, promised: str
) -> None:
    with store.write() as tx:
        put_order(tx)
        put_level(tx, "A", "X", "10", nets=nets)
        state = LineState.SHIPPED if shipped else LineState.RELEASED
        times = {"sent_at": sent and NOW + sent, "shipped_at": shipped and NOW + shipped}
        if sent == timedelta(0):
            times["sent_at"] = NOW
        allocate(tx, "A", "X", "4", state, **times)
        assert atp(tx) == Decimal(promised)


@pytest.mark.parametrize("state", [state for state in LineState if state not in BOUND])
def test_quantities_that_are_not_bound_take_nothing(store: Store, state: LineState) -> None:
    with store.write() as tx:
        put_order(tx)
        put_level(tx, "A", "X", "10")
        allocate(tx, "A", "X", "4", state)
        assert atp(tx) == 10


def test_a_confirmed_snapshot_makes_every_figure_of_its_node_that_new(store: Store) -> None:
    with store.write() as tx:
        put_order(tx)
        put_level(tx, "A", "X", "10")
        allocate(tx, "A", "X", "4", LineState.RELEASED, sent_at=NOW + HOUR)
        assert atp(tx) == 6
        tx.execute(insert(stock_confirmed).values(node="A", as_of=NOW + 2 * HOUR, generation=2))
        assert atp(tx) == 10
        assert levels_of.levels(tx, ["X"])["A", "X"].as_of == NOW + 2 * HOUR


def test_a_confirmation_older_than_the_figure_changes_nothing(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10", as_of=NOW)
        tx.execute(insert(stock_confirmed).values(node="A", as_of=NOW - HOUR, generation=2))
        assert levels_of.levels(tx, ["X"])["A", "X"].as_of == NOW


def test_levels_come_back_as_they_were_reported(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10.5", nets=Nets.SHIPMENTS, safety=Decimal("0.25"), status="discontinued")
        row = levels_of.levels(tx, ["X", "unknown"])["A", "X"]
        assert (row.on_hand, row.safety, row.nets, row.status, row.generation) == (
            Decimal("10.5"),
            Decimal("0.25"),
            Nets.SHIPMENTS,
            "discontinued",
            1,
        )


def test_more_skus_than_one_statement_names(store: Store) -> None:
    with store.write() as tx:
        for number in range(2500):
            put_level(tx, "A", f"X{number}", "1")
        skus = [f"X{number}" for number in range(2500)]
        assert len(levels_of.atp(tx, skus, NOW)) == 2500
        assert len(levels_of.levels(tx, skus)) == 2500
        levels_of.lock(tx, [("A", sku) for sku in skus])


# --- reservations ----------------------------------------------------------------------------------------------------


def want(quantity: str, node: str = "A", sku: str = "X") -> Demand:
    return Demand(node=node, sku=sku, quantity=Decimal(quantity))


def test_a_reservation_holds_until_it_expires(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10")
        assert levels_of.reserve(tx, "cart", [want("7")], NOW, NOW + HOUR) == ()
        assert atp(tx) == 3
        assert atp(tx, NOW + HOUR) == 10
        assert levels_of.release_expired(tx, NOW) == 0
        assert levels_of.release_expired(tx, NOW + HOUR) == 1


def test_what_is_short_is_named_and_nothing_is_held(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10")
        put_level(tx, "A", "Y", "1")
        short = levels_of.reserve(tx, "cart", [want("7"), want("1", sku="Y"), want("1", sku="Y")], NOW, NOW + HOUR)
        assert short == (Shortage("A", "Y", Decimal(2), Decimal(1)),)
        assert atp(tx) == 10


def test_an_owner_may_take_what_it_holds_itself(store: Store) -> None:
    with store.write() as tx:
        put_level(tx, "A", "X", "10")
        levels_of.reserve(tx, "cart", [want("7")], NOW, NOW + HOUR)
        levels_of.reserve(tx, "another", [want("1")], NOW, NOW + HOUR)
        assert levels_of.available(tx, [("A", "X")], NOW, besides="cart") == {("A", "X"): Decimal(9)}
        assert levels_of.release(tx, "cart") == 1
        assert atp(tx) == 9


def test_reserving_nothing_is_fine(store: Store) -> None:
    with store.write() as tx:
        assert levels_of.reserve(tx, "cart", [], NOW, NOW + HOUR) == ()


# --- against a naive model -------------------------------------------------------------------------------------------

QUANTITIES = st.decimals(min_value=0, max_value=1000, places=3)
MOMENTS = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: NOW + hours * HOUR))
ALLOCATIONS = st.lists(st.tuples(QUANTITIES, st.sampled_from(list(LineState)), MOMENTS, MOMENTS), max_size=6)
RESERVATIONS = st.lists(st.tuples(QUANTITIES, st.integers(-2, 2)), max_size=3)


def naively(on_hand: Decimal, safety: Decimal, nets: Nets, as_of: datetime, allocations: list, held: list) -> Decimal:
    left = on_hand - safety
    for quantity, state, sent, shipped in allocations:
        if state not in ("allocated", "released", "acknowledged", "shipped"):
            continue
        known = shipped if nets == "shipments" else (sent or shipped)
        if known is None or known >= as_of:
            left -= quantity
    left -= sum(quantity for quantity, hours in held if hours > 0)
    return max(left, Decimal(0))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    on_hand=QUANTITIES,
    safety=QUANTITIES,
    nets=st.sampled_from(Nets),
    allocations=ALLOCATIONS,
    held=RESERVATIONS,
    confirmed=MOMENTS,
)
def test_the_database_promises_what_the_naive_model_promises(
    store: Store,
    on_hand: Decimal,
    safety: Decimal,
    nets: Nets,
    allocations: list,
    held: list,
    confirmed: datetime | None,
) -> None:
    with store.write() as tx:
        for table in (allocation, reservation, stock, stock_confirmed, sales_order):
            tx.execute(delete(table))
        put_order(tx)
        put_level(tx, "A", "X", str(on_hand), safety=safety, nets=nets)
        for quantity, state, sent, shipped in allocations:
            allocate(tx, "A", "X", str(quantity), state, sent_at=sent, shipped_at=shipped)
        for quantity, hours in held:
            values = {"node": "A", "sku": "X", "quantity": quantity, "owner": "o", "expires_at": NOW + hours * HOUR}
            tx.execute(insert(reservation).values(values))
        if confirmed:
            tx.execute(insert(stock_confirmed).values(node="A", as_of=confirmed, generation=2))
        as_of = max(NOW, confirmed or NOW)
        assert atp(tx) == naively(on_hand, safety, nets, as_of, allocations, held)
