"""Hold the transaction sets of a stream against the standard, also those that come in parts."""

from __future__ import annotations

from hub.codec.x12.fault import Fault
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.walk import Walker


class StandardCheck:
    """The second level of validation, set after set in the order of the stream; call it with each set or part."""

    def __init__(self) -> None:
        self._walker: Walker | None = None

    def __call__(self, part: TransactionSet) -> list[Fault]:
        """Return the faults of the set against the standard, each with its offset; none for a set not described."""
        if part.part == 1:
            self._walker = standard(part.version).walker(part.code, part.interchange.separators)
        if self._walker is None:
            return []
        faults = self._walker.feed(part).faults
        if part.last:
            faults = [*faults, *self._walker.finish()]
        return part.located(faults) if faults else []
