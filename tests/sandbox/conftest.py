"""A running sandbox for the tests, quick and without chance, and plain clients to talk to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest
import requests

from sandbox.options import Behaviour, Options
from sandbox.world import RunningSandbox, start

#: Robots that never refuse, fall short or dawdle.
PLAIN = Behaviour(0, 0, 0, 0, 0, reaction=0.01, ship_after=0.01, restock_after=0.03, sweep_every=0.05)


class ShopClient:
    """A shop's REST API, asked the plain way."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.session = requests.Session()
        self.session.headers["X-Shopify-Access-Token"] = sandbox.info["shop_token"]
        self.base = f"{sandbox.info['shop_url']}/admin/api/2026-07"

    def get(self, path: str, **query: object) -> requests.Response:
        return self.session.get(f"{self.base}{path}", params=query, timeout=5)

    def post(self, path: str, body: object) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=body, timeout=5)

    def parts(self, order: object) -> list[dict]:
        return self.get(f"/orders/{order}/fulfillment_orders.json").json()["fulfillment_orders"]

    def fulfil(self, *groups: tuple[int, list[tuple[int, int]] | None], **tracking: str) -> requests.Response:
        listed = [
            {"fulfillment_order_id": part}
            | ({} if lines is None else {"fulfillment_order_line_items": [{"id": i, "quantity": q} for i, q in lines]})
            for part, lines in groups
        ]
        return self.post(
            "/fulfillments.json",
            {"fulfillment": {"line_items_by_fulfillment_order": listed, "tracking_info": tracking}},
        )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes with the options given; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def begin(**options: object) -> RunningSandbox:
            settings = {"orders": 3, "seed": 7, "suppliers": 2, "items": 12, "behaviour": PLAIN} | options
            return stack.enter_context(start(tmp_path / "sandbox", Options(**settings)))

        yield begin


@pytest.fixture
def sandbox(run: Callable[..., RunningSandbox]) -> RunningSandbox:
    return run()


@pytest.fixture
def shop(sandbox: RunningSandbox) -> Iterator[ShopClient]:
    client = ShopClient(sandbox)
    with client.session:
        yield client


@pytest.fixture
def shop_of() -> Iterator[Callable[[RunningSandbox], ShopClient]]:
    with contextlib.ExitStack() as stack:

        def connect(sandbox: RunningSandbox) -> ShopClient:
            client = ShopClient(sandbox)
            stack.enter_context(client.session)
            return client

        yield connect


@contextlib.contextmanager
def sftp_session(sandbox: RunningSandbox, account: str, password: str | None = None) -> Iterator[paramiko.SFTPClient]:
    """Log in to an account."""
    transport = paramiko.Transport(("127.0.0.1", sandbox.info["sftp_port"]))
    transport.banner_timeout = 10
    try:
        transport.connect(username=account, password=password or sandbox.info["passwords"][account])
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        client.get_channel().settimeout(5)
        with client:
            yield client
    finally:
        transport.close()
        transport.join(5)


@pytest.fixture
def log_in(sandbox: RunningSandbox) -> Callable[..., contextlib.AbstractContextManager[paramiko.SFTPClient]]:
    return lambda account, password=None: sftp_session(sandbox, account, password)


@pytest.fixture
def log_in_to() -> Callable[..., contextlib.AbstractContextManager[paramiko.SFTPClient]]:
    return sftp_session
