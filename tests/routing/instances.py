"""Random routing problems with every rule in play, by seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hub.model.item import ItemFlag
from hub.model.node import Node, NodeCosts, NodeKind
from hub.model.place import Address, Coordinates
from hub.routing.carriage import Size
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def cents(dice: random.Random, low: int, high: int) -> Decimal:
    return Decimal(dice.randint(low, high)) / 100


def a_node(code: str, kind: str = "warehouse", costs: NodeCosts | None = None, **fields: object) -> Node:
    return Node.model_validate(
        {"code": code, "kind": kind, "partner": code.lower(), "costs": costs or NodeCosts(), **fields}
    )


def a_problem(wants: list[Want], nodes: list[Node], offers: list[Offer], **fields: object) -> Problem:
    rest = {"order_id": "SO1", "currency": "USD", "at": AT, **fields}
    return Problem(wants=tuple(wants), nodes=Network(nodes), offers=tuple(offers), **rest)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shape:
    """How large a random problem is and which twists it may have."""

    lines: int = 3
    nodes: int = 4
    most_units: int = 3
    stock: int = 5
    twists: bool = True
    limits: bool = True
    same_sku: bool = False
    cards: bool = False


def random_problem(seed: int, shape: Shape) -> tuple[Problem, RoutingRules]:
    """Return a problem and rules that differ from seed to seed in every respect that routing knows."""
    dice = random.Random(seed)
    nodes = [_node(dice, number, shape) for number in range(dice.randint(1, shape.nodes))]
    codes = [node.code for node in nodes]
    wants = [_want(dice, number, codes, shape) for number in range(dice.randint(1, shape.lines))]
    skus = sorted({want.sku for want in wants})
    offers = [_offer(dice, node, sku, shape) for sku in skus for node in codes if dice.random() < 0.75]
    dice.shuffle(offers)
    problem = Problem(
        order_id=f"SO{seed}",
        currency="USD",
        at=AT,
        wants=tuple(wants),
        nodes=Network(nodes, {code: cents(dice, 0, 300) for code in codes if dice.random() < 0.3}),
        offers=tuple(offers),
        destination=Coordinates(latitude=40.0, longitude=-75.0) if dice.random() < 0.8 else None,
        country=dice.choice(["US", "US", "CA", None]),
        ship_complete=shape.limits and dice.random() < 0.15,
        max_splits=dice.choice([0, 1, 2]) if shape.limits and dice.random() < 0.3 else None,
        promise_by=AT + timedelta(hours=dice.randint(-24, 120)) if dice.random() < 0.4 else None,
        load={code: dice.randint(0, 3) for code in codes if dice.random() < 0.3},
        distances={code: Decimal(dice.randint(0, 4000)) for code in codes if dice.random() < 0.6},
        along=frozenset(code for code in codes if shape.twists and dice.random() < 0.2),
    )
    return problem, _rules(dice, shape)


def _node(dice: random.Random, number: int, shape: Shape) -> Node:
    kind = dice.choice(list(NodeKind))
    places = [None, Coordinates(latitude=dice.uniform(25, 48), longitude=dice.uniform(-122, -72))]
    twist = shape.twists
    return Node(
        code=f"N{number:02d}",
        kind=kind,
        partner=f"p{number}",
        address=Address(country=dice.choice(["US", "US", "CA"])) if dice.random() < 0.7 else None,
        coordinates=dice.choice(places),
        costs=NodeCosts(
            per_order=cents(dice, 0, 300),
            per_line=cents(dice, 0, 60),
            per_unit=cents(dice, 0, 40),
            freight_base=cents(dice, 300, 1100),
            freight_per_km=Decimal(dice.randint(0, 30)) / 10_000,
            freight_per_kg=cents(dice, 0, 150),
        ),
        capacity_per_day=dice.choice([1, 2]) if twist and dice.random() < 0.15 else None,
        handles=frozenset({ItemFlag.HAZMAT}) if dice.random() < 0.6 else frozenset(),
        pick_up=dice.random() < 0.7,
        active=not (twist and dice.random() < 0.08),
    )


def _want(dice: random.Random, number: int, codes: list[str], shape: Shape) -> Want:
    twist = shape.twists
    sku = f"K{dice.randrange(2)}" if shape.same_sku else f"K{number}"
    return Want(
        line_id=f"L{number}",
        sku=sku,
        quantity=Decimal(dice.randint(1, shape.most_units)),
        weight_g=Decimal(dice.randint(5, 900) * 10 + number) if dice.random() < 0.85 or shape.same_sku else None,
        flags=frozenset({ItemFlag.HAZMAT}) if twist and dice.random() < 0.15 else frozenset(),
        excluded=frozenset({dice.choice(codes)}) if twist and dice.random() < 0.2 else frozenset(),
        pick_up_node=dice.choice(codes) if twist and dice.random() < 0.1 and not shape.same_sku else None,
        size=_size(dice) if shape.cards and dice.random() < 0.7 else None,
    )


def _size(dice: random.Random) -> Size:
    length, width, height = (Decimal(dice.randint(20, 300)) / 10 for _ in range(3))
    return length, width, height


def a_card(dice: random.Random, name: str, **fields: object) -> RateCard:
    """Return a card of two zones and three weights whose prices need not even rise."""
    return RateCard(
        name=name,
        zones_km=(Decimal(dice.randint(200, 1500)),),
        steps_kg=(Decimal(1), Decimal(dice.randint(2, 4)), Decimal(dice.randint(5, 20))),
        prices=tuple((cents(dice, 200, 1500), cents(dice, 400, 2500)) for _ in range(3)),
        round_up_kg=Decimal(dice.choice(["0.25", "0.5", "1"])),
        divisor=dice.choice([None, Decimal(5000), Decimal("1384.5")]),
        cubic_over_cm3=Decimal(dice.choice([0, 0, 4000])),
        round_up_cm=Decimal(dice.choice(["0", "1", "2.54"])),
        minimum=Decimal(dice.choice([0, 5])),
        fuel_percent=Decimal(dice.choice(["0", "12.5"])),
        per_parcel=cents(dice, 0, 200),
        **({"heavy_over_kg": Decimal(3), "heavy": Decimal(4)} if dice.random() < 0.5 else {}),
        **({"long_over_cm": Decimal(25), "long": Decimal("3.25")} if dice.random() < 0.5 else {}),
        **fields,
    )


def _offer(dice: random.Random, node: str, sku: str, shape: Shape) -> Offer:
    price = cents(dice, 200, 4000)
    breaks = tuple((Decimal(quantity), price - cents(dice, 1, 150)) for quantity in (2, 3) if dice.random() < 0.2)
    return Offer(
        node=node,
        sku=sku,
        available=Decimal(dice.randint(0, shape.stock)),
        unit_cost=price if dice.random() < 0.9 else None,
        breaks=breaks,
        minimum=Decimal(dice.choice([0, 1, 1, 2])) if shape.twists else Decimal(0),
        lead_days=dice.choice([0, 0, 1, 4]),
    )


def _rules(dice: random.Random, shape: Shape) -> RoutingRules:
    return RoutingRules(
        split_penalty=cents(dice, 0, 300),
        duty_percent=Decimal(dice.choice([0, 0, 5])),
        max_splits=dice.choice([0, 1, 3]) if shape.limits and dice.random() < 0.2 else None,
        domestic_only=shape.twists and dice.random() < 0.1,
        split_lines=not shape.limits or dice.random() < 0.85,
        partial_lines=not shape.limits or dice.random() < 0.85,
        keep_back={NodeKind.STORE: Decimal(1)} if dice.random() < 0.3 else {},
        rate_cards=_cards(dice) if shape.cards else (),
        never_nodes=("N01",) if shape.twists and dice.random() < 0.15 else (),
        only_kinds=(NodeKind.STORE, NodeKind.SUPPLIER) if shape.twists and dice.random() < 0.1 else (),
        max_km=Decimal(dice.randint(100, 3000)) if shape.twists and dice.random() < 0.15 else None,
        keep_promise=shape.twists and dice.random() < 0.3,
    )


def _cards(dice: random.Random) -> tuple[RateCard, ...]:
    old = a_card(dice, "last year", valid_until=AT.date() - timedelta(days=1))
    some = a_card(dice, "some", nodes=("N00", "N02"), valid_from=AT.date())
    rest = a_card(dice, "rest", kinds=() if dice.random() < 0.5 else (NodeKind.STORE, NodeKind.SUPPLIER))
    return old, some, rest
