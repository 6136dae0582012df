"""One attempt of one delivery, from the claim to the outcome in the ledger."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub.contract import (
    Absent,
    BadRecord,
    CannotTell,
    Connector,
    ConnectorError,
    Found,
    Outbound,
    OutcomeUnknown,
    Receipt,
)
from hub.delivery import ledger
from hub.delivery.context import RenderNumbers
from hub.delivery.gate import Gate
from hub.delivery.ledger import Claim, Settlement
from hub.delivery.links import NotConnected
from hub.delivery.policy import Tried, Unforeseen, Verb, Verdict, judge
from hub.delivery.tools import Tools, clean
from hub.log import EventLog
from hub.model.state import DeliveryState
from hub.store import archive, connections
from hub.store.delivery_row import Delivery

log = EventLog(__name__)

_NO_ERROR = {"error_class": None, "code": None, "error": None, "todo": None}
_ASK_THEM = "ask the partner whether it has the document: close this one if so, otherwise rerun it to send it again"


class _NotOurs(Exception):
    """The claim is no longer ours, or its connection no longer live: nothing may leave."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    receipt: Receipt
    outcome: str


@dataclass(frozen=True, slots=True)
class _Failed:
    error: ConnectorError


@dataclass(frozen=True, slots=True)
class _Untold:
    """The partner could not say whether an earlier send arrived."""

    why: str


_End = _Arrived | _Failed | _Untold


@dataclass(slots=True)
class _Trip:
    """The attempt under way: its claim, and whether bytes may have left by now."""

    claim: Claim
    entered: bool = False

    def tried(self) -> Tried:
        row = self.claim.delivery
        return Tried(self.claim.verb, row.tries, row.doubt, self.entered, self.claim.finds)


class Courier:
    """Carries claims out, one at a time for each thread that calls."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def carry(self, claim: Claim, gate: Gate) -> float | None:
        """Try the delivery once and write down how it ended; raises only what the ledger itself raises.

        Returns in how many seconds the delivery is due again, None when it is not.
        """
        self._tools.links.passing(claim.code, "claimed")
        trip = _Trip(claim)
        try:
            with self._tools.links.use(claim.code) as connector:
                end = self._exchange(connector, trip)
        except (NotConnected, _NotOurs):
            self._return(trip)
            return None
        except ConnectorError as error:
            end = _Failed(error)
        except Exception as error:  # noqa: BLE001 - whatever a connector raises must end in the ledger
            end = _Failed(self._unforeseen(trip, error))
        self._tools.links.passing(claim.code, "replied")
        again = self._settle(trip, end, gate)
        self._tools.links.passing(claim.code, "committed")
        return again

    # --- at the partner ----------------------------------------------------------------------------------------------

    def _exchange(self, connector: Connector, trip: _Trip) -> _End:
        if trip.claim.verb is Verb.FIND:
            found = self._find(connector, trip)
            if found is not None:
                return found
        outbound = self._enter(connector, trip)
        trip.entered = True
        self._tools.links.passing(trip.claim.code, "rendered")
        receipt = connector.send(outbound)
        return _Arrived(receipt, "confirmed" if receipt.confirmed else "sent")

    def _find(self, connector: Connector, trip: _Trip) -> _End | None:
        """Ask whether an earlier send arrived; None when it did not and the send may follow."""
        match connector.find(self._stored(trip.claim.delivery)):
            case Found(receipt):
                return _Arrived(receipt, "found")
            case CannotTell(why):
                return _Untold(why)
            case Absent():
                self._send_again(trip)
        return None

    def _send_again(self, trip: _Trip) -> None:
        tools, claim = self._tools, trip.claim
        if claim.delivery.tries >= tools.policy.attempts:
            trip.claim = replace(claim, delivery=replace(claim.delivery, doubt=False))
            raise Unforeseen(
                f"sent {claim.delivery.tries} times, and the partner has none of them",
                todo="ask the partner what becomes of the documents that we send, then rerun this one",
                code="vanishes",
            )
        now = tools.clock.now()
        following = tools.store.submit(lambda tx: ledger.again(tx, claim, tools.worker, "not there", now))
        if following is None:
            raise _NotOurs
        trip.claim = following

    def _enter(self, connector: Connector, trip: _Trip) -> Outbound:
        """Make sure that the bytes are stored and the ledger says that they may leave; return them."""
        tools, claim = self._tools, trip.claim
        row, now = claim.delivery, tools.clock.now()
        if row.content_sha256 is not None:
            outbound = self._stored(row)
            kept = (row.content_sha256, row.content_name)
            if not tools.store.submit(lambda tx: ledger.enter(tx, claim, tools.worker, kept, now)):
                raise _NotOurs
            return outbound
        record = row.record

        def render(tx: Connection) -> Outbound:
            rendered = connector.render(row.document, record, RenderNumbers(tx, row.connection, tools.clock))
            sha = archive.keep(tx, rendered.content, now)
            if not ledger.enter(tx, claim, tools.worker, (sha, rendered.name or None), now):
                raise _NotOurs  # undoes the numbers taken too
            return Outbound(row.document, row.key, rendered.content, rendered.name, row.note)

        return tools.store.submit(render)

    def _stored(self, row: Delivery) -> Outbound:
        with self._tools.store.read() as tx:
            content = archive.load(tx, row.content_sha256 or "")
        return Outbound(row.document, row.key, content, row.content_name or "", row.note)

    # --- in the ledger -----------------------------------------------------------------------------------------------

    def _return(self, trip: _Trip) -> None:
        now = self._tools.clock.now()
        self._tools.store.submit(lambda tx: ledger.give_back(tx, [trip.claim], self._tools.worker, now))

    def _settle(self, trip: _Trip, end: _End, gate: Gate) -> float | None:
        verdict = self._verdict(trip, end)
        news = _News(self._tools, trip.claim.code, gate, end, verdict)
        try:
            return self._write_down(trip, end, verdict, news, tell=True)
        except Exception as error:  # noqa: BLE001 - a fault in what an outcome means must not lose the outcome
            fault = _Failed(self._unforeseen(trip, error))
            return self._write_down(trip, fault, self._verdict(trip, fault), news, tell=False)

    def _write_down(self, trip: _Trip, end: _End, verdict: Verdict | None, news: _News, *, tell: bool) -> float | None:
        now = self._tools.clock.now()
        settlement = self._settlement(trip, end, verdict, now)

        def write(tx: Connection) -> None:
            if ledger.settle(tx, trip.claim, self._tools.worker, settlement, now, entered=trip.entered) and tell:
                self._tell(tx, trip, end, settlement, now)
            news.write(tx, now)

        self._tools.store.submit(write)
        news.say()
        _say(trip.claim, settlement)
        return verdict.after if verdict is not None and verdict.state is not DeliveryState.PARKED else None

    def _tell(self, tx: Connection, trip: _Trip, end: _End, settlement: Settlement, now: datetime) -> None:
        """Let the services do what the outcome means, in the same transaction."""
        row = trip.claim.delivery
        if isinstance(end, _Arrived):
            if row.sent_at is None:
                self._tools.outcomes.sent(tx, replace(row, state=settlement.state, sent_at=now), end.receipt)
        elif settlement.state is DeliveryState.PARKED:
            self._tools.outcomes.parked(tx, replace(row, state=settlement.state), _error_of(end))

    def _verdict(self, trip: _Trip, end: _End) -> Verdict | None:
        if isinstance(end, _Failed):
            return judge(self._tools.policy, end.error, trip.tried(), self._tools.chance())
        return None

    def _settlement(self, trip: _Trip, end: _End, verdict: Verdict | None, now: datetime) -> Settlement:
        if isinstance(end, _Arrived):
            return self._arrived(trip.claim.delivery, end, now)
        if verdict is None:
            return self._untold(trip.claim.delivery, _error_of(end), now)
        error = _error_of(end)
        values = {
            **_error_values(error),
            "tries": verdict.tries,
            "doubt": verdict.doubt,
            "due_at": now + timedelta(seconds=verdict.after),
        }
        if verdict.state is DeliveryState.UNKNOWN:
            values["answer_by"] = self._known_by(trip.claim.delivery, now)
        return Settlement(
            verdict.state, values, type(error).__name__[:24], clean(error.what), clean(error.extract) or None
        )

    def _arrived(self, row: Delivery, end: _Arrived, now: datetime) -> Settlement:
        confirmed = end.receipt.confirmed
        values = {
            **_NO_ERROR,
            "reference": clean(end.receipt.reference, 256) or row.reference,
            "sent_at": row.sent_at or now,
            "answer_by": None if confirmed else self._tools.deadline(row.connection, row.kind, now),
            "doubt": False,
        }
        state = DeliveryState.CONFIRMED if confirmed else DeliveryState.SENT
        return Settlement(state, values, end.outcome, reply=clean(end.receipt.reply) or None)

    def _untold(self, row: Delivery, error: ConnectorError, now: datetime) -> Settlement:
        """Wait for the partner's own answer until its deadline, then for a person."""
        by = self._known_by(row, now)
        values = {**_error_values(error), "doubt": True, "answer_by": by, "due_at": by}
        state = DeliveryState.PARKED if by <= now else DeliveryState.UNKNOWN
        return Settlement(state, values, "cannot_tell", clean(error.what))

    def _known_by(self, row: Delivery, now: datetime) -> datetime:
        agreed = row.answer_by or self._tools.deadline(row.connection, row.kind, now)
        return agreed or now + timedelta(hours=self._tools.policy.unknown_hours)

    def _unforeseen(self, trip: _Trip, error: Exception) -> Unforeseen:
        """Say a fault with its traceback, without the partner's secrets."""
        row = trip.claim.delivery
        told = self._tools.links.redact(row.connection, "".join(traceback.format_exception(error)))
        log.error("delivery.unforeseen", delivery=row.id, partner=row.connection, key=row.key, traceback=told)
        what = self._tools.links.redact(row.connection, f"unforeseen {type(error).__name__}: {error}")
        return Unforeseen(
            what, todo="report it with the log's traceback", extract=told[-2000:], code=type(error).__name__
        )


class _News:
    """What an outcome says of the whole connection: written in the same transaction, said once it is durable."""

    def __init__(self, tools: Tools, code: str, gate: Gate, end: _End, verdict: Verdict | None) -> None:
        self._code = code
        self._what = _error_of(end).what if isinstance(end, _Failed) else ""
        self._denied = verdict is not None and verdict.denied
        self._down = verdict is not None and verdict.unreachable and gate.failed()
        self._back = _answered(end) and gate.reached()
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


def _answered(end: _End) -> bool:
    """Whether the partner said anything at all, which proves that it is there."""
    if not isinstance(end, _Failed):
        return True
    return type(end.error).__name__ in {"Rejected", "RateLimited"}


def _error_of(end: _End) -> ConnectorError:
    match end:
        case _Failed(error):
            return error
        case _Untold(why):
            return OutcomeUnknown(f"it cannot be told whether an earlier send arrived: {why}", todo=_ASK_THEM)
        case _:
            raise TypeError("what arrived has no error")


def _error_values(error: ConnectorError) -> dict[str, Any]:
    return {
        "error_class": type(error).__name__[:64],
        "code": clean(error.code, 64),
        "error": clean(_words(error)),
        "todo": clean(error.todo),
    }


def _words(error: ConnectorError) -> str:
    if isinstance(error, BadRecord):
        return f"{error.record}{f' {error.field}' if error.field else ''}: {error.what}"
    return error.what


def _say(claim: Claim, end: Settlement) -> None:
    row = claim.delivery
    say = log.warning if end.state is DeliveryState.PARKED else log.debug
    say(
        f"delivery.{end.state}",
        delivery=row.id,
        partner=row.connection,
        key=row.key,
        outcome=end.outcome,
        error=end.error,
    )
