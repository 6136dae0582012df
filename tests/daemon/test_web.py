"""The HTTP side: health tells the truth, readiness follows the daemon, metrics count from the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import insert

from connectors.netsuite.tally import Tally
from hub.contract import UNKNOWN_CODES, Pace
from hub.delivery.context import ConnectionContext, no_checkpoint
from hub.delivery.limits import AccountLimiter
from hub.model.money import ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.store.engine import Store
from hub.store.tables import delivery
from hub.testing.clock import FakeClock
from hub.web.app import WebServer, build_app
from hub.web.metrics import FAMILIES, exposition


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> Desk:
    return Desk(store, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")


@pytest.fixture
def said() -> dict[str, object]:
    return {"ready": True}


@pytest.fixture
def url(desk: Desk, said: dict[str, object]) -> Iterator[str]:
    server = WebServer(build_app(lambda: desk, lambda: said), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.start()}"
    server.stop()


def test_health_and_readiness(url: str, said: dict[str, object]) -> None:
    assert requests.get(f"{url}/health", timeout=5).json() == {"ok": True, "ready": True}
    said["ready"] = False
    assert requests.get(f"{url}/health", timeout=5).status_code == 200
    assert requests.get(f"{url}/ready", timeout=5).status_code == 503


def test_metrics_count_what_is_in_the_store(url: str, desk: Desk) -> None:
    now = desk.clock.now()
    row = {
        "connection": "acme",
        "document": "order",
        "kind": "purchase_order",
        "entity": "purchase:PO1",
        "latest_wins": False,
        "key": "PO1",
        "state": "parked",
        "record": {},
        "named": False,
        "attempts": 1,
        "tries": 1,
        "due_at": now,
        "created_at": now,
        "updated_at": now,
    }
    with desk.store.write() as tx:
        tx.execute(insert(delivery).values({**row, **({"doubt": False} if "doubt" in delivery.c else {})}))
    text = requests.get(f"{url}/metrics", timeout=5).text
    assert 'crossdock_deliveries{connection="acme",state="parked"} 1.0' in text
    summary = requests.get(f"{url}/api/summary", timeout=5).json()
    assert summary["deliveries"] == {"purchase_order": {"parked": 1}}
    assert summary["unfinished"] == 0


def test_every_metric_is_told_even_of_an_empty_hub(url: str) -> None:
    text = requests.get(f"{url}/metrics", timeout=5).text
    kinds = {name: "counter" if name.endswith("_total") else "gauge" for name in FAMILIES}
    assert [name for name, kind in kinds.items() if f"# TYPE {name} {kind}" not in text] == []


def test_codes_that_nobody_knows_are_told_by_connection(desk: Desk, clock: FakeClock) -> None:
    def context(code: str) -> ConnectionContext:
        return ConnectionContext(desk.store, code, clock, AccountLimiter(clock, Pace(1.0, 1.0)), no_checkpoint)

    tally = Tally(context("erp"), threading.Lock())
    for code in ("ODD_CODE", "ODD_CODE", "STRANGE"):
        tally.see(code)
    context("other").remember(UNKNOWN_CODES, "[no counts")
    context("third").remember(UNKNOWN_CODES, '["none"]')
    text = exposition(desk)[0].decode()
    assert 'crossdock_unknown_codes{code="ODD_CODE",connection="erp"} 2.0' in text
    assert 'crossdock_unknown_codes{code="STRANGE",connection="erp"} 1.0' in text
    assert text.count("crossdock_unknown_codes{") == 2


def test_the_pace_of_accounts_is_told(desk: Desk, clock: FakeClock) -> None:
    shop = AccountLimiter(clock, Pace(per_second=2.0, burst=40.0))
    shop.part("points", Pace(50.0, 1000.0))
    shop.acquire(10.0)
    shop.pause(30)
    body, _ = exposition(desk, lambda: {("shop", name): each for name, each in shop.standing().items()})
    text = body.decode()
    assert 'crossdock_rate_limit_used{bucket="",connection="shop"} 0.25' in text
    assert 'crossdock_rate_limit_pause_seconds{bucket="points",connection="shop"} 30.0' in text
    assert 'crossdock_rate_limit_pauses_total{bucket="",connection="shop"} 1.0' in text


def test_a_port_that_is_taken_is_said(url: str, desk: Desk) -> None:
    port = int(url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="Address already in use; end the program that listens there"):
        WebServer(build_app(lambda: desk, dict), "127.0.0.1", port).start()


def test_a_database_that_does_not_answer_is_unhealthy(tmp_path: Path, clock: FakeClock) -> None:
    store = Store(f"sqlite:///{tmp_path / 'x.db'}")
    desk = Desk(store, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")
    server = WebServer(build_app(lambda: desk, lambda: {"ready": True}), "127.0.0.1", 0)
    port = server.start()
    (tmp_path / "x.db").mkdir()
    assert requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 503
    server.stop()
    store.close()
