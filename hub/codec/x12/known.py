"""What codes mean, for people who read a document. What follows from a code is said in mapping files, not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from hub.codec.x12.standard.reading import lines


def meaning(element: str, code: str) -> str:
    """Return what a code of a data element (by its number) means, or "" where we do not say."""
    return meanings().get(element, _NONE).get(code, "")


@cache
def meanings() -> Mapping[str, Mapping[str, str]]:
    """Return all meanings, by element and code; a guide of a partner may mean something else."""
    return MappingProxyType(dict(_elements()))


_NONE: Mapping[str, str] = MappingProxyType({})


def _elements() -> Iterator[tuple[str, Mapping[str, str]]]:
    for line in lines("meanings.txt"):
        element, codes = line.split(": ", 1)
        yield element, MappingProxyType(dict(_code(each) for each in codes.split("; ")))


def _code(text: str) -> tuple[str, str]:
    code, words = text.split(" ", 1)
    return code, words
