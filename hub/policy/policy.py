"""A policy: all rule sets and workflows in force, and what they say of one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.policy.condition import all_hold
from hub.policy.facts import Asked
from hub.policy.rule_set import PLAIN, Answers, Batch, NothingFits, RuleSet
from hub.policy.step import Step, Workflow
from hub.routing.rules import RoutingRules


@dataclass(frozen=True, slots=True)
class Ruling:
    """What holds for one order: the rule set that takes it, the rules that follow, the steps that it goes through."""

    rule_set: RuleSet
    rules: RoutingRules
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, rules: RoutingRules) -> Ruling:
        """Return the ruling where there are no routing files: these rules and nothing else."""
        return cls(PLAIN, rules)

    @property
    def batch(self) -> Batch | None:
        """Return how the order is collected for a batch; None when it is routed at once."""
        return self.rule_set.batch

    @property
    def nothing_fits(self) -> NothingFits:
        """Return what becomes of a quantity that no node can send."""
        return self.rule_set.nothing_fits

    @property
    def answers(self) -> Answers:
        """Return what a supplier's refusal or silence means."""
        return self.rule_set.answers

    @property
    def workflows(self) -> tuple[str, ...]:
        """Return the workflows that the order goes through."""
        return tuple(dict.fromkeys(step.name.rpartition("/")[0] for step in self.steps))


@dataclass(frozen=True, slots=True)
class Policy:
    """The first rule set that takes an order holds for it, and every workflow that does; `base` holds for the rest.

    `hash` is the SHA-256 of the files' bytes, empty where there are none.
    """

    base: RoutingRules = field(default_factory=RoutingRules)
    rule_sets: tuple[RuleSet, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    hash: str = ""
    _made: dict[tuple[str, ...], RoutingRules] = field(default_factory=dict, compare=False, repr=False)

    def ruling(self, asked: Asked) -> Ruling:
        """Return what holds for an order."""
        chosen = next((each for each in self.rule_sets if all_hold(each.conditions, asked)), PLAIN)
        steps = tuple(step for each in self.workflows for step in _steps(each, asked))
        return Ruling(chosen, self._rules(chosen, steps), steps)

    def _rules(self, chosen: RuleSet, steps: Iterable[Step]) -> RoutingRules:
        """Return the rules that a set and its steps make of the base; the same ones are made once."""
        routes = [step for step in steps if step.routing]
        key = (chosen.name, *(step.name for step in routes))
        found = self._made.get(key)
        if found is None:
            changes = [each for each in (chosen.routing, *(step.routing for step in routes)) if each]
            found = self._made[key] = laid_over(self.base, changes)
        return found


def laid_over(base: RoutingRules, changes: Iterable[Mapping[str, Any]]) -> RoutingRules:
    """Return the rules with these settings in the place of the base's, the last one winning."""
    values = {name: getattr(base, name) for name in RoutingRules.model_fields}
    for each in changes:
        values |= each
    return RoutingRules.model_validate(values)


def _steps(workflow: Workflow, asked: Asked) -> Iterable[Step]:
    if not all_hold(workflow.conditions, asked):
        return ()
    return (step for step in workflow.steps if all_hold(step.conditions, asked))
