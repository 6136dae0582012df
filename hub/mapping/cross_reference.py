"""Tables in files of their own: `table = { file = "skus.csv" }`, for cross-references that are too long to write down.

The file lies beside the mapping file, is CSV with a header, and has theirs in its first column and ours in its second,
unless `theirs` and `ours` name others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from hub.codec.delimited import Dialect, Refused, Unreadable, read
from hub.mapping.column import WrongHeader, places
from hub.mapping.located import Path as Way
from hub.mapping.section import Section
from hub.mapping.source import Source

_LARGEST: Final = 128 << 20
_MOST_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class CrossReference:
    """Where a table is read from, and which columns it has theirs and ours in."""

    way: Way
    file: str
    theirs: str
    ours: str


def read_reference(section: Section) -> str | None:
    """Read `table` of a field: a table's name, or a file that is noted to be read; returns what the table is called."""
    if not isinstance(section.data.get("table"), dict):
        return section.text("table", None)
    inner = Section(section.source, (*section.way, "table"))
    inner.only(("file", "theirs", "ours"))
    file = inner.text("file", "")
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts:
        inner.report(
            "file", "file must name a CSV file beside this one, or in a folder below it", value="file" in inner.data
        )
        return None
    found = CrossReference(inner.way, file, inner.text("theirs", "#1"), inner.text("ours", "#2"))
    name = file if (found.theirs, found.ours) == ("#1", "#2") else f"{file}[{found.theirs}={found.ours}]"
    section.source.references[name] = found
    return name


def load_references(source: Source) -> dict[str, dict[str, str]]:
    """Return every table that is read from a file; what is wrong with one is noted where the file is named."""
    return {name: _load(source, each) for name, each in source.references.items()}


def _load(source: Source, reference: CrossReference) -> dict[str, str]:
    way = (*reference.way, "file")
    path = Path(source.find(way)[0]).parent / reference.file
    source.reads = tuple(dict.fromkeys((*source.reads, path)))
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except OSError as error:
        source.report(way, f"{reference.file} cannot be read: {error.strerror or error}", value=True)
        return {}
    if content is None:
        source.report(way, f"{reference.file} is larger than {_LARGEST >> 20} MiB", value=True)
        return {}
    source.hash = hashlib.sha256(f"{source.hash}+{hashlib.sha256(content).hexdigest()}".encode()).hexdigest()
    try:
        return _pairs(source, way, reference, content)
    except (Refused, WrongHeader) as error:
        source.report(way, f"{reference.file}: {error}", value=True)
        return {}


def _pairs(source: Source, way: Way, reference: CrossReference, content: bytes) -> dict[str, str]:
    table = read(content, Dialect())
    found = places(table.header, (reference.theirs, reference.ours), frozenset())
    theirs, ours = found[reference.theirs], found[reference.ours]
    codes: dict[str, str] = {}
    told = 0
    for number, row in table.rows:
        if isinstance(row, Unreadable):
            why = row.why
        else:
            code, value = row[theirs].strip(), row[ours].strip()
            if code and codes.setdefault(code, value) == value:
                continue
            why = f"{code!r} stands for {codes[code]!r} already" if code else "the code is empty"
        told += 1
        if told <= _MOST_TOLD:
            source.report(way, f"{reference.file}, line {number}: {why}", value=True)
    return codes
