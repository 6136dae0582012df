"""Telling the shop what has left, exactly once, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.parts import Parts
from hub.contract import Absent, Found, Outbound, OutcomeUnknown, Profile, Rejected, TemporaryFailure
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.testing import Crash, FakeClock, MemoryContext, MemoryNumbers
from sandbox.plan import LinePlan, OrderPlan
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]


class Mortal(MemoryContext):
    """A context in which the process dies the n-th time it passes an instant."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.dies_at: tuple[str, int] | None = None
        self.meanwhile: Callable[[], object] | None = None  # what happens between our look and our call

    def note(self, key: str, text: str) -> None:
        super().note(key, text)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()

    def checkpoint(self, name: str) -> None:
        super().checkpoint(name)
        if self.dies_at is not None and (name, self.passed.count(name)) == self.dies_at:
            raise Crash(name)


@pytest.fixture
def context() -> Mortal:
    return Mortal()


class Counter:
    """The shop as the person at the packing table sees it: orders placed, shipments told, fulfilments counted."""

    def __init__(self, sandbox: RunningSandbox, shop: ShopifyConnector, context: Mortal) -> None:
        self.sandbox, self.shop, self.context = sandbox, shop, context
        self.own = sandbox.info["locations"]["warehouse"]
        self.suppliers = sandbox.info["locations"]["drop_ship"]

    def order(self, *quantities: int) -> tuple[str, list[str]]:
        """Place an order with these quantities of plain items; returns its id and its lines' ids."""
        world, shop = self.sandbox._site.world, self.sandbox._site.shop
        plan: OrderPlan = next(iter(world.orders))
        skus = [sku for sku, variant in shop.variants.items() if variant.item.ships]
        lines = tuple(
            LinePlan(sku=sku, quantity=quantity, price=Decimal(5))
            for sku, quantity in zip(skus, quantities, strict=False)
        )
        placed = self.sandbox._ask(lambda: shop.place(replace(plan, lines=lines)))
        return str(placed.id), [str(line.id) for line in placed.lines]

    def document(self, order: str, lines: dict[str, int], key: str = "F1", **fields: object) -> Outbound:
        record = Fulfilment(
            fulfilment_id=key,
            channel_order=order,
            node="ACME01",
            tracking=str(fields.pop("tracking", "1Z999")),
            lines=tuple(FulfilmentLine(channel_line=line, quantity=Decimal(n)) for line, n in lines.items()),
            **fields,
        )
        form = self.shop.render("fulfilments", record, MemoryNumbers())
        return Outbound("fulfilments", key, form.content)

    def noted(self, outbound: Outbound) -> Outbound:
        """Return the document as the hub hands it out again, with what was noted down."""
        return replace(outbound, note=self.context.notes.get(outbound.key))

    def told(self, order: str) -> list[dict[str, object]]:
        """Return what the shop was told of an order: line, quantity, tracking, fulfilment."""
        return [row for row in self.sandbox.audit()["fulfilled"] if row["order"] == order]

    def parts(self, order: str) -> list[tuple[str, str, int]]:
        """Return the order's fulfilment orders: location, status, how much is open."""
        placed = self.sandbox._site.shop.orders[int(order)]
        return [
            (str(part.location.id), part.status, sum(line.fulfillable for line in part.lines))
            for part in placed.fulfilment_orders
        ]


@pytest.fixture
def counter(sandbox: RunningSandbox, shop: ShopifyConnector, context: Mortal) -> Counter:
    return Counter(sandbox, shop, context)


# --- a good day ------------------------------------------------------------------------------------------------------


def test_a_shipment_becomes_one_fulfilment_with_its_tracking(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    document = counter.document(order, {line: 3}, carrier="UPS", tracking_url="https://t.example/1Z999")
    receipt = counter.shop.send(document)
    (told,) = counter.told(order)
    assert (told["line"], told["quantity"], told["tracking"]) == (line, 3, "1Z999")
    assert (receipt.reference, receipt.confirmed) == (told["fulfilment"], True)
    (made,) = counter.sandbox._site.shop.orders[int(order)].fulfilments
    assert (made.company, made.url) == ("UPS", "https://t.example/1Z999")


def test_an_untouched_order_costs_two_calls(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    counter.shop.send(counter.document(order, {line: 3}))
    assert sum(counter.sandbox.calls("shop")["shop"].values()) == 2


def test_part_of_a_line_leaves_the_rest_open(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    counter.shop.send(counter.document(order, {line: 1}))
    assert [row["quantity"] for row in counter.told(order)] == [1]
    assert counter.parts(order) == [(counter.own, "in_progress", 2)]


def test_a_line_named_twice_is_told_once_with_the_sum(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    record = Fulfilment(
        fulfilment_id="F1",
        channel_order=order,
        node="X",
        lines=tuple(FulfilmentLine(channel_line=line, quantity=Decimal(n)) for n in (1, 2)),
    )
    form = counter.shop.render("fulfilments", record, MemoryNumbers())
    counter.shop.send(Outbound("fulfilments", "F1", form.content))
    assert [row["quantity"] for row in counter.told(order)] == [3]


# --- the place that really ships -------------------------------------------------------------------------------------


def test_what_a_supplier_ships_is_moved_to_the_suppliers_location_first(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    counter.shop.send(counter.document(order, {line: 2}, location=counter.suppliers))
    (made,) = counter.sandbox._site.shop.orders[int(order)].fulfilments
    assert str(made.location_id) == counter.suppliers
    assert len(counter.told(order)) == 1


def test_two_lines_of_two_places_are_brought_to_one_and_told_in_one_fulfilment(counter: Counter) -> None:
    order, (first, second) = _split_order(counter)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    counter.shop.send(counter.document(order, {first: 2, second: 1}, location=counter.suppliers))
    assert {row["fulfilment"] for row in counter.told(order)} == {counter.told(order)[0]["fulfilment"]}
    assert sum(int(str(row["quantity"])) for row in counter.told(order)) == 3


def test_what_the_shop_will_not_move_is_fulfilled_where_it_is(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox._ask(lambda: _stock_only_at_the_warehouse(counter.sandbox))
    counter.shop.send(counter.document(order, {line: 2}, location=counter.suppliers))
    (made,) = counter.sandbox._site.shop.orders[int(order)].fulfilments
    assert str(made.location_id) == counter.own


def test_without_a_known_location_it_is_told_where_it_is_assigned(counter: Counter) -> None:
    order, (first, second) = _split_order(counter)
    counter.shop.send(counter.document(order, {first: 2, second: 1}))
    told = counter.told(order)
    assert len({row["fulfilment"] for row in told}) == 2  # one fulfilment may hold one location only
    assert {(row["line"], row["quantity"]) for row in told} == {(first, 2), (second, 1)}


def test_moving_can_be_switched_off(counter: Counter, connect: Opener, profile: Profile) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    settings = profile.settings.model_copy(update={"move_fulfilments": False})
    connect(replace(profile, settings=settings)).send(counter.document(order, {line: 2}, location=counter.suppliers))
    assert not any("move" in call for call in counter.sandbox.calls("shop")["shop"])


def test_the_location_comes_from_the_partner_file_when_the_hub_names_none(counter: Counter) -> None:
    record = Fulfilment(
        fulfilment_id="F1",
        channel_order="1",
        node="DC1",
        lines=(FulfilmentLine(channel_line="2", quantity=Decimal(1)),),
    )
    assert (
        f'"location": "{counter.own}"'.encode() in counter.shop.render("fulfilments", record, MemoryNumbers()).content
    )


# --- replies that get lost -------------------------------------------------------------------------------------------


def test_after_a_lost_reply_find_says_found_and_there_is_exactly_one(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    document = counter.document(order, {line: 3})
    counter.sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(document)
    finding = counter.shop.find(counter.noted(document))
    assert isinstance(finding, Found)
    assert finding.receipt.reference == counter.told(order)[0]["fulfilment"]
    assert len(counter.told(order)) == 1


def test_a_request_that_never_arrived_is_absent_and_sent_again(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    document = counter.document(order, {line: 3})
    counter.sandbox.mood("shop", "down", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(document)
    assert counter.shop.find(counter.noted(document)) == Absent()
    counter.shop.send(counter.noted(document))
    assert len(counter.told(order)) == 1


def test_not_there_is_believed_only_after_the_shop_had_time_to_finish(counter: Counter, context: MemoryContext) -> None:
    order, (line,) = counter.order(3)
    document = counter.document(order, {line: 3})
    counter.sandbox.mood("shop", "down", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(document)
    before = context.clock.monotonic()
    counter.shop.find(counter.noted(document))
    assert context.clock.monotonic() - before == pytest.approx(3.0)
    counter.shop.find(counter.noted(document))
    assert context.clock.monotonic() - before == pytest.approx(3.0)


def test_what_was_never_sent_is_absent_without_asking(counter: Counter) -> None:
    order, (line,) = counter.order(1)
    assert counter.shop.find(counter.document(order, {line: 1})) == Absent()
    assert "shop" not in counter.sandbox.calls("shop")


def test_a_shipment_that_looks_just_like_an_earlier_one_is_not_taken_for_it(counter: Counter) -> None:
    """Two units of a line left in two parcels under one tracking number; the second request never arrived."""
    order, (line,) = counter.order(2)
    counter.shop.send(counter.document(order, {line: 1}, key="F1"))
    twin = counter.document(order, {line: 1}, key="F2")
    counter.sandbox.mood("shop", "down", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(twin)
    assert counter.shop.find(counter.noted(twin)) == Absent()
    counter.shop.send(counter.noted(twin))
    assert [row["quantity"] for row in counter.told(order)] == [1, 1]


@pytest.mark.parametrize("tracking", ["1Z999", ""])
def test_the_twin_whose_reply_was_lost_is_found(counter: Counter, tracking: str) -> None:
    order, (line,) = counter.order(2)
    counter.shop.send(counter.document(order, {line: 1}, key="F1", tracking=tracking))
    twin = counter.document(order, {line: 1}, key="F2", tracking=tracking)
    counter.sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(twin)
    finding = counter.shop.find(counter.noted(twin))
    assert isinstance(finding, Found)
    assert finding.receipt.reference == counter.told(order)[1]["fulfilment"]
    assert len(counter.told(order)) == 2


def test_a_tracking_number_is_known_again_however_the_shop_spaces_it(counter: Counter) -> None:
    order, (line,) = counter.order(1)
    document = counter.document(order, {line: 1}, tracking="1z 999 aa1")
    counter.sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(OutcomeUnknown):
        counter.shop.send(document)
    placed = counter.sandbox._site.shop.orders[int(order)]
    placed.fulfilments[0] = replace(placed.fulfilments[0], number="1Z999AA1")
    assert isinstance(counter.shop.find(counter.noted(document)), Found)


def test_when_one_of_two_locations_succeeded_only_the_other_is_sent_again(counter: Counter) -> None:
    order, (first, second) = _split_order(counter)
    document = counter.document(order, {first: 2, second: 1})
    counter.context.dies_at = ("before_bytes", 2)
    with pytest.raises(Crash):
        counter.shop.send(document)
    assert [row["line"] for row in counter.told(order)] == [first]
    assert counter.shop.find(counter.noted(document)) == Absent()
    receipt = counter.shop.send(counter.noted(document))
    assert {(row["line"], row["quantity"]) for row in counter.told(order)} == {(first, 2), (second, 1)}
    assert len(counter.told(order)) == 2
    assert str(receipt.reference).count(",") == 1


def test_a_resend_of_what_is_complete_does_nothing(counter: Counter) -> None:
    order, (line,) = counter.order(3)
    document = counter.document(order, {line: 2})
    first = counter.shop.send(document)
    again = counter.shop.send(counter.noted(document))
    assert again.reference == first.reference
    assert [row["quantity"] for row in counter.told(order)] == [2]


def test_a_lost_reply_to_a_move_is_tried_again_and_ends_in_one(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    document = counter.document(order, {line: 2}, location=counter.suppliers)
    counter.sandbox.mood("shop", "lost_reply", for_calls=1, on="POST */move.json")
    with pytest.raises(TemporaryFailure):
        counter.shop.send(document)
    counter.shop.send(counter.noted(document))
    assert [row["quantity"] for row in counter.told(order)] == [2]


@pytest.mark.parametrize("instant", ["before_bytes", "bytes_sent"])
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_at_any_instant_of_move_and_fulfilment_there_is_one(counter: Counter, instant: str, nth: int) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    document = counter.document(order, {line: 2}, location=counter.suppliers)
    counter.context.dies_at = (instant, nth)
    with pytest.raises(Crash):
        counter.shop.send(document)
    if not isinstance(counter.shop.find(counter.noted(document)), Found):
        counter.shop.send(counter.noted(document))
    assert [row["quantity"] for row in counter.told(order)] == [2]


# --- what the shop will not have -------------------------------------------------------------------------------------


def test_fulfilment_orders_that_are_not_made_yet_are_waited_for(counter: Counter) -> None:
    order, (line,) = counter.order(1)
    counter.sandbox._site.shop.orders[int(order)].fulfilment_orders.clear()
    with pytest.raises(TemporaryFailure, match="no fulfilment orders yet"):
        counter.shop.send(counter.document(order, {line: 1}))


def test_a_held_fulfilment_order_is_waited_for(counter: Counter) -> None:
    order, (line,) = counter.order(1)
    counter.sandbox._site.shop.orders[int(order)].fulfilment_orders[0].status = "on_hold"
    with pytest.raises(TemporaryFailure, match="is on_hold") as caught:
        counter.shop.send(counter.document(order, {line: 1}))
    assert "release" in caught.value.todo


def test_goods_moved_between_our_look_and_our_call_are_told_from_where_they_stand(counter: Counter) -> None:
    """An assignment that ran at the same time closed the fulfilment order, and the shipment was parked for a person."""
    order, (line, _) = _split_order(counter)
    counter.sandbox._ask(lambda: _stock_everywhere(counter.sandbox))
    parts = counter.sandbox._site.shop.orders[int(order)].fulfilment_orders
    (other,) = (part for part in parts if str(part.location.id) == counter.suppliers)
    rows = [{"id": other.lines[0].id, "quantity": 1}]
    # it joins the one that we are about to tell of, and both become a new one
    counter.context.meanwhile = lambda: Parts(counter.shop._client).move(str(other.id), counter.own, rows)
    document = counter.document(order, {line: 2}, location=counter.own)
    with pytest.raises(TemporaryFailure, match="unfulfillable status= closed"):
        counter.shop.send(document)
    counter.shop.send(counter.noted(document))
    assert [row["quantity"] for row in counter.told(order)] == [2]


def test_a_cancelled_line_is_refused_by_name(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    counter.sandbox.cancel(order)
    with pytest.raises(Rejected, match=f"line {line} of order {order}: 2 of 2 cannot be fulfilled.*cancelled"):
        counter.shop.send(counter.document(order, {line: 2}))


def test_a_line_fulfilled_by_somebody_else_under_another_number_is_refused(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    counter.shop.send(counter.document(order, {line: 2}, key="F1", tracking="OTHER"))
    with pytest.raises(Rejected, match="closed"):
        counter.shop.send(counter.document(order, {line: 2}, key="F2", tracking="OURS"))
    assert len(counter.told(order)) == 1


def test_a_shipment_that_somebody_entered_by_hand_is_accepted(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    by_hand = counter.shop.send(counter.document(order, {line: 2}, key="HAND"))
    receipt = counter.shop.send(counter.document(order, {line: 2}, key="F2"))
    assert receipt.reference == by_hand.reference
    assert len(counter.told(order)) == 1


def test_more_than_is_open_is_refused_whole(counter: Counter) -> None:
    order, (line,) = counter.order(2)
    with pytest.raises(Rejected, match="1 of 3 cannot be fulfilled"):
        counter.shop.send(counter.document(order, {line: 3}))
    assert counter.told(order) == []


def test_a_line_of_another_order_is_refused(counter: Counter) -> None:
    order, _ = counter.order(1)
    with pytest.raises(Rejected, match="it is in no fulfilment order"):
        counter.shop.send(counter.document(order, {"4711": 1}))


def test_an_unknown_order_is_refused(counter: Counter) -> None:
    with pytest.raises(Rejected, match="404"):
        counter.shop.send(counter.document("4711", {"1": 1}))


def test_the_partners_own_words_reach_the_operator(counter: Counter) -> None:
    order, (line,) = counter.order(1)
    counter.sandbox.mood("shop", "picky", on="POST /fulfillments.json")
    with pytest.raises(Rejected, match="The shop is picky today"):
        counter.shop.send(counter.document(order, {line: 1}))


def test_a_part_of_a_unit_cannot_be_told(counter: Counter) -> None:
    record = Fulfilment(
        fulfilment_id="F1",
        channel_order="1",
        node="X",
        lines=(FulfilmentLine(channel_line="7", quantity=Decimal("1.5")),),
    )
    with pytest.raises(Rejected, match=r"line 7 of order 1: 1.5 is no whole number"):
        counter.shop.render("fulfilments", record, MemoryNumbers())


def test_a_shipment_of_nothing_is_not_told(counter: Counter) -> None:
    with pytest.raises(Rejected, match="nothing of order 1 has left"):
        counter.document("1", {"7": 0})


# --- arranging the shop ----------------------------------------------------------------------------------------------


def _stock_everywhere(sandbox: RunningSandbox) -> None:
    shop = sandbox._site.shop
    for variant in shop.variants.values():
        for location in shop.locations.values():
            shop.set_level(variant, location, 100)


def _stock_only_at_the_warehouse(sandbox: RunningSandbox) -> None:
    shop = sandbox._site.shop
    for key in [key for key in shop.levels if key[1] != next(iter(shop.locations))]:
        del shop.levels[key]


def _split_order(counter: Counter) -> tuple[str, list[str]]:
    """Place an order of two lines, the first to be shipped by the warehouse, the second by suppliers."""
    shop = counter.sandbox._site.shop

    def arrange() -> None:
        first, second = [each for each in shop.variants.values() if each.item.ships][:2]
        own, suppliers = shop.locations.values()
        shop.set_level(first, own, 100)
        shop.set_level(second, own, 0)
        shop.set_level(second, suppliers, 100)

    counter.sandbox._ask(arrange)
    order, lines = counter.order(2, 1)
    assert {part[0] for part in counter.parts(order)} == {counter.own, counter.suppliers}
    return order, lines
