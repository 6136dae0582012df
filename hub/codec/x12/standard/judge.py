"""Holds a transaction set that was read against the standard: every fault, and the loop of every segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, TransactionSet
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.rules import LoopRule
from hub.codec.x12.standard.walk import Loop, Walked, Walker

#: Every character of ASCII that can be printed.
_PRINTABLE: Final = bytes(range(0x20, 0x7F))


class Judge:
    """Judges one transaction set, in one piece or part by part.

    A set that we do not describe is noted and not checked, and all its segments stand in the set itself.
    """

    def __init__(self, transaction: TransactionSet) -> None:
        separators = transaction.interchange.separators
        self._walker: Walker | None = standard(transaction.version).walker(transaction.code, separators)
        self._flat = Loop(LoopRule(transaction.code))
        self._code = transaction.code
        self._told = False

    def feed(self, segments: Iterable[Segment]) -> Walked:
        """Go on through these segments; the faults are those found in them."""
        if self._walker is not None:
            return self._walker.feed(segments)
        walked = Walked([self._flat for _ in segments])
        if not self._told:
            self._told = True
            message = "we do not describe this transaction set: it is read without being checked"
            code, graded = FaultCode.SET_UNSUPPORTED, Severity.NOTE
            walked.faults.append(Fault(code, 1, 1, value=self._code, message=message, tag="ST", graded=graded))
        return walked

    def read(self, part: TransactionSet, texts: Sequence[str] | None = None) -> Walked:
        """Go on through a set, or a part of one, without splitting its segments; the quick way."""
        if self._walker is None:
            return self.feed(part)
        # what is plain ASCII need not be looked at character by character
        printable = not part.raw.translate(None, _PRINTABLE)
        return self._walker.read(part.texts() if texts is None else texts, printable=printable)

    def restart(self) -> None:
        """Go back to the beginning, for another set of the same group, code and separators."""
        self._told = False
        if self._walker is not None:
            self._walker.restart()

    def finish(self) -> list[Fault]:
        """Return what only shows at the end: what still had to come."""
        return self._walker.finish() if self._walker is not None else []


def judge(transaction: TransactionSet) -> Walked:
    """Judge a transaction set that is there as a whole."""
    whole = Judge(transaction)
    walked = whole.read(transaction)
    walked.faults += whole.finish()
    return walked
