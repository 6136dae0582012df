"""One tick of a schedule: the flows of one connection, each a run of its own that is counted and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.contract import (
    AccessDenied,
    Connector,
    ConnectorError,
    DocumentSpec,
    OutcomeUnknown,
    RateLimited,
    TemporaryFailure,
)
from hub.delivery.links import Links
from hub.log import EventLog, bound
from hub.model.document import Direction, Kind
from hub.services.desk import Desk
from hub.services.intake import ingest
from hub.services.intake.ingest import Counts
from hub.services.intake.keeping import Inlet
from hub.services.inventory import stock_push
from hub.services.sourcing.news import route_waiting
from hub.services.syncing.flow_locks import FlowLocks
from hub.store import connections, messages, runs
from hub.store.errors import StoreUnusable
from hub.store.runs import RunError, Tick

log = EventLog(__name__)

#: What a person does where the connector did not say.
_TODO = {
    "TemporaryFailure": "nothing yet: the next tick tries again; when it lasts, ask the partner",
    "AccessDenied": "mend the credentials or ask the partner; it goes on by itself when a check passes",
    "Rejected": "read the partner's words, mend the settings, then rerun",
}
#: What a run that a person asked for has for a schedule.
BY_HAND = "by hand"
#: A session that was idle for so many seconds may have been dropped by the partner without a word.
_MAY_BE_DEAD = 20.0
#: After these, lines that had no source may have one.
_NEWS_OF_STOCK = frozenset({Kind.STOCK_LEVEL, Kind.CATALOGUE_ENTRY})


@dataclass(frozen=True, slots=True)
class Flows:
    """What a tick needs beside the desk: open links, and the hash of each partner's file."""

    desk: Desk
    links: Links
    hashes: Mapping[str, str]
    locks: FlowLocks


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a flow: whether the partner can be worked with, and whether there is anything new."""

    well: bool = True
    news: bool = True


def run_job(flows: Flows, schedule: str, connection: str, documents: tuple[DocumentSpec, ...], at: datetime) -> bool:
    """Run the flows one after the other over one session; a partner that is down is asked no further.

    Returns whether there may be something to send now.
    """
    with flows.desk.store.read() as tx:
        if not connections.is_open(tx, connection):
            return False
    news = False
    for document in documents:
        ran = run_flow(flows, Tick(schedule, connection, document.name, at), document)
        news = news or ran.news
        if not ran.well:
            break
    if any(document.kind in _NEWS_OF_STOCK or document.kind is Kind.INTERCHANGE for document in documents):
        news = bool(route_waiting(flows.desk)) or news
    return news


def run_flow(flows: Flows, tick: Tick, document: DocumentSpec) -> Ran:
    """Run one flow once, after any other run of it."""
    with flows.locks.hold(tick.connection, tick.document):
        return run_as(flows, tick, document, lambda run: _carry_out(flows, tick.connection, document, run))


def run_as(flows: Flows, tick: Tick, document: DocumentSpec, work: Callable[[int], Counts]) -> Ran:
    """Do the work of a tick as a run that is written down, counted and ended by what its error means.

    The work is handed the run's id; it sees to it itself that no other run of the flow is under way.
    """
    desk = flows.desk
    with desk.store.write() as tx:
        run = runs.start(tx, tick, desk.clock.now())
    if run is None:
        return Ran(news=False)  # this tick has fired already, perhaps in another process
    with bound(run=run, partner=tick.connection, document=tick.document):
        try:
            counts = work(run)
        except ConnectorError as error:
            _end_badly(flows, tick.connection, run, error)
            return Ran(well=False)
        except StoreUnusable:
            raise  # nothing can be written of it now
        except Exception as error:  # noqa: BLE001 - one run must never end the others
            log.unforeseen("run.unforeseen", error)
            _fail(desk, run, RunError("Unforeseen", f"unforeseen {type(error).__name__}", f"{error}", "report it"))
            return Ran(well=False)
        with desk.store.write() as tx:
            runs.finish(tx, run, desk.clock.now())
            away = connections.outage_ended(tx, tick.connection, desk.clock.now()) if _asks(document) else None
        if away is not None:
            log.info("connection.recovered", seconds=round(away, 1))
        if counts.read or counts.parked:
            log.info("run.done", read=counts.read, changed=counts.changed, parked=counts.parked)
    return Ran(news=counts != Counts() or away is not None)


def _asks(document: DocumentSpec) -> bool:
    """Say whether a run of this document talks to the partner; a stock push only writes deliveries."""
    return document.direction is Direction.IN


def _carry_out(flows: Flows, connection: str, document: DocumentSpec, run: int) -> Counts:
    if not _asks(document):
        return Counts(changed=stock_push.plan(flows.desk, connection, flows.desk.clock.now()))
    idle = 0.0
    try:
        with flows.links.resume(connection) as (connector, idle):
            return _fetch(flows, connection, connector, document, run)
    except TemporaryFailure:
        if idle < _MAY_BE_DEAD:
            raise
    with flows.links.use(connection) as connector:  # the session had died while nobody used it: that is no outage
        return _fetch(flows, connection, connector, document, run)


def _fetch(flows: Flows, connection: str, connector: Connector, document: DocumentSpec, run: int) -> Counts:
    try:
        counts = ingest.fetch(flows.desk, inlet(flows, connection, connector, document), run)
    finally:  # what came in before something failed is applied all the same
        parts = _apply_following(flows, connection, connector, document)
    return counts + parts


def _apply_following(flows: Flows, connection: str, connector: Connector, first: DocumentSpec) -> Counts:
    """Apply what a flow brought along, or set free, for the other flows, each of them held while that is done."""
    total = Counts()
    for document in _following(connector.documents(), first):
        with flows.locks.hold(connection, document.name):
            total += ingest.apply_waiting(flows.desk, inlet(flows, connection, connector, document))
    return total


def _following(documents: Iterable[DocumentSpec], first: DocumentSpec) -> list[DocumentSpec]:
    """Return the parts of a mailbox; and last, where orders may have come, the changes that waited for them."""
    documents = list(documents)
    parts = [each for each in documents if each.comes_with == first.name]
    if all(each.kind is not Kind.SALES_ORDER for each in (first, *parts)):
        return parts
    changes = [each for each in documents if each.kind is Kind.SALES_ORDER_CHANGE and _asks(each)]
    return [each for each in parts if each not in changes] + [each for each in changes if each != first]


def inlet(flows: Flows, connection: str, connector: Connector, document: DocumentSpec) -> Inlet:
    """Return the inlet of one document of an open connection."""
    return Inlet(connection, connector, document, flows.hashes.get(connection, ""))


def _end_badly(flows: Flows, connection: str, run: int, error: ConnectorError) -> None:
    """End the run by what its error means for the connection."""
    desk = flows.desk
    if isinstance(error, RateLimited):
        flows.links.limiter(connection).pause(error.after)
        with desk.store.write() as tx:
            runs.finish(tx, run, desk.clock.now())
        return
    _fail(desk, run, RunError(error.kind, error.code, error.what, error.todo or _TODO.get(error.kind, "")))
    now = desk.clock.now()
    with desk.store.write() as tx:
        paused = isinstance(error, AccessDenied) and connections.pause(tx, connection, error.what, now, automatic=True)
        away = isinstance(error, (TemporaryFailure, OutcomeUnknown)) and connections.outage_started(
            tx, connection, error.what, now
        )
    if paused or away:  # told once, when it starts
        log.error("connection.paused" if paused else "connection.outage", error=error.what, todo=error.todo)


def _fail(desk: Desk, run: int, failure: RunError) -> None:
    with desk.store.write() as tx:
        runs.fail(tx, run, failure, desk.clock.now())


def run_here(flows: Flows, connection: str, documents: tuple[DocumentSpec, ...]) -> int:
    """Run these flows now and in this process; returns how many there are."""
    run_job(flows, BY_HAND, connection, documents, flows.desk.clock.now())
    return len(documents)


def apply_waiting(flows: Flows, documents: Callable[[str, str], DocumentSpec | None]) -> Counts:
    """Apply what any flow has stored but not applied; a flow that cannot be applied now stops none of the others."""
    with flows.desk.store.read() as tx:
        waiting = messages.waiting_flows(tx)
    total = Counts()
    for connection, name in waiting:
        document = documents(connection, name)
        if document is None:
            continue  # its mapping file is gone; it waits until that is back
        try:
            with flows.locks.hold(connection, name), flows.links.use(connection) as connector:
                total += ingest.apply_waiting(flows.desk, inlet(flows, connection, connector, document))
                total += _apply_following(flows, connection, connector, document)
        except Exception as error:  # noqa: BLE001 - the flow's next run tries again and tells
            log.unforeseen("waiting.unforeseen", error, partner=connection, document=name)
    return total
