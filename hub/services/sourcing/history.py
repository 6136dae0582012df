"""History to replay: the routings of a span of time as they were decided, with their frozen questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from hub.policy import facts
from hub.policy.policy import Policy
from hub.routing.frozen import thaw
from hub.routing.rules import RoutingRules, RulesError, load_rules
from hub.services.desk import Desk
from hub.services.sourcing.replay import Decided, Judge, Past
from hub.services.sourcing.workflows import asked_of, judged
from hub.store import decisions


def of_store(desk: Desk, since: datetime, until: datetime) -> Iterator[Past]:
    """Yield what was decided from `since` to before `until`, oldest first.

    Conditions are asked of the order as it was then; of one that was decided before that was kept, as it is now.
    """
    for order, kept in decisions.between(desk.store, since, until):
        problem, decision = thaw(kept.problem), kept.decision
        asked = facts.thaw(kept.problem["asked"]) if "asked" in kept.problem else asked_of(desk, order)
        yield Past(asked, Decided(problem, rules_of(kept) or desk.rules, decision, decision.rule_set))


def with_policy(desk: Desk, policy: Policy) -> Desk:
    """Return the desk as it would be with this policy in force."""
    return replace(desk, rules=policy.base, policy=policy)


def judge_of(desk: Desk) -> Judge:
    """Return what says which rules hold at this desk."""
    return lambda asked: judged(desk, asked)


def rules_of(kept: decisions.Decided) -> RoutingRules | None:
    """Return the rules that were kept with a decision; None when they cannot be read any more."""
    try:
        return load_rules(kept.problem.get("rules", {}))
    except RulesError:
        return None
