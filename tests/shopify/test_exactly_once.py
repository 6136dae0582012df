"""Whatever happens on the line and to us, the shop is told of every shipped unit exactly once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.parcel import FulfilmentOrder, OpenLine, Parcel, by_location, choose
from hub.contract import (
    Found,
    Outbound,
    OutcomeUnknown,
    Profile,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.testing import Crash, FakeClock, MemoryContext, MemoryNumbers
from sandbox.plan import LinePlan, OrderPlan
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]


class Unlucky(MemoryContext):
    """A context in which the process may die at any instant."""

    def __init__(self, chance: Random, share: float) -> None:
        super().__init__(FakeClock())
        self._chance, self.share = chance, share

    def checkpoint(self, name: str) -> None:
        super().checkpoint(name)
        if self._chance.random() < self.share:
            raise Crash(name)

    def note(self, key: str, text: str) -> None:
        super().note(key, text)
        if self._chance.random() < self.share:
            raise Crash("noted")


def _deliver(connect: Opener, profile: Profile, context: Unlucky, outbound: Outbound, calm: Callable[[], None]) -> None:
    """Send as the hub does: resend after a passing failure, ask first after a doubt; the weather clears in the end."""
    doubt = False
    for number in range(40):
        if number == 30:
            calm()
            context.share = 0
        shop = connect(profile, context)
        noted = replace(outbound, note=context.notes.get(outbound.key))
        try:
            if doubt and isinstance(shop.find(noted), Found):
                return
            shop.send(noted)
        except (OutcomeUnknown, Crash):
            doubt = True
        except (TemporaryFailure, RateLimited):
            pass
        else:
            return
        finally:
            shop.close()
    raise AssertionError(f"{outbound.key} did not get through")


def _place(sandbox: RunningSandbox, chance: Random) -> tuple[str, dict[str, int]]:
    """Place an order of up to three lines at random locations; returns its id and the quantity of each line."""
    shop, plan = sandbox._site.shop, next(iter(sandbox._site.world.orders))
    variants = [each for each in shop.variants.values() if each.item.ships][:3]
    own, suppliers = shop.locations.values()

    def arrange() -> object:
        for variant in variants:
            shop.set_level(variant, own, chance.choice((0, 100)))
            if chance.random() < 0.7:
                shop.set_level(variant, suppliers, 100)
        lines = tuple(LinePlan(each.item.sku, chance.randint(1, 4), Decimal(5)) for each in variants)
        changed: OrderPlan = replace(plan, lines=lines[: chance.randint(1, 3)])
        return shop.place(changed)

    order = sandbox._ask(arrange)
    return str(order.id), {str(line.id): line.current for line in order.lines}


def _shipments(chance: Random, order: str, lines: dict[str, int], locations: list[str]) -> list[Fulfilment]:
    """Cut an order into shipments, many of which look alike."""
    left, made = dict(lines), []
    while any(left.values()):
        parcel = {line: chance.randint(0, quantity) for line, quantity in left.items() if quantity}
        parcel = {line: quantity for line, quantity in parcel.items() if quantity}
        if not parcel:
            continue
        left = {line: quantity - parcel.get(line, 0) for line, quantity in left.items()}
        made.append(
            Fulfilment(
                fulfilment_id=f"F{len(made)}",
                channel_order=order,
                node="SOMEWHERE",
                location=chance.choice(["", *locations]),
                tracking=chance.choice(("", "1Z9", "1Z9")),
                lines=tuple(FulfilmentLine(channel_line=line, quantity=Decimal(n)) for line, n in parcel.items()),
            )
        )
    return made


_MORE = range(24, 424) if os.environ.get("CROSSDOCK_SOAK") else ()
_SEEDS = [*range(24), *(pytest.param(seed, marks=pytest.mark.soak) for seed in _MORE)]


@pytest.mark.parametrize("seed", _SEEDS)
def test_every_unit_is_told_exactly_once_in_any_weather(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, seed: int
) -> None:
    chance = Random(seed)
    context = Unlucky(chance, 0.1)
    order, lines = _place(sandbox, chance)
    for mood in ("lost_reply", "down", "busy"):
        sandbox.mood("shop", mood, share=0.15, seed=seed, on="POST *")
    sandbox.mood("shop", "down", share=0.05, seed=seed, on="GET *")
    shipments = _shipments(chance, order, lines, list(sandbox.info["locations"].values()))
    for shipment in shipments:
        renderer = connect(profile)
        content = renderer.render("fulfilments", shipment, MemoryNumbers()).content
        outbound = Outbound("fulfilments", shipment.fulfilment_id, content)
        _deliver(connect, profile, context, outbound, sandbox.calm)
    told: Counter[str] = Counter()
    for row in sandbox.audit()["fulfilled"]:
        told[row["line"]] += row["quantity"]
    assert told == lines, f"seed {seed}: {len(shipments)} shipments"


# --- the plan itself -------------------------------------------------------------------------------------------------

_open_lines = st.builds(
    lambda line, quantity, taken: (line, quantity, max(0, quantity - taken)),
    st.sampled_from("abc"),
    st.integers(1, 5),
    st.integers(0, 5),
)
_fulfilment_orders = st.lists(
    st.builds(
        lambda location, status, lines: (location, status, lines),
        st.sampled_from("123"),
        st.sampled_from(["open", "in_progress", "closed", "cancelled", "on_hold"]),
        st.lists(_open_lines, min_size=1, max_size=3),
    ),
    max_size=4,
)


def _orders(drawn: list[tuple[str, str, list[tuple[str, int, int]]]]) -> list[FulfilmentOrder]:
    return [
        FulfilmentOrder(
            id=str(number),
            status=status,
            location=location,
            movable=True,
            lines=tuple(OpenLine(f"{number}-{at}", *line) for at, line in enumerate(lines)),
        )
        for number, (location, status, lines) in enumerate(drawn)
    ]


@given(_fulfilment_orders, st.dictionaries(st.sampled_from("abc"), st.integers(1, 6), min_size=1))
def test_a_plan_takes_exactly_what_is_wanted_and_never_more_than_is_open(
    drawn: list[tuple[str, str, list[tuple[str, int, int]]]], wanted: dict[str, int]
) -> None:
    orders = _orders(drawn)
    parcel = Parcel("7", wanted, location="2")
    ready = [each for order in orders if order.status in {"open", "in_progress"} for each in order.lines]
    fit = {line: sum(each.open for each in ready if each.line == line) for line in wanted}
    try:
        portions = choose(parcel, wanted, orders)
    except (TemporaryFailure, Rejected):
        assert any(fit[line] < quantity for line, quantity in wanted.items())
        return
    taken: Counter[str] = Counter()
    for portion in portions:
        assert 0 < portion.quantity <= portion.line.open
        taken[portion.line.line] += portion.quantity
    assert taken == wanted
    assert len({portion.line.id for portion in portions}) == len(portions)
    groups = by_location(portions)
    assert sum(len(group) for group in groups.values()) == len(portions)
    assert all(portion.order.location == location for location, group in groups.items() for portion in group)
