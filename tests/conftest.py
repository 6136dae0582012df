"""Fixtures for everyone: a clock moved by hand, and a fresh, empty store on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hub.store.engine import Store
from hub.store.tables import metadata
from hub.testing.clock import FakeClock

DATABASES = ("sqlite", "postgresql")
_SHARED = "crossdock"
#: Makes a used database as good as new, in a tenth of the time that a new one takes.
_EMPTY_IT = """
SET LOCAL lock_timeout = '5s';
DO $$
DECLARE
    name text;
    used boolean;
    dirty text[] := '{}';
BEGIN
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO used;
        IF used THEN
            dirty := dirty || name;
        END IF;
    END LOOP;
    IF dirty <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(dirty, ', ') || ' CASCADE';
    END IF;
    PERFORM setval(quote_ident(sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with every table in it and nothing else."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield _copied(template, tmp_path)
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    yield cluster.borrow()
    cluster.give_back()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store on each database in turn."""
    opened = Store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite alone, for what is the same on both databases and tested elsewhere."""
    opened = Store(_copied(sqlite_template, tmp_path))
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.create(template="template0")
    yield url
    cluster.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, made once and copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A throw-away PostgreSQL cluster; skips, with the reason, where it cannot be had."""
    cluster = Cluster.start()
    try:
        _make_tables(cluster.create(name=_SHARED))
        yield cluster
    finally:
        cluster.stop()


def _copied(template: Path, folder: Path) -> str:
    shutil.copyfile(template, folder / "hub.db")
    return f"sqlite:///{folder / 'hub.db'}"


def _make_tables(url: str) -> None:
    made = Store(url)
    with made.write() as tx:
        metadata.create_all(tx)
    made.close()


@dataclass
class Cluster:
    """One PostgreSQL server of our own on a unix socket, gone when the tests are."""

    folder: Path
    server: subprocess.Popen[bytes]
    made: int = field(default=0)

    @classmethod
    def start(cls) -> Cluster:
        if find_spec("psycopg") is None:
            pytest.skip("psycopg is not installed")
        initdb, postgres = _binary("initdb"), _binary("postgres")
        if initdb is None or postgres is None:
            pytest.skip("no PostgreSQL server here: neither initdb and postgres on PATH nor /usr/lib/postgresql")
        user = _unprivileged()
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        subprocess.run(
            [initdb, "-D", data, "-A", "trust", "-U", "crossdock", "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
        )
        cluster = cls(folder, _serve(postgres, folder, user))
        cluster._wait()
        return cluster

    def halt(self) -> None:
        """Stop the server as its own restart does: every connection ends."""
        self.server.send_signal(signal.SIGINT)
        self.server.wait(30)

    def go_on(self) -> None:
        """Start the server again, with all that it had."""
        self.server = _serve(_binary("postgres") or "", self.folder, _unprivileged())
        self._wait()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://crossdock@/{database}?host={self.folder}"

    def create(self, *, template: str = "template0", name: str = "") -> str:
        """Make a database and return its address."""
        self.made += 1
        name = name or f"test_{self.made}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def borrow(self) -> str:
        """Return the address of the database that every test finds empty."""
        return self.url(_SHARED)

    def give_back(self) -> None:
        """Empty it; where a test still holds something in it, make it anew."""
        engine = create_engine(self.url(_SHARED), poolclass=NullPool)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(_EMPTY_IT)
        except OperationalError:
            self.drop(self.url(_SHARED))
            _make_tables(self.create(name=_SHARED))

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def stop(self) -> None:
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self._run("SELECT 1")
            except OperationalError:
                if time.monotonic() > deadline or self.server.poll() is not None:
                    said = (self.folder / "log").read_text()
                    self.stop()
                    pytest.fail(f"the PostgreSQL server did not start: {said}")
                time.sleep(0.05)
            else:
                return


def _serve(postgres: str, folder: Path, user: str | None) -> subprocess.Popen[bytes]:
    """Start the server of a cluster."""
    options = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "listen_addresses": ""}
    options["unix_socket_directories"] = str(folder)
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    command = [*_dies_with_us(), postgres, "-D", str(folder / "data"), *settings]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, user=user)


def _binary(name: str) -> str | None:
    found = shutil.which(name)
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return found or (str(installed[-1]) if installed else None)


def _unprivileged() -> str | None:
    """Who the server runs as: ourselves, but never root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


def _dies_with_us() -> list[str]:
    """Let the server end with the tests even when they are killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []
