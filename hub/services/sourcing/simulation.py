"""What if other rules had been in force: history decided again, and compared with what was decided.

Used by `crossdock route simulate` and by the console. Nothing of the hub changes: what was decided is asked again from
its frozen questions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.clock import SystemClock
from hub.mapping.problem import MappingErrors
from hub.model.money import ExchangeRates
from hub.policy.policy import Policy
from hub.policy.read import read_policy
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.services.sourcing.comparison import Comparison
from hub.services.sourcing.history import judge_of, with_policy
from hub.services.sourcing.replay import Again, Past
from hub.services.sourcing.replay import replay as replayed
from hub.store.engine import Store

#: Routing files as (name, text), in the order in which they count.
Texts = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to simulate: the routings from `since` to before `until`, the first `most` of them, by these files."""

    since: datetime
    until: datetime
    files: Texts
    most: int


@dataclass(frozen=True, slots=True)
class World:
    """What a simulation needs of a desk, as plain values that another process can be handed."""

    store_url: str
    rates: ExchangeRates
    rules: RoutingRules
    currency: str

    @classmethod
    def of(cls, desk: Desk) -> World:
        """Return a desk's."""
        return cls(desk.store.url, desk.rates, desk.rules, desk.currency)

    def desk(self) -> Desk:
        """Return a desk with a store of its own, which knows no partner: frozen questions ask nobody."""
        return Desk(Store(self.store_url), SystemClock(), PartnerDirectory(), self.rates, self.rules, self.currency)


def simulate(desk: Desk, policy: Policy, past: Iterable[Past]) -> tuple[Comparison, Again]:
    """Return how history compares with what this policy makes of it, and how often its own rules gave the same."""
    checked = Again(past)
    judge = judge_of(with_policy(desk, policy))
    return Comparison.of(replayed(checked, judge), desk.currency), checked


def policy_of(texts: Texts, base: RoutingRules) -> Policy:
    """Read routing files that stand in no folder yet; raises MappingErrors with every problem, by their names."""
    with tempfile.TemporaryDirectory(prefix="crossdock-") as folder:
        names: dict[str, str] = {}
        for number, (name, text) in enumerate(texts):
            path = Path(folder) / f"{number:04}.toml"
            path.write_text(text, "utf-8")
            names[str(path)] = name
        try:
            return read_policy(map(Path, names), base).policy
        except MappingErrors as error:
            raise MappingErrors(
                replace(each, file=names.get(each.file, each.file)) for each in error.problems
            ) from None
