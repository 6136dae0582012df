"""What people ask of a mapping file before it is in force: is it right, and what would a file become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.mapping.case import TestFailure
from hub.mapping.partner_file import PartnerFile, load
from hub.mapping.problem import MappingErrors, Problem
from hub.mapping.settings import Secrets
from hub.mapping.source import Source
from hub.model.document import Direction
from hub.model.number import plain


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of a check: every problem, every embedded test that did not come out."""

    path: Path
    problems: tuple[Problem, ...] = ()
    failures: tuple[TestFailure, ...] = ()
    tests: int = 0
    file: PartnerFile | None = None

    @property
    def ok(self) -> bool:
        """Whether the file may come into force."""
        return not self.problems and not self.failures


def check(path: Path, *, house: Path, settings_models: Mapping[str, type[BaseModel]], secrets: Secrets) -> Report:
    """Check a mapping file whole and run its embedded tests."""
    try:
        file = load(path, house=house, settings_models=settings_models, secrets=secrets)
    except MappingErrors as error:
        return Report(path, problems=error.problems)
    return Report(path, failures=tuple(file.run_tests()), tests=len(file.cases), file=file)


def describe(file: PartnerFile) -> dict[str, Any]:
    """Return a mapping file with its template laid in, every value with the file and line it comes from."""
    return {
        "partner": file.partner.code,
        "file": str(file.path),
        "template": None if file.source.template is None else str(file.source.template),
        "hash": file.hash,
        "connector": file.connector,
        "nodes": [node.code for node in file.partner.nodes],
        "documents": [_document(file, name) for name in file.documents.names()],
        "settings": list(_settings(file.source, file.source.data, ())),
    }


def _document(file: PartnerFile, name: str) -> dict[str, str]:
    declared = file.documents.declared(name)
    entry = {"name": name, "direction": str(declared.direction), "kind": str(declared.kind), "files": declared.files}
    return entry | ({"mode": str(declared.mode)} if declared.direction is Direction.IN else {})


def _settings(source: Source, data: Mapping[str, Any], way: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    for key, value in data.items():
        here = (*way, key)
        if isinstance(value, dict) and value:
            yield from _settings(source, value, here)
        else:
            file, spot = source.find(here)
            yield {
                "setting": ".".join(str(part) for part in here),
                "value": _plain(value),
                "origin": f"{file}:{spot.line}",
                "own": file == source.file,
            }


def _plain(value: Any) -> Any:  # noqa: ANN401 - TOML in, JSON out
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
