"""Reading routing files: every problem at once, each with its file, line, column and the nearest right spelling."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.mapping.located import Path as Way
from hub.mapping.problem import MappingErrors, Problem, did_you_mean
from hub.mapping.section import Section
from hub.mapping.settings import checked
from hub.mapping.source import Source, read_source
from hub.model.base import Record
from hub.policy.case import Case, read_case
from hub.policy.condition import read_conditions
from hub.policy.policy import Policy, laid_over
from hub.policy.rule_set import Answers, Batch, NothingFits, RuleSet
from hub.policy.step import STEPS, Approve, Step, Workflow
from hub.routing.rules import RoutingRules

R = TypeVar("R", bound=Record)
_TOP: Final = ("version", "rules", "workflows", "tests")
_RULE_SET: Final = ("name", "orders", "routing", "batch", "nothing_fits", "answers")
_WORKFLOW: Final = ("name", "orders", "steps")
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Read:
    """What some routing files say: the policy, and the tests that stand in them."""

    policy: Policy
    cases: tuple[Case, ...] = ()
    files: tuple[Path, ...] = ()


def routing_files(beside: Path, folder: Path) -> tuple[Path, ...]:
    """Return the routing files in the order in which they count: `routing.toml`, then those of the folder by name."""
    own = (beside,) if beside.is_file() else ()
    return (*own, *sorted(path for path in folder.glob("*.toml") if not path.name.startswith(".")))


def read_policy(files: Iterable[Path], base: RoutingRules) -> Read:
    """Read routing files into one policy over the base rules; raises MappingErrors with every problem of them all."""
    files = tuple(files)
    problems: list[Problem] = []
    rule_sets: list[RuleSet] = []
    workflows: list[Workflow] = []
    cases: list[Case] = []
    digest = hashlib.sha256()
    names: dict[tuple[str, str], str] = {}
    for path in files:
        try:
            source = read_source(path, path.parent)
        except MappingErrors as error:
            problems += error.problems
            continue
        digest.update(source.hash.encode())
        reading = _File(source, base, names)
        rule_sets += reading.rule_sets()
        workflows += reading.workflows()
        cases += reading.cases()
        problems += source.problems
    if problems:
        raise MappingErrors(problems)
    policy = Policy(base, tuple(rule_sets), tuple(workflows), digest.hexdigest() if files else "")
    return Read(policy, tuple(cases), files)


class _File:
    """One routing file under the eye of its reader; names may stand once in all files."""

    def __init__(self, source: Source, base: RoutingRules, names: dict[tuple[str, str], str]) -> None:
        self.source = source
        self.base = base
        self.names = names
        self.top = Section(source, ())
        self.top.only(_TOP)
        if self.top.data.get("version") != _VERSION:
            source.report(
                ("version",), f"version must be {_VERSION}, which is the format that this release reads", value=True
            )

    def rule_sets(self) -> list[RuleSet]:
        return [self._rule_set(way) for way in self._each("rules")]

    def workflows(self) -> list[Workflow]:
        return [self._workflow(way) for way in self._each("workflows")]

    def cases(self) -> list[Case]:
        return [read_case(self.source, way) for way in self._each("tests")]

    def _each(self, key: str) -> list[Way]:
        found = self.top.data.get(key, [])
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return [(key, number) for number in range(len(found))]
        self.top.report(key, f"write {key} as tables under [[{key}]]", value=True)
        return []

    def _name(self, section: Section, kind: str) -> str:
        name = section.text("name", "")
        if not name or "/" in name:
            section.report("name", f"each of [[{kind}]] needs a name, without a slash", value="name" in section.data)
        elif (kind, name) in self.names:
            section.report("name", f"{name!r} is already the name of one in {self.names[kind, name]}", value=True)
        self.names.setdefault((kind, name), self.source.file)
        return name

    def _rule_set(self, way: Way) -> RuleSet:
        section = Section(self.source, way)
        section.only(_RULE_SET)
        return RuleSet(
            self._name(section, "rules"),
            read_conditions(self.source, (*way, "orders")),
            self._routing((*way, "routing")),
            self._record((*way, "batch"), Batch) if "batch" in section.data else None,
            self._record((*way, "nothing_fits"), NothingFits) or NothingFits(),
            self._record((*way, "answers"), Answers) or Answers(),
        )

    def _record(self, way: Way, model: type[R]) -> R | None:
        made = checked(self.source, way, model, Section(self.source, way).data)
        return made if isinstance(made, model) else None

    def _routing(self, way: Way, without: tuple[str, ...] = ()) -> Mapping[str, Any] | None:
        """Return the settings of a `routing` table as rules have them, and only those that stand there."""
        given = {key: value for key, value in Section(self.source, way).data.items() if key not in without}
        made = checked(self.source, way, RoutingRules, given)
        if not isinstance(made, RoutingRules):
            return None
        own = {name: getattr(made, name) for name in given}
        laid_over(self.base, [own])
        return own

    def _workflow(self, way: Way) -> Workflow:
        section = Section(self.source, way)
        section.only(_WORKFLOW)
        name = self._name(section, "workflows")
        steps = section.data.get("steps", [])
        if not isinstance(steps, list) or not steps or not all(isinstance(each, dict) for each in steps):
            section.report("steps", "a workflow needs steps, written as tables under [[workflows.steps]]", value=True)
            steps = []
        made = [self._step((*way, "steps", number), name, number + 1) for number in range(len(steps))]
        conditions = read_conditions(self.source, (*way, "orders"))
        return Workflow(name, conditions, tuple(step for step in made if step is not None))

    def _step(self, way: Way, workflow: str, number: int) -> Step | None:
        section = Section(self.source, way)
        kind = section.choice("do", STEPS, "")
        if not kind:
            if "do" not in section.data:
                section.report("do", f"each step says what to do{did_you_mean('', STEPS)}")
            return None
        routing = None
        if kind == "route":
            routing, given = self._routing(way, without=("do", "when")), {}
        else:
            given = {key: value for key, value in section.data.items() if key not in ("do", "when")}
        does = checked(self.source, way, STEPS[kind], given)
        if not isinstance(does, Record):
            return None
        if isinstance(does, Approve) and not does.why:
            does = does.changed(why=f"worth more than {does.above}: somebody has to approve it")
        conditions = read_conditions(self.source, (*way, "when"))
        return Step(f"{workflow}/{number}", kind, does, conditions, routing)
