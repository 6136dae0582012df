"""The cheapest way to fill one order: sort its goods, choose the programme that fits, write the decision down.

What is best: first as many units as the hard rules, the stock and the limits on parcels allow, then the least landed
cost, then the fewest parcels. A line stays whole where one node can send all of it; only a line that no node can fill
is cut. Goods that the customer collects are taken from their node first, and the rest is solved around them.

Optimality is proven in integers, without a tolerance, for every order whose lines can stay whole or whose cut lines
need all that is left anyway: by the partition programme up to `exact_lines`, by a branch and bound over the nodes
beyond. HiGHS (to its tolerance of a tenth of a micro-unit) solves what is left: lines with a choice of cuts, lines of
one SKU that compete for the same units, large orders with too few parcels, and what the search did not settle within
its limit of work. `optimal` is False when HiGHS ended at its limit too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.model.decision import Decision
from hub.routing.account import written
from hub.routing.candidates import slots
from hub.routing.jobs import sort
from hub.routing.jointly import jointly
from hub.routing.plan import PARTITION, Left, Part, Plan, landed
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules
from hub.routing.scene import Good, Scene, goods_of
from hub.routing.whole import from_one_node, large, small

#: From here on reductions save the partition programme more than they take.
_SMALL = 5


def solve(problem: Problem, rules: RoutingRules) -> Decision:
    """Return the decision for the problem: the same input always gives the same bytes."""
    scene = Scene(problem, rules)
    return written(scene, plan(scene))


def plan(scene: Scene) -> Plan:
    """Return the best plan for the scene, not yet written out."""
    goods = goods_of(scene.problem.wants, scene.rules)
    collected = [good for good in goods if good.pick_up_node is not None]
    if not collected:
        return _ship(scene, goods)
    handed = _collect(scene, collected)
    rest = [good for good in goods if good.pick_up_node is None]
    sent = _ship(scene, rest) if rest else Plan((), (), PARTITION, optimal=True)
    if scene.ship_complete and (handed.left or sent.left):
        return Plan((), tuple(Left(good, good.nanos, "complete") for good in goods), PARTITION, optimal=True)
    bound = None if sent.bound is None else sent.bound + landed(scene, handed.parts)
    return Plan(handed.parts + sent.parts, handed.left + sent.left, sent.method, sent.optimal, bound)


def _collect(scene: Scene, goods: Iterable[Good]) -> Plan:
    """Give the goods that a customer collects what their node has; the rest of the order is solved without it."""
    parts, left = [], []
    for good in goods:
        room = [slot for slot in slots(scene, good) if slot.high == good.nanos or scene.rules.partial_lines]
        for slot in room:
            key = (slot.site.code, good.sku)
            scene.taken[key] = scene.taken.get(key, 0) + slot.high
            parts.append(Part(good, slot.site.code, slot.high))
        missing = good.nanos - sum(slot.high for slot in room)
        if missing:
            left.append(Left(good, missing))
    return Plan(tuple(parts), tuple(left), PARTITION, optimal=True)


def _ship(scene: Scene, goods: Sequence[Good]) -> Plan:
    work = sort(scene, goods)
    if scene.ship_complete:
        return from_one_node(scene, goods, work)
    if not work.jobs and not work.cuttings:
        return Plan((), tuple(work.left), PARTITION, optimal=True)
    if work.contested or work.cuttings:
        return jointly(scene, work)
    # Reductions lean on costs that add up, which a rate card's do not.
    most = scene.rules.exact_lines if scene.cards is not None else min(_SMALL, scene.rules.exact_lines)
    if len(work.jobs) <= most:
        return small(scene, work)
    return large(scene, work) or jointly(scene, work)
