"""What the daemon does by itself: it takes up what a dead one left, and forgets what is too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.composition import Hub
from hub.config import load_config
from hub.daemon import Daemon
from hub.housekeeping import Housekeeping
from hub.store import archive, messages, runs
from hub.store.runs import Tick
from hub.store.tables import archive as contents
from hub.store.tables import sync_run
from hub.testing import FakeClock

WAITING = b"not applied yet"
CONFIG = "[web]\nport = 0\n[store]\narchive_days = 30\nrun_days = 7\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    for name in ("mappings", "schedules", "secrets"):
        (tmp_path / name).mkdir()
    (tmp_path / "crossdock.toml").write_text(CONFIG, "utf-8")
    made = Hub(load_config(tmp_path / "crossdock.toml"))
    made.upgrade()
    yield made
    made.close()


def ran(hub: Hub, at: datetime, *, ended: bool = True) -> int:
    with hub.store.write() as tx:
        run = runs.start(tx, Tick("s", "acme", "stock", at), at)
        assert run is not None
        if ended:
            runs.finish(tx, run, at)
        return run


def count(hub: Hub, table: object) -> int:
    with hub.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_housekeeping_forgets_old_runs_and_originals_and_keeps_what_is_needed(hub: Hub) -> None:
    now = hub.clock.now()
    ran(hub, now - timedelta(days=8))
    kept = ran(hub, now - timedelta(days=6))
    with hub.store.write() as tx:
        for number in range(1100):  # more than go in one transaction
            archive.keep(tx, b"%d" % number, now - timedelta(days=31))
        young = archive.keep(tx, b"young", now - timedelta(days=29))
        messages.receive(
            tx,
            connection="acme",
            document="stock",
            key="k",
            name="k",
            content=WAITING,
            now=now - timedelta(days=99),
        )
    Housekeeping(hub.store, hub.clock).look(hub.config.store)
    with hub.store.read() as tx:
        assert set(tx.execute(select(contents.c.sha256)).scalars()) == {young, sha256(WAITING).hexdigest()}
        assert tx.execute(select(sync_run.c.id)).scalars().all() == [kept]
    assert count(hub, contents) == 2


def test_it_is_done_once_an_hour(hub: Hub) -> None:
    clock = FakeClock(hub.clock.now())
    housekeeping = Housekeeping(hub.store, clock)
    housekeeping.look(hub.config.store)
    ran(hub, hub.clock.now() - timedelta(days=8))
    housekeeping.look(hub.config.store)
    assert count(hub, sync_run) == 1
    clock.advance(3600)
    housekeeping.look(hub.config.store)
    assert count(hub, sync_run) == 0


def test_a_run_that_a_dead_daemon_left_is_closed_and_says_where_the_next_goes_on(hub: Hub) -> None:
    run = ran(hub, hub.clock.now(), ended=False)
    Daemon(hub)._recover()
    with hub.store.read() as tx:
        row = runs.get(tx, run)
    assert row is not None
    assert (row["state"], row["closed_why"]) == (
        "closed",
        "interrupted; the next run resumes at its cursor",
    )
