"""A running sandbox for the tests, quick and without chance, and plain clients to talk to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.options import Behaviour, Options
from sandbox.world import RunningSandbox, start
from tests.sandbox.clients import Connect, LogIn, Run, ShopClient, sftp_session

#: Robots that never refuse, fall short or dawdle.
PLAIN = Behaviour(0, 0, 0, 0, 0, reaction=0.01, ship_after=0.01, restock_after=0.03, sweep_every=0.05)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start sandboxes with the options given; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def begin(**options: object) -> RunningSandbox:
            settings = {"orders": 3, "seed": 7, "suppliers": 2, "items": 12, "behaviour": PLAIN} | options
            return stack.enter_context(start(tmp_path / "sandbox", Options(**settings)))

        yield begin


@pytest.fixture
def sandbox(run: Run) -> RunningSandbox:
    return run()


@pytest.fixture
def shop(sandbox: RunningSandbox) -> Iterator[ShopClient]:
    client = ShopClient(sandbox)
    with client.session:
        yield client


@pytest.fixture
def shop_of() -> Iterator[Connect]:
    with contextlib.ExitStack() as stack:

        def connect(sandbox: RunningSandbox) -> ShopClient:
            client = ShopClient(sandbox)
            stack.enter_context(client.session)
            return client

        yield connect


@pytest.fixture
def log_in(sandbox: RunningSandbox) -> LogIn:
    return lambda account, password=None: sftp_session(sandbox, account, password)
