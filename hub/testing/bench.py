"""What a connector's author gives the contract kit: the connector, and a simulator of its partner."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from hub.contract import Outbound, Plugin, Profile
from hub.model.base import Record


class Mood(StrEnum):
    """How a simulated partner misbehaves."""

    BUSY = "busy"  # too many calls, a lock: come back later
    DOWN = "down"  # refuses or cuts the connection, does nothing
    HANG = "hang"  # accepts and never answers
    LOCKED_OUT = "locked_out"  # does not accept our credentials
    PICKY = "picky"  # reads what is sent and refuses it
    LOST_REPLY = "lost_reply"  # does what is sent and drops the answer, once


class Bench(Protocol):
    """One connection to one simulated partner, fresh for every test.

    Only these attributes and methods are used; a simulator in the same process is fine, real network calls are not.
    Give the connection timeouts of a second or less, so that a partner who hangs does not hold up the tests.
    """

    plugin: Plugin
    profile: Profile

    #: Every secret in the profile by name, none when it has none; each 12 characters or more that stand nowhere else.
    secrets: Mapping[str, str]
    #: An inbound and an outbound document of the profile; empty when the connector has none.
    inbound: str
    outbound: str
    #: How many inbound documents need more than one page.
    several_pages: int
    #: What the simulator can do; tests of other moods are skipped.
    moods: frozenset[Mood]

    def place(self, count: int) -> None:
        """Let that many new inbound documents, each different, wait at the partner; keep earlier ones."""
        ...

    def place_bad(self) -> int:
        """Place inbound documents with exactly one unreadable record; return how many readable ones stand beside it."""
        ...

    def record(self, number: int) -> Record:
        """Return a canonical record for the outbound document: the same for the same number, another for another."""
        ...

    def received(self, outbound: Outbound) -> int:
        """Return how many times the partner holds this document by now, counted at the partner."""
        ...

    def set_mood(self, mood: Mood) -> None:
        """Put the partner into a mood, for every call until `calm`; `LOST_REPLY` for the next changing call only."""
        ...

    def calm(self) -> None:
        """Let the partner behave again."""
        ...
