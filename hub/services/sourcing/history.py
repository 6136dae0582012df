"""History to replay: the routings of a span of time as they were decided, with their frozen questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from hub.policy.policy import Policy
from hub.routing.frozen import thaw
from hub.routing.rules import RoutingRules, RulesError, load_rules
from hub.services.desk import Desk
from hub.services.sourcing.replay import Decided, Judge, Past
from hub.services.sourcing.workflows import ruling_of
from hub.store import decisions


def of_store(tx: Connection, desk: Desk, since: datetime, until: datetime) -> Iterator[Past]:
    """Yield what was decided from `since` to before `until`, oldest first."""
    for order, kept in decisions.between(tx, since, until):
        problem, decision = thaw(kept.problem), kept.decision
        yield Past(order, Decided(problem, _rules_of(kept, desk.rules), decision, decision.rule_set))


def with_policy(desk: Desk, policy: Policy) -> Desk:
    """Return the desk as it would be with this policy in force."""
    return replace(desk, rules=policy.base, policy=policy)


def judge_of(desk: Desk) -> Judge:
    """Return what says which rules hold for an order at this desk."""
    return lambda order: ruling_of(desk, order)


def _rules_of(kept: decisions.Decided, today: RoutingRules) -> RoutingRules:
    """Return the rules that were kept with a decision; today's where they cannot be read any more."""
    try:
        return load_rules(kept.problem.get("rules", {}))
    except RulesError:
        return today
