"""Orders in company: those of one customer to one address that waited for each other and are routed at once.

What a place of ours sends for several of them goes in one parcel: the later ones pay there for their weight only, so
they come from there wherever that is cheaper, and each document names the other orders. A supplier ships each purchase
order by itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.decision import Decision
from hub.model.node import NodeKind
from hub.model.order import DeliveryMethod, SalesOrder
from hub.policy.policy import Ruling
from hub.policy.step import Wait
from hub.routing.problem import Problem, narrow
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from hub.services.book import Book
from hub.services.desk import Desk
from hub.services.sourcing.workflows import ruling_of
from hub.store import orders
from hub.store.orders import OrderRow

#: In larger parties the order that came first leads.
_FEW = 5


def party_of(order: SalesOrder, ruling: Ruling) -> Hashable | None:
    """Return what orders that go together have in common; None for one that waits for no company."""
    waits = any(isinstance(step.does, Wait) and step.does.together for step in ruling.steps)
    place = order.ship_to
    if not waits or place is None or order.method is not DeliveryMethod.SHIP:
        return None
    if order.customer.code is None and not (place.name and place.street):
        return None  # who knows whether it is the same guest
    return order.channel, order.customer.code, order.ship_to, order.service, order.currency


def waiting_with(tx: Connection, desk: Desk, book: Book, ruling: Ruling) -> Iterator[OrderRow]:
    """Yield the other orders of the party that nothing but their own wait keeps back."""
    party = party_of(book.order.doc, ruling)
    for row in orders.held_for_a_time(tx, book.order.doc.channel) if party is not None else ():
        if row.id == book.order.id or not only_waits(row):
            continue
        if party_of(row.doc, ruling_of(desk, row.doc)) == party:
            yield row


@dataclass(frozen=True, slots=True)
class Asked:
    """An order with its question and the rules for it; no question where nothing of it can be routed."""

    book: Book
    question: Problem | None
    rules: RoutingRules


def only_waits(row: OrderRow) -> bool:
    """Return whether nothing but a wait keeps an order back."""
    kinds = {gate.kind for gate in row.gates if gate.shut}
    return kinds == {"wait"} and not row.hold and not row.doc.hold


class Company:
    """What the orders of one routing send to the same customers."""

    def __init__(self, rulings: Mapping[str, Ruling]) -> None:
        self._rulings = rulings
        self._sent: dict[Hashable, dict[str, list[Book]]] = {}

    def has_parties(self, books: Sequence[Book]) -> bool:
        """Return whether any of the orders go together."""
        parties = [party for book in books if (party := self._party(book)) is not None]
        return len(set(parties)) < len(parties)

    def in_turn(self, asked: Sequence[Asked]) -> list[Book]:
        """Return the orders as they are to be routed: of each party the one leads with which all of it costs least.

        The first one pays for the parcels, so who leads decides where they leave. Each may lead, in parties of a few.
        """
        parties: dict[Hashable, list[Asked]] = {}
        for each in asked:
            parties.setdefault(self._party(each.book) or each.book.order.id, []).append(each)
        return [each.book for party in parties.values() for each in _best(party)]

    def joined(self, question: Problem, book: Book) -> Problem:
        """Return the question of an order with the places from which a parcel leaves for its customer anyway."""
        places = self._places(book)
        own = {code for code in places if _is_own(question, code)}
        return replace(question, along=frozenset(own)) if own else question

    def note(self, book: Book, problem: Problem, decision: Decision) -> None:
        """Note where an order was given to, and let the orders that go together from there know of each other."""
        party = self._party(book)
        if party is None:
            return
        places = self._sent.setdefault(party, {})
        for code in sorted({choice.node for choice in decision.choices}):
            if _is_own(problem, code):
                for other in places.setdefault(code, []):
                    other.company.setdefault(code, []).append(book.order.doc.number)
                    book.company.setdefault(code, []).append(other.order.doc.number)
                places[code].append(book)

    def _places(self, book: Book) -> Mapping[str, list[Book]]:
        party = self._party(book)
        return {} if party is None else self._sent.get(party, {})

    def _party(self, book: Book) -> Hashable | None:
        return party_of(book.order.doc, self._rulings[book.order.id])


def _best(party: list[Asked]) -> list[Asked]:
    if not 1 < len(party) <= _FEW:
        return party
    turns = [[leads, *(each for each in party if each is not leads)] for leads in party]
    return min(turns, key=_tried)


def _tried(turn: Sequence[Asked]) -> tuple[Decimal, Decimal]:
    """Return the units that would lack a source, and what all would cost, one after the other in this turn."""
    missing = cost = Decimal(0)
    sent: set[str] = set()
    for each in turn:
        if each.question is None:
            continue
        problem = narrow(replace(each.question, along=frozenset(sent)))
        decision = solve(problem, each.rules)
        missing += sum((left.quantity for left in decision.unfilled), Decimal(0))
        cost += decision.total
        sent |= {choice.node for choice in decision.choices if _is_own(problem, choice.node)}
    return missing, cost


def _is_own(problem: Problem, code: str) -> bool:
    node = problem.nodes.by_code.get(code)
    return node is not None and node.kind is not NodeKind.SUPPLIER
