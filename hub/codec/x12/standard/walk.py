"""One walk through a transaction set: the loop of every segment, and every fault against the standard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard.examine import examine
from hub.codec.x12.standard.moves import Move, Moves
from hub.codec.x12.standard.pattern import MOST_SEEN
from hub.codec.x12.standard.rules import LoopRule, SegmentRule, Use
from hub.codec.x12.standard.totals import Spots, spots

#: More faults of one set than anybody reads; the rest is only counted.
MOST_FAULTS: Final = 1000
#: So many shapes of a set are remembered, none with more segments than this; no segment id has more letters.
_MOST_SHAPES: Final = 256
_LONGEST_SHAPE: Final = 400
_LETTERS: Final = 3


@dataclass(slots=True, eq=False)
class Loop:
    """One occurrence of a loop: `first` is the place of the segment that begins it (ST is 1).

    `around` is None for the set itself. `ordinal` counts occurrences that follow one another, from 1.
    """

    rule: LoopRule
    around: Loop | None = None
    first: int = 1
    ordinal: int = 1

    @property
    def name(self) -> str:
        """The id of the segment that begins it; for the set itself its number."""
        return self.rule.name


@dataclass(slots=True)
class Walked:
    """What a walk found: `loops[i]` is the loop of segment i; faults in document order; `unsaid` counts the rest.

    `spots` are where totals are made of, if that is known already.
    """

    loops: list[Loop] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsaid: int = 0
    spots: Spots | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A walk without a fault in its structure: the moves, and the loop of every segment."""

    steps: list[Move]
    loops: list[Loop]
    spots: Spots


#: The walks of one set that were made before, by the first letters of their segments.
Shapes = dict[tuple[str, ...], Shape]


class Walker:
    """Walks through one transaction set, in one piece or in parts.

    `exact` is false when the grammar is of another release than the set: then nothing is worse than a warning.
    """

    def __init__(
        self,
        moves: Moves,
        separators: Separators,
        shapes: Shapes,
        *,
        exact: bool = True,
        most_faults: int = MOST_FAULTS,
    ) -> None:
        self.moves = moves
        self._shapes = shapes
        self._separators = separators
        self._exact = exact
        self._most_faults = most_faults
        self._begin = Loop(moves.rule.root)
        self._walked = Walked()
        self.restart()

    def restart(self) -> None:
        """Go back to the beginning, for another set."""
        self._at = self.moves.begin
        self._loop = self._begin
        self._run = 1
        self._repeated = 0
        self._place = 0

    def feed(self, segments: Iterable[Segment]) -> Walked:
        """Walk on through these segments, and return what was found since the last time."""
        return self.read(list(map(self._separators.element.join, segments)))

    def read(self, texts: Sequence[str], *, printable: bool = False) -> Walked:
        """Do the same with segments that are not split; this is the quick way where nobody needs their elements.

        Who knows that all of it can be printed says so, and it is not looked at for that.
        """
        # the first letters tell segments apart; that an id has no more of them is seen when the segment is looked at
        key = tuple([text[:_LETTERS] for text in texts]) if not self._place and len(texts) <= _LONGEST_SHAPE else ()
        shape = self._shapes.get(key)
        if shape is not None and (printable or "".join(texts).isprintable()):
            alike = self._read_alike(texts, shape)
            if alike is not None:
                return alike
        walked = self._read_on(texts, printable=printable)
        if key and not walked.faults:
            self._keep(key, texts, walked.loops)
        return walked

    def _keep(self, key: tuple[str, ...], texts: Sequence[str], loops: list[Loop]) -> None:
        cut, at, steps = self._separators.element, self.moves.begin, []
        for text in texts:
            at = at.nexts[text.partition(cut)[0]]
            steps.append(at)
        if any(step.rule is None for step in steps):
            return  # nothing says where its id ends
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        self._shapes[key] = Shape(steps, loops, spots(self.moves.rule.code, [step.tag for step in steps]))

    def _read_alike(self, texts: Sequence[str], shape: Shape) -> Walked | None:
        """Look at the segments of a set that is like one before; None where it is not after all."""
        walked = self._walked = Walked(shape.loops, spots=shape.spots)
        cut = self._separators.element
        for place, (text, move) in enumerate(zip(texts, shape.steps, strict=True), 1):
            patterns = move.patterns
            if text in patterns.seen:
                continue
            if patterns.latest(text) or patterns.other(text):
                if len(patterns.seen) < MOST_SEEN:
                    patterns.seen.add(text)
                continue
            segment = text.split(cut)
            if segment[0] != move.tag:
                self.restart()
                return None
            self._loop = shape.loops[place - 1]
            self._examine(segment, move.rule, place)
        self._at, self._loop, self._place = shape.steps[-1], shape.loops[-1], len(texts)
        return walked

    def _read_on(self, texts: Sequence[str], *, printable: bool) -> Walked:
        """Walk on from segment to segment."""
        walked = self._walked = Walked()
        keep = walked.loops.append
        cut = self._separators.element
        doubtful = not (printable or "".join(texts).isprintable())
        at, loop, place = self._at, self._loop, self._place
        for text in texts:
            place += 1
            move = at.nexts[text.partition(cut)[0]]
            if move.plain:
                keep(loop)
            elif move.smooth:
                left, ups = loop, move.ups
                while ups:
                    left, loop, ups = loop, loop.around or loop, ups - 1
                if move.opens is not None:
                    loop = Loop(move.opens, loop, place, left.ordinal + 1 if move.again else 1)
                    if loop.ordinal > move.most:
                        self._say_loop_too_often(loop, move.most)
                keep(loop)
            else:
                self._at, self._loop = at, loop
                keep(self._follow(move, place))
                loop = self._loop
            at = move
            patterns = move.patterns
            clean = text in patterns.seen
            if not clean and (patterns.latest(text) or patterns.other(text)):
                clean = True
                if move.rule is not None and len(patterns.seen) < MOST_SEEN:
                    patterns.seen.add(text)
            if not clean or (doubtful and not text.isprintable()):
                self._loop = loop
                self._examine(text.split(cut), move.rule, place)
        self._at, self._loop, self._place = at, loop, place
        return walked

    def finish(self) -> list[Fault]:
        """Say what still had to come; the trailer is the envelope's matter."""
        walked = self._walked = Walked()
        for use in self.moves.left_over(self._at.use):
            if use.tag != "SE":
                self._say_missing(use, self._place + 1)
        return walked.faults

    def _follow(self, move: Move, place: int) -> Loop:
        """Make a move that has something to say, or that repeats a segment; return the segment's loop."""
        tag = move.tag
        if move.fault is not None:
            self._say(Fault(move.fault, place, tag=tag, message=self._out_of_place(move), loop=self._loop_id()))
            if move.stays:
                return self._around(move.ups)
        for use in move.missing:
            self._say_missing(use, place)
        if move.repeats:
            self._repeat(move, place)
        else:
            self._enter(move, place)
        return self._loop

    def _repeat(self, move: Move, place: int) -> None:
        """Count a segment that follows another of its kind; nothing has to be counted for those that do not."""
        self._run = self._run + 1 if self._repeated == place - 1 else 2
        self._repeated = place
        if self._run > move.most:
            message = f"{move.tag} may come {_times(move.most)} here, and this is number {self._run}"
            self._say(Fault(FaultCode.SEGMENT_OVER_MAXIMUM, place, tag=move.tag, message=message, loop=self._loop_id()))

    def _enter(self, move: Move, place: int) -> None:
        """Leave and begin loops as a move says that is not smooth."""
        ordinal = self._around(move.ups - 1).ordinal + 1 if move.again else 1
        self._loop = self._around(move.ups)
        if move.opens is not None:
            self._loop = Loop(move.opens, self._loop, place, ordinal)
            if ordinal > move.most:
                self._say_loop_too_often(self._loop, move.most)

    def _say_loop_too_often(self, loop: Loop, most: int) -> None:
        message = f"the {loop.name} loop may come {_times(most)} here, and this is number {loop.ordinal}"
        self._say(Fault(FaultCode.LOOP_OVER_MAXIMUM, loop.first, tag=loop.name, message=message, loop=loop.name))

    def _around(self, ups: int) -> Loop:
        loop = self._loop
        for _ in range(ups):
            loop = loop.around or loop
        return loop

    def _loop_id(self) -> str:
        return "" if self._loop.around is None else self._loop.name

    def _out_of_place(self, move: Move) -> str:
        rule, tag = move.rule, move.tag
        name = f"{tag} ({rule.name})" if rule is not None else tag
        code = self.moves.rule.code
        if move.fault is FaultCode.SEGMENT_OUT_OF_SEQUENCE:
            return f"{name} must stand before {self._at.use.tag}"
        if move.fault is FaultCode.UNEXPECTED_SEGMENT:
            return f"{name} is part of the {code}, but not behind {self._at.use.tag or 'nothing'}"
        if move.fault is FaultCode.SEGMENT_NOT_IN_SET:
            return f"{name} is not part of the {code}"
        return f"no segment {tag} is known"

    def _say_missing(self, use: Use, place: int) -> None:
        rule = self.moves.segment(use.tag)
        name = f"{use.tag} ({rule.name})" if rule is not None else use.tag
        loop = use.home.name if use.home.around is not None else ""
        behind = f" behind {self._at.use.tag}" if self._at.use.tag else ""
        message = f"the segment {name} is missing{behind}"
        self._say(Fault(FaultCode.SEGMENT_MISSING, place, tag=use.tag, message=message, loop=loop))

    def _examine(self, segment: Segment, rule: SegmentRule | None, place: int) -> None:
        if rule is not None:
            for fault in examine(segment, rule, self._separators):
                self._say(replace(fault, segment=place, loop=self._loop_id()))

    def _say(self, fault: Fault) -> None:
        if len(self._walked.faults) >= self._most_faults:
            self._walked.unsaid += 1
            return
        if not self._exact and fault.severity > Severity.WARNING:
            fault = replace(fault, graded=Severity.WARNING)
        self._walked.faults.append(fault)


def _times(most: int) -> str:
    return "once" if most == 1 else f"{most} times"
