"""How often NetSuite has answered with a code that our table does not know: counted durably, for the doctor to tell."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

from connectors.netsuite.codes import MEANINGS
from hub.contract import UNKNOWN_CODES, Context

#: So many codes are told apart; the rest are counted together.
_MOST, _OTHERS = 50, "others"


class Tally:
    """The counts of one connection; every process that opens it sees them."""

    def __init__(self, context: Context, lock: threading.Lock) -> None:
        self._context, self._lock = context, lock

    def see(self, code: str) -> None:
        """Count a code unless its meaning is known."""
        if code in MEANINGS:
            return
        with self._lock:
            counts = dict(self.counts())
            name = (code or "no code")[:80]
            name = name if name in counts or len(counts) < _MOST else _OTHERS
            counts[name] = counts.get(name, 0) + 1
            self._context.remember(UNKNOWN_CODES, json.dumps(counts, separators=(",", ":")))

    def counts(self) -> Mapping[str, int]:
        """Return how often each unknown code has come so far."""
        counts: dict[str, int] = json.loads(self._context.recall(UNKNOWN_CODES) or "{}")
        return counts
