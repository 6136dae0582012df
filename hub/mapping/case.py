"""The tests that stand in a mapping file: read strictly, run against the compiled documents, told as differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from hub.codec import delimited, workbook
from hub.codec.delimited import Dialect
from hub.contract import BadRecord
from hub.mapping.document import Declared
from hub.mapping.inward import Inward
from hub.mapping.layout import Layout
from hub.mapping.outward import Outward
from hub.mapping.problem import Problem, did_you_mean, in_words
from hub.mapping.section import Section
from hub.mapping.source import Source
from hub.model.base import Record
from hub.model.document import Direction
from hub.model.number import plain

_SETTINGS: Final = {
    Direction.IN: ("name", "given", "expect", "bad"),
    Direction.OUT: ("name", "given", "expect", "file"),
}
_BAD: Final = ("record", "field", "what", "code")


@dataclass(frozen=True, slots=True)
class Case:
    """One embedded test: what is given, what is to come of it, and where it stands."""

    document: str
    name: str
    given: Any
    expect: Any
    bad: tuple[Mapping[str, Any], ...]
    file: str
    at: Problem


@dataclass(frozen=True, slots=True)
class TestFailure:
    """An embedded test that did not come out; one sentence a difference."""

    document: str
    name: str
    at: Problem
    differences: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.at}: " + "".join(f"\n    {difference}" for difference in self.differences)

    def problem(self) -> Problem:
        """Return the failure as a problem of the file."""
        return Problem(self.at.file, self.at.line, self.at.column, f"{self.at.message}: {'; '.join(self.differences)}")


def read_cases(source: Source, declared: Declared) -> tuple[Case, ...]:
    """Return the tests of one document; what is wrong with them is noted in the source."""
    return tuple(_case(source, declared, number) for number in range(len(declared.tests)))


def _case(source: Source, declared: Declared, number: int) -> Case:
    section = Section(source, (*declared.way, "tests", number))
    section.only(_SETTINGS[declared.direction])
    name = section.text("name", f"number {number + 1}")
    inbound = declared.direction is Direction.IN
    given, expect = section.data.get("given"), section.data.get("expect", [] if inbound else None)
    wants = (str, list) if inbound else (dict, str)
    words = ("the text of a file", "a list of records") if inbound else ("a record", "the text of a file")
    for key, value, want, word in zip(("given", "expect"), (given, expect), wants, words, strict=True):
        if not isinstance(value, want):
            section.report(key, f"{key} must be {word}", value=key in section.data)
    file, spot = source.find(section.way)
    at = Problem(file, spot.line, spot.column, f"test {name!r} of {declared.name}")
    return Case(declared.name, name, given, expect, _bad(section), section.text("file", ""), at)


def _bad(section: Section) -> tuple[Mapping[str, Any], ...]:
    value = section.data.get("bad", [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        section.report("bad", 'bad must be a list such as [{ record = "row 3", field = "quantity" }]', value=True)
        return ()
    for number, each in enumerate(value):
        for key in each.keys() - set(_BAD):
            section.source.report((*section.way, "bad", number, key), f"unknown {key!r}{did_you_mean(key, _BAD)}")
    return tuple(value)


def run_inward(case: Case, document: Inward, zone: tzinfo) -> TestFailure | None:
    """Parse what is given and compare."""
    results = list(document.parse(given_bytes(case.given, document.declared.layout)))
    records = [each for each in results if not isinstance(each, BadRecord)]
    bad = [each for each in results if isinstance(each, BadRecord)]
    found = [*_compare_records(case.expect, records, zone), *_compare_bad(case.bad, bad)]
    return TestFailure(case.document, case.name, case.at, tuple(found)) if found else None


def run_outward(case: Case, document: Outward) -> TestFailure | None:
    """Render what is given and compare."""
    found = tuple(_compare_file(case, document))
    return TestFailure(case.document, case.name, case.at, found) if found else None


def _compare_records(expected: list[Any], records: list[Record], zone: tzinfo) -> Iterator[str]:
    if len(expected) != len(records):
        yield f"{_count(len(records), 'record')} came out, {len(expected)} expected"
    for number, (want, record) in enumerate(zip(expected, records, strict=False), 1):
        yield from _compare(want, record, f"record {number}", zone)


def _compare_bad(expected: tuple[Mapping[str, Any], ...], found: list[BadRecord]) -> Iterator[str]:
    for want, bad in zip(expected, found, strict=False):
        for key, value in want.items():
            real = getattr(bad, key)
            if value != real and not (key == "what" and str(value) in real):
                yield f"{bad.record}: {key} is {real!r}, expected {value!r}"
    for bad in found[len(expected) :]:
        yield f"{bad.record} could not be read: {bad.what}"
    if len(found) < len(expected):
        yield f"{_count(len(found), 'row')} could not be read, {len(expected)} expected"


def _compare(want: Any, real: object, where: str, zone: tzinfo) -> Iterator[str]:  # noqa: ANN401 - TOML
    if isinstance(want, dict) and isinstance(real, Record):
        fields = type(real).model_fields
        for key, value in want.items():
            if key in fields:
                yield from _compare(value, getattr(real, key), f"{where}: {key}", zone)
            else:
                yield f"{where}: there is no field {key!r}{did_you_mean(key, fields)}"
    elif isinstance(want, list) and isinstance(real, tuple):
        if len(want) != len(real):
            yield f"{where} has {len(real)} entries, expected {len(want)}"
        for number, (one, other) in enumerate(zip(want, real, strict=False), 1):
            yield from _compare(one, other, f"{where} {number}", zone)
    elif not _same(want, real, zone):
        yield f"{where} is {_shown(real)}, expected {_shown(want)}"


def _same(want: object, real: object, zone: tzinfo) -> bool:
    if isinstance(real, datetime):
        if isinstance(want, datetime):
            return (want if want.tzinfo else want.replace(tzinfo=zone)) == real
        if isinstance(want, date):
            return real.astimezone(zone).date() == want
        return isinstance(want, str) and _shown(real) == want
    if isinstance(want, bool) or isinstance(real, bool):
        return want is real
    if isinstance(real, Decimal) and isinstance(want, str):
        return plain(real) == want
    return want == real


def _compare_file(case: Case, document: Outward) -> Iterator[str]:
    try:
        record = document.shaped.record.model_validate(case.given)
        content, name = document.render(record), document.file_name(record)
    except ValidationError as error:
        for each in error.errors():
            yield f"given: {'.'.join(str(part) for part in each['loc'])}: {in_words(each)}"
        return
    except BadRecord as error:
        yield error.what
        return
    if case.file and case.file != name:
        yield f"the file is named {name!r}, expected {case.file!r}"
    lines, expected = _text(content, document.declared.layout).splitlines(), case.expect.splitlines()
    if len(lines) != len(expected):
        yield f"{_count(len(lines), 'line')} came out, {len(expected)} expected"
    for number, (line, want) in enumerate(zip(lines, expected, strict=False), 1):
        if line != want:
            yield f"line {number} is {line!r}, expected {want!r}"


def given_bytes(given: str, layout: Layout) -> bytes:
    """Return the file that a test writes as text; a workbook is written as CSV there."""
    if layout.format == "xlsx":
        return workbook.write((row for _, row in delimited.records(given.encode(), Dialect()) if isinstance(row, list)))
    return given.encode(layout.dialect.encoding, "replace")


def _text(content: bytes, layout: Layout) -> str:
    if layout.format == "xlsx":
        return "\n".join(
            delimited.line_of(row, Dialect()) for _, row in workbook.rows(content) if isinstance(row, list)
        )
    return content.decode(layout.dialect.encoding).removeprefix("\ufeff")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "absent" if value is None else repr(str(value)) if isinstance(value, str) else str(value)
