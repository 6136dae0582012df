"""[alerts] of the configuration: who is told of what, and when they want to sleep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.span import Span

#: A moment by the clock on the wall.
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from None
    return name


def _hours(value: str) -> str:
    if value and re.fullmatch(rf"{_CLOCK}\s*-\s*{_CLOCK}", value) is None:
        raise ValueError(f"{value!r} is no span of hours such as 22:00-07:00")
    return value


def _moment(value: str) -> str:
    if value and re.fullmatch(_CLOCK, value) is None:
        raise ValueError(f"{value!r} is no time of day such as 07:30")
    return value


def _address(value: str) -> str:
    if value and re.match(r"https?://|secret:.", value) is None:
        raise ValueError("must begin with https:// or name a secret, as secret:chat_url")
    return value


def _mail_server(value: str) -> str:
    if value and re.fullmatch(r"[^\s:]+(:\d{1,5})?", value) is None:
        raise ValueError(f"{value!r} is no host:port such as mail.example.com:587")
    return value


def _one_line(value: str) -> str:
    if any(ord(sign) < ord(" ") for sign in value):
        raise ValueError("must stand on one line")
    return value


def _twice(names: Iterable[str]) -> str:
    """Return the names that come more than once."""
    return ", ".join(name for name, count in Counter(names).items() if count > 1)


#: One line of text, as it may stand in the head of a mail.
_Line = Annotated[str, AfterValidator(_one_line)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AlertChannel(_Part):
    """[[alerts.channels]]: a way to people. `url` and `password` may be `secret:name`."""

    name: Annotated[_Line, Field(min_length=1)]
    kind: Literal["email", "webhook", "command"]
    url: Annotated[
        str,
        AfterValidator(_address),
        Field(description="webhook: where a JSON body with `text` is posted, as Slack takes it"),
    ] = ""
    command: Annotated[tuple[str, ...], Field(description="command: program and arguments; the text is its input")] = ()
    smtp: Annotated[str, AfterValidator(_mail_server), Field(description="email: host:port; without a port, 587")] = ""
    tls: Annotated[
        bool, Field(description="email: STARTTLS before anything is said; on port 465 TLS from the first byte")
    ] = True
    sender: Annotated[_Line, Field(description="email: whom it is from")] = ""
    to: Annotated[tuple[_Line, ...], Field(description="email: everybody who gets it")] = ()
    user: str = ""
    password: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        needs = {"webhook": ("url",), "command": ("command",), "email": ("smtp", "sender", "to")}[self.kind]
        missing = [name for name in needs if not getattr(self, name)]
        if missing:
            raise ValueError(f"a channel of kind {self.kind} needs {', '.join(missing)}")
        return self


class AlertRule(_Part):
    """[[alerts.rules]]: what somebody wants to be told of."""

    name: str
    when: Literal[
        "connection_down", "feed_older", "parked_more", "acknowledgement_overdue", "deliveries_stuck", "order_notice"
    ]
    than: Annotated[Span, Field(description="how long it must have lasted")] = timedelta()
    count: Annotated[
        int, Field(ge=0, description="parked_more, deliveries_stuck: tell when there are more than this")
    ] = 0
    partner: Annotated[str, Field(description="only this one; empty: each of them")] = ""
    urgent: Annotated[bool, Field(description="told in quiet hours too")] = False
    to: Annotated[tuple[str, ...], Field(description="names of channels; empty: all")] = ()


class AlertsSection(_Part):
    """[alerts]: nobody is told anything until there is a channel and a rule."""

    every_seconds: Annotated[float, Field(gt=0, description="how often the rules are looked at")] = 30.0
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    quiet: Annotated[str, AfterValidator(_hours), Field(description="hours without alerts, e.g. 22:00-07:00")] = ""
    digest: Annotated[str, AfterValidator(_moment), Field(description="when the morning's summary is sent")] = ""
    channels: tuple[AlertChannel, ...] = ()
    rules: tuple[AlertRule, ...] = ()

    @model_validator(mode="after")
    def _names_meet(self) -> Self:
        for what, names in (
            ("channels", [channel.name for channel in self.channels]),
            ("rules", [rule.name for rule in self.rules]),
        ):
            if again := _twice(names):
                raise ValueError(f"several {what} are called {again}; each needs a name of its own")
        known = {channel.name for channel in self.channels}
        for rule in self.rules:
            if unknown := set(rule.to) - known:
                raise ValueError(f"rule {rule.name!r} tells {', '.join(sorted(unknown))}; there is no such channel")
        return self

    def local(self, now: datetime) -> datetime:
        """Return a moment by the clock on the wall there."""
        return now.astimezone(ZoneInfo(self.timezone))

    def is_quiet(self, now: datetime) -> bool:
        """Say whether people want to sleep now; the hours may go over midnight."""
        if not self.quiet:
            return False
        begin, end = (time.fromisoformat(part.strip()) for part in self.quiet.split("-"))
        at = self.local(now).time()
        return begin <= at < end if begin <= end else at >= begin or at < end
