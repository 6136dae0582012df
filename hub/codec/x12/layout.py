"""Where the values that a mapping file names stand in a piece of a transaction set, worked out once for all like it.

A piece is a list of elements in which the id of each segment but the first has the terminator in front; an empty
element stands behind the last one. Two pieces are alike when they have as many elements, the same segments at the same
places, and the same qualifiers wherever a path looks at one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, Generic, TypeVar

from hub.codec.path import Filter, Step
from hub.codec.x12.standard.moves import Move, Moves, Nexts
from hub.codec.x12.standard.rules import Use

M = TypeVar("M")
#: The element that holds the qualifier of most segments.
_QUALIFIER: Final = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """One path: where its value goes, the segments from the set down to the value's, and its element (0: a pair)."""

    column: int
    chain: tuple[Step, ...]
    element: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """What pieces are held against: the moves of the set, the id of the segment that begins a row, and all picks.

    `names` are the paths in the order of a row's cells: first those `shared` ones that are of the whole set. A piece
    with a segment of those that are `left` is left to the tree.
    """

    moves: Moves
    row: str
    picks: tuple[Pick, ...]
    names: tuple[str, ...]
    shared: int
    left: frozenset[str] = frozenset()

    @property
    def behind_row(self) -> Nexts:
        """The moves from the segment that begins a row."""
        loop = self.moves.rule.root.loop(self.row)
        assert loop is not None  # noqa: S101 - a row is a loop of the set
        return self.moves.nexts(loop.uses[0])


@dataclass(slots=True)
class Places:
    """What a layout is made of, by places in the piece.

    `same` are the elements that every piece like it has, `others` the places of those that are none of the `wanted`
    qualifiers. `columns` are the places of each column's values, of which the first that is not empty counts. `nothing`
    is the place of the empty element, `segments` how many there are, and `goes_on` says whether another row may follow.
    The `first` piece of a set is what stands before its rows.
    """

    first: bool
    nothing: int
    columns: list[list[int]]
    same: dict[int, str] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    segments: int = 1
    goes_on: bool = False

    def settle(self, elements: Sequence[str]) -> None:
        """Keep to their value those that are a qualifier after all, be it one that is wanted of another segment."""
        taken = {place for place in self.others if elements[place] in self.wanted}
        self.others -= taken
        self.same.update((place, elements[place]) for place in taken)

    def single(self) -> tuple[list[int], list[list[int]]]:
        """Return one place for each column, and the choices whose outcomes are put behind the empty element."""
        choices: list[list[int]] = []
        single = []
        for places in self.columns:
            if len(places) > 1 and places not in choices:
                choices.append(places)
            single.append(
                self.nothing + 1 + choices.index(places) if len(places) > 1 else next(iter(places), self.nothing)
            )
        return single, choices


@dataclass(frozen=True, slots=True)
class Layout(Generic[M]):
    """How pieces of one kind are known and read; `made` is the reader's own.

    In a piece of its `length`, `look` finds the `key`, and `look_other` none of the qualifiers that are `wanted`.
    """

    length: int
    key: tuple[str, ...]
    look: Callable[[Sequence[str]], tuple[str, ...]]
    wanted: frozenset[str]
    look_other: Callable[[Sequence[str]], tuple[str, ...]]
    choices: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]
    segments: int
    goes_on: bool
    made: M

    @classmethod
    def of(cls, places: Places, made: M) -> Layout[M]:
        """Return the layout of a piece."""
        nothing = places.nothing
        same = {nothing: "", -1: "", **places.same}  # two at least, so that itemgetter gives a tuple
        columns, choices = places.single()
        return cls(
            length=nothing + 1,
            key=tuple(same.values()),
            look=itemgetter(*same),
            wanted=frozenset(places.wanted) if places.others else frozenset(),
            look_other=itemgetter(nothing, nothing, *places.others),
            choices=tuple(map(tuple, choices)),
            columns=tuple(columns),
            segments=places.segments,
            goes_on=places.goes_on,
            made=made,
        )

    def is_of(self, elements: Sequence[str]) -> bool:
        """Whether a piece of this length is laid out so."""
        return self.look(elements) == self.key and self.wanted.isdisjoint(self.look_other(elements))

    def choose(self, elements: list[str]) -> None:
        """Put the outcome of each choice behind the empty element."""
        elements += [next((elements[place] for place in places if elements[place]), "") for places in self.choices]


def lay_out(grammar: Grammar, elements: Sequence[str], end: str, *, first: bool) -> Places | None:
    """Return where things stand in a piece, the first of its set or a row; None where only the tree can tell."""
    nothing = len(elements) - 1
    places = Places(first, nothing, [[] for _ in grammar.picks])
    nexts, begin = (grammar.moves.begin.nexts, 0) if first else (grammar.behind_row, -1)
    starts = [begin, *(place for place in range(nothing) if elements[place].startswith(end))]
    passed: dict[tuple[Step, ...], bool] = {}
    for start, stop in zip(starts, [*starts[1:], nothing], strict=True):
        tag = elements[start].removeprefix(end) if start >= 0 else grammar.row
        chain: tuple[str, ...] = (grammar.row,)
        if start >= 0:
            places.same[start] = elements[start]
            move = nexts[tag]
            if not _is_sure(move, tag, grammar):
                return None
            nexts, chain = move.nexts, chain_of(move.use)
        segment = [tag, *elements[start + 1 : stop]]
        for pick in grammar.picks:
            _place_pick(places, pick, chain, _Segment(segment, start), passed)
    places.settle(elements)
    places.segments = len(starts)
    onward = nexts[grammar.row]
    places.goes_on = onward.fault is None and chain_of(onward.use) == (grammar.row,)
    return places


def _is_sure(move: Move, tag: str, grammar: Grammar) -> bool:
    """Whether a segment stands where it may, and begins no row, which would be a piece of its own."""
    return (
        tag.strip() == tag != ""
        and tag not in grammar.left
        and move.fault is None
        and chain_of(move.use) != (grammar.row,)
    )


def chain_of(use: Use) -> tuple[str, ...]:
    """Return the ids of the segments that are around one in the tree, and its own."""
    names = tuple(filter(None, use.home.path.split("/")))
    opens = use.home.around is not None and use.home.uses[0] is use
    return names if opens else (*names, use.tag)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment and where its id stands in the piece."""

    elements: list[str]
    start: int


def _place_pick(
    places: Places, pick: Pick, chain: tuple[str, ...], segment: _Segment, passed: dict[tuple[Step, ...], bool]
) -> None:
    """Note what a segment with this chain does for a pick: give its value, or say whether its loop is the one."""
    names = tuple(step.name for step in pick.chain)
    if names[: len(chain)] != chain:
        return
    step, above = pick.chain[len(chain) - 1], pick.chain[:-1]
    if len(chain) < len(names):
        if step.filters:
            passed[above] = _passes(places, step, segment)
        return
    if any(each.filters for each in above) and not passed.get(above):
        return
    if step.filters and not _passes(places, step, segment):
        return
    place = pick.element or _behind(segment.elements, step.qualifier, _start(step))
    if 0 < place < len(segment.elements):
        places.columns[pick.column].append(segment.start + place)


def _passes(places: Places, step: Step, segment: _Segment) -> bool:
    """Whether a segment passes the filters of a step; what they look at tells pieces apart."""
    elements = segment.elements
    for place, wanted in _looked_at(step, elements):
        at = segment.start + place
        if wanted:
            places.others.add(at)
            places.wanted.add(wanted)
        else:
            places.same[at] = elements[place]
    return all(_fits(step, each, elements) for each in step.filters)


def _looked_at(step: Step, elements: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the elements that a step's filters look at, some with the only value that they are looked at for."""
    for each in step.filters:
        start = 0 if each.key else _start(step)
        places = {int(each.key or _QUALIFIER), *(range(start, len(elements), 2) if start else ())}
        for place in places:
            if place < len(elements):
                # in a segment of pairs the first element is most often a number, and of every line another
                yield place, (each.value if start > _QUALIFIER and place == _QUALIFIER else "")


def _fits(step: Step, each: Filter, elements: list[str]) -> bool:
    if not each.key and _start(step):
        return _behind(elements, each.value, _start(step)) > 0
    place = int(each.key or _QUALIFIER)
    return place < len(elements) and elements[place] == each.value


def _start(step: Step) -> int:
    """Return the element of the first qualifier of a segment of pairs, or 0."""
    return int(step.pairs[0][0]) if step.pairs else 0


def _behind(elements: Sequence[str], qualifier: str, start: int) -> int:
    """Return the element behind a qualifier: of the pairs that begin at `start`, else of the first two; 0: nowhere."""
    for place in range(start, len(elements), 2) if start else ():
        if elements[place] == qualifier:
            return place + 1
    return 2 if len(elements) > _QUALIFIER and elements[_QUALIFIER] == qualifier else 0
