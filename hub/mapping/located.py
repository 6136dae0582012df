"""Where each key of a TOML file stands: tomllib says what a file means, not where it says so.

The scanner runs after tomllib has accepted the text, so it need not be strict; it only has to find its way.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

#: The way to a value: names of tables and keys, numbers of array elements.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t]*")
_VOID = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_NAME = re.compile(rf"{_STRING.pattern}|[A-Za-z0-9_-]+", re.DOTALL)
_PLAIN = re.compile(r"[^,\]}\r\n#]*")
_HEADER: Final = "["


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a key stands and where its value begins; all count from 1."""

    line: int
    column: int
    value_line: int
    value_column: int


def locate(text: str) -> dict[Path, Spot]:
    """Return the place of every table, key and array element of a valid TOML text."""
    return _Scanner(text).run()


def line_of(text: str, way: Path) -> int:
    """Return the line of a key of a valid TOML text, or of the nearest table around it; 1 where there is none."""
    spots = locate(text)
    found = (spots[way[:length]].line for length in range(len(way), 0, -1) if way[:length] in spots)
    return next(found, 1)


class _Scanner:
    """One walk over a text; `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._spots: dict[Path, Spot] = {}
        self._last: dict[Path, int] = {}  # arrays of tables, each with the number of its newest element

    def run(self) -> dict[Path, Spot]:
        table: Path = ()
        while self._skip(_VOID) < len(self._text):
            table = self._table() if self._text[self._at] == _HEADER else self._pair(table)
        return self._spots

    def _table(self) -> Path:
        """Read `[a.b]` or `[[a.b]]` and return the path that the keys below it belong to."""
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        path: Path = ()
        names = self._key()
        for number, (name, _) in enumerate(names, 1):
            path += (name,)
            if many and number == len(names):
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                self._note(path, start, start)
                path += (self._last[path],)
            self._note(path, start, start)
        self._at = self._text.index("]", self._at) + (2 if many else 1)
        return path

    def _pair(self, table: Path) -> Path:
        """Read `a.b = value` and return the table it stands in."""
        names = self._key()
        self._at = self._text.index("=", self._at) + 1
        value = self._skip(_BLANK)
        path = table
        for name, start in names:
            path += (name,)
            self._note(path, start, value)
        self._value(path)
        return table

    def _key(self) -> list[tuple[str, int]]:
        names = []
        while True:
            start = self._skip(_BLANK)
            name = self._text[start : self._skip(_NAME)]
            names.append((tomllib.loads(f"x={name}")["x"] if name[0] in "\"'" else name, start))
            if not self._text.startswith(".", self._skip(_BLANK)):
                return names
            self._at += 1

    def _value(self, path: Path) -> None:
        here = self._text[self._at : self._at + 1]
        if here == "{":
            self._inside("}", path)
        elif here == "[":
            self._inside("]", path)
        else:
            self._skip(_STRING if here in ('"', "'") else _PLAIN)

    def _inside(self, close: str, path: Path) -> None:
        """Read the pairs of an inline table or the elements of an array."""
        self._at += 1
        count = 0
        while self._text[self._skip(_VOID)] != close:
            if self._text[self._at] == ",":
                self._at += 1
            elif close == "}":
                self._pair(path)
            else:
                self._note((*path, count), self._at, self._at)
                self._value((*path, count))
                count += 1
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _note(self, path: Path, key: int, value: int) -> None:
        if path not in self._spots:
            self._spots[path] = Spot(*self._where(key), *self._where(value))

    def _where(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1
