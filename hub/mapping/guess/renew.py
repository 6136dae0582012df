"""The drawn-up tests of a mapping file, once more: what the rows of the sample become after the file was put right."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hub.mapping.case import Case, TestFailure
from hub.mapping.guess.trial import FIRST_ROWS, embedded_test
from hub.mapping.partner_file import PartnerFile


def is_drawn_up(failure: TestFailure) -> bool:
    """Whether a test that does not come out was written by `mapping new`, and not by a person."""
    return failure.name == FIRST_ROWS


def renewed(text: str, file: PartnerFile, failures: Sequence[TestFailure]) -> str:
    """Return the text of a mapping file with those drawn-up tests that failed saying what comes out now."""
    places = {failure.at for failure in failures if is_drawn_up(failure)}
    cases = [case for case in file.cases if case.at in places and case.at.file == str(file.path)]
    lines = text.split("\n")
    for case in sorted(cases, key=lambda each: each.at.line, reverse=True):
        first = case.at.line - 1
        lines[first : _end(lines, first)] = _test(case, file).split("\n")
    return "\n".join(lines)


def _test(case: Case, file: PartnerFile) -> str:
    return embedded_test(file.documents.inward[case.document], case.given, ZoneInfo(file.partner.timezone))


def _end(lines: Sequence[str], first: int) -> int:
    """Return the line after a table: where the next one begins, though what is given may hold brackets as well."""
    for place in range(first + 1, len(lines)):
        if lines[place].startswith(("[", "#")) and _is_whole("\n".join(lines[first:place])):
            return place
    return len(lines)


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
