"""The port behind which deliveries are carried out, whichever engine does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.model.state import DeliveryState


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A delivery that a process left in the middle when it died, and what became of it.

    `verb` is what it was at, send or find; `entered` is true when the connector had been entered, so that bytes may
    have left.
    """

    delivery_id: int
    connection: str
    key: str
    verb: str
    entered: bool
    became: DeliveryState


class Dispatcher(Protocol):
    """What carries deliveries out: one daemon's own threads, or a distributed engine."""

    def start(self) -> Sequence[Interrupted]:
        """Take up what a dead process left, and begin; returns what was interrupted."""
        ...

    def wake(self) -> None:
        """Look for something to do now rather than at the next look; from any thread."""
        ...

    def stop(self, drain_seconds: float) -> bool:
        """Begin nothing new and wait that long for what is in flight; true when all of it came to its end."""
        ...
