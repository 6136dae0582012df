"""HiGHS as somebody who knows it well would use it for one order: the peer that routing is measured beside.

The model is the strong one (a line goes only where a parcel goes), with the lines' columns continuous because they come
out whole when the parcels are whole; an order of one line needs no parcels at all, they are folded into its columns.
Arrays are handed over in one call to a solver that is kept, on one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from hub.routing.partition import NEVER

GRAINS = 1e9
Table = tuple[Sequence[int], Sequence[Sequence[int]]]


@dataclass
class Built:
    """A model in the arrays that HiGHS takes; `kinds` are 1 for the columns that must be whole."""

    cost: list[float]
    kinds: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def row(self, low: float, high: float, columns: Sequence[int], factors: Sequence[float]) -> None:
        """Add a row."""
        self.low.append(low)
        self.high.append(high)
        self.index += columns
        self.value += factors
        self.starts.append(len(self.index))

    def lp(self, *, relaxed: bool) -> highspy.HighsLp:
        """Return the model as HiGHS takes it in one call."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.low)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = (
            np.array(self.cost),
            np.zeros(len(self.cost)),
            np.ones(len(self.cost)),
        )
        lp.row_lower_, lp.row_upper_ = np.array(self.low), np.array(self.high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(self.starts, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(self.index, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(self.value)
        if not relaxed:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger if kind else kinds.kContinuous for kind in self.kinds]
        return lp


def build(table: Table) -> Built:
    """Return the model of an order: what a parcel from each node costs, and what each line costs there."""
    fixed, rows = table
    if len(rows[0]) == 1:
        model = Built([(cost + row[0]) / GRAINS for cost, row in zip(fixed, rows, strict=True)], [1] * len(fixed))
        model.row(1.0, 1.0, range(len(fixed)), [1.0] * len(fixed))
        return model
    model = Built([cost / GRAINS for cost in fixed], [1] * len(fixed))
    served: list[list[int]] = [[] for _ in rows[0]]
    for node, row in enumerate(rows):
        for line, cost in enumerate(row):
            if cost < NEVER:
                column = len(model.cost)
                model.cost.append(cost / GRAINS)
                served[line].append(column)
                model.row(-highspy.kHighsInf, 0.0, (column, node), (1.0, -1.0))
    model.kinds += [0] * (len(model.cost) - len(fixed))
    for columns in served:
        model.row(1.0, 1.0, columns, [1.0] * len(columns))
    return model


class Peer:
    """A solver kept for many orders, with presolve or without."""

    def __init__(self, presolve: str) -> None:
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        options: dict[str, bool | int | float | str] = {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "presolve": presolve,
        }
        options |= {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-7}
        for name, value in options.items():
            self._solver.setOptionValue(name, value)

    def solve(self, model: Built) -> float:
        """Return the least cost, proven."""
        return self._run(model, relaxed=False)

    def relaxation_first(self, model: Built) -> float:
        """Return the same, by way of the linear relaxation: where that comes out whole it is the answer."""
        cost = self._run(model, relaxed=True)
        values = self._solver.getSolution().col_value
        if all(not kind or abs(value - round(value)) < 1e-6 for kind, value in zip(model.kinds, values, strict=True)):
            return cost
        return self._run(model, relaxed=False)

    def _run(self, model: Built, *, relaxed: bool) -> float:
        self._solver.passModel(model.lp(relaxed=relaxed))
        self._solver.run()
        assert self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(self._solver.getInfo().objective_function_value)
