"""Processor time of each page of the console on a large hub, beside floors measured in the same run.

`python -m benchmarks.console [ORDERS] [FAILURES]`. Without numbers it is a hub of a size that takes seconds; the
figures in docs/console.md are of 1,000,000 orders with 10,000 open failures. The floors are one order found by its key,
and the page of that order: what a page costs that reads next to nothing.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import func, select

from benchmarks.console_data import NOW, SUPPLIERS, fill, partners
from benchmarks.measure import best_in_turn
from hub.clock import SystemClock
from hub.contract import DocumentSpec, Profile
from hub.model.document import Direction, Kind
from hub.model.money import ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.store import migrate, orders
from hub.store.engine import Store
from hub.store.tables import allocation
from hub.web.app import build_app
from hub.web.console.access import Access
from hub.web.console.routes import mount
from hub.web.console.site import Console

ROUNDS = 3
_FLOOR, _ONE = "one order by its key", "page of one order"


class _Then(SystemClock):
    """Stands still at the moment up to which the hub was filled."""

    def now(self) -> Any:  # noqa: ANN401 - a datetime
        return NOW


def pages(count: int, line: int) -> dict[str, str]:
    """Return the address of each page, by what it shows."""
    middle = count // 2
    return {
        _ONE: f"/orders/SO{100_000 + middle}",
        "Today": "/",
        "Needs, by cause": "/needs",
        "Needs, one cause": f"/needs?partner={SUPPLIERS[3]}&cause=BadRecord/unit&kind=record",
        "Needs, single, all": "/needs?single=1",
        "Needs, with a text": "/needs?single=1&text=PAL",
        "Needs, waiting": "/needs?tab=waiting",
        "Needs, resolved": "/needs?tab=resolved",
        "one failed record": "/needs/r1",
        "one line without a source": f"/needs/l{line}",
        "orders": "/orders",
        "orders of a common status": "/orders?status=closed",
        "orders of a rare status": "/orders?status=held",
        "orders that are stuck": "/orders?status=stuck",
        "orders of a channel": "/orders?channel=shop",
        "orders of a channel and status": "/orders?channel=shop&status=held",
        "orders of no channel": "/orders?channel=nowhere",
        "an order's exact number": f"/orders?text=%23{1000 + middle}",
        "the beginning of a number": f"/orders?text=%23{str(1000 + middle)[:-1]}",
        "part of a number": f"/orders?text={str(1000 + middle)[1:]}",
        "a number that is not there": "/orders?text=nowhere-4711",
        "stock": "/stock",
        "suppliers": "/suppliers",
        "connections": "/connections",
        "one connection": f"/connections/{SUPPLIERS[3]}",
        "/api/summary": "/api/summary",
        "/metrics": "/metrics",
    }


def site(store: Store) -> tuple[Desk, FastAPI]:
    """Return the web app over the store, as the daemon makes it."""
    documents = (
        DocumentSpec("order", Direction.OUT, Kind.PURCHASE_ORDER),
        DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL),
    )
    settings: Any = None
    entries = {each.code: Entry(Profile(each, settings), "files", documents) for each in partners()}
    desk = Desk(store, _Then(), PartnerDirectory(entries), ExchangeRates(base="USD"), RoutingRules(), "USD")
    app = build_app(lambda: desk, dict)
    mount(app, Console(lambda: desk, Access({}, "127.0.0.1", local="ann"), lambda *_asked: {}))
    return desk, app


def ask(app: FastAPI, path: str) -> int:
    """Ask for a page in-process, and return how long it is."""
    return asyncio.run(_ask(app, path))


async def _ask(app: Any, path: str) -> int:  # noqa: ANN401 - an ASGI application
    path, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1:8377")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8377),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(said: dict[str, Any]) -> None:
        sent.append(said)

    await app(scope, receive, send)
    assert sent[0]["status"] == 200, (path, query, sent)
    return sum(len(each.get("body", b"")) for each in sent)


def measure(app: FastAPI, desk: Desk, count: int) -> None:
    """Print what each page costs."""

    def by_key() -> None:
        with desk.store.read() as tx:
            assert orders.get(tx, f"SO{100_000 + count // 2}") is not None

    def page(path: str) -> Callable[[], object]:
        return lambda: ask(app, path)

    with desk.store.read() as tx:
        stuck = tx.execute(select(func.min(allocation.c.id)).where(allocation.c.state == "backordered")).scalar_one()
    asked = pages(count, stuck)
    sizes = {name: ask(app, path) for name, path in asked.items()}
    jobs: dict[str, Callable[[], object]] = {_FLOOR: by_key, **{name: page(path) for name, path in asked.items()}}
    best = best_in_turn(jobs, ROUNDS)
    print(f"  {'page':32}{'ms':>9}{'of its floor':>14}{'KiB':>8}")
    for name, used in best.items():
        size = f"{sizes[name] / 1024:8.0f}" if name in sizes else ""
        print(f"  {name:32}{used * 1000:9.1f}{used / best[_ONE]:14.1f}{size}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    failures = int(sys.argv[2]) if len(sys.argv) > 2 else max(count // 100, 100)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hub.db"
        store = Store(f"sqlite:///{file}")
        migrate.upgrade(store)
        began = time.perf_counter()
        fill(store, count, failures)
        took = time.perf_counter() - began
        print(f"  {count:,} orders, {failures:,} failures: {file.stat().st_size / 2**20:,.0f} MiB in {took:.0f} s")
        desk, app = site(store)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        measure(app, desk, count)
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory {peak:.0f} MiB, of which {peak - before:.0f} MiB came with the pages")


if __name__ == "__main__":
    main()
