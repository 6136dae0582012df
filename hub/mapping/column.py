"""Columns of a delimited file: how a mapping file names one, and where it stands in a header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hub.mapping.problem import did_you_mean

_BY_PLACE = re.compile(r"#([1-9][0-9]{0,3})")
_SEPARATORS: Final = ",;|\t"


class WrongHeader(Exception):
    """The file's header lacks columns that the mapping needs, or has one of them twice."""


def places(header: tuple[str, ...], needed: Iterable[str], optional: frozenset[str]) -> dict[str, int]:
    """Return the index of each column; `#3` is the third one. Optional ones may be missing and are left out."""
    found: dict[str, int] = {}
    faults = []
    for name in dict.fromkeys(needed):
        index = _place(header, name)
        if isinstance(index, int):
            found[name] = index
        elif index or name not in optional:
            faults.append(index or f"column {name!r} is missing{did_you_mean(name, [each for each in header if each])}")
    if faults:
        raise WrongHeader("; ".join(faults) + _other_delimiter(header))
    return found


def _place(header: tuple[str, ...], name: str) -> int | str:
    """Return the column's index, an empty text when it is missing, or what is wrong."""
    count = header.count(name)
    if count == 1:
        return header.index(name)
    if count > 1:
        first = header.index(name)
        both = f"#{first + 1} and #{header.index(name, first + 1) + 1}"
        return f"column {name!r} stands in the header {count} times ({both}); name the one you mean by its place"
    by_place = _BY_PLACE.fullmatch(name)
    if by_place is None:
        return ""
    number = int(by_place[1])
    return number - 1 if number <= len(header) else f"there is no column {name}: the file has {len(header)}"


def _other_delimiter(header: tuple[str, ...]) -> str:
    if len(header) != 1:
        return ""
    used = next((each for each in _SEPARATORS if each in header[0]), None)
    return f"; the header seems to be separated by {used!r}: declare it as `delimiter`" if used else ""
