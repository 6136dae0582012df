"""When a customer may expect what a node sends: the moment of the decision, the lead time, and the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.model.decision import Choice, Decision
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene

_DAY_S = 86_400


def promises(problem: Problem, rules: RoutingRules, decision: Decision) -> dict[tuple[str, str], datetime]:
    """Return the moment by line and node, by the same figures as the cost of lateness; to the second."""
    scene = Scene(problem, rules)
    collected = {want.line_id for want in problem.wants if want.pick_up_node}
    return {(each.line_id, each.node): _of(scene, each, each.line_id in collected) for each in decision.choices}


def _of(scene: Scene, choice: Choice, collected: bool) -> datetime:  # noqa: FBT001 - one of two ways
    offer = scene.stock[choice.sku][choice.node]
    metres = 0 if collected else scene.site(choice.node).metres
    seconds = offer.lead_days * _DAY_S + metres * _DAY_S // scene.terms.metres_per_day
    return scene.problem.at + timedelta(seconds=seconds)
