"""Where a segment leads: from each place of a set, by the id of the segment that comes, learned once and then kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.codec.x12.fault import FaultCode
from hub.codec.x12.standard.pattern import Patterns
from hub.codec.x12.standard.rules import LoopRule, SegmentRule, SetRule, Use


@dataclass(slots=True, eq=False)
class Move:
    """One step of the walk.

    `patterns` says that a segment is clean. `ups` is how many loops are left, `opens` the loop that begins, `again`
    that it follows another of its kind; `repeats` that the segment follows another of its kind, of which `most` are
    allowed. `missing` was passed over. With a `fault` that keeps the walk where it is, `stays` is true. There is
    nothing to say of a `smooth` one, and a `plain` one besides stays in its loop.
    """

    tag: str
    use: Use
    rule: SegmentRule | None
    patterns: Patterns
    nexts: Nexts
    ups: int = 0
    opens: LoopRule | None = None
    again: bool = False
    repeats: bool = False
    most: int = 0
    missing: tuple[Use, ...] = ()
    fault: FaultCode | None = None
    stays: bool = False
    plain: bool = False
    smooth: bool = False


@dataclass(slots=True)
class _Hit:
    use: Use
    ups: int
    missing: list[Use]
    again: bool = False
    fault: FaultCode | None = None


class Nexts(dict[str, Move]):
    """The moves from one place by the id of the segment that comes."""

    def __init__(self, moves: Moves, use: Use) -> None:
        super().__init__()
        self._moves = moves
        self._use = use

    def __missing__(self, tag: str) -> Move:
        return self._moves.learn(self._use, tag)


class Moves:
    """All moves of one set, for one separator. `segment` finds the rule of a segment id, `patterns` its patterns."""

    def __init__(
        self,
        rule: SetRule,
        segment: Callable[[str], SegmentRule | None],
        patterns: Callable[[str], Patterns],
    ) -> None:
        self.rule = rule
        self.segment = segment
        self._patterns = patterns
        self._tags = rule.tags()
        self._nexts: dict[Use, Nexts] = {}
        self._left_over: dict[Use, list[Use]] = {}
        start = Use("", mandatory=False, most=1, home=rule.root, rank=-1)
        #: Where a walk begins: before the first segment.
        self.begin = Move("", start, None, Patterns(None, ""), self.nexts(start))

    def nexts(self, use: Use) -> Nexts:
        """Return the moves from a place."""
        if use not in self._nexts:
            self._nexts[use] = Nexts(self, use)
        return self._nexts[use]

    def learn(self, use: Use, tag: str) -> Move:
        """Work out where a segment leads from a place; what no grammar knows is not kept, it could be anything."""
        hit = _forward(use, tag) or _backward(use, tag)
        move = self._lost(use, tag) if hit is None else self._made(use, tag, hit)
        if tag in self._tags or move.rule is not None:
            self.nexts(use)[tag] = move
        return move

    def _made(self, use: Use, tag: str, hit: _Hit) -> Move:
        target = hit.use.opens.uses[0] if hit.use.opens is not None else hit.use
        stays = hit.fault is not None and hit.use.opens is None
        move = Move(
            tag,
            use if stays else target,
            self.segment(tag),
            self._patterns(tag),
            self.nexts(use if stays else target),
            hit.ups,
            hit.use.opens,
            again=hit.again and hit.use.opens is not None,
            repeats=hit.again and hit.use.opens is None,
            most=hit.use.most,
            missing=tuple(hit.missing),
            fault=hit.fault,
            stays=stays,
        )
        move.smooth = not (move.repeats or move.missing or move.fault)
        move.plain = move.smooth and not (move.ups or move.opens)
        return move

    def _lost(self, use: Use, tag: str) -> Move:
        """A segment that has no place here: it stays in the loop in which it was found."""
        rule = self.segment(tag)
        if tag in self._tags:
            fault = FaultCode.UNEXPECTED_SEGMENT
        else:
            fault = FaultCode.UNKNOWN_SEGMENT if rule is None else FaultCode.SEGMENT_NOT_IN_SET
        return Move(tag, use, rule, self._patterns(tag), self.nexts(use), fault=fault, stays=True)

    def left_over(self, use: Use) -> list[Use]:
        """Return the mandatory segments that still had to come when a set ends at this place."""
        if use not in self._left_over:
            self._left_over[use] = [each for each, _, here in _ahead(use) if not here and each.mandatory]
        return self._left_over[use]


def _levels(use: Use) -> Iterator[tuple[LoopRule, int, int]]:
    """Yield the loop of a place and those around it, with the rank in each and the loops to leave for it."""
    here: Use | None = use
    ups = 0
    while here is not None:
        yield here.home, here.rank, ups
        here, ups = here.home.use, ups + 1


def _ahead(use: Use) -> Iterator[tuple[Use, int, bool]]:
    """Yield what may come from a place on, inner loops first: the use, the loops to leave, whether we are in it."""
    for home, rank, ups in _levels(use):
        for candidate in home.uses[max(rank, 0) :]:
            if candidate.rank or home.use is None:  # what begins a loop comes again with its loop, not in it
                yield candidate, ups, candidate.rank == rank


def _forward(use: Use, tag: str) -> _Hit | None:
    missing: list[Use] = []
    for candidate, ups, here in _ahead(use):
        if candidate.tag == tag:
            return _Hit(candidate, ups, missing, again=here)
        if not here and candidate.mandatory:
            missing.append(candidate)
    return None


def _backward(use: Use, tag: str) -> _Hit | None:
    """Find what should have come before, in this loop or in one around it."""
    for home, rank, ups in _levels(use):
        for candidate in home.uses[0 if home.use is None else 1 : max(rank, 0)]:
            if candidate.tag == tag:
                return _Hit(candidate, ups, [], fault=FaultCode.SEGMENT_OUT_OF_SEQUENCE)
    return None
