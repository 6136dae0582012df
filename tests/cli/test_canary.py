"""A secret planted in every connector shows up nowhere, even when the partner says back all that it was sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from hub.composition import Hub
from hub.config import load_config
from hub.services.directory import find_plugins
from hub.web.metrics import exposition

CANARY = "canaryXq7notaword"
PORT = "PORT"
#: The shortest partner of each connector that names secrets; nobody answers at sftp's port.
PLANTED = {
    "shopify": f'role = "channel"\n[connection]\nconnector = "shopify"\nshop_url = "http://127.0.0.1:{PORT}"\n'
    'token = "secret:canary"\n',
    "files": 'role = "supplier"\n[connection]\nurl = "sftp://hub@127.0.0.1:9/"\npassword = "secret:canary"\n'
    'host_key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"\n',
    "edi": 'role = "supplier"\n[connection]\nconnector = "edi"\nurl = "sftp://hub@127.0.0.1:9/"\n'
    'password = "secret:canary"\nhost_key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"\n'
    'us = { id = "HUB" }\nthem = { id = "ACME" }\n',
    "sap": 'role = "supplier"\n[connection]\nconnector = "sap"\nurl = "sftp://hub@127.0.0.1:9/"\n'
    'password = "secret:canary"\nhost_key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"\n'
    'us = { number = "88333" }\nthem = { number = "ABCCLNT400" }\n',
    "netsuite": 'role = "warehouse"\n[connection]\nconnector = "netsuite"\naccount = "1234567"\n'
    'consumer_key = "secret:canary"\nconsumer_secret = "secret:canary"\ntoken_id = "secret:canary"\n'
    f'token_secret = "secret:canary"\nurl = "http://127.0.0.1:{PORT}"\ndocuments = ["orders"]\n',
}

EXTENDS = {
    "files": 'extends = "csv_supplier"\n',
    "edi": 'extends = "x12_4010_supplier"\n',
    "sap": 'extends = "sap_orders05"\n',
}


class Parrot(BaseHTTPRequestHandler):
    """Says back everything that it was sent, as an error."""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = f"{self.requestline}\n{self.headers}\n{self.rfile.read(length).decode()}".encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer  # noqa: N815 - the library's own names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def parrot() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Parrot)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", sorted(find_plugins()))
def test_a_planted_secret_shows_up_nowhere(
    desktop: Any, parrot: int, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert name in PLANTED, f"plant a secret into {name} here too"
    monkeypatch.setenv("CROSSDOCK_SECRET_CANARY", CANARY)
    (desktop.folder / "mappings" / "acme.toml").unlink()
    text = f'version = 1\n{EXTENDS.get(name, "")}[partner]\ncode = "p"\n{PLANTED[name].replace(PORT, str(parrot))}'
    (desktop.folder / "mappings" / "p.toml").write_text(text, "utf-8")
    told = [desktop.run(*words).output for words in (("check",), ("connection", "check", "p"), ("sync", "run", "p"))]
    assert "1 partner(s)" in told[0], f"{told[0]} {desktop.run('check').exception}"
    listed = desktop.run("failed", "list", "--json").output
    told += [listed, desktop.run("failed", "list").output, desktop.run("connection", "list").output]
    told += [desktop.run("failed", "show", each, "--json").output for each in ("s1", "s2", "d1", "r1")]
    told += [desktop.run("mapping", "show", "p", "--full").output, desktop.run("secret", "list").output]
    told += [desktop.run("db", "backup", str(desktop.folder / "copy.db")).output, caplog.text, _metrics(desktop)]
    assert CANARY not in "\n".join(told)
    for path in desktop.folder.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def _metrics(desktop: Any) -> str:
    hub = Hub(load_config(desktop.folder / "crossdock.toml"))
    try:
        return exposition(hub.desk)[0].decode()
    finally:
        hub.close()
