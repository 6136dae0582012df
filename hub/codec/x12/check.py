"""Hold the transaction sets of a stream against the standard, also those that come in parts."""

from __future__ import annotations

from hub.codec.x12.fault import Fault
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.standard.hierarchy import Hierarchy
from hub.codec.x12.standard.judge import Judge


class StandardCheck:
    """The second level of validation, set after set in the order of the stream; call it with each set or part."""

    def __init__(self) -> None:
        self._judge: Judge | None = None
        self._hierarchy = Hierarchy()

    def __call__(self, part: TransactionSet) -> list[Fault]:
        """Return the faults of the set against the standard, each with its offset in the input."""
        if part.part == 1 or self._judge is None:
            self._judge, self._hierarchy = Judge(part), Hierarchy()
        walked = self._judge.read(part)
        faults = walked.faults
        if f"HL{part.interchange.separators.element}".encode("latin-1") in part.raw:
            for place, (segment, loop) in enumerate(zip(part.segments, walked.loops, strict=False), part.first):
                if segment[0] == "HL":
                    self._hierarchy.add(loop, segment, place)
        if part.last:
            faults = [*faults, *self._judge.finish(), *self._hierarchy.faults]
        return part.located(sorted(faults, key=lambda fault: fault.segment)) if faults else []
