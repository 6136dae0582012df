"""A database that cannot be used ends every command with one sentence: which one, why, what to do, no password."""

from __future__ import annotations

import builtins
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.cli.conftest import Desktop
from tests.conftest import Cluster
from tests.waiting import free_port, wait_until

MEND = "[store] url in the configuration, or CROSSDOCK__STORE__URL"
COMMANDS = (
    ("order", "list"),
    ("failed", "list"),
    ("connection", "list"),
    ("sync", "run", "acme"),
    ("stock", "sync", "acme"),
    ("db", "upgrade"),
    ("run",),
)


def said(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, url: str, *command: str) -> str:
    """Run a command on this database, which must fail, and return what it says."""
    monkeypatch.setenv("CROSSDOCK__STORE__URL", url)
    result = desktop.run(*command)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "geheim" not in result.output
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_server_that_is_not_there(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    port = free_port()
    url = f"postgresql+psycopg://hub:geheim@127.0.0.1:{port}/orders"
    assert said(desktop, monkeypatch, url, *command) == (
        f"Error: the database orders at 127.0.0.1:{port} cannot be used: Connection refused; see that PostgreSQL runs "
        f"there and that this machine reaches it, or mend the address: {MEND}"
    )


def test_the_daemon_as_a_process_says_it_too(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    monkeypatch.setenv("CROSSDOCK__STORE__URL", f"postgresql://hub:geheim@127.0.0.1:{free_port()}/orders")
    command = [sys.executable, "-m", "hub.cli", "-c", str(desktop.folder / "crossdock.toml"), "run"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Error: the database orders at 127.0.0.1:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr + done.stdout


def test_a_name_that_nobody_knows(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    told = said(desktop, monkeypatch, "postgresql://hub:geheim@db.invalid/orders", "order", "list")
    assert told.startswith("Error: the database orders at db.invalid:5432 cannot be used: ")
    assert told.endswith(MEND)


@pytest.mark.parametrize(
    "url", ["geheim", "postgress://hub:geheim@h/x", "mysql://hub:geheim@h/x", "postgresql://hub:geheim@h:port/x"]
)
def test_an_address_that_is_none(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told = said(desktop, monkeypatch, url, "order", "list")
    assert told.startswith("CROSSDOCK__STORE__URL (environment): store.url: is no address of a database such as ")


def test_a_driver_that_is_not_installed(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert said(desktop, monkeypatch, "postgresql://hub:geheim@h/orders", "order", "list") == (
        "Error: the database orders at h:5432 cannot be used: the driver psycopg is not installed; install Crossdock "
        "with it: pip install 'crossdock[postgres]'"
    )


# --- a server that is there and refuses ------------------------------------------------------------------------------


def do(cluster: Cluster, database: str, *statements: str) -> object:
    """Run statements over a connection of their own; returns what the last one gives, if it gives anything."""
    engine = create_engine(cluster.url(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        results = [connection.execute(text(each)) for each in statements]
        return results[-1].scalar() if results[-1].returns_rows else None


def reload(cluster: Cluster) -> None:
    """Have the server read its rules again, and wait until connections are let in by them."""
    before = do(cluster, "postgres", "SELECT pg_conf_load_time()")
    do(cluster, "postgres", "SELECT pg_reload_conf()")
    wait_until(lambda: do(cluster, "postgres", "SELECT pg_conf_load_time()") != before, 20)


def test_a_database_that_does_not_exist(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, postgres: Cluster) -> None:
    told = said(desktop, monkeypatch, postgres.url("orders"), "order", "list")
    assert told == (
        f'Error: the database orders at {postgres.folder}:5432 cannot be used: database "orders" does not exist; '
        f"make it with createdb, or mend its name: {MEND}"
    )


def test_a_password_that_is_wrong(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, postgres: Cluster) -> None:
    rules = postgres.folder / "data" / "pg_hba.conf"
    before = rules.read_text("utf-8")
    do(postgres, "postgres", "CREATE ROLE hub LOGIN PASSWORD 'right'")
    try:
        rules.write_text(f"local all hub scram-sha-256\n{before}", "utf-8")
        reload(postgres)
        url = make_url(postgres.url("postgres")).set(username="hub", password="geheim")
        told = said(desktop, monkeypatch, url.render_as_string(hide_password=False), "order", "list")
    finally:
        rules.write_text(before, "utf-8")
        reload(postgres)
        do(postgres, "postgres", "DROP ROLE hub")
    assert told.endswith(
        f'cannot be used: password authentication failed for user "hub"; mend user and password: {MEND}'
    )


def test_a_user_that_may_make_no_tables(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, postgres: Cluster) -> None:
    url = make_url(postgres.create())
    do(postgres, url.database or "", "CREATE ROLE guest LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try:
        told = said(desktop, monkeypatch, url.set(username="guest").render_as_string(), "order", "list")
    finally:
        postgres.drop(url.render_as_string())
        do(postgres, "postgres", "DROP ROLE guest")
    assert "permission denied for schema public; give this user the right to make and change tables there" in told
