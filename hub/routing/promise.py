"""When a customer may expect what a node sends, by the same arithmetic as the cost of lateness."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hub.model.decision import Choice, Decision
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene


def deadline(promised: datetime | None) -> datetime | None:
    """Return until when goods are in time: documents that promise a day, and no hour, say its midnight in UTC."""
    if promised is None or promised.astimezone(UTC).time() != time():
        return promised
    return promised + timedelta(days=1, seconds=-1)


def promises(problem: Problem, rules: RoutingRules, decision: Decision) -> dict[tuple[str, str], datetime]:
    """Return the moment by line and node, to the second."""
    scene = Scene(problem, rules)
    collected = {want.line_id for want in problem.wants if want.pick_up_node}
    return {(each.line_id, each.node): _of(scene, each, each.line_id in collected) for each in decision.choices}


def _of(scene: Scene, choice: Choice, collected: bool) -> datetime:  # noqa: FBT001 - one of two ways
    site, offer = scene.site(choice.node), scene.stock[choice.sku][choice.node]
    return scene.problem.at + timedelta(seconds=scene.after_s(site, offer, collected=collected))
