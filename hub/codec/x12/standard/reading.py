"""Reads the grammar's text files: one line an element, a segment, or a place in a set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files

from hub.codec.x12.standard.rules import NO_LIMIT, Element, LoopRule, Note, Part, SegmentRule, SetRule, Use

_ELEMENT = re.compile(r"(\w+) +(AN|ID|N|R|DT|TM)(\d?) +(\d+) +(\d+) +([^=~]+?)(?: *([=~]) (.+))?")
_PART = re.compile(r"(\w+)(!?)(?:&(\w+)\*(\d+)|\*(\d+))?")
_PLACE = re.compile(r"( *)(loop)?(!?) ?(\w+)(!?)(?: (\d+|\*))?")


def lines(*path: str) -> Iterator[str]:
    """Yield the lines of a data file that say something; none when there is no such file."""
    source = files(__package__).joinpath("data", *path)
    if source.is_file():
        for line in source.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line


def by_name(*path: str) -> dict[str, str]:
    """Return the lines of a data file by their first word."""
    return {line.split(" ", 1)[0]: line for line in lines(*path)}


def read_element(line: str) -> Element:
    """Read `353 ID 2 2 purpose ~ 00 01`; raises ValueError for another form."""
    found = _ELEMENT.fullmatch(line)
    if found is None:
        raise ValueError(f"not an element: {line}")
    number, kind, decimals, shortest, longest, name, mark, codes = found.groups()
    return Element(
        number,
        kind,
        int(decimals or 0),
        int(shortest),
        int(longest),
        name.strip(),
        tuple((codes or "").split()),
        mark == "=",
    )


def read_segment(line: str, find: Callable[[str], Element | SegmentRule]) -> SegmentRule:
    """Read `N1 party | 98! 93 66 67 | R0203 P0304`; `find` knows elements and composites by number and id."""
    head, body, *rest = (each.strip() for each in line.split("|"))
    tag, name = head.split(" ", 1)
    parts: list[Part] = []
    notes: list[Note] = []
    words = body.split()
    for word in words:
        if word != "...":
            _add_parts(word, parts, notes, find)
    notes += [_note(word) for each in rest for word in each.split()]
    return SegmentRule(tag, name, tuple(parts), tuple(notes), open="..." in words)


def _add_parts(word: str, parts: list[Part], notes: list[Note], find: Callable[[str], Element | SegmentRule]) -> None:
    found = _PART.fullmatch(word)
    if found is None:
        raise ValueError(f"not an element of a segment: {word}")
    number, mandatory, other, pairs, times = found.groups()
    if other is None:
        parts += [Part(find(number), bool(mandatory))] * int(times or 1)
        return
    for _ in range(int(pairs)):
        notes.append(Note("P", (len(parts) + 1, len(parts) + 2)))
        parts += [Part(find(number)), Part(find(other))]


def _note(word: str) -> Note:
    return Note(word[0], tuple(int(word[at : at + 2]) for at in range(1, len(word), 2)))


def read_set(content: Iterator[str], additions: Iterable[tuple[str, str]] = ()) -> SetRule:
    """Read the places of a set; `additions` are (path of the place before, line) of a later release."""
    code, group, name = next(content).split(" ", 2)
    root = LoopRule(code)
    open_loops = [root]
    for line in content:
        depth = (len(line) - len(line.lstrip(" "))) // 2
        del open_loops[depth + 1 :]
        use = _use(line, open_loops[depth])
        if use.opens is not None:
            open_loops.append(use.opens)
    for path, line in additions:
        _insert(root, path.split("/"), line)
    return SetRule(code, group, name, root)


def _use(line: str, home: LoopRule, rank: int | None = None) -> Use:
    """Make the use that a line says, and put it into its loop."""
    found = _PLACE.fullmatch(line)
    if found is None:
        raise ValueError(f"not a place in a set: {line}")
    _, loop, loop_mandatory, tag, mandatory, most = found.groups()
    times = NO_LIMIT if most == "*" else int(most or 1)
    rank = len(home.uses) if rank is None else rank
    use = Use(tag, bool(mandatory or loop_mandatory), times, home, rank)
    if loop:
        use.opens = LoopRule(tag, home, use=use)
        use.opens.uses.append(Use(tag, mandatory=True, most=1, home=use.opens, rank=0))
    home.uses.insert(rank, use)
    return use


def _insert(root: LoopRule, path: list[str], line: str) -> None:
    """Put one more use behind the one that the path names; raises KeyError when there is none."""
    home = root
    for name in path[:-1]:
        inner = home.loop(name)
        if inner is None:
            raise KeyError(f"{root.name} has no loop {'/'.join(path)}")
        home = inner
    before = home.order()[path[-1]]
    _use(line, home, before + 1)
    for rank, use in enumerate(home.uses):
        use.rank = rank
