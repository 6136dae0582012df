"""An inbound document as it was compiled: what is known of it before any file is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.codec.path import Path
from hub.contract import BadRecord
from hub.mapping.document import Declared
from hub.mapping.formula import Formula
from hub.mapping.plan import Bound, Made
from hub.mapping.target import Shaped


@dataclass(frozen=True, slots=True)
class Compiled:
    """One inbound document; `paths` are the columns of a format that is a tree."""

    partner: str
    declared: Declared
    shaped: Shaped
    header: tuple[Made, ...]
    lines: tuple[Made, ...]
    skip: Formula | None
    fixed: Mapping[str, object]  # fields that the file need not make, such as the channel of an order
    paths: Mapping[str, Path] = field(default_factory=dict)
    bound: dict[tuple[str, ...], Bound] = field(default_factory=dict, compare=False)  # see Run

    def refused(self, record: str, why: str, todo: str, code: str, raw: str = "") -> BadRecord:
        """Return the error for what cannot be read."""
        what = f"{self.partner} {self.declared.name}, {record}: {why}"
        return BadRecord(what, record=record, raw=raw, todo=todo, code=code)
