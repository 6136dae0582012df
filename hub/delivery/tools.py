"""What every part of the runner works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.delivery.links import Links
from hub.delivery.outcomes import Outcomes
from hub.delivery.policy import RetryPolicy
from hub.model.document import Kind
from hub.store.engine import Store

#: The hours that a partner has to answer a kind of document; None when it answers nothing.
AnswerHours = Callable[[str, Kind], float | None]
_ANSWERED = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER})


@dataclass(frozen=True, slots=True)
class Tools:
    """The store, the links, the rules and the time; `worker` signs claims, `chance` spreads delays over 0 to 1."""

    store: Store
    links: Links
    outcomes: Outcomes
    policy: RetryPolicy
    clock: Clock
    answer_hours: AnswerHours
    chance: Callable[[], float]
    worker: str

    def deadline(self, code: str, kind: Kind, now: datetime) -> datetime | None:
        """Return until when the partner has to answer, or None."""
        hours = self.answer_hours(code, kind)
        return None if hours is None else now + timedelta(hours=hours)


def agreed_hours(links: Links) -> AnswerHours:
    """Return what the partners' files say: on the wire each document is confirmed, beyond it orders are answered."""

    def hours(code: str, kind: Kind) -> float | None:
        profile = links.profile(code)
        if profile is None or kind is Kind.FUNCTIONAL_ACKNOWLEDGEMENT:  # nobody acknowledges an acknowledgement
            return None
        agreed = profile.partner.agreement
        if agreed.functional_hours is not None:
            return agreed.functional_hours
        return agreed.acknowledge_hours if kind in _ANSWERED and agreed.acknowledges else None

    return hours


def clean(text: str | None, limit: int = 2000) -> str | None:
    """Return a partner's text as every database can keep it."""
    if text is None:
        return None
    return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
