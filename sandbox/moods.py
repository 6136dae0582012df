"""Moods: how a partner misbehaves, for how many calls or what share of them; and a count of every call it received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random


class Mood(StrEnum):
    """What a partner does to a call instead of plainly serving it."""

    BUSY = "busy"  # too fast for it: HTTP 429, an SFTP failure
    DOWN = "down"  # the connection is closed and nothing was done
    UNAVAILABLE = "unavailable"  # HTTP 503; the same as busy over SFTP
    SLOW = "slow"  # it works, later
    LOCKED_OUT = "locked_out"  # HTTP 401, the password is refused
    PICKY = "picky"  # HTTP 422; the robot rejects every line
    LOST_REPLY = "lost_reply"  # the work is done and the answer dropped
    HANG = "hang"  # accepted and never answered


#: A lost reply matters where the call changes something; reads are hit only when `on` names them.
_CHANGES = ("POST *", "PUT *", "DELETE *", "rename *", "data *")


@dataclass(slots=True)
class Spell:
    """One mood in force: for whom, on which calls, for how many more of them (None: until calmed)."""

    partner: str
    mood: Mood
    on: str | None
    left: int | None
    share: float
    seconds: float
    random: Random

    def strikes(self, partner: str, call: str) -> bool:
        """Say whether this call is met by the spell, and use it up by one if so."""
        if self.partner not in ("*", partner) or not self._matches(call) or self.random.random() >= self.share:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _matches(self, call: str) -> bool:
        if self.on is not None:
            return fnmatchcase(call, self.on)
        return self.mood is not Mood.LOST_REPLY or any(fnmatchcase(call, pattern) for pattern in _CHANGES)


@dataclass(slots=True)
class Moods:
    """All spells in force and all calls received, by partner and call (`GET /orders.json`, `rename /in/PO_1.csv`)."""

    spells: list[Spell] = field(default_factory=list)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    struck: dict[str, Counter[str]] = field(default_factory=dict)

    def cast(
        self,
        partner: str,
        mood: Mood,
        *,
        for_calls: int | None = None,
        share: float = 1.0,
        seed: int = 0,
        on: str | None = None,
        seconds: float = 1.0,
    ) -> Spell:
        """Put a partner ("*": every one) into a mood; `on` narrows it to calls like `POST /fulfillments.json`."""
        if not 0 < share <= 1:
            raise ValueError(f"share of calls must be more than 0 and at most 1, got {share}")
        spell = Spell(partner, mood, on, for_calls, share, seconds, Random(f"{seed}|{partner}|{mood}"))
        self.spells.append(spell)
        return spell

    def calm(self, partner: str = "*") -> None:
        """End every mood of a partner ("*": of all)."""
        self.spells = [spell for spell in self.spells if partner not in ("*", spell.partner)]

    def count(self, partner: str, call: str) -> None:
        """Count a call that arrived."""
        self.calls.setdefault(partner, Counter())[call] += 1

    def meet(self, partner: str, call: str, able: Collection[Mood]) -> Spell | None:
        """Return the first spell that strikes this call, of the moods that the caller is able to act out."""
        for spell in self.spells:
            if spell.mood in able and spell.strikes(partner, call):
                self.spells = [each for each in self.spells if each.left is None or each.left > 0]
                self.struck.setdefault(partner, Counter())[spell.mood] += 1
                return spell
        return None
