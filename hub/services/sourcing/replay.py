"""Replay: what was decided before, decided again by other rules from the same frozen questions, by the same engine.

What the new rules take more of a node's units, or of its orders a day, than the old ones did is missing there from then
on, and what they take less is there: so a replay never sells a unit twice. New figures of a stock feed are taken as
they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hub.model.decision import Decision
from hub.model.order import SalesOrder
from hub.policy.facts import Asked
from hub.policy.policy import Ruling
from hub.routing.batch.joint import solve_batch
from hub.routing.batch.result import Limits, Question
from hub.routing.offer import Offer
from hub.routing.problem import Problem, narrow
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve

Judge = Callable[[Asked], Ruling]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the question that it answers and the rules that it was made by."""

    problem: Problem
    rules: RoutingRules
    decision: Decision
    rule_set: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """One routing of an order as it was; `asked` is the order as it was then, which conditions are asked of."""

    asked: Asked
    was: Decided

    @property
    def order(self) -> SalesOrder:
        """Return the order as it was."""
        return self.asked.order

    @property
    def at(self) -> datetime:
        """Return when it was decided."""
        return self.was.problem.at


@dataclass(frozen=True, slots=True)
class Pair:
    """One routing of an order, as it was and as it would be."""

    order: SalesOrder
    was: Decided
    becomes: Decided


def replay(history: Iterable[Past], judge: Judge) -> Iterator[Pair]:
    """Yield each routing beside what the new rules make of it; the history must be given in its order of time."""
    debt = _Debt()
    group: list[tuple[Past, Ruling]] = []
    for past in history:
        ruling = judge(past.asked)
        if group and not _joins(group, past, ruling):
            yield from _together(group, debt)
            group = []
        if ruling.batch is None:
            yield _alone(past, ruling, debt)
        else:
            group.append((past, ruling))
    yield from _together(group, debt)


def same_again(past: Past) -> bool:
    """Return whether the engine, asked again with the frozen input and the rules of then, gives the same bytes."""
    was = past.was.decision.changed(rule_set="", policy_hash="", alternatives=(), batch=None)
    return solve(past.was.problem, past.was.rules).model_dump_json() == was.model_dump_json()


@dataclass(slots=True)
class Again:
    """A history that is decided again by its own rules while it goes by: how often the bytes were the same."""

    history: Iterable[Past]
    asked: int = 0
    same: int = 0

    def __iter__(self) -> Iterator[Past]:
        """Yield the history, counting."""
        for past in self.history:
            self.asked += 1
            self.same += same_again(past)
            yield past

    @property
    def words(self) -> str:
        """Return the count as a sentence."""
        return f"Asked again by their own rules, {self.same:,} of {self.asked:,} gave the same answer, byte for byte."


@dataclass(slots=True)
class _Debt:
    """What the new rules have taken beyond the old ones: units by node and SKU, orders by node and day."""

    units: Counter[tuple[str, str]] = field(default_factory=Counter)
    orders: Counter[tuple[str, date]] = field(default_factory=Counter)

    def left(self, problem: Problem) -> Problem:
        """Return the question with what would be there."""
        day = problem.at.date()
        if not any(self.units.get((each.node, each.sku)) for each in problem.offers) and not problem.load:
            return problem
        load = {code: max(0, count + self.orders[code, day]) for code, count in problem.load.items()}
        return replace(problem, offers=tuple(self._offer(each) for each in problem.offers), load=load)

    def _offer(self, offer: Offer) -> Offer:
        owed = Decimal(self.units.get((offer.node, offer.sku), 0))
        return replace(offer, available=max(Decimal(0), offer.available - owed)) if owed else offer

    def note(self, day: date, was: Decision, becomes: Decision) -> None:
        """Take up one routing more."""
        for sign, decision in ((-1, was), (1, becomes)):
            for choice in decision.choices:
                self.units[choice.node, choice.sku] += sign * choice.quantity  # type: ignore[assignment]
            for code in {choice.node for choice in decision.choices}:
                self.orders[code, day] += sign


def _alone(past: Past, ruling: Ruling, debt: _Debt) -> Pair:
    problem = debt.left(past.was.problem)
    decision = solve(problem, ruling.rules)
    debt.note(past.at.date(), past.was.decision, decision)
    return Pair(past.order, past.was, Decided(problem, ruling.rules, decision, ruling.rule_set.name))


def _joins(group: Sequence[tuple[Past, Ruling]], past: Past, ruling: Ruling) -> bool:
    """Return whether an order is collected for the batch that is open: same rule set, within its time, and room."""
    first, opened = group[0]
    if ruling.batch is None or opened.batch is None or ruling.rule_set.name != opened.rule_set.name:
        return False
    if past.was.problem.order_id in {each.was.problem.order_id for each, _ in group}:
        return False  # it was routed again within its time
    end = first.at + timedelta(minutes=float(opened.batch.minutes))
    return past.at <= end and len(group) < opened.batch.most


def _together(group: Sequence[tuple[Past, Ruling]], debt: _Debt) -> Iterator[Pair]:
    """Route a batch: all of it from what was there when its first order asked."""
    if not group:
        return
    there: dict[tuple[str, str], Offer] = {}
    questions = []
    for past, ruling in group:
        problem = debt.left(past.was.problem)
        offers = tuple(there.setdefault((each.node, each.sku), each) for each in problem.offers)
        questions.append(Question(replace(problem, offers=offers), ruling.rules))
    limits = Limits(seconds=None)
    for (past, ruling), routed in zip(group, solve_batch(questions, limits).routed, strict=True):
        debt.note(past.at.date(), past.was.decision, routed.decision)
        yield Pair(past.order, past.was, Decided(routed.problem, ruling.rules, routed.decision, ruling.rule_set.name))


def first_time(orders: Iterable[tuple[Asked, Problem]], judge: Judge) -> Iterator[Past]:
    """Route orders that were never routed here, one after the other from one supply that they share: a history.

    Each question says what there was before any order; what the orders before it took is taken off.
    """
    taken: Counter[tuple[str, str]] = Counter()
    for asked, problem in orders:
        offers = tuple(
            replace(each, available=max(Decimal(0), each.available - taken.get((each.node, each.sku), 0)))
            for each in problem.offers
        )
        question = narrow(replace(problem, offers=offers))
        ruling = judge(asked)
        decision = solve(question, ruling.rules)
        for choice in decision.choices:
            taken[choice.node, choice.sku] += choice.quantity  # type: ignore[assignment]
        yield Past(asked, Decided(question, ruling.rules, decision, ruling.rule_set.name))
