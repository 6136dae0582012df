"""Cutting the elements of a list out of a reply without changing a byte of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder

_SPACE = re.compile(r"[ \t\r\n]*")
#: Numbers stay text: here nobody counts, and one absurd number must not spoil the page that it stands on.
_DECODER = JSONDecoder(parse_float=str, parse_int=str)


def elements(text: str, name: str) -> Iterator[tuple[str, object]]:
    """Yield each element of the list `name` of a JSON object: its text exactly as it came, and its value.

    Raises ValueError when the text is not such an object.
    """
    at = _after(text, 0, "{")
    while True:
        key, at = _value(text, at)
        at = _after(text, at, ":")
        if key == name:
            yield from _list(text, at)
            return
        _, at = _value(text, at)
        at = _after(text, at, ",")


def _list(text: str, at: int) -> Iterator[tuple[str, object]]:
    at = _after(text, at, "[")
    if text.startswith("]", at):
        return
    while True:
        value, end = _value(text, at)
        yield text[at:end], value
        end = _skip(text, end)
        if text.startswith("]", end):
            return
        at = _after(text, end, ",")


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError(f"nested too deeply at character {at}") from None
    return value, end


def _after(text: str, at: int, mark: str) -> int:
    """Return the position of what follows the mark, which must stand at `at` but for spaces."""
    at = _skip(text, at)
    if not text.startswith(mark, at):
        raise ValueError(f"{mark!r} expected at character {at}")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
