"""Notices as deliveries: the ways of [alerts] are connections of the hub's own, with ledger, retries and attempts.

A notice that could not be delivered is tried again like any document, parks in the end, stands in `failed list`, and
goes with `failed rerun`. It may come twice after a lost reply; better than never.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from hub.contract import (
    About,
    BadRecord,
    CannotTell,
    Context,
    DocumentSpec,
    Finding,
    Health,
    Numbers,
    Outbound,
    Page,
    Profile,
    RawItem,
    Receipt,
    Rejected,
    Rendered,
    TemporaryFailure,
)
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.notice import Notice
from hub.model.partner import Partner, Role
from hub.services.alerting.alert_channels import Channels, NotTold
from hub.services.alerting.alert_settings import AlertChannel, AlertsSection
from hub.store import connections, counters, deliveries
from hub.store.delivery_row import NewDelivery

#: The kind of connector in the connection's row; no mapping file can name it.
CONNECTOR: Final = "notice"
_DOCUMENT: Final = DocumentSpec(CONNECTOR, Direction.OUT, Kind.NOTICE)
_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)


def code_of(channel: str) -> str:
    """Return the code of a channel's connection; no partner's code has a slash."""
    return f"alerts/{channel}"


def profile(settings: AlertsSection, code: str) -> Profile | None:
    """Return the profile of a channel's connection, or None when no channel is called so."""
    for channel in settings.channels:
        if code_of(channel.name) == code:
            partner = Partner(code=code, name=channel.name, role=Role.CHANNEL)
            return Profile(partner, channel, hash=_hash(channel))
    return None


def enqueue(tx: Connection, channel: AlertChannel, subject: str, text: str, now: datetime) -> int:
    """Write down, in the caller's transaction, that people have to be told; returns the delivery's id."""
    code = code_of(channel.name)
    if connections.ensure(tx, code, CONNECTOR, _hash(channel), now):
        connections.go_live(tx, code, _ALWAYS, now)
    key = f"notice-{counters.take(tx, code):06}"
    record = Notice(subject=subject[:200], text=text[:100_000])
    new = NewDelivery(code, _DOCUMENT.name, Kind.NOTICE, key, key, record)  # none waits for another
    return deliveries.enqueue(tx, new, now)


def _hash(channel: AlertChannel) -> str:
    return hashlib.sha256(channel.model_dump_json().encode()).hexdigest()


class NoticePlugin:
    """The kind of connection that tells people; `channels` knows the ways to them."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @property
    def about(self) -> About:
        """What it is and can do."""
        words, kinds = "Tells people, by the channels of [alerts].", frozenset({Kind.NOTICE})
        return About(CONNECTOR, words, AlertChannel, writes=kinds, idempotent=kinds)

    def open(self, profile: Profile, _context: Context) -> _NoticeConnector:
        """Return a connection to one channel."""
        if not isinstance(profile.settings, AlertChannel):
            raise TypeError(f"{profile.partner.code} is no channel of [alerts]")
        return _NoticeConnector(profile.settings, self._channels)


class _NoticeConnector:
    """One channel."""

    def __init__(self, channel: AlertChannel, channels: Channels) -> None:
        self._channel, self._channels = channel, channels

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the one document that flows."""
        return (_DOCUMENT,)

    def check(self) -> Health:
        """Say how to find out; a channel is tried with the first notice only, so that nobody is woken by a check."""
        return Health(ok=True, sentence=f"{self._channel.kind} {self._channel.name}: tried with the next notice")

    def fetch(self, _document: str, _cursor: str | None) -> Iterator[Page]:
        """Yield nothing: people do not answer here."""
        return iter(())

    def parse(self, _document: str, _item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield nothing."""
        return iter(())

    def render(self, _document: str, record: Record, _numbers: Numbers) -> Rendered:
        """Return subject and text."""
        return Rendered(json.dumps(record.model_dump(), ensure_ascii=False).encode())

    def send(self, outbound: Outbound) -> Receipt:
        """Tell people; what the channel did not take is tried again later."""
        told: dict[str, Any] = json.loads(outbound.content)
        try:
            self._channels.send(self._channel, told["subject"], told["text"])
        except NotTold as error:
            wrong = Rejected if error.for_good else TemporaryFailure
            raise wrong(
                str(error), todo="mend its settings under [[alerts.channels]], then rerun", code="told"
            ) from None
        except OSError as error:
            raise TemporaryFailure(f"channel {self._channel.name}: {type(error).__name__}", code="told") from None
        return Receipt(confirmed=True)

    def find(self, _outbound: Outbound) -> Finding:
        """Say that nobody knows."""
        return CannotTell("nobody can be asked whether a notice was read")

    def close(self) -> None:
        """Let go of nothing."""
