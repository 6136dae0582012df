"""One attempt of one delivery, from the claim to the outcome in the ledger."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from hub.contract import (
    Absent,
    CannotTell,
    Connector,
    ConnectorError,
    Found,
    Outbound,
)
from hub.delivery import claims, ledger
from hub.delivery.claims import Claim
from hub.delivery.context import RenderNumbers
from hub.delivery.debt import Debt
from hub.delivery.endings import Arrived, End, Failed, Untold, error_of, settlement
from hub.delivery.gate import Gate
from hub.delivery.ledger import Leaving, Settlement
from hub.delivery.links import NotConnected
from hub.delivery.news import News
from hub.delivery.policy import Tried, Unforeseen, Verb, Verdict, judge
from hub.delivery.tools import Tools
from hub.log import EventLog, bound
from hub.model.state import DeliveryState
from hub.store import archive
from hub.store.delivery_row import Delivery, after
from hub.store.errors import StoreUnusable

log = EventLog(__name__)


class Listener(Protocol):
    """Who is told what became of a claim, once it is durable."""

    def ended(self, claim: Claim, again: float | None) -> None:
        """Take note that its attempt is over, and in how many seconds it is due again (None: it is not)."""
        ...

    def lost(self, claim: Claim, error: Exception) -> None:
        """Take note that its end could not be written: another look takes it up."""
        ...


class _NotOurs(Exception):
    """The claim is no longer ours, or its connection no longer live: nothing may leave."""


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

    def carry(self, claim: Claim, gate: Gate, debt: Debt, told: Listener) -> None:
        """Try the delivery once and leave its end to be written with `debt`; raises what the ledger itself raises.

        `told` hears of the end when it is durable.
        """
        self._tools.links.passing(claim.code, "claimed")
        if claim.verb is Verb.FIND:
            debt.pay()
        trip = _Trip(claim)
        try:
            with self._tools.links.use(claim.code, opening=debt.pay) as connector:
                end = self._exchange(connector, trip, debt)
        except (NotConnected, _NotOurs):
            self._return(trip)
            told.ended(claim, 0.0)  # the connection has to be looked at again: it is paused, or its file is gone
            return
        except ConnectorError as error:
            end = Failed(error)
        except StoreUnusable:
            raise  # the database is away, which is no fault of this delivery: another look takes it up
        except Exception as error:  # noqa: BLE001 - whatever a connector raises must end in the ledger
            end = Failed(self._unforeseen(trip, error))
        self._tools.links.passing(claim.code, "replied")
        self._settle(trip, end, gate, debt, told)

    # --- at the partner ----------------------------------------------------------------------------------------------

    def _exchange(self, connector: Connector, trip: _Trip, debt: Debt) -> End:
        if trip.claim.verb is Verb.FIND:
            found = self._find(connector, trip)
            if found is not None:
                return found
        outbound = self._enter(connector, trip, debt)
        trip.entered = True
        self._tools.links.passing(trip.claim.code, "rendered")
        with bound(**_named(trip.claim.delivery)):
            receipt = connector.send(outbound)
        return Arrived(receipt, "confirmed" if receipt.confirmed else "sent")

    def _find(self, connector: Connector, trip: _Trip) -> End | None:
        """Ask whether an earlier send arrived; None when it did not and the send may follow."""
        row = trip.claim.delivery
        with bound(**_named(row)):
            finding = connector.find(self._stored(row))
        match finding:
            case Found(receipt):
                return Arrived(receipt, "found")
            case CannotTell(why):
                return Untold(why)
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

    def _enter(self, connector: Connector, trip: _Trip, debt: Debt) -> Outbound:
        """Make sure that the bytes are stored and the ledger says that they may leave; return them."""
        tools, claim = self._tools, trip.claim
        row, now = claim.delivery, tools.clock.now()
        if row.content_sha256 is not None:
            outbound = self._stored(row)
            kept = Leaving(row.content_sha256, row.content_name, row.transmission)

            def enter(tx: Connection) -> Outbound:
                if not ledger.enter(tx, claim, tools.worker, kept, now):
                    raise _NotOurs
                return outbound

            return debt.submit(enter)
        record = row.record

        def render(tx: Connection) -> Outbound:
            rendered = connector.render(row.document, record, RenderNumbers(tx, row.connection, tools.clock))
            sha = archive.keep(tx, rendered.content, now)
            leaving = Leaving(sha, rendered.name or None, rendered.transmission or None)
            if not ledger.enter(tx, claim, tools.worker, leaving, now):
                raise _NotOurs  # undoes the numbers taken too
            return Outbound(row.document, row.key, rendered.content, rendered.name, row.note)

        return debt.submit(render)

    def _stored(self, row: Delivery) -> Outbound:
        with self._tools.store.read() as tx:
            content = archive.load(tx, row.content_sha256 or "")
        return Outbound(row.document, row.key, content, row.content_name or "", row.note)

    # --- in the ledger -----------------------------------------------------------------------------------------------

    def _return(self, trip: _Trip) -> None:
        now = self._tools.clock.now()
        self._tools.store.submit(lambda tx: claims.give_back(tx, [trip.claim], self._tools.worker, now))

    def _settle(self, trip: _Trip, end: End, gate: Gate, debt: Debt, told: Listener) -> None:
        verdict = self._verdict(trip, end)
        news = News(self._tools, trip.claim.code, gate, end, verdict)
        written, write = self._writing(trip, end, verdict, news, tell=True)

        def paid(error: BaseException | None) -> None:
            said, why = written, verdict
            try:
                if error is not None:
                    said, why = self._write_fault(trip, error, news)
                news.say()
            except Exception as fault:  # noqa: BLE001 - whoever pays is at another delivery already
                told.lost(trip.claim, fault)
                return
            _say(trip.claim, said)
            self._tools.links.passing(trip.claim.code, "committed")
            told.ended(trip.claim, None if why is None or why.state is DeliveryState.PARKED else why.after)

        debt.owe(write, paid)

    def _writing(
        self, trip: _Trip, end: End, verdict: Verdict | None, news: News, *, tell: bool
    ) -> tuple[Settlement, Callable[[Connection], None]]:
        """Return what an end writes into the ledger, and what writes it."""
        now = self._tools.clock.now()
        written = settlement(self._tools, trip.claim.delivery, end, verdict, now)

        def write(tx: Connection) -> None:
            if ledger.settle(tx, trip.claim, self._tools.worker, written, now, entered=trip.entered) and tell:
                self._tell(tx, trip, end, written, now)
            news.write(tx, now)

        return written, write

    def _write_fault(self, trip: _Trip, error: BaseException, news: News) -> tuple[Settlement, Verdict | None]:
        """Write an end down whose meaning could not be: a fault there must not lose the outcome."""
        if not isinstance(error, Exception) or isinstance(error, StoreUnusable):
            raise error
        fault = Failed(self._unforeseen(trip, error))
        verdict = self._verdict(trip, fault)
        written, write = self._writing(trip, fault, verdict, news, tell=False)
        self._tools.store.submit(write)
        return written, verdict

    def _tell(self, tx: Connection, trip: _Trip, end: End, written: Settlement, now: datetime) -> None:
        """Let the services do what the outcome means, in the same transaction."""
        row = trip.claim.delivery
        if isinstance(end, Arrived):
            if row.sent_at is None:
                self._tools.outcomes.sent(tx, after(row, written.state, now), end.receipt)
        elif written.state is DeliveryState.PARKED:
            self._tools.outcomes.parked(tx, after(row, written.state, row.sent_at), error_of(end))

    def _verdict(self, trip: _Trip, end: End) -> Verdict | None:
        if isinstance(end, Failed):
            return judge(self._tools.policy, end.error, trip.tried(), self._tools.chance())
        return None

    def _unforeseen(self, trip: _Trip, error: Exception) -> Unforeseen:
        """Say a fault with its traceback, without the partner's secrets."""
        row = trip.claim.delivery
        told = self._tools.links.redact(row.connection, "".join(traceback.format_exception(error)))
        log.error("delivery.unforeseen", **_named(row), traceback=told)
        what = self._tools.links.redact(row.connection, f"unforeseen {type(error).__name__}: {error}")
        return Unforeseen(
            what, todo="report it with the log's traceback", extract=told[-2000:], code=type(error).__name__
        )


def _say(claim: Claim, end: Settlement) -> None:
    row = claim.delivery
    say = log.warning if end.state is DeliveryState.PARKED else log.debug
    say(f"delivery.{end.state}", **_named(row), outcome=end.outcome, error=end.error)


def _named(row: Delivery) -> dict[str, object]:
    """Return what names a delivery in the log: itself, its partner, and the order that it is about."""
    order = {} if row.order_id is None else {"order": row.order_id}
    return {"delivery": row.id, "partner": row.connection, "key": row.key, **order}
