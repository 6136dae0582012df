"""Mail servers that start in the open: TLS before the password, or nothing at all."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import SecretStr

from hub.contract import AccessDenied, Rejected
from hub.wire.smtp import SmtpEndpoint, deliver, rehearse
from hub.wire.tls import Trust
from tests.files.certificates import self_signed

PASSWORD = "s3cret-wörd-77"
FROM, TO = "orders@merchant.example", "edi@acme.example"


class Desk:
    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.commands: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[Desk, SmtpEndpoint]]]:
    """Start a server, with STARTTLS or without; returns its desk and how to reach it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(5)

    def start(*, tls: bool) -> tuple[Desk, SmtpEndpoint]:
        desk, context = Desk(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed().write(tmp_path))

        def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
            desk.commands.append("AUTH")
            return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

        def line() -> SMTP:
            return SMTP(
                desk,
                tls_context=context if tls else None,
                require_starttls=tls,
                authenticator=known,
                hostname="mail.example",
                loop=loop,
            )

        async def listen() -> asyncio.Server:
            return await loop.create_server(line, "127.0.0.1", 0)

        servers.append(run(listen()))
        trust = Trust((self_signed().fingerprint,))
        port = servers[-1].sockets[0].getsockname()[1]
        return desk, SmtpEndpoint(
            "127.0.0.1", port, "us", SecretStr(PASSWORD), starts_plain=True, trust=trust, connect_seconds=2
        )

    async def rest() -> None:
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    yield start
    run(rest())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def test_a_server_that_starts_in_the_open_is_spoken_to_under_tls(serve: Callable[..., Any]) -> None:
    desk, endpoint = serve(tls=True)
    instants: list[str] = []
    assert deliver(endpoint, FROM, [TO], b"Subject: x\r\n\r\n.dot\r\n", instants.append).startswith("250")
    assert desk.mails == [b"Subject: x\r\n\r\n.dot\r\n"]
    assert instants == ["before_bytes", "bytes_sent"]


def test_a_server_without_tls_gets_no_password(serve: Callable[..., Any]) -> None:
    desk, endpoint = serve(tls=False)
    with pytest.raises(AccessDenied, match="does not start TLS"):
        deliver(endpoint, FROM, [TO], b"x", lambda _: None)
    assert desk.commands == []


def test_one_address_that_is_refused_stops_the_mail_for_all(serve: Callable[..., Any]) -> None:
    desk, endpoint = serve(tls=True)
    instants: list[str] = []
    with pytest.raises(Rejected, match=r"could not send to nobody@acme\.example: 550 5\.1\.1 no such user"):
        deliver(endpoint, FROM, [TO, "nobody@acme.example"], b"x", instants.append)
    with pytest.raises(Rejected, match="no such user"):
        rehearse(endpoint, FROM, ["nobody@acme.example"])
    assert (desk.mails, instants) == ([], [])
