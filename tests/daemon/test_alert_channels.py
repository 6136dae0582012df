"""The ways to people, one by one: a webhook and a command; mail stands beside the ledger in test_alerts.py."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hub.services.alerting import alert_channels
from hub.services.alerting.alert_channels import Channels, NotTold
from hub.services.alerting.alert_settings import AlertChannel
from tests.waiting import wait_until


class Hook(BaseHTTPRequestHandler):
    got: ClassVar[list[dict[str, Any]]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append(json.loads(body))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.got, Hook.status = [], 200
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/T00/canary"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_text_as_slack_takes_it_and_its_address_is_a_secret(hook: str) -> None:
    channel = AlertChannel(name="slack", kind="webhook", url="secret:slack")
    Channels({"slack": hook}.get).send(channel, "Crossdock: 1 new", "acme is down")
    assert Hook.got == [{"text": "*Crossdock: 1 new*\nacme is down"}]
    Hook.status = 500
    with pytest.raises(NotTold, match="slack answered 500") as refused:
        Channels({"slack": hook}.get).send(channel, "s", "t")
    assert "canary" not in str(refused.value)
    with pytest.raises(NotTold, match="secret set slack"):
        Channels({}.get).send(channel, "s", "t")


def test_a_command_reads_the_notice(tmp_path: Path) -> None:
    target = tmp_path / "notice"
    script = f"import sys; open({str(target)!r}, 'w').write(sys.stdin.read())"
    channel = AlertChannel(name="pager", kind="command", command=(sys.executable, "-c", script))
    Channels({}.get).send(channel, "Crossdock: 1 new", "acme is down")
    assert target.read_text() == "Crossdock: 1 new\nacme is down\n"


@pytest.mark.parametrize(
    ("command", "words", "for_good"),
    [
        (("sh", "-c", "echo no such pager >&2; exit 3"), "its command ended with 3: no such pager", False),
        (("false",), "its command ended with 1: it said nothing", False),
        (("no-such-program",), "no-such-program: No such file or directory", True),
    ],
)
def test_a_command_that_fails_is_told_in_its_own_words(command: tuple[str, ...], words: str, for_good: bool) -> None:
    with pytest.raises(NotTold, match=words) as failed:
        Channels({}.get).send(AlertChannel(name="p", kind="command", command=command), "s", "t")
    assert failed.value.for_good is for_good


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_channels, "_SECONDS", 0.5)
    child = tmp_path / "child"
    script = f"sleep 300 & echo $! > {child}; wait"
    with pytest.raises(NotTold, match="took more than"):
        Channels({}.get).send(AlertChannel(name="p", kind="command", command=("sh", "-c", script)), "s", "t")
    wait_until(lambda: not _runs(int(child.read_text())), 10)


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_command_that_leaves_something_running_has_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_channels, "_SECONDS", 20)
    began = time.monotonic()
    Channels({}.get).send(AlertChannel(name="p", kind="command", command=("sh", "-c", "sleep 30 &")), "s", "t")
    assert time.monotonic() - began < 15
