"""The one path grammar: how a mapping file names a place in a tree, to read it and to build it.

    QTY[33].02                        element 02 of the QTY segment whose qualifier is 33
    LIN[SK]                           the value that follows the qualifier SK, wherever the pair stands
    E1EDP19[QUALF=001].IDTNR          the field of the segment in which QUALF is 001
    TD5[#2].03                        of the second TD5
    ../E1EDK02[QUALF=001].BELNR       beginning at what encloses the record
    .../PRF.01                        beginning at the nearest thing around the record in which the rest is found
    .02                               a value of the record itself
    Order.Lines.Line   *   **.HL[03=I]    children; a child of any name; at any depth
    sum(.../SAC[01=C].05)             everything that the path leads to, added up
    "odd.name"[K="a value"]           names and values that hold . [ ] / = # or quotes stand in quotes

After `.../` a name that something around the record has means that one, not another beside it.

The first step may name the record itself: in a row that is a `LIN`, `LIN[SK]` and `QTY[33].02` both work. Where several
nodes fit, the first one that leads to a value counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final, TypeVar

from hub.codec.tree import Here, Node
from hub.model.number import NotANumber, parse_number, plain

N = TypeVar("N", Node, Here)
LONGEST: Final = 300
_MOST_STEPS: Final = 20
_SUM = re.compile(r"sum\((.+)\)")
_UP = re.compile(r"(?:\.\./)+|\.\.\./")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")
_NAME = re.compile(r"[^.\[\]/=\"'#\s][^.\[\]/=\"']*")
_VALUE = re.compile(r"[^\[\]\"'=#][^\[\]\"'=]*")
_NTH = re.compile(r"#([1-9][0-9]{0,3})")
_NO_PAIRS: Final[Mapping[str, int]] = MappingProxyType({})
#: X12 segments have at most 31 elements that matter here.
_LAST_ELEMENT: Final = 31
_NAMELESS: Final = Node("")


class PathRefused(ValueError):
    """A path that cannot be read; `column` counts from 1 within it."""

    def __init__(self, column: int, why: str) -> None:
        super().__init__(f"path column {column}: {why}")
        self.column = column
        self.why = why


@dataclass(frozen=True, slots=True)
class Filter:
    """What a node must be: `key` equal to `value`, qualified by `value` (no key), or the `nth` of its name."""

    value: str = ""
    key: str = ""
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path with its filters; `pairs` are the elements of each qualifier and its value."""

    name: str
    filters: tuple[Filter, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def qualifier(self) -> str:
        """The qualifier among the filters, or an empty text."""
        return next((each.value for each in self.filters if each.value and not each.key), "")

    @property
    def nth(self) -> int:
        """Which one of its name it is; 0 where that is not said."""
        return next((each.nth for each in self.filters if each.nth), 0)

    def after_qualifier(self, node: Node) -> str | None:
        """Return the element that holds what the qualifier of this step qualifies, or None where it stands nowhere."""
        return self._place(node, self.qualifier) if self.qualifier else None

    def takes_pair(self, node: Node) -> bool:
        """Whether the step means a pair that a node of this name may be given."""
        return bool(self.pairs and self.qualifier) and node.name == self.name

    def _place(self, node: Node, qualifier: str) -> str | None:
        values = node.values
        for key, value in self.pairs:
            if values.get(key) == qualifier:
                return value
        return "02" if values.get("01") == qualifier else None

    def fits(self, node: Node) -> bool:
        """Whether a node has this name and passes the filters that look at it alone."""
        if self.name not in (node.name, "*"):
            return False
        for each in self.filters:
            if each.key:
                if node.get(each.key) != each.value:
                    return False
            elif each.value and self._place(node, each.value) is None:
                return False
        return True

    def is_self(self, node: Node) -> bool:
        """Whether the first step of a path names the record itself; what counts or means any name does not."""
        return not self.nth and self.name != "*" and self.fits(node)

    def among(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """Yield the nodes that this step means, in document order."""
        return self.counted(node for node in nodes if self.fits(node))

    def counted(self, fitting: Iterator[N]) -> Iterator[N]:
        """Yield all of what fits, or the one that the step counts to."""
        return islice(fitting, self.nth - 1, self.nth) if self.nth else fitting


@dataclass(frozen=True, slots=True)
class Path:
    """A path, read once: `up` levels first (-1: as many as it takes), then the steps.

    `adds` says that all the values count and not the first: they are added up.
    """

    text: str
    up: int
    steps: tuple[Step, ...]
    adds: bool = False

    def value(self, here: Here) -> str:
        """Return the first value that the path leads to from a record (or their sum), or an empty text."""
        if self.adds:
            sums = (_sum(_values(start.node, self.steps, first=True)) for start in self._starts(here))
            return next(filter(None, sums), "")
        if not self.up:
            return _value(here.node, self.steps, first=True)
        for start in self._starts(here):
            found = _value(start.node, self.steps, first=True)
            if found:
                return found
        return ""

    def nodes(self, here: Here, *, empty: bool = False) -> Iterator[Here]:
        """Yield every node that the path leads to; with `empty`, a nameless one below what holds none of them."""
        for start in self._starts(here):
            yield from _nodes(start, self.steps, first=True, empty=empty)

    def _starts(self, here: Here) -> Iterator[Here]:
        if self.up >= 0:
            for _ in range(self.up):
                if here.above is None:
                    return
                here = here.above
            yield here
            return
        around = list(_above(here))
        named = self.steps[0].name in {here.node.name, *(each.node.name for each in around)}
        for each in around:  # a carton beside an item is not around it, whatever its name
            if not named or self.steps[0].is_self(each.node):
                yield each


def parse(text: str, pairs: Mapping[str, int] = _NO_PAIRS, *, sums: bool = False) -> Path:
    """Read a path; `pairs` is the format's (see TreeFormat), `sums` allows `sum()` around it. Raises PathRefused."""
    found = _SUM.fullmatch(text) if sums else None
    if found is None:
        return _Parser(text, pairs).path()
    inner = _Parser(found[1], pairs).path()
    return Path(text, inner.up, inner.steps, adds=True)


def _sum(values: Iterable[str]) -> str:
    """Return the sum of what is there; what is no number is returned instead, for whoever reads it to refuse."""
    total = None
    for value in values:
        try:
            number = parse_number(value)
        except NotANumber:
            return value
        total = number if total is None else total + number
    return "" if total is None else plain(total)


def _value(node: Node, steps: tuple[Step, ...], *, first: bool = False) -> str:
    step = steps[0]
    if step.name == "**":
        return next((found for each in _anywhere(node, steps[1]) if (found := _led(each, steps[1:]))), "")
    if len(steps) == 1 and not step.filters and step.name in node.values:
        return node.values[step.name]
    return next((found for each in _within(node, step, first=first) if (found := _led(each, steps))), "")


def _values(node: Node, steps: tuple[Step, ...], *, first: bool = False) -> Iterator[str]:
    """Yield every value that the steps lead to, in document order."""
    step = steps[0]
    if len(steps) == 1 and not step.filters and step.name in node.values:
        yield node.values[step.name]
        return
    deep = step.name == "**"
    rest = steps[1:] if deep else steps
    for each in _anywhere(node, rest[0]) if deep else _within(node, step, first=first):
        found = [_own(each, rest[0])] if len(rest) == 1 else _values(each, rest[1:])
        yield from filter(None, found)


def _within(node: Node, step: Step, *, first: bool) -> Iterator[Node]:
    """Yield the nodes that a step may mean: the record itself when it comes first, then its children."""
    if first and step.is_self(node):
        yield node
    yield from step.among(node.children)


def _anywhere(node: Node, step: Step) -> Iterator[Node]:
    return step.among(each.node for each in _below(Here(node)))


def _led(node: Node, steps: tuple[Step, ...]) -> str:
    return _own(node, steps[0]) if len(steps) == 1 else _value(node, steps[1:])


def _own(node: Node, step: Step) -> str:
    """Return what a path that ends at a node means: what follows the qualifier, or the node's text."""
    place = step.after_qualifier(node)
    return node.text if place is None else node.values.get(place, "")


def _nodes(here: Here, steps: tuple[Step, ...], *, first: bool, empty: bool) -> Iterator[Here]:
    if not steps:
        yield here
        return
    step, rest = steps[0], steps[1:]
    if step.name == "**":
        fitting = (each for each in _below(here) if rest[0].fits(each.node))
        for inner in rest[0].counted(fitting):
            yield from _nodes(inner, rest[1:], first=False, empty=False)
        return
    if first and step.is_self(here.node):
        yield from _nodes(here, rest, first=False, empty=empty)
        return
    none = True
    for child in step.among(here.node.children):
        none = False
        yield from _nodes(Here(child, here), rest, first=False, empty=empty)
    if none and empty and not rest:
        yield Here(_NAMELESS, here)


def _above(here: Here) -> Iterator[Here]:
    while here.above is not None:
        here = here.above
        yield here


def _below(here: Here) -> Iterator[Here]:
    """Yield the node and everything below it, outermost first."""
    waiting = [here]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(Here(child, each) for child in reversed(each.node.children))


class _Parser:
    """One walk over the text of a path."""

    def __init__(self, text: str, pairs: Mapping[str, int]) -> None:
        self._text = text
        self._pairs = pairs
        self._at = 0

    def path(self) -> Path:
        text = self._text
        if len(text) > LONGEST:
            raise PathRefused(LONGEST + 1, f"a path has at most {LONGEST} characters, this one {len(text)}")
        up = self._up()
        if text.startswith(".", self._at):
            self._at += 1  # `.02` is a value of the record itself
        steps = [self._step()]
        while self._at < len(text):
            if text[self._at] != ".":
                raise self._refused(f"{text[self._at]!r} has no place here; a . leads on")
            self._at += 1
            steps.append(self._step())
        if len(steps) > _MOST_STEPS:
            raise self._refused(f"a path has at most {_MOST_STEPS} steps")
        deep = [step.name for step in steps].count("**")
        if steps[-1].name == "**" or deep > 1:
            raise self._refused("** stands once in a path, and needs a name after it")
        return Path(text, up, tuple(steps))

    def _up(self) -> int:
        match = _UP.match(self._text)
        if match is None:
            return 0
        self._at = match.end()
        return -1 if match[0] == ".../" else match[0].count("/")

    def _step(self) -> Step:
        name = self._word(_NAME)
        if not name:
            raise self._refused("a name is missing here")
        filters = []
        while self._text.startswith("[", self._at):
            filters.append(self._filter())
        if name == "**" and filters:
            raise self._refused("** takes no filter; the name after it does")
        return Step(name, tuple(filters), self._pairs_of(name))

    def _filter(self) -> Filter:
        self._at += 1
        nth = _NTH.match(self._text, self._at)
        if nth is not None:
            self._at = nth.end()
            made = Filter(nth=int(nth[1]))
        else:
            key, value = self._word(_VALUE), ""
            if self._text.startswith("=", self._at):
                self._at += 1
                value = self._word(_VALUE)
                made = Filter(value, key)
            else:
                made = Filter(key)
            if not key or (made.key and not value):
                raise self._refused("a filter is [K=V], [V] or [#2]")
        if not self._text.startswith("]", self._at):
            raise self._refused("a ] is missing here")
        self._at += 1
        return made

    def _word(self, pattern: re.Pattern[str]) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            return quoted[1] or quoted[2]
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0].strip()

    def _pairs_of(self, name: str) -> tuple[tuple[str, str], ...]:
        start = self._pairs.get(name)
        if start is None:
            return ()
        return tuple((f"{each:02}", f"{each + 1:02}") for each in range(start, _LAST_ELEMENT, 2))

    def _refused(self, why: str) -> PathRefused:
        return PathRefused(self._at + 1, why)
