"""The joint optimum of a field: column generation with cuts for the bound, regions in whole numbers for the plan.

1. Orders whose own optimum touches nothing contested keep it: that is optimal for all together.
2. Exactly one after the other: the plan that everything else is compared with, and fallen back on.
3. Column generation: the master's prices, the best reply of every order to them, cover cuts, until nothing is new. For
   any prices the replies less the price of all there is are a lower bound, so it holds wherever this stops.
4. Orders filled in under the last prices, best replies without; then all orders in whole numbers, each with the plans
   that cost little above its best reply, in steps of what is little; region by region where that is too much work.
5. When plan and bound are close, the proof.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as fields
from functools import partial

import numpy as np

from hub.routing.batch.covers import violated
from hub.routing.batch.field import Field, Flags, Floats, Ints
from hub.routing.batch.master import Master, whole
from hub.routing.batch.neighbours import REGION, Priced, blame, region, solve_all, solve_region
from hub.routing.batch.pool import Pool
from hub.routing.batch.pricing import best_plan
from hub.routing.batch.proof import laid_out
from hub.routing.batch.repair import Standing
from hub.routing.batch.rows import Rows

#: Costs closer than this (as a share) are the same.
SAME = 1e-9
#: Cuts are looked for when so few new plans (as a share of the orders) came in.
_SETTLED = 0.012
#: Of the time there is, so much may go into the bound, and so much has gone when the regions have their turn.
_FOR_THE_BOUND, _FOR_ALL = 0.5, 0.65
#: Plans so far above their order's best reply are tried together, in shares of what an order costs.
_SLACKS = (0.005, 0.03, 0.15)
#: Branches of the proof.
_BRANCHES = 5000
_TURNS = 30
#: A plan with a share above this is taken whole.
_WHOLE = 0.999
#: The bound is good enough when it is so close to the relaxation's value, and no cuts came in.
_CLOSE = 1e-6
#: With a gap below this the proof is tried before more plans are.
_NEAR = 1e-4
#: So much of the best prices so far is kept when simplex prices are tried: these swing.
_INERTIA = 0.3


@dataclass(frozen=True, eq=False)
class Outcome:
    """A plan (L,) that fits, its cost, a bound on every plan's cost, and what the exact plan one at a time costs.

    `worth` (N, S) is what one unit more is worth, `room` (N,) the same of one order more. `optimal` only when proven.
    `rounds` are those of the master and of the regions together.
    """

    plan: Ints
    cost: float
    bound: float
    one_at_a_time: float
    optimal: bool
    worth: Floats
    room: Floats
    contested: int = 0
    rounds: int = 0

    @property
    def gap(self) -> float:
        """Return how much of the cost is not proven to be needed, as a share of it."""
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost else 0.0


@dataclass(slots=True)
class Budget:
    """Rounds of work, and seconds where there is a limit of time; the clock is read only then."""

    work: int
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    rounds: int = 0
    _start: float = fields(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._start = 0.0 if self.seconds is None else self.clock()

    def left(self, share: float = 1.0) -> float:
        """Return the seconds that are left of this share of the time."""
        return np.inf if self.seconds is None else self._start + share * self.seconds - self.clock()


def optimise(field: Field, budget: Budget) -> Outcome:
    """Return the best plan found for all orders together; never worse than one after the other."""
    turns = Standing(field)
    turns.fill(np.ones(field.orders, bool), np.arange(field.orders, dtype=float), in_turn=True)
    plan, open_ = _presolved(field)
    known = turns.cost
    if not open_.any():
        cost = float(field.costs(plan).sum())
        nothing = np.zeros(field.stock.shape)
        return Outcome(plan, cost, cost, known, True, nothing, np.zeros(field.nodes), 0, budget.rounds)
    core, lines = field.only(open_)
    settled = float(field.costs(plan)[~open_].sum())
    search = _Search(core, Standing(core, turns.plan[lines]), budget)
    search.run()
    plan[lines] = search.standing.plan
    cost = settled + search.standing.cost
    if cost > known:
        plan, cost = turns.plan, known
    bound = min(cost, settled + search.bound)
    worth, room = search.worth()
    contested = int(core.contested().sum())
    return Outcome(plan, cost, bound, known, search.proven, worth, room, contested, budget.rounds)


def _presolved(field: Field) -> tuple[Ints, Flags]:
    """Return the plan of every order alone, and the orders of which that may not be the last word."""
    _, plan = best_plan(field)
    open_, wide = np.ones(field.orders, bool), field
    while open_.any():
        contested = wide.contested()
        part, lines = field.only(open_)
        sent = np.flatnonzero(plan[lines] >= 0)
        rows = part.row[plan[lines][sent], sent]
        touches = contested[rows] | contested[field.stock.size + plan[lines][sent]]
        hit = np.zeros(part.orders, bool)
        hit[part.order[sent[touches]]] = True
        places = np.flatnonzero(open_)
        if hit.all():
            break
        open_ = np.zeros(field.orders, bool)
        open_[places[hit]] = True
        wide, _ = field.only(open_)
    return plan, open_


class _Search:
    """One field on its way to the optimum: `standing` the plan, `bound` under it, `proven` when they have met."""

    def __init__(self, field: Field, standing: Standing, budget: Budget) -> None:
        self.field, self.standing, self.budget = field, standing, budget
        self.rows, self.pool = Rows(field, field.contested()), Pool(field)
        values, alone = best_plan(field)
        self.pool.add(standing.plan)
        self.pool.add(alone)
        self.bound, self.proven = float(values.sum()), False
        self.duals, self.shares = np.zeros(len(self.rows)), np.zeros(0)

    def run(self) -> None:
        """Do everything, as far as the budget goes."""
        self._columns()
        priced = Priced.of(self.field, self.rows, self._padded())
        self._filled(priced)
        if not self._together(priced):
            self._regions(priced)
        if self._close():
            self.proven = True
        elif self.budget.left() > 0:
            self._prove(priced)

    def _close(self) -> bool:
        return self.standing.cost - self.bound <= SAME * max(1.0, abs(self.standing.cost))

    def _padded(self) -> Floats:
        """Return the best duals for all rows: those of cuts that came later are zero, and capacities stay last."""
        missing = len(self.rows) - len(self.duals)
        capped = len(self.rows.capped)
        head, tail = self.duals[: len(self.duals) - capped], self.duals[len(self.duals) - capped :]
        return np.concatenate([head, np.zeros(missing), tail])

    def _columns(self) -> None:
        corner, master = False, Master(self.pool, self.rows, partial(self.budget.left, _FOR_THE_BOUND))
        for _ in range(self.budget.work):
            self.budget.rounds += 1
            relaxed = master.relaxed(corner=corner)
            if relaxed is None or self.budget.left(_FOR_THE_BOUND) <= 0:
                return
            value, self.shares, duals = relaxed
            new = self._ask(duals + _INERTIA * (self._padded() - duals) if corner else duals)
            if corner and not new:
                new = self._ask(duals)
            found = 0
            if new <= _SETTLED * self.field.orders:
                corner = True
                found = self.rows.add(violated(self.field, self.pool, np.pad(self.shares, (0, new))))
                self.duals = self._padded()
            if not found and value - self.bound <= _CLOSE * abs(value):
                return

    def _ask(self, duals: Floats) -> int:
        """Ask every order for its best reply to these prices; returns how many replies are new."""
        line, parcel = self.rows.prices(duals)
        values, plan = best_plan(self.field, line, parcel)
        bound = float(values.sum() - duals @ self.rows.rights)
        if bound > self.bound:
            self.bound, self.duals = bound, duals
        return self.pool.add(plan)

    def _filled(self, priced: Priced) -> None:
        """Take the plan that the relaxation leads to where it is better: its whole part, the rest under its prices."""
        field = self.field
        found = Standing(field, self._settled())
        open_ = np.ones(field.orders, bool)
        open_[field.order[found.plan >= 0]] = False
        most_lines_first = -np.bincount(field.order, minlength=field.orders).astype(float)
        found.fill(open_, most_lines_first, priced.line, priced.parcel)
        found.improve(_TURNS)
        if found.cost < self.standing.cost:
            self.standing = found

    def _settled(self) -> Ints | None:
        """Return the plan (L,) of the columns that the relaxation took whole; None where they do not fit."""
        whole = np.pad(self.shares, (0, len(self.pool) - len(self.shares))) > _WHOLE
        plan = self.pool.plan(whole, np.full(len(self.field.order), -1))
        return plan if (self.field.used(plan) <= self.field.there).all() else None

    def _together(self, priced: Priced) -> bool:
        """Solve all orders in whole numbers with ever more plans; tells whether the last step was proven."""
        for slack in self._slacks():
            if self.budget.left(_FOR_ALL) <= 0:
                return False
            self.budget.rounds += 1
            left = partial(self.budget.left, _FOR_ALL)
            proven = solve_all(self.standing, self.rows, self.pool, priced, slack, left)
            if not proven or self._near_proof(priced):
                return proven
        return True

    def _near_proof(self, priced: Priced) -> bool:
        """Try the proof where it may be short; tells whether it came out."""
        if not self._close() and self.standing.cost - self.bound <= _NEAR * self.standing.cost:
            self._prove(priced)
        return self._close()

    def _slacks(self) -> list[float]:
        return [share * self.standing.cost / self.field.orders for share in _SLACKS]

    def _regions(self, priced: Priced) -> None:
        """Go through the regions, those first that cost most above the bound, until a sweep finds nothing better."""
        *_, slack = self._slacks()
        done = np.zeros(self.field.stock.shape[1], bool)
        better, most = False, REGION
        for _ in range(self.budget.work):
            if self.budget.left() <= 0 or self._close():
                return
            score = np.where(done, 0.0, blame(self.standing, self.rows, priced))
            if score.max() <= SAME * self.standing.cost:
                if not better and most >= self.field.orders:
                    return
                most = most if better else 2 * most
                done[:], better = False, False
                continue
            self.budget.rounds += 1
            orders, skus = region(self.field, score, most)
            done[skus] = True
            found, _ = solve_region(self.standing, orders, self.rows, self.pool, priced, slack, self.budget.left)
            better = better or found

    def _prove(self, priced: Priced) -> None:
        every = laid_out(self.field, priced, self.standing.cost - self.bound)
        if every is None:
            return
        every.add(self.standing.plan)
        mine = every.holds(self.standing.plan)
        found = whole(every, self.rows, mine, _BRANCHES, self.budget.left)
        self.budget.rounds += 1
        if found.chosen is None:
            return
        plan = Standing(self.field, every.plan(found.chosen, self.standing.plan))
        if plan.cost < self.standing.cost:
            self.standing = plan
        self.bound = max(self.bound, min(self.standing.cost, found.bound))
        self.proven = found.proven

    def worth(self) -> tuple[Floats, Floats]:
        """Return the price of a unit (N, S) and of an order (N,) by the best duals."""
        duals = self._padded()
        room = np.zeros(self.field.nodes)
        room[self.rows.capped] = duals[len(self.rows.limits) :]
        return self.rows.unit_prices(duals), room
