"""The mapping files in force: a folder looked at again and again; what breaks never takes down what worked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel

from hub.mapping.partner_file import PartnerFile, load
from hub.mapping.problem import MappingErrors, Problem
from hub.mapping.settings import Secrets

#: When a file was last written, how long it is, and which file it is; None when it is gone.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be used as it is; `in_force` says whose last good version stays."""

    path: Path
    problems: tuple[Problem, ...]
    in_force: str | None = None
    restored: PartnerFile | None = None  # the kept version that has just come into force in its place


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look at the folder has brought: each thing is told once, when it happens."""

    loaded: tuple[PartnerFile, ...] = ()
    broken: tuple[Broken, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0


@dataclass(slots=True)
class _Entry:
    """What is known of one path."""

    stamps: tuple[Stamp, ...] = ()  # of the file, of its template and of the tables that it reads
    good: PartnerFile | None = None
    broken: Broken | None = None
    kept: bool = True  # false while it has still to be put aside


@dataclass(slots=True)
class Library:
    """The partner files of a folder, each in its last version that passed its checks and its own tests."""

    folder: Path
    house: Path = field(kw_only=True)
    settings_models: Mapping[str, type[BaseModel]] = field(kw_only=True)
    secrets: Secrets = field(kw_only=True)
    #: Where the last good text of each file is kept over a restart; None keeps it in memory only.
    kept: Path | None = field(kw_only=True, default=None)
    _entries: dict[str, _Entry] = field(default_factory=dict, init=False)
    _owners: dict[tuple[str, str], Path] = field(default_factory=dict, init=False)

    def get(self, code: str) -> PartnerFile | None:
        """Return a partner's file in force, or None."""
        return next((file for file in self._good() if file.partner.code == code), None)

    def partners(self) -> tuple[PartnerFile, ...]:
        """Return every file in force, by partner code."""
        return tuple(sorted(self._good(), key=lambda file: file.partner.code))

    def broken(self) -> tuple[Broken, ...]:
        """Return every file that is broken right now."""
        return tuple(entry.broken for _, entry in sorted(self._entries.items()) if entry.broken is not None)

    def scan(self) -> Changes:
        """Look at the folder and take over what changed; a broken file is tried again at every look."""
        stamps = _stamps(self.folder)
        removed = tuple(self._removed(stamps.keys()))
        templates: dict[Path, Stamp] = {}
        loaded, broken, unchanged = [], [], 0
        for path, stamp in stamps.items():
            entry = self._entries.setdefault(path, _Entry())
            result = self._look(Path(path), entry, stamp, templates)
            if isinstance(result, PartnerFile):
                loaded.append(result)
            elif result is not None:
                broken.append(result)
            else:
                unchanged += 1
        self._keep_each()
        return Changes(tuple(loaded), tuple(broken), removed, unchanged)

    def _good(self) -> Iterator[PartnerFile]:
        return (entry.good for entry in self._entries.values() if entry.good is not None)

    def _removed(self, present: AbstractSet[str]) -> Iterator[str]:
        for path in sorted(self._entries.keys() - present):
            good = self._entries.pop(path).good
            if good is not None:
                self._disown(good.path)
                yield good.partner.code

    def _look(
        self, path: Path, entry: _Entry, stamp: Stamp, templates: dict[Path, Stamp]
    ) -> PartnerFile | Broken | None:
        """Return the file when it came into force, why it did not, or None when nothing happened."""
        beside = _beside(entry.good)
        for each in beside:
            if each not in templates:
                templates[each] = _stamp(each)  # once for all the files that extend it
        stamps = (stamp, *(templates[each] for each in beside))
        if stamps == entry.stamps and entry.broken is None:
            return None
        entry.stamps = stamps
        try:
            file = self._checked(path)
        except MappingErrors as error:
            first, entry.good = entry.good is None, entry.good or self._kept_version(path)
            told = _note_broken(path, entry, error.problems)
            return replace(told, restored=entry.good) if told and first else told
        entry.stamps = (stamp, *map(_stamp, _beside(file)))
        healed, entry.broken = entry.broken is not None, None
        if not healed and entry.good is not None and entry.good.hash == file.hash:
            return None  # touched, not changed
        if entry.good is not None:
            self._disown(path)
        self._owners.update(dict.fromkeys(_names(file), path))
        entry.good, entry.kept = file, False
        return file

    def _keep_each(self) -> None:
        """Put aside what came into force; on a full disk at a later look, since a file counts also without that."""
        for entry in self._entries.values():
            if entry.good is not None and entry.broken is None and not entry.kept:
                with suppress(OSError):
                    self._keep(entry.good)
                    entry.kept = True

    def _keep(self, file: PartnerFile) -> None:
        """Put a good file aside with the tables beside it, so that a restart while it is broken finds it."""
        if self.kept is None:
            return
        folder = file.path.parent
        for each in (*(path for path in file.source.reads if path.is_relative_to(folder)), file.path):
            target = self.kept / each.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f"{target.name}.new")
            fresh.write_bytes(each.read_bytes())
            fresh.replace(target)

    def _kept_version(self, path: Path) -> PartnerFile | None:
        """Return the version that was last good before this process began, or None."""
        if self.kept is None or not (self.kept / path.name).is_file():
            return None
        try:
            return self._checked(self.kept / path.name)
        except MappingErrors:
            return None

    def _disown(self, path: Path) -> None:
        self._owners = {name: owner for name, owner in self._owners.items() if owner != path}

    def _checked(self, path: Path) -> PartnerFile:
        file = load(path, house=self.house, settings_models=self.settings_models, secrets=self.secrets)
        problems = [failure.problem() for failure in file.run_tests()]
        for what, name in _names(file):
            owner = self._owners.get((what, name), path)
            if owner != path:
                way = ("partner", "code") if what == "partner" else ("nodes", name)
                problems.append(file.problem(way, f"{what} {name!r} is already declared in {owner}"))
        if problems:
            raise MappingErrors(problems)
        return file


def _beside(file: PartnerFile | None) -> tuple[Path, ...]:
    """Return the files that a mapping file is made of beside itself."""
    if file is None:
        return ()
    return (*((file.source.template,) if file.source.template is not None else ()), *file.source.reads)


def _names(file: PartnerFile) -> tuple[tuple[str, str], ...]:
    """Return the names that only one file may use."""
    return ("partner", file.partner.code), *(("node", node.code) for node in file.partner.nodes)


def _note_broken(path: Path, entry: _Entry, problems: tuple[Problem, ...]) -> Broken | None:
    """Keep the last good version; tell what is wrong once, and again only when it is something else."""
    known = entry.broken
    entry.broken = Broken(path, problems, entry.good.partner.code if entry.good else None)
    return None if entry.broken == known else entry.broken


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Return every mapping file of a folder with its stamp, by name; a folder that is not there holds none."""
    try:
        with os.scandir(folder) as entries:
            names = [each.path for each in entries if each.name.endswith(".toml") and not each.name.startswith(".")]
    except OSError:
        return {}
    return {path: _stamp(path) for path in sorted(names)}


def _stamp(path: Path | str) -> Stamp:
    try:
        status = os.stat(path)  # noqa: PTH116 - a thousand files every other second
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
