"""Many orders at once: the best plan found for all of them together, with a proven bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal

from hub.model.decision import Decision
from hub.routing.batch.framed import Framed, framed
from hub.routing.batch.ledger import Ledger, Taken, replay, taken
from hub.routing.batch.optimise import Budget, Outcome, optimise
from hub.routing.batch.result import BatchResult, Limits, Question, Routed, Status
from hub.routing.solve import solve

_MICRO = Decimal("0.000001")
#: Sums of floats are trusted to so much of themselves.
_TRUST = Decimal("1e-9")


def solve_batch(questions: Sequence[Question], limits: Limits | None = None) -> BatchResult:
    """Return the plan for the orders, whose offers are one supply that they share; never worse than one at a time.

    Orders with goods that their customer collects are settled first, one after the other. Orders with a line that no
    node can fill whole, and large ones, are routed after the others by what these leave. Raises ValueError where the
    questions do not agree on what a node has.
    """
    limits = limits or Limits()
    plain = _in_turn(Ledger(question.problem for question in questions), questions, range(len(questions)))
    return _Batch(questions, limits, plain).result()


def _in_turn(ledger: Ledger, questions: Sequence[Question], numbers: Iterable[int]) -> dict[int, Routed]:
    routed = {}
    for number in numbers:
        problem = ledger.left(questions[number].problem)
        decision = solve(problem, questions[number].rules)
        ledger.hold(taken(decision))
        routed[number] = Routed(problem, decision)
    return routed


class _Batch:
    def __init__(self, questions: Sequence[Question], limits: Limits, plain: dict[int, Routed]) -> None:
        self.questions, self.limits, self.plain = questions, limits, plain
        self.ledger = Ledger(question.problem for question in questions)
        collects = [any(want.pick_up_node for want in question.problem.wants) for question in questions]
        self.first = _in_turn(self.ledger, questions, [number for number, each in enumerate(collects) if each])
        self.others = [number for number, each in enumerate(collects) if not each]

    def result(self) -> BatchResult:
        """Solve what is shared, then every order once more by what the others leave it."""
        left = [
            Question(self.ledger.left(self.questions[number].problem), self.questions[number].rules)
            for number in self.others
        ]
        frame = framed(left, self.limits.unfilled)
        unfilled = self._unfilled(frame)
        outcome = optimise(frame.field, Budget(self.limits.work, self.limits.seconds)) if frame.orders else None
        routed = self.first | self._settled(frame, outcome)
        cost, before = _cost(routed, unfilled), _cost(self.plain, unfilled)
        if cost > before:
            routed, cost = self.plain, before
        bound = _cost(self.first, unfilled) + self._alone(left, frame, unfilled) + unfilled * frame.missing
        bound += Decimal(outcome.bound if outcome else 0.0).quantize(_MICRO, ROUND_FLOOR)
        bound = min(cost, max(Decimal(0), bound))
        in_order = tuple(routed[number] for number in range(len(self.questions)))
        replay([question.problem for question in self.questions], [each.decision for each in in_order])
        proven = cost - bound <= _TRUST * cost + _MICRO * len(in_order)
        return BatchResult(
            routed=in_order,
            status=Status.OPTIMAL if proven else Status.LIMIT,
            cost=cost,
            bound=cost if proven else bound,
            one_at_a_time=before,
            prices=frame.prices(outcome.worth) if outcome else {},
            node_prices=_rooms(frame, outcome) if outcome else {},
            contested=outcome.contested if outcome else 0,
            rounds=outcome.rounds if outcome else 0,
        )

    def _unfilled(self, frame: Framed) -> Decimal:
        """Return what a unit that is not sent counts, as the field has it."""
        if self.limits.unfilled is not None:
            return self.limits.unfilled
        if not frame.orders:
            return Decimal(0)
        return Decimal(float(frame.field.drop[0]) * 1e9 / frame.jobs[0].nanos).quantize(_MICRO)

    def _settled(self, frame: Framed, outcome: Outcome | None) -> dict[int, Routed]:
        """Solve every order by what the others hold; nothing gets worse, and each decision stands on its own."""
        held: dict[int, Taken] = {}
        if outcome is not None:
            held = {self.others[number]: each for number, each in frame.taken(outcome.plan).items()}
        for each in held.values():
            self.ledger.hold(each)
        routed: dict[int, Routed] = {}
        for number in [*held, *(self.others[number] for number in frame.apart)]:
            self.ledger.release(held.get(number, ()))
            routed |= _in_turn(self.ledger, self.questions, [number])
        return routed

    def _alone(self, left: Sequence[Question], frame: Framed, unfilled: Decimal) -> Decimal:
        """Return what the orders outside the field cost at the least: each as if it were alone."""
        decisions = [solve(left[number].problem, left[number].rules) for number in frame.apart]
        return sum((_least(each) + unfilled * _missing(each) for each in decisions), Decimal(0))


def _rooms(frame: Framed, outcome: Outcome) -> dict[str, Decimal]:
    return {
        code: Decimal(f"{price:.6f}")
        for code, price in zip(frame.codes, outcome.room.tolist(), strict=True)
        if price > 1e-6
    }


def _cost(routed: dict[int, Routed], unfilled: Decimal) -> Decimal:
    return sum((each.decision.total + unfilled * _missing(each.decision) for each in routed.values()), Decimal(0))


def _least(decision: Decision) -> Decimal:
    return decision.total if decision.optimal or decision.bound is None else decision.bound


def _missing(decision: Decision) -> Decimal:
    return sum((left.quantity for left in decision.unfilled), Decimal(0))
