"""The master problem: one plan for every order out of the pool, within the rows; as a relaxation or in whole numbers.

HiGHS with one thread and a fixed seed. At first the relaxation is solved by its interior point method without
crossover: prices from the middle of the optimal face make column generation settle in few rounds, where corner prices
swing. Its presolve leaves some of them inexact, so the last rounds take the simplex method, each from where the one
before ended: that is six times as fast as from nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hub.routing.batch.field import Flags, Floats, Ints
from hub.routing.batch.pool import Pool
from hub.routing.batch.rows import Rows

if TYPE_CHECKING:
    from highspy import HighsCallbackEvent

#: Returns the seconds that are left, infinitely many where nothing limits them.
Left = Callable[[], float]

#: HiGHS chooses between the primal and the dual simplex method by what still holds after columns and rows were added.
_EITHER = 0


class Relaxed(NamedTuple):
    """The relaxation's value, share of each column (by column), and price of each row, zero or more."""

    value: float
    shares: Floats
    duals: Floats


class Whole(NamedTuple):
    """The chosen columns (flags; None when none were found), a bound on the problem, and whether it is proven."""

    chosen: Flags | None
    bound: float
    proven: bool


class Master:
    """A model in HiGHS that grows along with the pool and the rows.

    A row comes in when the pool's plans could break it. `_place` is by row its place in the model, -1 for not in it.
    """

    def __init__(self, pool: Pool, rows: Rows, left: Left) -> None:
        import highspy  # noqa: PLC0415 - 200 ms, only for batches that need it

        self.pool, self.rows = pool, rows
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, option in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            self.solver.setOptionValue(name, option)
        self._heed(left)
        self._orders = np.unique(pool.order)
        self._columns, self._warm = 0, False
        self._place, self._capped = np.full(0, -1), np.full(len(rows.capped), -1)
        one = np.ones(len(self._orders))
        self._add_rows(one, one, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    def relaxed(self, *, corner: bool = False) -> Relaxed | None:
        """Solve the relaxation, with `corner` exactly; None when there is no time left for it."""
        import highspy  # noqa: PLC0415 - see above

        place = self.grow()
        self._choose(corner=corner)
        self.solver.run()
        if self.solver.getModelStatus() == highspy.HighsModelStatus.kInterrupt:
            return None
        found = self.solver.getSolution()
        duals = np.where(place >= 0, np.maximum(0.0, -np.array(found.row_dual)[place]), 0.0)
        return Relaxed(float(self.solver.getInfo().objective_function_value), np.array(found.col_value), duals)

    def _heed(self, left: Left) -> None:
        """Let HiGHS ask now and then whether time is left; it asks nobody where there is no limit."""
        if left() == np.inf:
            return
        solver = self.solver

        def ask(event: HighsCallbackEvent) -> None:
            event.interrupt(left() <= 0)

        for interrupt in (solver.cbIpmInterrupt, solver.cbSimplexInterrupt, solver.cbMipInterrupt):
            interrupt.subscribe(ask)

    def _choose(self, *, corner: bool) -> None:
        """Choose the method; the first corner is found from the middle, which leaves a basis to go on from."""
        simplex = corner and self._warm
        for name, option in (
            ("solver", "simplex" if simplex else "ipm"),
            ("simplex_strategy", _EITHER),
            ("run_crossover", "on" if corner else "off"),
        ):
            self.solver.setOptionValue(name, option)
        self._warm = corner

    def grow(self) -> Ints:
        """Take in what is new in the pool and the rows; returns the place of each row, -1 where it is not in."""
        row, column, value = self.rows.entries(self.pool)
        limits = self.rows.rights
        cuts = np.full(len(self.rows.limits) - len(self._place), -1)
        place = np.concatenate([self._place, cuts, self._capped])
        old = (column >= self._columns) & (place[row] >= 0)
        self._add_columns(place[row[old]], column[old], value[old])
        needed = np.flatnonzero((place < 0) & (_most(self.pool, len(limits), row, column, value) > limits))
        new = np.full(len(limits), -1)
        new[needed] = np.arange(len(needed))
        mine = new[row] >= 0
        place[needed] = self.solver.getNumRow() + np.arange(len(needed))
        self._add_rows(np.full(len(needed), -np.inf), limits[needed], new[row[mine]], column[mine], value[mine])
        self._place, self._capped = np.split(place, [len(self.rows.limits)])
        return place

    def _add_columns(self, row: Ints, column: Ints, value: Floats) -> None:
        """Add the pool's new plans with these entries and each with its order's row."""
        before, new = self._columns, len(self.pool) - self._columns
        row = np.concatenate([row, np.searchsorted(self._orders, self.pool.order[before:])])
        starts, turn = _lines(np.concatenate([column - before, np.arange(new)]), row, new)
        value = np.concatenate([value, np.ones(new)])
        zero, most = np.zeros(new), np.full(new, np.inf)
        self.solver.addCols(new, self.pool.cost[before:], zero, most, len(turn), starts, row[turn], value[turn])
        self._columns = len(self.pool)

    def _add_rows(self, low: Floats, high: Floats, row: Ints, column: Ints, value: Floats) -> None:
        starts, turn = _lines(row, column, len(low))
        self.solver.addRows(len(low), low, high, len(turn), starts, column[turn], value[turn])


def whole(pool: Pool, rows: Rows, start: Flags, branches: int, left: Left) -> Whole:
    """Choose columns in whole numbers, from the flagged ones on, within so many branches and the time that is left."""
    import highspy  # noqa: PLC0415 - see above

    master = Master(pool, rows, left)
    master.grow()
    solver, every = master.solver, np.arange(len(pool))
    solver.changeColsBounds(len(pool), every, np.zeros(len(pool)), np.ones(len(pool)))
    solver.changeColsIntegrality(len(pool), every, np.ones(len(pool), np.uint8))
    for name, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-7), ("mip_max_nodes", branches)):
        solver.setOptionValue(name, value)
    known = highspy.HighsSolution()
    known.col_value = start.astype(float).tolist()
    solver.setSolution(known)
    solver.run()
    info, status = solver.getInfo(), solver.getModelStatus()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Whole(None, -np.inf, proven=False)
    chosen = np.array(solver.getSolution().col_value) > 0.5
    return Whole(chosen, float(info.mip_dual_bound), status == highspy.HighsModelStatus.kOptimal)


def _lines(major: Ints, minor: Ints, count: int) -> tuple[Ints, Ints]:
    """Return where each of the lines starts, and the order of the entries by line."""
    counts = np.bincount(major, minlength=count)
    return np.cumsum(counts) - counts, np.lexsort((minor, major))


def _most(pool: Pool, rows: int, row: Ints, column: Ints, value: Floats) -> Floats:
    """Return by row the most that one plan of every order could use of it."""
    pair = row * pool.field.orders + pool.order[column]
    turn = np.lexsort((value, pair))
    pair, value = pair[turn], value[turn]
    last = np.concatenate([pair[1:] != pair[:-1], [True]]) if len(pair) else np.zeros(0, bool)
    found: Floats = np.asarray(
        np.bincount(pair[last] // pool.field.orders, weights=value[last], minlength=rows), np.float64
    )
    return found
