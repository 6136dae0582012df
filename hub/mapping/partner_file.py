"""One mapping file, whole: the partner, its connection, its documents, compiled and ready to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from hub.contract import Profile
from hub.mapping.case import Case, TestFailure, read_cases, run_inward, run_outward
from hub.mapping.cell import Ground
from hub.mapping.compile_in import inward
from hub.mapping.compile_out import outward
from hub.mapping.document import Declared, read_documents
from hub.mapping.located import Path as Way
from hub.mapping.partner import read_ground, read_partner
from hub.mapping.problem import MappingErrors, Problem
from hub.mapping.section import Section
from hub.mapping.settings import Secrets, read_settings
from hub.mapping.source import Source, read_source
from hub.mapping.translator import Documents
from hub.model.document import Direction
from hub.model.partner import Partner

_SECTIONS: Final = ("version", "extends", "partner", "nodes", "connection", "tables", "units", "documents")
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """A mapping file that passed every check; `hash` covers the file and the template that it extends."""

    path: Path
    hash: str
    partner: Partner
    connector: str
    settings: BaseModel
    documents: Documents
    cases: tuple[Case, ...]
    source: Source

    def profile(self) -> Profile:
        """Return the connection as a connector is given it."""
        translator = self.documents if self.documents.names() else None
        return Profile(self.partner, self.settings, translator, self.hash)

    def run_tests(self) -> list[TestFailure]:
        """Run the tests that stand in the file and return those that did not come out."""
        zone = ZoneInfo(self.partner.timezone)
        failures = (self._run(case, zone) for case in self.cases)
        return [failure for failure in failures if failure is not None]

    def problem(self, way: Way, message: str) -> Problem:
        """Return a problem at a key of this file."""
        file, spot = self.source.find(way)
        return Problem(file, spot.line, spot.column, message)

    def _run(self, case: Case, zone: ZoneInfo) -> TestFailure | None:
        inbound = self.documents.inward.get(case.document)
        if inbound is not None:
            return run_inward(case, inbound, zone)
        return run_outward(case, self.documents.outward[case.document])


def load(path: Path, *, house: Path, settings_models: Mapping[str, type[BaseModel]], secrets: Secrets) -> PartnerFile:
    """Read, check and compile a mapping file; raises MappingErrors with every problem at once."""
    source = read_source(path, house)
    _version(source)
    partner = read_partner(source)
    connector, settings = read_settings(source, settings_models, secrets)
    declared = read_documents(source)
    documents = _documents(source, declared, read_ground(source, partner), partner.code if partner else "")
    cases = tuple(case for each in declared for case in read_cases(source, each))
    if source.problems or partner is None or settings is None:
        raise MappingErrors(source.problems)
    return PartnerFile(path, source.hash, partner, connector, settings, documents, cases, source)


def _version(source: Source) -> None:
    section = Section(source, ())
    section.only(_SECTIONS)
    if section.data.get("version") != _VERSION:
        source.report(
            ("version",), f"version must be {_VERSION}, which is the format that this release reads", value=True
        )


def _documents(source: Source, declared: tuple[Declared, ...], ground: Ground, partner: str) -> Documents:
    return Documents(
        {each.name: inward(source, each, ground, partner) for each in declared if each.direction is Direction.IN},
        {each.name: outward(source, each, ground, partner) for each in declared if each.direction is Direction.OUT},
    )
