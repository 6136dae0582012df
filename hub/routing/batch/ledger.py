"""What is left of a supply that several orders share, while it is given away and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from hub.model.decision import Decision
from hub.routing.problem import Problem
from hub.routing.shelf import Shelf, Shelves

#: What an order takes: node, SKU and quantity.
Taken = Sequence[tuple[str, str, Decimal]]


class OverAllocated(AssertionError):
    """A plan takes more than there is: a fault of the solver, never of its input."""


class Ledger:
    """The supply of some problems, and what decisions hold of it.

    The problems must agree on what a node has of a SKU; raises ValueError where they do not. An order's parcels count
    against `capacity_per_day` of their nodes, on top of the problem's own load.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._there: dict[tuple[str, str], Decimal] = {}
        self._orders: Counter[str] = Counter()
        self._shelves: dict[str, dict[int, list[Shelf]]] = {}
        for problem in problems:
            for shelf in problem.shelves.values():
                self._know(shelf, problem.order_id)

    def _know(self, shelf: Shelf, order_id: str) -> None:
        known = self._shelves.setdefault(shelf.sku, {})
        if id(shelf) in known:
            return
        known[id(shelf)] = [shelf, shelf]
        for code, offer in shelf.by_node.items():
            before = self._there.setdefault((code, shelf.sku), offer.available)
            if before != offer.available:
                raise ValueError(
                    f"order {order_id}: {code} has {offer.available} of {shelf.sku} here and {before} in another order"
                    " of the batch; give all orders the same supply"
                )

    def left(self, problem: Problem) -> Problem:
        """Return the question with the supply and the capacity that nobody holds."""
        shelves = [self._shelves[sku][id(shelf)][1] for sku, shelf in problem.shelves.items()]
        load = dict(problem.load)
        for code, node in problem.nodes.by_code.items():
            if node.capacity_per_day is not None and self._orders[code]:
                load[code] = load.get(code, 0) + self._orders[code]
        return replace(problem, offers=Shelves(shelves), load=load)

    def hold(self, taken: Taken) -> None:
        """Note what an order takes."""
        self._note(taken, 1)

    def release(self, taken: Taken) -> None:
        """Note that what an order took is free again."""
        self._note(taken, -1)

    def _note(self, taken: Taken, sign: int) -> None:
        for code, sku, quantity in taken:
            for pair in self._shelves[sku].values():
                if code in pair[1].by_node:
                    pair[1] = pair[1].given(code, sign * quantity)
        for code in {code for code, _, _ in taken}:
            self._orders[code] += sign


def taken(decision: Decision) -> Taken:
    """Return what a decision takes."""
    return [(choice.node, choice.sku, choice.quantity) for choice in decision.choices]


def replay(problems: Iterable[Problem], decisions: Iterable[Decision]) -> None:
    """Check that all decisions together take no more than there is; raises OverAllocated.

    Adds up from the problems and the decisions alone, with nothing of what found the plan.
    """
    problems = tuple(problems)
    there = {(offer.node, offer.sku): offer.available for problem in problems for offer in problem.offers}
    nodes = {code: node for problem in problems for code, node in problem.nodes.by_code.items()}
    load = {code: count for problem in problems for code, count in problem.load.items()}
    for problem, decision in zip(problems, decisions, strict=True):
        _fills(problem, decision)
        for choice in decision.choices:
            there[choice.node, choice.sku] -= choice.quantity
            if there[choice.node, choice.sku] < 0:
                raise OverAllocated(
                    f"{choice.node} promises {-there[choice.node, choice.sku]} too many of {choice.sku}"
                )
        for code in {choice.node for choice in decision.choices}:
            load[code] = load.get(code, 0) + 1
            most = nodes[code].capacity_per_day
            if most is not None and load[code] > most:
                raise OverAllocated(f"{code} gets {load[code]} orders and takes {most}")


def _fills(problem: Problem, decision: Decision) -> None:
    """Check that every line is filled or said to be unfilled, to the last unit."""
    sums = {want.line_id: want.quantity for want in problem.wants}
    for choice in decision.choices:
        sums[choice.line_id] -= choice.quantity
    for left in decision.unfilled:
        sums[left.line_id] -= left.quantity
    if any(sums.values()):
        raise OverAllocated(f"order {problem.order_id}: its lines do not add up: {sums}")
