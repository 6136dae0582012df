"""Transaction sets are judged once: for the acknowledgement of their interchange, not again when they are mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from hub.codec.x12.fault import Fault
from hub.codec.x12.interchange import TransactionSet

#: So many sets are remembered; an interchange of more has its last ones judged once and the others twice.
_MOST: Final = 100_000


@dataclass(slots=True)
class Judged:
    """Remembers the faults of sets by their bytes, for as long as the connection with its mapping file is open."""

    _known: dict[tuple[bytes, str, str], tuple[Fault, ...]] = field(default_factory=dict)

    def faults(self, look: Callable[[TransactionSet], list[Fault]], part: TransactionSet) -> list[Fault]:
        """Return the faults of a set, with their offsets in the input at hand; `look` finds them where nobody did."""
        if not part.whole:
            return look(part)
        marks = part.interchange.separators
        key = (
            hashlib.blake2b(part.raw, digest_size=16).digest(),
            part.version,
            marks.element + marks.component + marks.segment + marks.repetition,
        )
        known = self._known.get(key)
        if known is None:
            known = tuple(_moved(fault, -part.offset) for fault in look(part))
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = known
        return [_moved(fault, part.offset) for fault in known]


def _moved(fault: Fault, by: int) -> Fault:
    return replace(fault, offset=fault.offset + by) if fault.offset >= 0 else fault
