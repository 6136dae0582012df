"""Text that is no TOML: which lines are wrong, each in words for somebody who never heard of TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
#: So many wrong lines are told at once.
_MOST: Final = 20
_STRAIGHT: Final = str.maketrans("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a", '""""""' + "'''")
_TRUTH: Final = {"yes": "true", "no": "false", "true": "true", "false": "false"}
_KEY: Final = re.compile(r"\s*([^=:\s][^=:]*?)\s*[=:]")


@dataclass(frozen=True, slots=True)
class WrongLine:
    """One line that is no TOML; line and column count from 1."""

    line: int
    column: int
    message: str


def wrong_lines(text: str) -> list[WrongLine]:
    """Return what is wrong, line after line: a wrong one is passed over to find the next; empty where all is TOML."""
    lines = text.split("\n")
    found: list[WrongLine] = []
    while len(found) < _MOST:
        wrong = _first(lines)
        if wrong is None or any(wrong.line == each.line for each in found):
            return found
        found.append(wrong)
        line = lines[wrong.line - 1].strip()
        if line.startswith("[") or not line or line.count("{") != line.count("}"):
            return found  # what stands below belongs to it
        lines[wrong.line - 1] = ""
    return found


def _first(lines: Sequence[str]) -> WrongLine | None:
    try:
        tomllib.loads("\n".join(lines), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line, column = (int(at[1]), int(at[2])) if at and at[1] else (len(lines), 1)
        return WrongLine(line, column, _AT.sub("", _in_words(str(error), lines, line)))
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        return WrongLine(len(lines), 1, "tables or lists lie too deep in each other" if deep else str(error))
    return None


def _in_words(error: str, lines: Sequence[str], number: int) -> str:
    """Return the first explanation that fits, or what the parser says."""
    line = lines[number - 1]
    explained = (explain(line, lines, number) for start, explain in _EXPLANATIONS if error.startswith(start))
    return _strange(line, number) or next((each for each in explained if each), error)


def _strange(line: str, number: int) -> str:
    """Return what a line holds that no mapping file holds; nothing where it is an ordinary line."""
    if number == 1 and line.lstrip()[:1] in ("{", "<"):
        return 'this is JSON or XML; a mapping file has lines such as [partner] and code = "acme"'
    if "\x00" in line:
        return "a NUL stands in this line; save the file as plain text"
    straight = line.translate(_STRAIGHT)
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
    wrong = outside.translate(_STRAIGHT) != outside
    return f"these quotes are of a word processor; write straight ones: {straight.strip()}" if wrong else ""


def _second_table(line: str, lines: Sequence[str], number: int) -> str:
    first = _earlier(lines, number, line.partition("#")[0].strip())
    return f"{line.strip()} stands a second time{first}; put its lines under the first one"


def _second_key(line: str, lines: Sequence[str], number: int) -> str:
    key = line.partition("=")[0].strip()
    return f"{key} stands a second time{_earlier(lines, number, key)} in this section; take one of them out"


def _not_closed(line: str, lines: Sequence[str], number: int) -> str:
    long = [place for place, each in enumerate(lines, 1) if each.count("'''") % 2 or each.count('"""') % 2]
    if number == len(lines) and len(long) % 2 and not line.strip():
        return f"the text that begins in line {long[-1]} is never closed"
    return "a text is opened with a quote and not closed in this line"


def _braces(line: str, _lines: Sequence[str], _number: int) -> str:
    value = line.partition("=")[2]
    return "what stands between { and } stands in one line" if "{" in value and "}" not in value else ""


def _earlier(lines: Sequence[str], number: int, start: str) -> str:
    """Return the line above that begins alike, as ` (first in line 7)`."""
    above = range(number - 1, 0, -1)
    found = next((each for each in above if lines[each - 1].split("#")[0].split("=")[0].strip() == start), None)
    return "" if found is None else f" (first in line {found})"


def _no_equals(line: str, _lines: Sequence[str], _number: int) -> str:
    key, _, value = (part.strip() for part in line.partition("="))
    named = _KEY.match(line)
    if named and line[named.end() - 1] == ":":
        return f"write = and no colon: {named[1]} = {line[named.end() :].strip()}"
    if value:
        return f'a name with blanks or signs stands in quotes: "{key}" = {value}'
    return 'a line says NAME = VALUE, such as sku = "Item"'


def _unquoted(line: str, _lines: Sequence[str], _number: int) -> str:
    key, _, value = (part.strip() for part in line.partition("#")[0].partition("="))
    if not key:
        return "a list is opened with [ and not closed"
    if not value:
        return f'nothing stands behind {key} =; write a text in quotes, such as {key} = "Item"'
    truth = _TRUTH.get(value.casefold())
    if truth:
        return f"write it small: {key} = {truth}"
    return "" if value[0] in "\"'[{" else f'a text stands in quotes: {key} = "{value}"'


def _more_behind(line: str, lines: Sequence[str], number: int) -> str:
    value = line.partition("=")[2].strip()
    if value[:1] in ('"', "'", "[", "{"):
        return "something more stands behind the value; take it out, or put a # before it"
    return _unquoted(line, lines, number)


def _backslash(_line: str, _lines: Sequence[str], _number: int) -> str:
    return "a text with a backslash stands in single quotes, such as 'C:\\out'"


#: What each beginning of the parser's words is in ours.
_EXPLANATIONS: Final[tuple[tuple[str, Callable[[str, Sequence[str], int], str]], ...]] = (
    ("Cannot declare", _second_table),
    ("Cannot overwrite", _second_key),
    ("Cannot mutate", _second_key),
    ("Expected '='", _no_equals),
    ("Invalid value", _unquoted),
    ("Illegal character", _not_closed),
    ("Unterminated", _not_closed),
    ("Expected \"'''\"", _not_closed),
    ("Expected newline", _more_behind),
    ("Unescaped", _backslash),
    ("", _braces),
)
