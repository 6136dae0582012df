"""The door to HiGHS: a small mixed-integer model, solved under a limit of work and not of time.

highspy is imported when the first model is solved: most orders never need it, and it brings numpy. One thread and a
fixed seed, so that the same model always gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from highspy import HighsLp


class Answer(NamedTuple):
    """The best values found, by column, and whether nothing better exists; `values` is empty when none were found."""

    values: tuple[float, ...]
    proven: bool


@dataclass(slots=True)
class Model:
    """Columns from zero to a bound, rows between two bounds; the objective is given when it is solved."""

    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)

    def column(self, upper: float, *, whole: bool) -> int:
        """Add a column and return its number."""
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.upper) - 1

    def row(self, low: float, high: float, terms: Sequence[tuple[int, float]]) -> None:
        """Add a row: low <= sum of factor times column <= high."""
        self.rows.append((low, high, [column for column, _ in terms], [factor for _, factor in terms]))

    def minimise(self, costs: Sequence[float], branches: int) -> Answer:
        """Return the cheapest values found within so many branches."""
        import highspy  # noqa: PLC0415 - 200 ms and numpy, only for the orders that need it

        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in _options(branches).items():
            solver.setOptionValue(name, value)
        solver.passModel(self._lp(costs))
        solver.run()
        status = solver.getModelStatus()
        if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Answer((), proven=False)
        return Answer(tuple(solver.getSolution().col_value), status == highspy.HighsModelStatus.kOptimal)

    def _lp(self, costs: Sequence[float]) -> HighsLp:
        import highspy  # noqa: PLC0415 - see above

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.upper), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = list(costs), [0.0] * len(self.upper), self.upper
        lp.row_lower_, lp.row_upper_ = [row[0] for row in self.rows], [row[1] for row in self.rows]
        starts = [0]
        for row in self.rows:
            starts.append(starts[-1] + len(row[2]))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = [column for row in self.rows for column in row[2]]
        lp.a_matrix_.value_ = [factor for row in self.rows for factor in row[3]]
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.whole]
        return lp


def _options(branches: int) -> dict[str, bool | int | float]:
    return {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-7,
        "mip_max_nodes": branches,
    }
