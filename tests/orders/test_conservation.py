"""Whatever happens in whatever order: no unit is lost, sold twice, asked of two nodes or told to the shop twice.

The partners are played here with books of their own; after every step theirs and ours must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub.model.document import Kind
from hub.model.order import SalesOrder
from hub.model.purchase import AcknowledgementLine, Outcome
from hub.model.shipment import ShipmentLine
from hub.model.state import BOUND, LineState
from hub.services.book import AWAITED, GONE
from hub.services.sourcing import news
from hub.store.allocations import Portion
from hub.store.tables import delivery, sales_order

NODES = {"acme": "orders", "globex": "shipments", "initech": "orders"}
CHANGEABLE = {"acme", "globex"}
ORDERS, LINES, SKUS = 3, 2, 2
NOTHING = Decimal(0)


@dataclass
class Pledge:
    """What a partner thinks of one line of one of our documents."""

    document: str
    number: int
    partner: str
    order: str
    line: str
    sku: str
    pledged: int
    shipped: int = 0
    told: int | None = None  # what a change asks it to ship in all, until it is answered

    @property
    def open(self) -> int:
        return self.pledged - self.shipped


@dataclass
class Play:
    """One run: the world, what the shop said, what the partners hold, and what is on their shelves."""

    world: Any
    prefix: str
    said: dict[str, list[SalesOrder]] = field(default_factory=dict)
    pledges: list[Pledge] = field(default_factory=list)
    shelf: dict[tuple[str, str], int] = field(default_factory=dict)
    taken_up: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)
    steps: int = 0

    def start(self) -> None:
        for partner, nets in NODES.items():
            if partner not in self.world.directory.known:
                self.world.supplier(partner)
                if partner in CHANGEABLE:
                    self.world.directory.out[partner, Kind.PURCHASE_ORDER_CHANGE] = "changes"
            for sku in self.skus:
                self.world.sells(partner, sku, "10")
                self.shelf[partner, sku] = 4
                self.world.stocks(partner.upper(), sku, 4, nets)

    @property
    def skus(self) -> list[str]:
        return [f"{self.prefix}-{number}" for number in range(SKUS)]

    # --- what the shop does ---

    def says(self, dice: int) -> None:
        """A new version of one order, with other quantities."""
        order_id = f"{self.prefix}-{dice % ORDERS}"
        quantities = [(dice // ORDERS // 5**line) % 5 for line in range(LINES)]
        lines = {f"L{line}": (self.skus[line % SKUS], quantity) for line, quantity in enumerate(quantities)}
        before = self.said.setdefault(order_id, [])
        order = self.world.made(order_id, lines=lines, at=len(before))
        before.append(order)
        self.world.says(order)
        for line in order.lines:
            mine = [each for each in self.portions(order_id) if each.row.line_id == line.line_id]
            kept = [each for each in mine if each.row.state is not LineState.CANCELLED and each.cancel_asked_at is None]
            gone = [each for each in kept if each.row.state in GONE]
            assert total(kept) == max(line.quantity, total(gone))
            total_before = self.taken_up.get((order_id, line.line_id), NOTHING)
            assert total(mine) >= total_before
            self.taken_up[order_id, line.line_id] = total(mine)

    def repeats(self, dice: int) -> None:
        """An old version once more: the channel's pages overlap."""
        versions = [order for versions in self.said.values() for order in versions]
        if versions:
            assert not self.world.says(versions[dice % len(versions)])

    # --- what the partners do ---

    def delivers(self, _dice: int) -> None:
        for sent in self.world.deliver():
            if sent.kind is Kind.PURCHASE_ORDER_CHANGE:
                self.is_told(sent)
            if sent.kind is not Kind.PURCHASE_ORDER or not sent.doc["channel_order"].startswith(f"{self.prefix}-"):
                continue
            for line in sent.record.lines:
                self.pledges.append(
                    Pledge(
                        sent.key,
                        line.line_number,
                        sent.connection,
                        sent.record.channel_order,
                        line.channel_line,
                        line.sku,
                        int(line.quantity),
                    )
                )

    def is_told(self, sent: Any) -> None:
        """A change of ours, which the partner keeps in mind."""
        for line in sent.record.lines:
            for pledge in self.pledges:
                if (pledge.document, pledge.number) == (sent.record.number, line.line_number):
                    pledge.told = int(line.quantity)

    def answers_change(self, dice: int) -> None:
        """Does what a change asks for, as far as the goods are still there, or does not."""
        pledge = self.pick(dice)
        if pledge is None or pledge.told is None:
            return
        if dice % 2:
            pledge.pledged = min(pledge.pledged, max(pledge.shipped, pledge.told))
        pledge.told = None
        said = AcknowledgementLine(line_number=pledge.number, outcome=Outcome.CHANGED, quantity=Decimal(pledge.pledged))
        self.answer("answers", pledge, said)

    def acknowledges(self, dice: int) -> None:
        """All, some or none of what is open."""
        pledge = self.pick(dice)
        if pledge is not None:
            pledge.pledged -= (dice // 7) % (pledge.open + 1)
            outcome = Outcome.CHANGED if pledge.pledged or pledge.told is not None else Outcome.REJECTED
            line = AcknowledgementLine(line_number=pledge.number, outcome=outcome, quantity=Decimal(pledge.pledged))
            self.answer("answers", pledge, line)

    def ships(self, dice: int) -> None:
        """Some of what is open, and says of some of the rest that it never comes."""
        pledge = self.pick(dice)
        if pledge is not None and pledge.open:
            quantity = min((dice // 7) % (pledge.open + 1), self.shelf[pledge.partner, pledge.sku])
            pledge.shipped += quantity
            self.shelf[pledge.partner, pledge.sku] -= quantity
            short = (dice // 77) % (pledge.open + 1)
            pledge.pledged -= short
            line = ShipmentLine(line_number=pledge.number, quantity=Decimal(quantity), short=Decimal(short))
            self.answer("ships", pledge, line, name=f"S{self.steps}")

    def answer(self, verb: str, pledge: Pledge, line: Any, **fields: Any) -> None:
        said = (verb, pledge.document, line, {"partner": pledge.partner, **fields})
        self.answers.append(said)
        getattr(self.world, verb)(pledge.document, line, **said[3])

    def repeats_answer(self, dice: int) -> None:
        """A shipment once more changes nothing; nor does the last word of an acknowledgement."""
        shipments = [said for said in self.answers if said[0] == "ships"]
        # an answer from before a change would be taken for its refusal: that is for a person, and changes nothing else
        asked = {each.document for each in self.pledges if each.told is not None}
        again = [shipments[dice % len(shipments)]] if shipments else self.answers[-1:]
        again = [said for said in again if said[0] == "ships" or said[1] not in asked]
        for verb, document, line, fields in again:
            assert not getattr(self.world, verb)(document, line, **fields)

    def restocks(self, dice: int) -> None:
        """More on one shelf, and a new figure of it as its source counts."""
        partner = sorted(NODES)[dice % len(NODES)]
        sku = self.skus[(dice // 3) % SKUS]
        self.shelf[partner, sku] += (dice // 7) % 3
        asked = sum(each.open for each in self.pledges if (each.partner, each.sku) == (partner, sku))
        figure = self.shelf[partner, sku] - (asked if NODES[partner] == "orders" else 0)
        self.world.stocks(partner.upper(), sku, max(0, figure), NODES[partner])
        self.world.clock.advance(1)
        news.route_waiting(self.world.desk)

    def pick(self, dice: int) -> Pledge | None:
        return self.pledges[dice % len(self.pledges)] if self.pledges else None

    # --- what must hold ---

    def portions(self, order_id: str) -> list[Portion]:
        found: list[Portion] = self.world.portions(order_id)
        return found

    def check(self) -> None:
        rows = [(order_id, portion) for order_id in self.said for portion in self.portions(order_id)]
        for key, quantity in self.taken_up.items():
            assert total(each for order, each in rows if (order, each.row.line_id) == key) == quantity
        for pledge in self.pledges:
            here = [
                each
                for order, each in rows
                if (order, each.row.line_id, each.row.document) == (pledge.order, pledge.line, pledge.document)
            ]
            assert total(each for each in here if each.row.state in AWAITED) == pledge.open
            assert total(each for each in here if each.row.state in GONE) == pledge.shipped
        for (partner, sku), there in self.shelf.items():
            bound = (
                each
                for _, each in rows
                if (each.row.node, each.row.sku) == (partner.upper(), sku) and each.row.state in BOUND - GONE
            )
            assert total(bound) <= there
        self.check_fulfilments(rows)

    def check_fulfilments(self, rows: list[tuple[str, Portion]]) -> None:
        query = select(delivery.c.key, delivery.c.record).where(
            delivery.c.kind == Kind.FULFILMENT.value,
            delivery.c.order_id.in_(
                select(sales_order.c.id).where(sales_order.c.channel_order.like(f"{self.prefix}-%"))
            ),
        )
        told: dict[tuple[str, str], Decimal] = {}
        for row in self.world.read(lambda tx: tx.execute(query).all()):
            for line in row.record["lines"]:
                key = row.record["channel_order"], line["channel_line"]
                told[key] = told.get(key, NOTHING) + Decimal(line["quantity"])
        left: dict[tuple[str, str], Decimal] = {}
        for order, each in rows:
            if each.row.state is LineState.SHIPPED and each.cancel_asked_at is None:
                key = order, each.row.line_id
                left[key] = left.get(key, NOTHING) + each.row.quantity
        assert told == left


def total(portions: Any) -> Decimal:
    return sum((portion.row.quantity for portion in portions), NOTHING)


ACTS = (
    "says",
    "says",
    "repeats",
    "delivers",
    "delivers",
    "acknowledges",
    "answers_change",
    "answers_change",
    "ships",
    "ships",
    "repeats_answer",
    "restocks",
)
plays = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 10**6)), min_size=4, max_size=25)
_quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
_runs = iter(range(10**9))


@settings(max_examples=40, deadline=None, suppress_health_check=_quiet, print_blob=True)
@given(acts=plays)
def test_quantities_are_conserved_whatever_happens(quick_world: Any, acts: list[tuple[str, int]]) -> None:
    play = Play(quick_world, f"X{next(_runs)}")
    play.start()
    for act, dice in acts:
        play.steps += 1
        quick_world.clock.advance(1)
        getattr(play, act)(dice)
        play.check()


@settings(max_examples=4, deadline=None, suppress_health_check=_quiet, print_blob=True)
@given(acts=plays)
def test_they_are_conserved_on_both_databases(world: Any, acts: list[tuple[str, int]]) -> None:
    play = Play(world, f"X{next(_runs)}")
    play.start()
    for act, dice in acts:
        play.steps += 1
        world.clock.advance(1)
        getattr(play, act)(dice)
    play.check()
