"""What is wrong with a mapping file: where exactly, in words, with the nearest right spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

_WORDS = re.compile(r"\^\(([\w|]+)\)\$")
_MOST_NAMES: Final = 12
_MOST_COMPARED: Final = 1000
_LONGEST_WORD: Final = 80


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to put right in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class MappingErrors(Exception):
    """A mapping file cannot be used; every problem in it stands on a line of its own."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the known words when none is near."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    if not names:
        return ""
    more = ", ..." if len(names) > _MOST_NAMES else ""
    return f"; known: {', '.join(names[:_MOST_NAMES])}{more}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, or None."""
    lower = {name.lower(): name for name in sorted(set(known))}
    near = get_close_matches(word.lower()[:_LONGEST_WORD], lower, n=1) if len(lower) <= _MOST_COMPARED else []
    return lower[near[0]] if near else None


def in_words(error: Mapping[str, Any]) -> str:
    """Return what pydantic says of one value, as a sentence for people."""
    words = _WORDS.fullmatch(str(error.get("ctx", {}).get("pattern", "")))
    if words is not None:
        return f"must be {' or '.join(words[1].split('|'))}"
    message: str = error["msg"]
    words_of_ours = message.removeprefix("Value error, ").replace("Input should", "must", 1)
    return "must be a text in quotes" if error.get("type") == "string_type" else words_of_ours
