"""Plain clients for the sandbox's servers, and the shapes of the fixtures."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import paramiko
import requests

from sandbox.world import RunningSandbox

Run = Callable[..., RunningSandbox]
LogIn = Callable[..., contextlib.AbstractContextManager[paramiko.SFTPClient]]
Document = dict[str, Any]


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

    def parts(self, order: object) -> list[Document]:
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


Connect = Callable[[RunningSandbox], ShopClient]


@contextlib.contextmanager
def sftp_session(sandbox: RunningSandbox, account: str, password: str | None = None) -> Iterator[paramiko.SFTPClient]:
    """Log in to an account."""
    # paramiko leaves its own socket open when the connection is refused
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", sandbox.info["sftp_port"]), timeout=5))
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
