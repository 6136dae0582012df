"""Hold the transaction sets of a stream against the standard, also those that come in parts."""

from __future__ import annotations

from hub.codec.x12.fault import Fault, Severity
from hub.codec.x12.interchange import Group, TransactionSet
from hub.codec.x12.standard.hierarchy import Hierarchy
from hub.codec.x12.standard.judge import Judge
from hub.codec.x12.standard.totals import COUNTED, Spots, Totals, spots


class StandardCheck:
    """The second level of validation, set after set in the order of the stream; call it with each set or part.

    `lines` and `hashes` say how bad it is when CTT01 and CTT02 differ from the set; with None nobody looks.
    """

    def __init__(self, lines: Severity | None = Severity.WARNING, hashes: Severity | None = Severity.WARNING) -> None:
        self._judge: Judge | None = None
        self._group: Group | None = None
        self._code = ""
        self._hierarchy = Hierarchy()
        self._lines, self._hashes = lines, hashes
        self._totals: Totals | None = None

    def __call__(self, part: TransactionSet) -> list[Fault]:
        """Return the faults of the set against the standard, each with its offset in the input."""
        judge = self._begin(part) if part.part == 1 or self._judge is None else self._judge
        texts = part.texts()
        walked = judge.read(part, texts)
        faults = walked.faults
        if self._totals is not None:
            where = walked.spots or _spots(part, texts)
            if wrong := self._totals.add(texts, where, part.first):
                faults = [*faults, *wrong]
        if f"HL{part.interchange.separators.element}".encode("latin-1") in part.raw:
            for place, (segment, loop) in enumerate(zip(part.segments, walked.loops, strict=False), part.first):
                if segment[0] == "HL":
                    self._hierarchy.add(loop, segment, place)
        if part.last:
            faults = [*faults, *judge.finish(), *self._hierarchy.faults]
        return part.located(sorted(faults, key=lambda fault: fault.segment)) if faults else []

    def _begin(self, part: TransactionSet) -> Judge:
        """Make ready for another set; most often it is one of the same kind."""
        rule, cut = COUNTED.get(part.code), part.interchange.separators.element
        self._totals = Totals(rule, cut, self._lines, self._hashes) if rule is not None else None
        self._hierarchy = Hierarchy()
        if self._judge is not None and part.group is self._group is not None and part.code == self._code:
            self._judge.restart()
        else:
            self._judge, self._group, self._code = Judge(part), part.group, part.code
        return self._judge


def _spots(part: TransactionSet, texts: list[str]) -> Spots:
    cut = part.interchange.separators.element
    return spots(part.code, [text.partition(cut)[0] for text in texts])
