"""What we think of an interchange: every group and set with its faults, and whether it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from hub.codec.x12.fault import Fault, Severity
from hub.codec.x12.interchange import (
    Event,
    Group,
    GroupEnd,
    Interchange,
    InterchangeEnd,
    Segment,
    Stray,
    TransactionSet,
)

#: The group in which acknowledgements travel; nobody acknowledges an acknowledgement.
ACKNOWLEDGEMENTS = "FA"


class Status(StrEnum):
    """AK501, AK901 and TA104: how much of it is taken."""

    ACCEPTED = "A"
    WITH_ERRORS = "E"
    PARTLY = "P"  # of groups only
    REJECTED = "R"


@dataclass
class SetVerdict:
    """One transaction set: its ST and all of its faults."""

    header: Segment
    faults: list[Fault] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """Accepted, accepted with errors noted, or rejected."""
        return status_of(self.faults)


@dataclass
class GroupVerdict:
    """One group: its sets, what is wrong with its own envelope, GE01 as it stands."""

    group: Group
    sets: list[SetVerdict] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    declared: str = ""

    @property
    def accepted(self) -> int:
        """How many sets are taken: none of a group whose own envelope is wrong."""
        if status_of(self.faults) is Status.REJECTED:
            return 0
        return sum(each.status is not Status.REJECTED for each in self.sets)

    @property
    def status(self) -> Status:
        """Rejected when nothing is taken, partly when some is, else what its faults make it."""
        if status_of(self.faults) is Status.REJECTED or (self.sets and not self.accepted):
            return Status.REJECTED
        if self.accepted < len(self.sets):
            return Status.PARTLY
        return max((status_of(self.faults), *(each.status for each in self.sets)), key=list(Status).index)

    @property
    def answerable(self) -> bool:
        """Is an acknowledgement due?"""
        return self.group.functional_id.strip() != ACKNOWLEDGEMENTS


@dataclass
class InterchangeVerdict:
    """One interchange: its groups and what is wrong with its own envelope."""

    interchange: Interchange
    groups: list[GroupVerdict] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """What a TA1 says: of the envelope alone."""
        return status_of(self.faults)


def status_of(faults: Iterable[Fault]) -> Status:
    """Return how much a thing with these faults is worth; notes are for us only."""
    worst = max((fault.severity for fault in faults), default=Severity.NOTE)
    return {Severity.NOTE: Status.ACCEPTED, Severity.WARNING: Status.WITH_ERRORS}.get(worst, Status.REJECTED)


def judge(
    events: Iterable[Event], check: Callable[[TransactionSet], list[Fault]] | None = None
) -> Iterator[InterchangeVerdict]:
    """Yield a verdict for each interchange; `check` gives the faults of a set beyond those of its envelope."""
    verdict: InterchangeVerdict | None = None
    for event in events:
        if isinstance(event, Interchange):
            if verdict is not None:
                yield verdict
            verdict = InterchangeVerdict(event, faults=list(event.faults))
        elif verdict is not None:
            _take(verdict, event, check)
    if verdict is not None:
        yield verdict


def _take(verdict: InterchangeVerdict, event: Event, check: Callable[[TransactionSet], list[Fault]] | None) -> None:
    if isinstance(event, Group):
        verdict.groups.append(GroupVerdict(event, faults=list(event.faults)))
    elif isinstance(event, GroupEnd) and verdict.groups:
        verdict.groups[-1].faults += event.faults
        verdict.groups[-1].declared = event.count
    elif isinstance(event, InterchangeEnd):
        verdict.faults += event.faults
    elif isinstance(event, Stray):
        verdict.faults.append(event.fault)
    elif isinstance(event, TransactionSet) and event.group is not None and verdict.groups:
        sets = verdict.groups[-1].sets
        if event.part == 1:
            sets.append(SetVerdict(event.header))
        sets[-1].faults += event.faults
        if check is not None:
            sets[-1].faults += check(event)
