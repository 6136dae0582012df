"""The master problem: one plan for every order out of the pool, within the rows; as a relaxation or in whole numbers.

HiGHS with one thread and a fixed seed. At first the relaxation is solved by its interior point method without
crossover: prices from the middle of the optimal face make column generation settle in few rounds, where corner prices
swing. Its presolve leaves some of them inexact, so the last rounds take the simplex method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hub.routing.batch.field import Flags, Floats, Ints
from hub.routing.batch.pool import Pool
from hub.routing.batch.rows import Rows

if TYPE_CHECKING:
    from highspy import Highs


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


def relaxed(pool: Pool, rows: Rows, *, corner: bool = False) -> Relaxed:
    """Solve the relaxation, by the simplex method with `corner`, whose prices are exact."""
    solver, kept = _model(pool, rows, whole=False)
    solver.setOptionValue("solver", "simplex" if corner else "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.run()
    found = solver.getSolution()
    duals = np.zeros(len(rows))
    duals[kept] = np.maximum(0.0, -np.array(found.row_dual)[: len(kept)])
    return Relaxed(float(solver.getInfo().objective_function_value), np.array(found.col_value), duals)


def whole(pool: Pool, rows: Rows, start: Flags, branches: int, seconds: float) -> Whole:
    """Choose columns in whole numbers, from the flagged ones on, within so many branches and seconds."""
    import highspy  # noqa: PLC0415 - 200 ms, only for batches that need it

    solver, _ = _model(pool, rows, whole=True)
    for name, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-7), ("mip_max_nodes", branches)):
        solver.setOptionValue(name, value)
    if seconds < np.inf:
        solver.setOptionValue("time_limit", max(0.01, seconds))
    known = highspy.HighsSolution()
    known.col_value = start.astype(float).tolist()
    solver.setSolution(known)
    solver.run()
    info, status = solver.getInfo(), solver.getModelStatus()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Whole(None, -np.inf, proven=False)
    chosen = np.array(solver.getSolution().col_value) > 0.5
    return Whole(chosen, float(info.mip_dual_bound), status == highspy.HighsModelStatus.kOptimal)


def _model(pool: Pool, rows: Rows, *, whole: bool) -> tuple[Highs, Ints]:
    """Return the model and the rows that are in it: those that the pool's plans could break."""
    import highspy  # noqa: PLC0415 - see above

    row, column, value = rows.entries(pool)
    limits = rows.rights
    kept = np.flatnonzero(_most(pool, len(limits), row, column, value) > limits)
    place = np.full(len(limits), -1)
    place[kept] = np.arange(len(kept))
    mine = place[row] >= 0
    orders = np.unique(pool.order)
    row = np.concatenate([place[row[mine]], len(kept) + np.searchsorted(orders, pool.order)])
    column = np.concatenate([column[mine], np.arange(len(pool))])
    value = np.concatenate([value[mine], np.ones(len(pool))])
    turn = np.lexsort((row, column))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(pool), len(kept) + len(orders)
    lp.col_cost_, lp.col_lower_ = pool.cost, np.zeros(len(pool))
    lp.col_upper_ = np.ones(len(pool)) if whole else np.full(len(pool), np.inf)
    lp.row_lower_ = np.concatenate([np.full(len(kept), -np.inf), np.ones(len(orders))])
    lp.row_upper_ = np.concatenate([limits[kept], np.ones(len(orders))])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=len(pool)))])
    lp.a_matrix_.index_, lp.a_matrix_.value_ = row[turn], value[turn]
    if whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(pool)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, option in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(name, option)
    solver.passModel(lp)
    return solver, kept


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
