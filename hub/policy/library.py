"""The policy in force: routing files looked at again and again; what breaks never takes down what worked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hub.mapping.problem import MappingErrors, Problem
from hub.policy.case import run_case
from hub.policy.policy import Policy
from hub.policy.read import Read, read_policy, routing_files
from hub.routing.rules import RoutingRules

_Stamps = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the files has brought: a policy that came into force, or why none did."""

    in_force: Policy | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class PolicyFiles:
    """`routing.toml` and a folder of further files, in their last version that passed every check and every test.

    They come into force together or not at all: a rule set counts by what stands before it. `kept` is where the last
    good version is kept over a restart.
    """

    beside: Path
    folder: Path
    base: RoutingRules
    kept: Path | None = None
    policy: Policy = field(init=False)
    problems: tuple[Problem, ...] = field(default=(), init=False)
    _stamps: _Stamps | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.policy = Policy(self.base)

    def files(self) -> tuple[Path, ...]:
        """Return the routing files that there are, in the order in which they count."""
        return routing_files(self.beside, self.folder)

    def texts(self) -> list[tuple[str, str]]:
        """Return these files by name (those of the folder as FOLDER/NAME) with their text, as they stand there now."""
        named = (
            (path.name if path == self.beside else f"{self.folder.name}/{path.name}", path) for path in self.files()
        )
        return [(name, path.read_text("utf-8", "replace")) for name, path in named]

    def look(self) -> Look | None:
        """Take over what changed; returns what happened, None when nothing did.

        Raises MappingErrors when the files cannot be used and no version was ever in force: to route by no rules at
        all would be worse than to wait.
        """
        files = self.files()
        stamps = _stamped(files)
        if stamps == self._stamps:
            return None
        first, self._stamps = self._stamps is None, stamps
        try:
            read = checked_policy(files, self.base)
        except MappingErrors as error:
            return self._broken(error, first=first)
        self.problems = ()
        changed = read.policy.hash != self.policy.hash
        self.policy = read.policy if changed or first else self.policy
        try:
            self._keep(read)
        except OSError:  # a full disk: the files count also without that, and are put aside at a later look
            self._stamps = None
        return Look(self.policy) if changed else None

    def rebase(self, base: RoutingRules) -> None:
        """Go on over other base rules; the files are read again at the next look."""
        self.base, self._stamps = base, None
        self.policy = Policy(base, self.policy.rule_sets, self.policy.workflows, self.policy.hash)

    def _broken(self, error: MappingErrors, *, first: bool) -> Look:
        if first and not self.policy.hash:
            kept = self._kept_version()
            if kept is None:
                self._stamps = None
                raise error
            self.policy = kept
        known, self.problems = self.problems, error.problems
        return Look(None, error.problems if known != error.problems else ())

    def _keep(self, read: Read) -> None:
        """Put the good files aside, so that a restart while they are broken finds them."""
        if self.kept is None:
            return
        fresh = self.kept.with_name(f"{self.kept.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for number, path in enumerate(read.files):
            (fresh / f"{number:04}-{path.name}").write_bytes(path.read_bytes())
        shutil.rmtree(self.kept, ignore_errors=True)
        fresh.replace(self.kept)

    def _kept_version(self) -> Policy | None:
        if self.kept is None or not self.kept.is_dir():
            return None
        try:
            return read_policy(routing_files(self.kept / "none", self.kept), self.base).policy
        except MappingErrors:
            return None


def checked_policy(files: Iterable[Path], base: RoutingRules) -> Read:
    """Read routing files and run the tests in them; raises MappingErrors with every problem, or every failed test."""
    read = read_policy(files, base)
    failures = [failure for case in read.cases if (failure := run_case(case, read.policy)) is not None]
    if failures:
        raise MappingErrors(failures)
    return read


def _stamped(files: Iterable[Path]) -> _Stamps:
    found = []
    for path in files:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
