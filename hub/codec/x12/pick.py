"""Picks what a mapping file names straight from the text of a transaction set, without making its tree.

It is the quick way for documents that read elements at fixed places around and in one loop (850, 846, 832). What it
finds is what the paths find in the tree. Where that cannot be promised it says so and leaves the set to the tree: paths
that count, go up or add up, sets with a segment out of its place, with repetitions, or that we do not describe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from hub.codec.path import Filter, Path, Step
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.standard.moves import Move, Moves
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.rules import LoopRule, Use

#: The element that holds the qualifier of most segments.
_QUALIFIER: Final = 1
#: What stands around a set, and in its tree beside the segments.
_ENVELOPE: Final = ("ISA", "GS", "ST", "SE")
#: So many shapes of sets are remembered, none with more segments than this.
_MOST_SHAPES: Final = 256
_LONGEST_SHAPE: Final = 400
#: So many ways in which segments name their pairs are remembered.
_MOST_LAYOUTS: Final = 256
#: Takes a segment's elements to the cells of its row; `fits` says which filtered loops are the wanted ones.
_Take = Callable[[Sequence[str], list[str], list[bool]], None]


@dataclass(frozen=True, slots=True)
class _Pick:
    """One path: where its value goes, the segments from the set down to the value's, and its element (0: a pair)."""

    column: int
    chain: tuple[Step, ...]
    element: int


@dataclass(slots=True)
class _Reads:
    """What one segment gives to the cells of the set or of its row, most often without a call for each of them.

    `plain` are (column, element); `qualified` (column, element, qualifier in the first element); `paired` (column,
    qualifier), with the element of the first qualifier as `start`; `guarded` are plain ones by the loop that must be
    the wanted one, and `guards` say whether it is; `others` do the rest.
    """

    plain: list[tuple[int, int]] = field(default_factory=list)
    qualified: list[tuple[int, int, str]] = field(default_factory=list)
    paired: list[tuple[int, str]] = field(default_factory=list)
    start: int = 0
    guarded: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    guards: dict[int, Callable[[Sequence[str]], bool]] = field(default_factory=dict)
    others: list[_Take] = field(default_factory=list)
    _alike: bool = False
    _qualifiers: frozenset[str] = frozenset()
    _layouts: dict[tuple[int, tuple[str, ...]], Callable[[Sequence[str]], Sequence[str]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it gives anything."""
        return bool(self.plain or self.qualified or self.paired or self.guarded or self.guards or self.others)

    def settle(self) -> None:
        """Note, when all is said, whether segments that name the same pairs can be read in the same way."""
        self._qualifiers = frozenset(qualifier for _, qualifier in self.paired)
        by_hand = self.qualified or self.guarded or self.guards or self.others
        self._alike = not by_hand and (self.start > _QUALIFIER or not self.paired)

    def take(self, elements: list[str], cells: list[str], fits: list[bool]) -> None:
        """Give what the segment has to the cells that are still empty."""
        count = len(elements)
        for column, element in self.plain:
            if element < count and not cells[column]:
                cells[column] = elements[element]
        for column, element, qualifier in self.qualified:
            if element < count and elements[_QUALIFIER] == qualifier and not cells[column]:
                cells[column] = elements[element]
        if self.paired:
            pairs = _pairs(elements, self.start)
            for column, qualifier in self.paired:
                if qualifier in pairs and not cells[column]:
                    cells[column] = pairs[qualifier]
        if self.guards or self.guarded or self.others:
            self._take_by_loop(elements, cells, fits)

    def fresh(self, elements: list[str], width: int, fits: list[bool]) -> list[str]:
        """Return new cells, so many, with what the segment has; segments that name the same pairs are read alike."""
        start = self.start
        if not self._alike or width < 2 or not self._qualifiers.isdisjoint(elements[:2]):
            cells = [""] * width
            self.take(elements, cells, fits)
            return cells
        layout = len(elements), tuple(elements[start::2]) if start else ()
        getter = self._layouts.get(layout)
        if getter is None:
            getter = self._getter(elements, width)
            if len(self._layouts) < _MOST_LAYOUTS:
                self._layouts[layout] = getter
        return list(getter([*elements, ""]))

    def _getter(self, elements: list[str], width: int) -> Callable[[Sequence[str]], Sequence[str]]:
        """Return what reads all cells at once from a segment like this one, behind which stands an empty element."""
        count = len(elements)
        places = [count] * width
        for column, element in self.plain:
            places[column] = min(element, count)
        for column, qualifier in self.paired:
            places[column] = min(_place(elements, qualifier, self.start) or count, count)
        return itemgetter(*places)

    def _take_by_loop(self, elements: list[str], cells: list[str], fits: list[bool]) -> None:
        for guard, test in self.guards.items():
            fits[guard] = test(elements)
        for guard, plain in self.guarded.items():
            for column, element in plain if fits[guard] else ():
                if element < len(elements) and not cells[column]:
                    cells[column] = elements[element]
        for other in self.others:
            other(elements, cells, fits)


@dataclass(slots=True)
class _Actions:
    """What is done at one place of the set: a row may begin, and both the set and the row may be given something."""

    begins: bool
    whole: _Reads | None
    line: _Reads | None


@dataclass(slots=True)
class Picker:
    """Picks for one document from sets of one code, release and separator; made by `picker`.

    `names` are the paths in the order of a row's cells: first those `shared` ones that are of the whole set. `empty`
    says that a set without any row is one all the same. `found` are the places of the names.
    """

    moves: Moves
    names: tuple[str, ...]
    shared: int
    row: str
    picks: tuple[_Pick, ...]
    empty: bool
    found: Mapping[str, int]
    _known: dict[Move, _Actions | None] = field(default_factory=dict)
    _shapes: dict[tuple[str, ...], list[tuple[int, _Actions]] | None] = field(default_factory=dict)

    def rows(self, one: TransactionSet) -> list[tuple[int, str, list[str]]] | None:
        """Return (place, id, cells) of each row; None where only the tree can tell."""
        separators = one.interchange.separators
        texts, cut, repetition = one.texts(), separators.element, separators.repetition
        if repetition and any(repetition in text for text in texts):
            return None
        steps = self._steps(tuple([text.partition(cut)[0] for text in texts]))
        if steps is None:
            return None
        blank, fits = [""] * len(self.names), [False] * len(self.picks)
        whole = row = blank.copy()
        found: list[tuple[int, str, list[str]]] = []
        for place, actions in steps:
            elements = texts[place].split(cut)
            if actions.whole is not None:
                actions.whole.take(elements, whole, fits)
            if actions.begins:
                row = blank.copy() if actions.line is None else actions.line.fresh(elements, len(blank), fits)
                found.append((place + 1, elements[0], row))
            elif actions.line is not None:
                actions.line.take(elements, row, fits)
        head = whole[: self.shared]
        for _, _, cells in found:
            cells[: self.shared] = head
        return found if found or not self.empty else [(1, one.code, whole)]

    def _steps(self, tags: tuple[str, ...]) -> list[tuple[int, _Actions]] | None:
        """Return which segments of a set give something, and what; sets of one partner are often of one shape."""
        if tags in self._shapes:
            return self._shapes[tags]
        steps: list[tuple[int, _Actions]] | None = []
        at = self.moves.begin
        for place, tag in enumerate(tags):
            at = at.nexts[tag]
            if at.fault is not None:
                steps = None
                break
            if at not in self._known:
                self._known[at] = self._actions(at)
            actions = self._known[at]
            if actions is not None and steps is not None:
                steps.append((place, actions))
        if len(tags) <= _LONGEST_SHAPE and len(self._shapes) < _MOST_SHAPES:
            self._shapes[tags] = steps
        return steps

    def _actions(self, move: Move) -> _Actions | None:
        """Work out what a place asks for; None for nothing."""
        chain = _chain(move.use)
        whole, line = _Reads(), _Reads()
        for pick in self.picks:
            _give(whole if pick.column < self.shared else line, pick, self._guard(pick), chain)
        begins = chain == (self.row,)
        line.settle()
        return _Actions(begins, whole or None, line or None) if begins or whole or line else None

    def _guard(self, pick: _Pick) -> int:
        """Return the number under which it is noted whether the loop of a pick is the wanted one; -1 for any loop."""
        above = pick.chain[:-1]
        if not any(step.filters for step in above):
            return -1
        return next(number for number, each in enumerate(self.picks) if each.chain[: len(above)] == above)


def picker(one: TransactionSet, rows: Path | None, paths: Mapping[str, Path], *, empty: bool) -> Picker | None:
    """Return what picks these paths from sets like this one; None where only the tree will do."""
    release = standard(one.version)
    walker, rule = release.walker(one.code, one.interchange.separators), release.set(one.code)
    if walker is None or rule is None or rows is None or not _is_plain_row(rows, rule.root):
        return None
    names = tuple(sorted(paths, key=lambda name: not paths[name].up))
    picks = [_pick(column, paths[name], rows.steps[0]) for column, name in enumerate(names)]
    sure = tuple(each for each in picks if each is not None)
    if len(sure) < len(picks):
        return None
    shared = sum(bool(path.up) for path in paths.values())
    return Picker(walker.moves, names, shared, rows.steps[0].name, sure, empty, _places(names))


def _places(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(names)}


def _is_plain_row(rows: Path, root: LoopRule) -> bool:
    """Whether a row is a loop of the set itself in which nothing is called as it is."""
    loop = root.loop(rows.steps[0].name)
    if rows.up or rows.adds or len(rows.steps) > 1 or rows.steps[0].filters or loop is None:
        return False
    return [use.tag for use in loop.walk()].count(loop.name) == 1


def _pick(column: int, path: Path, row: Step) -> _Pick | None:
    *above, last = path.steps
    if path.adds or path.up > 0 or not all(map(_is_plain, path.steps)) or any(each.name.isdigit() for each in above):
        return None
    is_element = last.name.isdigit() and not last.filters
    if not is_element and (not last.qualifier or len(last.filters) > 1):
        return None
    chain = tuple(above) if is_element else path.steps
    if path.up:
        return None if not chain or chain[0].name in (row.name, *_ENVELOPE) else _whole(column, chain, last)
    if not chain or chain[0].name != row.name:
        chain = (row, *chain)
    return _whole(column, chain, last)


def _whole(column: int, chain: tuple[Step, ...], last: Step) -> _Pick | None:
    """Return the pick; none where more than one of the segments above has a filter."""
    filtered = [step for step in chain[:-1] if step.filters]
    element = int(last.name) if last.name.isdigit() else 0
    return _Pick(column, chain, element) if len(filtered) < 2 else None


def _is_plain(step: Step) -> bool:
    return step.name not in ("*", "**") and all(
        not each.nth and (not each.key or each.key.isdigit()) for each in step.filters
    )


def _chain(use: Use) -> tuple[str, ...]:
    """Return the ids of the segments that are around one in the tree, and its own."""
    names = tuple(filter(None, use.home.path.split("/")))
    opens = use.home.around is not None and use.home.uses[0] is use
    return names if opens else (*names, use.tag)


def _give(reads: _Reads, pick: _Pick, guard: int, chain: tuple[str, ...]) -> None:
    """Note what a segment with this chain does for a pick: give its value, or say whether its loop is the one."""
    names = tuple(step.name for step in pick.chain)
    if names[: len(chain)] != chain:
        return
    step = pick.chain[len(chain) - 1]
    if len(chain) < len(names):
        if step.filters:
            reads.guards[guard] = _test(step)
    elif not step.filters and pick.element:
        if guard < 0:
            reads.plain.append((pick.column, pick.element))
        else:
            reads.guarded.setdefault(guard, []).append((pick.column, pick.element))
    elif pick.element > 1 and guard < 0 and _is_by_qualifier(step):
        reads.qualified.append((pick.column, pick.element, step.qualifier))
    elif pick.element or guard >= 0:
        reads.others.append(_filtered(pick, guard, step))
    else:
        reads.paired.append((pick.column, step.qualifier))
        reads.start = _start(step)


def _is_by_qualifier(step: Step) -> bool:
    """Whether a step wants nothing but a qualifier in the first element."""
    return len(step.filters) == 1 and not step.filters[0].key and not step.pairs


def _filtered(pick: _Pick, guard: int, step: Step) -> _Take:
    column, element, qualifier, start = pick.column, pick.element, step.qualifier, _start(step)
    test = _test(step) if step.filters and element else None

    def take(elements: Sequence[str], cells: list[str], fits: list[bool]) -> None:
        if cells[column] or (guard >= 0 and not fits[guard]):
            return
        place = element or _place(elements, qualifier, start)
        if 0 < place < len(elements) and (test is None or test(elements)):
            cells[column] = elements[place]

    return take


def _test(step: Step) -> Callable[[Sequence[str]], bool]:
    """Return what says whether a segment passes the filters of a step."""
    tests = [_one_test(step, each) for each in step.filters]
    return tests[0] if len(tests) == 1 else lambda elements: all(test(elements) for test in tests)


def _one_test(step: Step, each: Filter) -> Callable[[Sequence[str]], bool]:
    start, wanted = _start(step), each.value
    if not each.key and start:
        return lambda elements: _place(elements, wanted, start) > 0
    place = int(each.key or _QUALIFIER)
    return lambda elements: place < len(elements) and elements[place] == wanted


def _start(step: Step) -> int:
    """Return the element of the first qualifier of a segment of pairs, or 0."""
    return int(step.pairs[0][0]) if step.pairs else 0


def _pairs(elements: Sequence[str], start: int) -> Mapping[str, str]:
    """Return what follows each qualifier of a segment, the first where it has several: as `_place` finds it."""
    first = {elements[_QUALIFIER]: elements[2]} if len(elements) > 2 else {}
    if not start:
        return first
    values = elements[start + 1 :: 2]
    keys = elements[start : start + 2 * len(values) : 2]
    return {**first, **dict(zip(reversed(keys), reversed(values), strict=True))}


def _place(elements: Sequence[str], qualifier: str, start: int) -> int:
    """Return the element behind a qualifier: of the pairs that begin at `start`, else of the first two; 0: nowhere."""
    for place in range(start, len(elements), 2) if start else ():
        if elements[place] == qualifier:
            return place + 1
    return 2 if len(elements) > _QUALIFIER and elements[_QUALIFIER] == qualifier else 0
