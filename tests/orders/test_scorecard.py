"""How good a supplier is, counted from what it was sent and what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hub.model.purchase import Invoice, InvoiceLine
from hub.model.shipment import ShipmentLine
from hub.services.trade import invoices, scorecard
from hub.services.trade.scorecard import Scorecard
from hub.store import feeds
from tests.orders.conftest import World

HOUR = 3600


def scored(world: World, code: str = "acme") -> Scorecard:
    found: Scorecard = world.read(lambda tx: scorecard.score(tx, world.directory.known[code], world.clock.now()))
    return found


def bills(world: World, name: str, number: str, quantity: int, price: str, **fields: object) -> None:
    line = InvoiceLine(line_number=1, quantity=Decimal(quantity), price=Decimal(price))
    bill = Invoice.model_validate({"invoice_number": name, "order_number": number, "lines": (line,), **fields})
    with world.store.write() as tx:
        invoices.apply(tx, world.desk, world.source("acme", "invoices"), bill)


def test_answers_goods_hours_and_prices_are_counted(quick_world: World) -> None:
    world = quick_world
    world.source_of("acme", "A", 100, ship_hours=10)
    for name in ("1", "2", "3"):
        world.order(name, lines={"L1": ("A", 10)})
    first, second, third = (world.document("ACME", name) for name in ("1", "2", "3"))
    world.deliver()
    assert (scored(world).documents, scored(world).unconfirmed) == (3, 3)
    for number, hours in ((first, 2), (second, 4), (third, 1)):
        world.clock.advance(hours * HOUR)
        world.accepts(number)
    world.ships(first, ShipmentLine(line_number=1, quantity=Decimal(10)), name="S1")
    world.clock.advance(9 * HOUR)
    world.ships(second, ShipmentLine(line_number=1, quantity=Decimal(4)), name="S2")
    bills(world, "R1", first, 10, "11")
    bills(world, "R2", second, 10, "10")
    bills(world, "R3", first, 10, "3", credit=True)
    told = scored(world)
    assert told.answer_hours == 6  # after 2, 6 and 7 hours
    assert told.filled == 1  # of the second something is still to come: only the first is over
    assert told.on_time == Decimal("0.5")
    assert told.price_variance == Decimal("0.05")


def test_nothing_to_count_is_no_figure(quick_world: World) -> None:
    quick_world.source_of("acme", "A", 100)
    told = scored(quick_world)
    figures = (told.answer_hours, told.filled, told.on_time, told.price_variance, told.fed_at, told.refused)
    assert (told.documents, *figures) == (0, None, None, None, None, None, {})


def test_a_feed_that_failed_or_is_held_did_not_feed(quick_world: World) -> None:
    world = quick_world
    world.source_of("acme", "A", 100)
    for state in ("applied", "suspended", "failed", "held"):
        world.clock.advance(HOUR)
        with world.store.write() as tx:
            feeds.end(tx, feeds.begin(tx, "acme", "stock", 1, world.clock.now()), state, (0, 0, 0), world.clock.now())
    assert scored(world).fed_at == world.clock.now() - timedelta(hours=2)


def test_what_was_refused_is_counted_by_cause(quick_world: World) -> None:
    quick_world.source_of("acme", "A", 100)
    for name in ("1", "2"):
        quick_world.order(name, lines={"L1": ("A", 1)})
        quick_world.refuse(quick_world.document("ACME", name))
    assert scored(quick_world).refused == {"422": 2}


def test_partners_come_page_by_page_and_channels_not_at_all(quick_world: World) -> None:
    for code in ("acme", "bolt", "crew"):
        quick_world.source_of(code, "A", 1)
    pages = quick_world.read(
        lambda tx: [
            [each.code for each in scorecard.page(tx, quick_world.desk, after=after, limit=2)] for after in ("", "bolt")
        ]
    )
    assert pages[0] == ["acme", "bolt"]
    assert pages[1][0] == "crew"
