"""Which segment stands below which: by their numbers where these can be right, else by the type or their level."""

from __future__ import annotations

from hub.codec.idoc.dictionary import Tree
from hub.codec.idoc.model import DEEPEST, Idoc, Segment

#: Where SEGNUM, PSGNUM and HLEVEL stand in a segment's header.
_NUMBER, _PARENT, _LEVEL = slice(19, 25), slice(25, 31), slice(31, 33)
_TOP = "000000"


def link(idoc: Idoc) -> bool:
    """Give every segment of a flat IDoc its parent; False when the numbers did not say how they nest."""
    if _by_number(idoc.segments, idoc.tree):
        return True
    _rebuilt(idoc.segments, idoc.tree)
    return False


def _by_number(segments: list[Segment], tree: Tree) -> bool:
    """Nest by SEGNUM and PSGNUM; False as soon as they cannot be right."""
    known: dict[str, Segment] = {}
    nested = tree.nested
    last: Segment | None = None
    for segment in segments:
        header = segment.header
        number, above = header[_NUMBER], header[_PARENT]
        if number in known or number == _TOP or not number.isdigit():
            return False
        known[number] = segment
        if above == _TOP:
            if segment.name in nested:
                return False
            segment.parent, segment.depth, last = None, 1, segment
            continue
        parent = known.get(above)
        while last is not None and last is not parent:
            last = last.parent
        if parent is None or last is None or parent is segment or parent.depth >= DEEPEST:
            return False
        segment.parent, segment.depth, last = parent, parent.depth + 1, segment
    return True


def _rebuilt(segments: list[Segment], tree: Tree) -> None:
    """Nest by the type; a segment that it does not know by its HLEVEL, or beside the one before it."""
    open_: list[Segment] = []  # from the top to the last segment
    for segment in segments:
        depth = _depth_by_type(segment, open_, tree)
        if depth < 0:
            depth = _depth_by_level(segment, open_, tree)
        del open_[depth:]
        segment.parent = open_[-1] if open_ else None
        segment.depth = depth + 1
        if segment.depth <= DEEPEST:
            open_.append(segment)


def _depth_by_type(segment: Segment, open_: list[Segment], tree: Tree) -> int:
    """Return how many segments enclose it, or -1 where the type does not say."""
    parents = {place.parent for place in tree.by_name.get(segment.name, ())}
    for depth in range(len(open_), 0, -1):
        if open_[depth - 1].name in parents:
            return depth
    return 0 if "" in parents else -1


def _depth_by_level(segment: Segment, open_: list[Segment], tree: Tree) -> int:
    level = segment.header[_LEVEL]
    if not _is_number(level):
        return max(len(open_) - 1, 0)
    for depth in range(len(open_), 0, -1):
        above = open_[depth - 1]
        if _level(above) < int(level) and not _childless(above, tree):
            return depth
    return 0


def _level(segment: Segment) -> int:
    level = segment.header[_LEVEL]
    return int(level) if _is_number(level) else segment.depth


def _is_number(level: str) -> bool:
    """Whether it is digits as SAP writes them; a raised two is one to Python as well."""
    return level.isascii() and level.isdigit()


def _childless(segment: Segment, tree: Tree) -> bool:
    """Whether a segment of this name never has others below it in the type (E1EDK01, whatever the levels say)."""
    return segment.name in tree.by_name and all(place.parent != segment.name for place in tree.places)
