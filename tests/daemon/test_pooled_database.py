"""A pooler of connections before the database: in transaction mode it is refused, in session mode the lock holds."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.errors import StoreUnusable
from hub.store.presence import Holder, Occupied, Presence
from tests.conftest import Cluster, _unprivileged
from tests.waiting import free_port, wait_for_server

SETTINGS = """
[databases]
transaction = host={folder} dbname=postgres user=crossdock pool_mode=transaction
session = host={folder} dbname=postgres user=crossdock pool_mode=session
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
"""
ONE, OTHER = (Holder(name, 42, "/srv/hub", "2026-11-29T06:00:00+00:00") for name in ("one", "other"))


@pytest.fixture
def pooler(postgres: Cluster) -> Iterator[str]:
    """PgBouncer before the tests' server; its address, to which the name of a pool is added."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="pgb-")), free_port()
    folder.chmod(0o755)
    settings, log = folder / "pgbouncer.ini", folder / "log"
    settings.write_text(SETTINGS.format(folder=postgres.folder, port=port), "utf-8")
    with log.open("wb") as stream:
        process = subprocess.Popen([program, settings], stdout=stream, stderr=stream, user=_unprivileged())
    try:
        wait_for_server(port, process, log.read_text)
        yield f"postgresql://crossdock@127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def test_in_transaction_mode_no_lock_can_be_held(pooler: str) -> None:
    lock = Presence(f"{pooler}transaction", ONE)
    with pytest.raises(StoreUnusable, match="let \\[store\\] url name the server itself, or a pool in session mode"):
        lock.take()


def test_in_session_mode_the_lock_is_held_as_without_a_pooler(pooler: str, postgres: Cluster) -> None:
    lock, other = Presence(f"{pooler}session", ONE), Presence(f"{pooler}session", OTHER)
    direct = Presence(postgres.url("postgres"), OTHER)
    lock.take()
    for each in (other, direct):
        with pytest.raises(Occupied):
            each.take()
    lock.confirm()
    lock.release()
    other.take()
    other.release()
