"""A regular expression for each segment that is right: what it accepts has no fault.

It is the fast way through. One expression stands for one segment id, one number of elements and one separator, so that
most conditions between elements are settled before anything is matched. What it does not accept is looked at element by
element (examine.py) and may still be clean: the 29th of February, a composite, trailing empty elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hub.codec.x12.standard.rules import Element, Note, Part, SegmentRule

_DAY: Final = (
    "(?:(?:0[1-9]|1[0-2])(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])(?:29|30)|(?:0[13578]|1[02])31)"  # not 29 February
)
_TIME: Final = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?"
_NEVER: Final = "(?!)"
#: So many clean segments of one id are remembered.
MOST_SEEN: Final = 64
#: There, not there, either.
_State = bool | None


class Patterns:
    """What matches a clean segment of one id: one pattern for each number of elements, compiled when first asked for.

    `latest` is the one that was asked for last: most segments look like the one before. `seen` are some that were
    clean, as partners repeat whole segments. Without a rule everything matches: of what is not described, nothing can
    be wrong.
    """

    __slots__ = ("_by_count", "_rule", "_separator", "latest", "seen")

    def __init__(self, rule: SegmentRule | None, separator: str) -> None:
        self._rule = rule
        self._separator = separator
        self._by_count: dict[int, Callable[[str], object]] = {}
        self.latest: Callable[[str], object] = _never if rule is not None else bool
        self.seen: set[str] = set()

    def other(self, text: str) -> object:
        """Try the pattern for just this number of elements."""
        count = text.count(self._separator)
        if self._rule is None or count > len(self._rule.parts) or not self._separator.isprintable():
            return self._rule is None
        found = self._by_count.get(count)
        if found is None:
            found = self._by_count[count] = segment_pattern(self._rule, count, self._separator).fullmatch
        self.latest = found
        return found(text)


def _never(_: str) -> None:
    """Match nothing."""


def segment_pattern(rule: SegmentRule, count: int, separator: str) -> re.Pattern[str]:
    """Return what a clean segment of `count` elements matches as a whole, its id included; the last one is not empty.

    Control characters are not looked for: the text has to be printable besides.
    """
    states = _settled(rule, count)
    if states is None:
        return re.compile(_NEVER)
    mark = re.escape(separator)
    open_notes = [note for note in rule.notes if not _holds(note, states)]
    paired = {note.positions[0] for note in open_notes if _side_by_side(note, open_notes)}
    body = ""
    at = 1
    while at <= count:
        first = _value(rule.parts[at - 1], mark)
        if at in paired:
            body += f"(?:{mark}{first}{mark}{_value(rule.parts[at], mark)}|{mark}{mark})"
            at += 1
        elif states[at]:
            body += mark + first
        else:
            body += mark if states[at] is False else mark + _perhaps(rule.parts[at - 1], first, mark)
        at += 1
    ahead = "".join(
        _note(note, mark, count) for note in open_notes if note.positions[0] not in paired or note.kind != "P"
    )
    return re.compile(re.escape(rule.tag) + ahead + body)


def _settled(rule: SegmentRule, count: int) -> dict[int, _State] | None:
    """Return which elements are there for sure and which are not, or None when no segment of this length is clean."""
    states: dict[int, _State] = {at: False if at > count else None for at in range(1, len(rule.parts) + 1)}
    for at, part in enumerate(rule.parts, 1):
        if part.mandatory or at == count:
            if states[at] is False:
                return None
            states[at] = True
    known = -1
    while known != (known := sum(state is None for state in states.values())):
        for note in rule.notes:
            for at, state in _implied(note, states):
                if states[at] not in (None, state):
                    return None
                states[at] = state
    return states


def _implied(note: Note, states: dict[int, _State]) -> list[tuple[int, bool]]:
    """Return what a note says of single elements, given what is known of the others."""
    first, *others = note.positions
    there = [at for at in note.positions if states[at]]
    absent = [at for at in note.positions if states[at] is False]
    if note.kind == "P":
        return [(at, bool(there)) for at in note.positions] if there or absent else []
    if note.kind == "E":
        return [(at, False) for at in note.positions if at != there[0]] if there else []
    if note.kind == "C":
        if states[first]:
            return [(at, True) for at in others]
        return [(first, False)] if set(absent) & set(others) else []
    if note.kind == "R" or states[first]:
        return _implied_by_any(note.positions if note.kind == "R" else others, states)
    return [(first, False)] if set(others) <= set(absent) else []


def _implied_by_any(candidates: Sequence[int], states: dict[int, _State]) -> list[tuple[int, bool]]:
    """Return what follows when one of these has to be there."""
    possible = [at for at in candidates if states[at] is not False]
    if not possible:
        return [(candidates[0], True)]  # a contradiction: it is known to be empty
    return [(possible[0], True)] if len(possible) == 1 else []


def _holds(note: Note, states: dict[int, _State]) -> bool:
    """Whether a note is kept by every segment with these elements."""
    first, *others = note.positions
    known = [states[at] for at in note.positions]
    if note.kind == "P":
        return None not in known
    if note.kind == "E":
        return known.count(False) >= len(known) - 1
    if note.kind == "R":
        return True in known
    if states[first] is False:
        return True
    rest = [states[at] for at in others]
    return all(rest) if note.kind == "C" else any(rest)


def _side_by_side(note: Note, notes: Iterable[Note]) -> bool:
    """Whether a note says "both or none" of two neighbours of which no other note says the same."""
    first, *others = note.positions
    return (
        note.kind == "P"
        and others == [first + 1]
        and not any(each is not note and each.kind == "P" and first in each.positions for each in notes)
    )


def _perhaps(part: Part, value: str, mark: str) -> str:
    """Say that a value may be empty; a branch is quicker than a question mark, and one repetition quicker than both."""
    element = part.what
    if isinstance(element, Element) and element.kind in ("AN", "ID") and not element.codes and element.shortest == 1:
        return f"[^{mark}]{{0,{element.longest}}}+"
    return f"(?:{value}|)"


def _value(part: Part, mark: str) -> str:
    """Say one value; a composite is only accepted when it has one component that cannot hold a separator."""
    if isinstance(part.what, Element):
        return _element(part.what, mark)
    first, *others = part.what.parts
    plain = isinstance(first.what, Element) and (first.what.codes or first.what.kind == "N")
    return _value(first, mark) if plain and not any(other.mandatory for other in others) else _NEVER


def _element(element: Element, mark: str) -> str:
    if element.kind == "DT":
        return ("[0-9]{4}" if element.longest == 8 else "[0-9]{2}") + _DAY
    if element.kind == "TM":
        return _TIME
    if element.kind == "N":
        return f"-?[0-9]{{{element.shortest},{element.longest}}}"
    if element.kind == "R":
        return _decimal(element)
    if element.codes:
        return _codes(element.codes)
    return f"[^{mark}]{{{element.shortest},{element.longest}}}+"


def _decimal(element: Element) -> str:
    """Say a number of the usual size with or without a point; what has more digits on one side goes the long way."""
    after = element.longest * 2 // 5
    fraction = f"(?:\\.[0-9]{{1,{after}}}+|)" if after else ""
    return f"-?[0-9]{{{element.shortest},{element.longest - after}}}+{fraction}"


def _codes(codes: Iterable[str]) -> str:
    """Say a list of codes, sorted out by their first character so that a long list stays quick."""
    by_first: dict[str, list[str]] = {}
    for code in codes:
        by_first.setdefault(code[0], []).append(code[1:])
    branches = []
    for first, rests in by_first.items():
        singles = "".join(re.escape(rest) for rest in rests if len(rest) == 1)
        choices = [re.escape(rest) for rest in sorted(rests, key=len, reverse=True) if len(rest) > 1]
        choices += [f"[{singles}]"] if singles else []
        choices += [""] if "" in rests else []
        branches.append(re.escape(first) + (f"(?:{'|'.join(choices)})" if len(choices) > 1 else choices[0]))
    return f"(?:{'|'.join(branches)})"


def _note(note: Note, mark: str, count: int) -> str:
    """Say a note as a look ahead from behind the segment's id."""
    there = [f"{f'{mark}[^{mark}]*+' * (at - 1)}{mark}[^{mark}]" if at <= count else _NEVER for at in note.positions]
    first, *others = there
    if note.kind == "R":
        return f"(?={'|'.join(there)})"
    if note.kind == "E":
        return "".join(f"(?!(?={one}){other})" for at, one in enumerate(there) for other in there[at + 1 :])
    if note.kind == "C":
        return f"(?:(?!{first})|{''.join(f'(?={other})' for other in others)})"
    if note.kind == "L":
        return f"(?:(?!{first})|(?={'|'.join(others)}))"
    return f"(?:{''.join(f'(?={one})' for one in there)}|{''.join(f'(?!{one})' for one in there)})"
