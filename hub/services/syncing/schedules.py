"""Schedules: files that say when which flows run, selected by property and spread over the interval."""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from hub.contract import DocumentSpec
from hub.mapping.located import line_of
from hub.mapping.problem import in_words
from hub.model.base import Code
from hub.model.partner import Role
from hub.services.directory import Entry, PartnerDirectory
from hub.span import Span

#: Interval ticks are counted from here, so that every process names the same tick by the same time.
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_SHORTEST = timedelta(seconds=1)


class ScheduleError(Exception):
    """A schedule file cannot be used; every problem stands on a line of its own."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[frozenset[str], BeforeValidator(_words)]


class Select(BaseModel):
    """Which flows a schedule runs; what is left out does not matter, what is given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Words = frozenset()
    document: Words = frozenset()
    role: Annotated[frozenset[Role], BeforeValidator(_words)] = frozenset()
    partner: Words = frozenset()
    connector: Words = frozenset()

    def takes(self, entry: Entry, document: DocumentSpec) -> bool:
        """Say whether the flow is selected."""
        partner = entry.profile.partner
        tests = (
            (self.kind, document.kind.value),
            (self.document, document.name),
            (self.role, partner.role),
            (self.partner, partner.code),
            (self.connector, entry.connector),
        )
        return all(not wanted or value in wanted for wanted, value in tests)


class Task(StrEnum):
    """What is done with the flows that a schedule selects."""

    SYNC = "sync"  # read what is new, tell what has changed
    RECONCILE = "reconcile"  # compare what both sides have, and read again what differs


class Schedule(BaseModel):
    """One entry of a schedule file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Code
    every: Annotated[Span, Field(ge=_SHORTEST)] | None = None
    cron: Annotated[str | None, Field(description="five fields, UTC")] = None
    select: Select = Select()
    stagger: bool = False
    task: Task = Task.SYNC
    since: Annotated[Span, Field(ge=_SHORTEST, description="how far a reconciliation looks back")] = timedelta(days=2)

    @model_validator(mode="after")
    def _has_one_rhythm(self) -> Schedule:
        if (self.every is None) == (self.cron is None):
            raise ValueError("give exactly one of `every` and `cron`")
        if self.cron is not None:
            CronTrigger.from_crontab(self.cron, timezone=UTC)
        return self

    def trigger(self, connection: str) -> BaseTrigger:
        """Return when the schedule fires for a connection; the same times in every process."""
        if self.cron is not None:
            return CronTrigger.from_crontab(self.cron, timezone=UTC)
        seconds = self.every.total_seconds() if self.every else 0.0
        offset = zlib.crc32(f"{self.name}/{connection}".encode()) % max(int(seconds), 1) if self.stagger else 0
        return IntervalTrigger(seconds=int(seconds), start_date=_EPOCH + timedelta(seconds=offset), timezone=UTC)


class _File(BaseModel):
    """What stands in a schedule file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: tuple[Schedule, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """The flows of one connection that one schedule runs together, over one session."""

    schedule: Schedule
    connection: str
    documents: tuple[DocumentSpec, ...]

    @property
    def id(self) -> str:
        """Its identity in the scheduler."""
        return f"{self.schedule.name}/{self.connection}"


def load_schedules(folder: Path) -> tuple[Schedule, ...]:
    """Read every *.toml of the folder; raises ScheduleError with all problems at once."""
    problems: list[str] = []
    found: dict[str, Schedule] = {}
    for path in sorted(folder.glob("*.toml")):
        for schedule in _load_file(path, problems):
            if schedule.name in found:
                problems.append(f"{path}: schedule {schedule.name!r} stands in another file too; rename one")
            found[schedule.name] = schedule
    if problems:
        raise ScheduleError(problems)
    return tuple(found.values())


def _load_file(path: Path, problems: list[str]) -> Iterable[Schedule]:
    try:
        text = path.read_text("utf-8")
        return _File.model_validate(tomllib.loads(text)).schedule
    except ValidationError as error:
        problems.extend(f"{path}:{line_of(text, each['loc'])}: {_words_of(each)}" for each in error.errors())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path}: cannot be read as TOML: {error}")
    return ()


def _words_of(error: Any) -> str:  # noqa: ANN401 - pydantic's own error details
    table, *keys = error["loc"]
    if table != "schedule" or not keys:
        return f"{table}: only [[schedule]] stands here"
    return ": ".join((".".join(map(str, keys[1:])) or f"schedule {keys[0] + 1}", in_words(error)))


def jobs_of(schedules: Iterable[Schedule], directory: PartnerDirectory) -> tuple[Job, ...]:
    """Return what has to run: for each schedule and connection the documents that it selects."""
    jobs = []
    for schedule in schedules:
        for code, entry in directory.entries.items():
            own = (each for each in entry.documents if not each.comes_with)
            documents = tuple(each for each in own if schedule.select.takes(entry, each))
            if documents:
                jobs.append(Job(schedule, code, documents))
    return tuple(jobs)
