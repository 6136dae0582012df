"""Picks what a mapping file names straight from the text of a transaction set, without making its tree.

It is the quick way for documents that read elements at fixed places around and in one loop (850, 846, 832). What it
finds is what the paths find in the tree. Where that cannot be promised it says so and leaves the set to the tree: paths
that count, go up or add up, sets with a segment out of its place, with repetitions, or that we do not describe.

A set falls into pieces: what stands before its rows, and each row. Pieces whose segments are alike have their values at
the same places (layout.py), and a partner writes few kinds of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from hub.codec.path import Path, Step
from hub.codec.x12.interchange import TransactionSet, plain_text
from hub.codec.x12.layout import Grammar, Layout, Pick, Places, lay_out
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.rules import LoopRule

M = TypeVar("M")
#: What stands around a set, and in its tree beside the segments.
_ENVELOPE: Final = ("ISA", "GS", "ST", "SE")
#: So many kinds of pieces are remembered; a partner that has more of them is learned anew.
_MOST_LAYOUTS: Final = 1024
_MOST_ALIKE: Final = 32
#: A piece as it was read: its layout and its elements.
Piece = tuple[Layout[M], list[str]]


@dataclass(slots=True)
class Picker(Generic[M]):
    """Picks for one document from sets of one code, release and separators; made by `picker`.

    `empty` says that a set without any row is one all the same. `bind` makes of the places in a piece what the reader
    of many such pieces wants at hand.
    """

    grammar: Grammar
    empty: bool
    bind: Callable[[Grammar, Places], M]
    _known: tuple[dict[int, list[Layout[M]]], ...] = field(default_factory=lambda: ({}, {}))
    _count: int = 0

    def pieces(self, one: TransactionSet) -> list[Piece[M]] | None:
        """Return what stands before the rows of a set, and each row; None where only the tree can tell."""
        separators = one.interchange.separators
        text, end = plain_text(one.raw, separators)
        if separators.repetition and separators.repetition in text:
            return None
        pieces = self._cut(text, separators.element, end)
        if pieces is None and (bare := end.join([*one.texts(), ""])) != text:  # blanks between segments mean nothing
            pieces = self._cut(bare, separators.element, end)
        return pieces

    def _cut(self, text: str, cut: str, end: str) -> list[Piece[M]] | None:
        """Return the pieces of a text in which nothing stands between segments."""
        if not text.endswith(end):
            return None
        # every segment's id gets the terminator in front, and so cannot be taken for an element
        body = text[: -len(end)].replace(end, cut + end) + cut
        first, *rows = body.split(f"{end}{self.grammar.row}{cut}")
        elements = first.split(cut)
        layout = self._layout(elements, end, first=True)
        if layout is None:
            return None
        if layout.choices:
            layout.choose(elements)
        pieces, segments, goes_on, layout = [(layout, elements)], layout.segments, layout.goes_on, None
        for row in rows:
            elements = row.split(cut)
            if (  # most often it is like the one before
                layout is None
                or len(elements) != layout.length
                or layout.look(elements) != layout.key
                or not layout.wanted.isdisjoint(layout.look_other(elements))
            ):
                layout = self._layout(elements, end, first=False)
            if layout is None or not goes_on:
                return None
            if layout.choices:
                layout.choose(elements)
            pieces.append((layout, elements))
            segments += layout.segments
            goes_on = layout.goes_on
        count = (len(body) - len(text) + len(end)) // len(cut)  # each terminator has brought a separator
        return pieces if segments == count else None

    def rows(self, pieces: list[Piece[M]], code: str) -> list[tuple[int, str, list[str]]]:
        """Return (place, id, cells) of each row; what is of the whole set may stand behind the rows."""
        grammar = self.grammar
        cells = [[elements[place] for place in layout.columns] for layout, elements in pieces]
        whole = (each[: grammar.shared] for each in cells)
        head = [next(filter(None, column), "") for column in zip(*whole, strict=True)]
        at, found = 1 + pieces[0][0].segments, []
        for (layout, _), each in zip(pieces[1:], cells[1:], strict=True):
            found.append((at, grammar.row, head + each[grammar.shared :]))
            at += layout.segments
        if found or not self.empty:
            return found
        return [(1, code, head + [""] * (len(grammar.names) - grammar.shared))]

    def _layout(self, elements: list[str], end: str, *, first: bool) -> Layout[M] | None:
        """Return the layout of a piece; one that is not known is worked out and kept."""
        for layout in self._known[first].get(len(elements), ()):
            if layout.is_of(elements):
                return layout
        places = lay_out(self.grammar, elements, end, first=first)
        if places is None:
            return None
        layout = Layout.of(places, self.bind(self.grammar, places))
        if self._count >= _MOST_LAYOUTS:
            self._known, self._count = ({}, {}), 0
        alike = self._known[first].setdefault(layout.length, [])
        if len(alike) >= _MOST_ALIKE:
            alike.clear()
        alike.append(layout)
        self._count += 1
        return layout


def picker(
    one: TransactionSet,
    rows: Path | None,
    paths: Mapping[str, Path],
    bind: Callable[[Grammar, Places], M],
    *,
    empty: bool,
    left: frozenset[str] = frozenset(),
) -> Picker[M] | None:
    """Return what picks these paths from sets like this one; None where only the tree will do.

    Sets with a segment of those that are `left` are left to the tree too.
    """
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
    return Picker(Grammar(walker.moves, rows.steps[0].name, sure, names, shared, left), empty, bind)


def _is_plain_row(rows: Path, root: LoopRule) -> bool:
    """Whether a row is a loop of the set itself in which nothing is called as it is."""
    loop = root.loop(rows.steps[0].name)
    if rows.up or rows.adds or len(rows.steps) > 1 or rows.steps[0].filters or loop is None:
        return False
    return [use.tag for use in loop.walk()].count(loop.name) == 1


def _pick(column: int, path: Path, row: Step) -> Pick | None:
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


def _whole(column: int, chain: tuple[Step, ...], last: Step) -> Pick | None:
    """Return the pick; none where more than one of the segments above has a filter."""
    filtered = [step for step in chain[:-1] if step.filters]
    element = int(last.name) if last.name.isdigit() else 0
    return Pick(column, chain, element) if len(filtered) < 2 else None


def _is_plain(step: Step) -> bool:
    return step.name not in ("*", "**") and all(
        not each.nth and (not each.key or each.key.isdigit()) for each in step.filters
    )
