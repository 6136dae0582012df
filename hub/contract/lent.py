"""What the hub lends a connector; everything else is out of its reach."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from hub.clock import Clock
from hub.contract.flow import Pace

#: Under this a connector remembers the partner's codes that it has no meaning for, as JSON: code -> how often so far.
UNKNOWN_CODES: Final = "unknown_codes"


class Limiter(Protocol):
    """The pace of one account, shared by every thread and flow of it."""

    def acquire(self, cost: float = 1.0, *, urgent: bool = True) -> None:
        """Wait until the call may be made; what is not urgent (stock levels) leaves room for what is."""
        ...

    def observe(self, used: float, capacity: float) -> None:
        """Take over what the partner's own header says: `used` of `capacity` are in its bucket."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody call for that long."""
        ...

    def part(self, name: str, pace: Pace) -> Limiter:
        """Return a further bucket of the same account, which the partner counts apart (GraphQL points beside calls).

        The pace is that of the first who asks; who calls a pause for the account means every part of it.
        """
        ...


class Numbers(Protocol):
    """What `render` may take from the hub; all of it commits together with the rendered bytes."""

    def next(self, counter: str) -> int:
        """Return the counter's next value, from 1; never returned twice for this connection."""
        ...

    def theirs(self, entity: str, ours: str, kind: str) -> str | None:
        """Return the partner's own id of one of our entities, or None."""
        ...

    def now(self) -> datetime:
        """Return the moment of rendering, aware and UTC."""
        ...


class Context(Protocol):
    """The hub as a connector sees it; everything else is out of its reach."""

    @property
    def clock(self) -> Clock:
        """The hub's time."""
        ...

    @property
    def limiter(self) -> Limiter:
        """The pace of this account."""
        ...

    def recall(self, key: str) -> str | None:
        """Return what `remember` kept under this key for this connection, or None."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a small value (a token, a watermark) durably for this connection.

        What is kept under UNKNOWN_CODES is told in the metrics.
        """
        ...

    def note(self, key: str, text: str) -> None:
        """Write down, durably and before returning, how far the send of the document with this key has come."""
        ...

    def checkpoint(self, name: str) -> None:
        """Pass a named instant of the send path; crash tests stop the process here, nothing else does."""
        ...
