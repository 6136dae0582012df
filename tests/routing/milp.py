"""Routing as an integer programme for HiGHS, with every rule: written from the oracle's world, not from `hub.routing`.

Whole units only, as the random problems have them. A binary says that a node gives a want so many units, so that price
breaks and least quantities are coefficients. Money is in the objective as floats; the cost that is returned is counted
anew from the plan, in Decimals.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_CEILING, Decimal
from math import inf

import highspy
import numpy as np

from hub.model.node import Node
from hub.routing.problem import Problem, Want
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules
from tests.routing.oracle import Best, Way, World

#: More than any plan of the random problems costs: one unit more goes before everything.
UNIT = 20_000.0
Terms = list[tuple[int, float]]


class Programme:
    """Columns and rows on their way to HiGHS."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[float, float, Terms]] = []

    def column(self, cost: float = 0.0, upper: float = 1.0, *, whole: bool = True) -> int:
        self.costs.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, low: float, high: float, terms: Terms) -> None:
        self.rows.append((low, high, terms))

    def solve(self) -> list[float]:
        """Return the best values; raises AssertionError where HiGHS does not prove them."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.costs, [0.0] * len(self.costs), self.upper
        lp.row_lower_, lp.row_upper_ = [row[0] for row in self.rows], [row[1] for row in self.rows]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(terms) for _, _, terms in self.rows)])
        lp.a_matrix_.index_ = [column for _, _, terms in self.rows for column, _ in terms]
        lp.a_matrix_.value_ = [factor for _, _, terms in self.rows for _, factor in terms]
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.whole]
        solver = highspy.Highs()
        for name, value in _OPTIONS.items():
            solver.setOptionValue(name, value)
        solver.passModel(lp)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return list(solver.getSolution().col_value)


_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    # with such tolerances its presolve loses the best solution of some orders (seed 60670 of the soak)
    "presolve": "off",
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-7,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
}


def by_highs(problem: Problem, rules: RoutingRules) -> Best:
    """Return the most units that can be filled, and the least that this costs, as HiGHS finds it."""
    return _Model(World(problem, rules)).best() if problem.wants else Best(Decimal(0), Decimal(0))


class _Model:
    def __init__(self, world: World) -> None:
        self.world, self.wants, self.made = world, world.problem.wants, Programme()
        self.parts: list[dict[str, dict[int, int]]] = [self._parts(want) for want in self.wants]
        self.sent, self.handed = self._parcels(pick_up=False), self._parcels(pick_up=True)
        for want, parts in zip(self.wants, self.parts, strict=True):
            self._whole_or_cut(want, parts)
        self._shared_stock()
        self._whole_order()
        for code, parcel in self.sent.items():
            node = world.problem.nodes.by_code[code]
            card = world.card(node)
            if card is not None:
                self._carried(node, card, parcel)

    def best(self) -> Best:
        values = self.made.solve() if self.made.costs else []
        plan: list[Way] = [
            tuple(
                (code, Decimal(units)) for code, each in parts.items() for units, at in each.items() if values[at] > 0.5
            )
            for parts in self.parts
        ]
        found = self.world.outcome(tuple(plan))
        assert found is not None, "HiGHS breaks a rule"
        return found

    def _parts(self, want: Want) -> dict[str, dict[int, int]]:
        """Make a column for each node and each number of units that it may give; at most one of them is taken."""
        wanted = int(want.quantity)
        found: dict[str, dict[int, int]] = {}
        for node in self.world.nodes():
            room = self.world.room(want, node)
            if room is None:
                continue
            allowed = [units for units in range(1, wanted + 1) if room[0] <= units <= room[1]]
            if self._only_whole(want):
                allowed = [units for units in allowed if units == wanted]
            costs = {units: float(self.world.part(want, node.code, Decimal(units))) for units in allowed}
            found[node.code] = {units: self.made.column(cost - UNIT * units) for units, cost in costs.items()}
            self.made.row(-inf, 1.0, [(column, 1.0) for column in found[node.code].values()])
        return found

    def _only_whole(self, want: Want) -> bool:
        """Tell whether the want is not cut: some node can fill it, and no line of its SKU stands in its way."""
        rooms = [room for node in self.world.nodes() if (room := self.world.room(want, node)) is not None]
        fits = any(low <= want.quantity <= high for low, high in rooms)
        return (
            fits and want.pick_up_node is None and not (self.world.rules.split_lines and self.world.contested(want.sku))
        )

    def _parcels(self, *, pick_up: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        for want, parts in zip(self.wants, self.parts, strict=True):
            for code, columns in parts.items():
                if (want.pick_up_node is not None) != pick_up or not columns:
                    continue
                if code not in found:
                    found[code] = self.made.column(float(self.world.parcel(code, sent=not pick_up)))
                self.made.row(-inf, 0.0, [*((column, 1.0) for column in columns.values()), (found[code], -1.0)])
        return found

    def _whole_or_cut(self, want: Want, parts: dict[str, dict[int, int]]) -> None:
        units: Terms = [(column, float(each)) for columns in parts.values() for each, column in columns.items()]
        self.made.row(-inf, float(want.quantity), units)
        if not self.world.rules.split_lines:
            self.made.row(-inf, 1.0, [(column, 1.0) for column, _ in units])
        if not self.world.rules.partial_lines:
            self.made.row(0.0, 0.0, [*units, (self.made.column(), -float(want.quantity))])

    def _shared_stock(self) -> None:
        uses: dict[tuple[str, str], Terms] = defaultdict(list)
        for want, parts in zip(self.wants, self.parts, strict=True):
            for code, columns in parts.items():
                uses[code, want.sku] += [(column, float(units)) for units, column in columns.items()]
        for key, terms in uses.items():
            self.made.row(-inf, max(0.0, float(self.world.left(self.world.offers[key]))), terms)

    def _whole_order(self) -> None:
        """Limit the parcels, charge for all but one, and hold together what may only go together."""
        parcels: Terms = [(column, 1.0) for column in self.sent.values()]
        splits = self.made.column(float(self.world.rules.split_penalty), inf, whole=False)
        self.made.row(-inf, 1.0, [*parcels, (splits, -1.0)])
        if self.world.most is not None:
            self.made.row(-inf, float(self.world.most), parcels)
        if self.world.complete:
            self.made.row(-inf, 1.0, parcels)
            everything = self.made.column()
            for want, parts in zip(self.wants, self.parts, strict=True):
                units = [(column, float(each)) for columns in parts.values() for each, column in columns.items()]
                self.made.row(0.0, 0.0, [*units, (everything, -float(want.quantity))])

    def _carried(self, node: Node, card: RateCard, parcel: int) -> None:
        """Charge a card's price for the steps that the heavier of weight and volume needs, neither more nor fewer."""
        grams: tuple[Terms, Terms] = ([], [])
        for want, parts in zip(self.wants, self.parts, strict=True):
            if want.pick_up_node is None:
                for kind, unit in zip(grams, self.world.unit_kg(card, want), strict=True):
                    kind += [(column, float(unit * each * 1000)) for each, column in parts.get(node.code, {}).items()]
        step = float(card.round_up_kg * 1000)
        most = max(sum(factor for _, factor in kind) for kind in grams)
        last = max(1, int((Decimal(most) / 1000 / card.round_up_kg).to_integral_value(ROUND_CEILING)))
        begun = self.world.begins(node, card) if node.code in self.world.problem.along else 0
        costs = [self.world.by_steps(node, card, each) - begun for each in range(1, last + 1)]
        steps = {each: self.made.column(float(cost)) for each, cost in enumerate(costs, 1)}
        self.made.row(0.0, 0.0, [*((column, 1.0) for column in steps.values()), (parcel, -1.0)])
        by_volume = self.made.column()
        reach = last * step
        needed = [(column, -((each - 1) * step + 0.001 * (each > 1))) for each, column in steps.items()]
        for kind, sign, free in ((grams[0], 1.0, 0.0), (grams[1], -1.0, reach)):
            self.made.row(-inf, 0.0, [*kind, *((column, -each * step) for each, column in steps.items())])
            self.made.row(-free, inf, [*kind, *needed, (by_volume, sign * reach)])
