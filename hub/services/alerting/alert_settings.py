"""[alerts] of the configuration: who is told of what, and when they want to sleep."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.span import Span


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from None
    return name


def _hours(value: str) -> str:
    if value:
        begin, _, end = value.partition("-")
        time.fromisoformat(begin.strip())
        time.fromisoformat(end.strip())
    return value


def _moment(value: str) -> str:
    if value:
        time.fromisoformat(value)
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AlertChannel(_Part):
    """[[alerts.channels]]: a way to people. `url` and `password` may be `secret:name`."""

    name: str
    kind: Literal["email", "webhook", "command"]
    url: Annotated[str, Field(description="webhook: where a JSON body with `text` is posted, as Slack takes it")] = ""
    command: Annotated[tuple[str, ...], Field(description="command: program and arguments; the text is its input")] = ()
    smtp: Annotated[str, Field(description="email: host:port")] = ""
    tls: Annotated[bool, Field(description="email: STARTTLS before anything is said")] = True
    sender: str = ""
    to: tuple[str, ...] = ()
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
    count: Annotated[int, Field(ge=0, description="parked_more: tell when there are more than this")] = 0
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
