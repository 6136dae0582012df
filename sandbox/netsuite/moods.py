"""How the account misbehaves, for how many calls and on which; and a count of every call that it received."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class Mood(StrEnum):
    """What the account does to a call instead of plainly serving it."""

    BUSY = "busy"  # a fault: too many concurrent requests
    DOWN = "down"  # the connection is closed and nothing was done
    HANG = "hang"  # accepted and never answered
    LOCKED_OUT = "locked_out"  # a fault: invalid login attempt
    FORBIDDEN = "forbidden"  # a fault: the role may not do this
    NO_FEATURE = "no_feature"  # a fault: the account has not turned this on
    PICKY = "picky"  # every record is refused
    LOST_REPLY = "lost_reply"  # the work is done and the answer dropped
    MAINTENANCE = "maintenance"  # a page of HTML with status 200
    BROKEN = "broken"  # HTTP 502 with well-formed HTML
    TRUNCATED = "truncated"  # the work is done and half of the reply comes
    PARTIAL = "partial"  # of a list the last answer is missing
    CHANGED = "changed"  # the record has been changed since it was read
    UNEXPECTED = "unexpected"  # an invalidCredentialsFault that says UNEXPECTED_ERROR
    NOVEL = "novel"  # a fault with a code that nobody has published
    MOVED = "moved"  # HTTP 302: another host serves this account
    WRONG_HOST = "wrong_host"  # a fault: this data center does not serve the account


#: A host that does not serve an account says where it is all the same.
_WHERE = {Mood.MOVED: ("getDataCenterUrls",), Mood.WRONG_HOST: ("getDataCenterUrls",)}
#: Calls that change something; a lost reply matters only there.
_CHANGES = "upsertList"


@dataclass(slots=True)
class Spell:
    """One mood in force, on calls of a pattern, for so many more of them (None: until calmed)."""

    mood: Mood
    on: str
    left: int | None


@dataclass(slots=True)
class Moods:
    """All spells in force, and all calls received by operation."""

    spells: list[Spell] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def cast(self, mood: Mood, *, on: str = "", for_calls: int | None = None) -> None:
        """Put the account into a mood; a lost reply strikes changes unless `on` says otherwise."""
        self.spells.append(Spell(mood, on or (_CHANGES if mood is Mood.LOST_REPLY else "*"), for_calls))

    def calm(self) -> None:
        """End every mood."""
        self.spells.clear()

    def meet(self, operation: str) -> Mood | None:
        """Count a call, and return the mood that it meets."""
        self.calls[operation] += 1
        for spell in self.spells:
            if spell.left != 0 and fnmatchcase(operation, spell.on) and operation not in _WHERE.get(spell.mood, ()):
                spell.left = None if spell.left is None else spell.left - 1
                return spell.mood
        return None
