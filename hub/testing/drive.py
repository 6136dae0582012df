"""Driving a connector the way the hub does: opening, reading whole, sending until it arrived or nobody can tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import SkipTest

from hub.contract import (
    Absent,
    CannotTell,
    Connector,
    Found,
    Outbound,
    OutcomeUnknown,
    Page,
    RateLimited,
    RawItem,
    TemporaryFailure,
)
from hub.testing.bench import Bench, Mood
from hub.testing.clock import FakeClock
from hub.testing.context import Crash, MemoryContext, MemoryNumbers

#: Tries after which a send has to have come to an end once the partner behaves.
_TRIES = 6
#: Seconds that threads and sockets of a closed connection, and the simulator's own ends, may take to go.
_GRACE = 5.0


def expect(condition: object, sentence: str) -> None:
    """Fail with a sentence that says what a connector owes."""
    if not condition:
        raise AssertionError(sentence)


def need(bench: Bench, *moods: Mood, inbound: bool = False, outbound: bool = False) -> None:
    """Skip a test that this connector or its simulator has no use for."""
    if inbound and not bench.inbound:
        raise SkipTest("this connector reads nothing")
    if outbound and not bench.outbound:
        raise SkipTest("this connector writes nothing")
    for mood in moods:
        if mood not in bench.moods:
            raise SkipTest(f"the simulator cannot be {mood}")


def fresh_context() -> MemoryContext:
    """Return a context whose clock stands still, so that waiting for a partner takes no time."""
    return MemoryContext(FakeClock())


@contextmanager
def opened(bench: Bench, context: MemoryContext | None = None) -> Iterator[Connector]:
    """Lend an open connection and close it."""
    connector = bench.plugin.open(bench.profile, context or fresh_context())
    try:
        yield connector
    finally:
        connector.close()


def first_page(connector: Connector, document: str, cursor: str | None = None) -> Page:
    """Return the first page and stop there, as a hub does that dies after it."""
    pages = iter(connector.fetch(document, cursor))
    try:
        page = next(pages, None)
        return page or Page(())
    finally:
        close = getattr(pages, "close", None)
        if close is not None:
            close()


def read_all(connector: Connector, document: str, cursor: str | None = None) -> tuple[list[RawItem], str | None]:
    """Return every item from the cursor on, and the cursor after the last page."""
    items: list[RawItem] = []
    for page in connector.fetch(document, cursor):
        items.extend(page.items)
        cursor = page.cursor
    return items, cursor


def rendered(bench: Bench, connector: Connector, number: int = 1) -> Outbound:
    """Return one of the bench's records as it would leave, under a key of its own."""
    form = connector.render(bench.outbound, bench.record(number), MemoryNumbers(FakeClock(), number))
    return Outbound(document=bench.outbound, key=f"KIT-{number}", content=form.content, name=form.name)


def deliver(bench: Bench, outbound: Outbound, context: MemoryContext, *, after_try: Callable[[], None]) -> str:
    """Send as the hub does, a new connection a try, asking `find` after every doubt; return `sent` or `waiting`.

    `after_try` is called when a try failed, e.g. to let the simulator behave again.
    """
    doubt = False
    for _ in range(_TRIES):
        with opened(bench, context) as connector:
            noted = replace(outbound, note=context.notes.get(outbound.key))
            try:
                return _tried(connector, noted, doubt=doubt)
            except (OutcomeUnknown, Crash):
                doubt = True
            except (TemporaryFailure, RateLimited):
                pass
        after_try()
    raise AssertionError(f"after {_TRIES} tries the document was neither sent nor waiting for an answer")


def _tried(connector: Connector, outbound: Outbound, *, doubt: bool) -> str:
    if doubt:
        finding = connector.find(outbound)
        if isinstance(finding, Found):
            return "sent"
        if isinstance(finding, CannotTell):
            return "waiting"
        expect(isinstance(finding, Absent), f"find answered {finding!r}, which is no Finding")
    connector.send(outbound)
    return "sent"


@contextmanager
def leaving_nothing(what: str) -> Iterator[None]:
    """Fail when threads or sockets are left that were not there before."""
    threads, sockets = set(threading.enumerate()), _sockets()
    yield
    deadline = time.monotonic() + _GRACE
    while (set(threading.enumerate()) - threads or _sockets() - sockets) and time.monotonic() < deadline:
        time.sleep(0.01)
    left = sorted(thread.name for thread in set(threading.enumerate()) - threads)
    expect(not left, f"{what} left threads: {', '.join(left)}")
    more = _sockets() - sockets
    expect(not more, f"{what} left {len(more)} open sockets")


def _sockets() -> set[str]:
    """Return this process's sockets and pipes, by their inode; empty where there is no /proc."""
    found = set()
    for each in Path("/proc/self/fd").glob("*"):
        try:
            target = str(each.readlink())
        except OSError:
            continue  # closed meanwhile
        if target.startswith(("socket:", "pipe:")):
            found.add(target)
    return found
