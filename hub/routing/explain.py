"""Why a line does not come from another node: the rule that removed the node, or what it would cost the whole order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from hub.model.decision import Alternative, Decision
from hub.model.number import plain
from hub.routing.candidates import detail_of, rule_against
from hub.routing.frozen import input_hash
from hub.routing.plan import PARTITION, Part, landed, worth
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules
from hub.routing.scene import Good, Scene, goods_of
from hub.routing.solve import plan
from hub.routing.tariff import amount, units

#: Above so many what-ifs an order that needs HiGHS is not solved again for each: the rest of its plan is kept.
_MOST_SEARCHES = 60


def explain(problem: Problem, rules: RoutingRules, decision: Decision) -> tuple[Alternative, ...]:
    """Return, for each line and every node that it does not come from, the reason.

    A node that breaks a hard rule is given the first one it breaks. For any other, `extra_cost` is what the whole order
    would cost more at the best with this line sent whole from there. Where `detail` says "at most", only this line was
    moved and the rest of the plan kept. Raises ValueError when the decision was not made from this problem and rules.
    """
    if decision.rules_hash != rules.hash or decision.input_hash != input_hash(problem):
        raise ValueError(f"order {problem.order_id}: the decision was made from another input or by other rules")
    return tuple(_Explanation(problem, rules).alternatives())


class _Explanation:
    """One problem solved again, and its what-ifs."""

    def __init__(self, problem: Problem, rules: RoutingRules) -> None:
        self.problem = problem
        self.rules = rules
        self.scene = Scene(problem, rules)
        self.untouched = Scene(problem, rules)
        self.plan = plan(self.scene)
        self.cost = landed(self.scene, self.plan.parts) - worth(self.scene, self.plan.parts)
        self.goods = goods_of(problem.wants, rules)
        self.searches = self.plan.method == PARTITION or len(self.goods) * len(problem.nodes) <= _MOST_SEARCHES

    def alternatives(self) -> Iterator[Alternative]:
        """Yield line by line, in the order of the wants, and by node code."""
        of_line = {want.line_id: good for good in self.goods for want in good.wants}
        found: dict[int, list[Alternative]] = {}
        for want in self.problem.wants:
            good = of_line[want.line_id]
            if id(good) not in found:
                found[id(good)] = [self._of(good, code) for code in self._others(good)]
            yield from (each.changed(line_id=want.line_id) for each in found[id(good)])

    def _others(self, good: Good) -> list[str]:
        chosen = {part.code for part in self.plan.parts if _same(part, good)}
        return [code for code in sorted(self.problem.nodes.by_code) if code not in chosen]

    def _of(self, good: Good, code: str) -> Alternative:
        line_id = good.wants[0].line_id
        # What customers collect is off the shelf for the rest of the order, and not for themselves.
        scene = self.scene if good.pick_up_node is None else self.untouched
        rule = rule_against(scene, good, code)
        if rule:
            return Alternative(line_id=line_id, node=code, rule=rule, detail=detail_of(scene, good, code, rule))
        what_if, notes = self._what_if(good, code)
        missing = _filled(self.plan.parts) - _filled(what_if)
        if missing > 0 or not any(_same(part, good) and part.code == code for part in what_if):
            return Alternative(line_id=line_id, node=code, rule="incomplete", detail=self._incomplete(missing))
        extra = amount(landed(self.scene, what_if) - worth(self.scene, what_if) - self.cost)
        return Alternative(line_id=line_id, node=code, detail="; ".join(notes), extra_cost=extra)

    def _what_if(self, good: Good, code: str) -> tuple[Sequence[Part], list[str]]:
        site = self.scene.site(code)
        notes = [] if site.distance_known else [f"distance unknown: {plain(self.rules.unknown_km)} km assumed"]
        if site.card is not None and good.pick_up_node is None:
            notes.append(f"freight by rate card {site.card.card.name}, zone {site.zone + 1}")
        offer = self.scene.at(good, code)[1]
        if self.problem.promise_by is not None:
            seconds = self.scene.after_s(site, offer, collected=good.pick_up_node is not None)
            notes.append(f"there on {self.problem.at + timedelta(seconds=seconds):%Y-%m-%d}")
        if code in self.problem.along:
            notes.append("in one parcel with another order")
        if offer.dear:
            notes.append(f"a unit of it there is worth about {offer.worth:.2f} to other orders")
        if self.searches:
            found = plan(Scene(self.problem, self.rules, {good.wants[0].line_id: code}))
            return found.parts, notes if found.optimal else [*notes, "at most: not proven the least"]
        kept = tuple(part for part in self.plan.parts if not _same(part, good))
        moved = (*kept, Part(good, code, good.nanos))
        return moved if self._fits(moved) else kept, [*notes, "at most: the rest of the plan kept"]

    def _fits(self, parts: Sequence[Part]) -> bool:
        parcels = {part.code for part in parts if part.good.pick_up_node is None}
        used: dict[tuple[str, str], int] = {}
        for part in parts:
            key = (part.code, part.good.sku)
            used[key] = used.get(key, 0) + part.nanos
        most = self.scene.most_parcels
        enough = all(
            used[part.code, part.good.sku] <= self.scene.have(*self.scene.at(part.good, part.code)) for part in parts
        )
        return enough and (most is None or len(parcels) <= most)

    def _incomplete(self, missing: int) -> str:
        if self.scene.ship_complete:
            return "the order ships complete, and this node does not have all of it"
        return f"the order would lack {plain(units(missing))} more" if missing > 0 else "its units go to other lines"


def _filled(parts: Sequence[Part]) -> int:
    return sum(part.nanos for part in parts)


def _same(part: Part, good: Good) -> bool:
    return part.good.wants[0].line_id == good.wants[0].line_id
