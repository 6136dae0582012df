"""What an attempt's end says of its whole connection: written with the outcome, said once it is durable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.delivery.endings import End, Failed, answered, error_of
from hub.delivery.gate import Gate
from hub.delivery.policy import Verdict
from hub.delivery.tools import Tools
from hub.log import EventLog
from hub.store import connections

log = EventLog(__name__)


class News:
    """What an outcome says of the whole connection: written in the same transaction, said once it is durable."""

    def __init__(self, tools: Tools, code: str, gate: Gate, end: End, verdict: Verdict | None) -> None:
        self._code = code
        self._what = error_of(end).what if isinstance(end, Failed) else ""
        self._denied = verdict is not None and verdict.denied
        self._down = verdict is not None and verdict.unreachable and gate.failed()
        self._back = answered(end) and gate.reached()
        self._said: list[tuple[str, dict[str, Any]]] = []
        if self._denied:
            gate.refused()
        if verdict is not None and verdict.limited is not None:
            gate.limited(verdict.limited)
            tools.links.limiter(code).pause(verdict.limited)

    def write(self, tx: Connection, now: datetime) -> None:
        """Write down that the connection is paused, down or back, where it is news."""
        self._said.clear()
        if self._denied and connections.pause(tx, self._code, self._what, now, automatic=True):
            self._said.append(
                ("connection.paused", {"why": self._what, "todo": "mend the access; it resumes by itself"})
            )
        if self._down and connections.outage_started(tx, self._code, self._what, now):
            self._said.append(("connection.outage", {"error": self._what}))
        if self._back:
            seconds = connections.outage_ended(tx, self._code, now)
            if seconds is not None:
                self._said.append(("connection.recovered", {"seconds": round(seconds, 1)}))

    def say(self) -> None:
        """Log it, once."""
        for event, fields in self._said:
            say = log.info if event == "connection.recovered" else log.error
            say(event, partner=self._code, **fields)
