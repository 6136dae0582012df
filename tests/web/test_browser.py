"""A real browser opens the console: the style and the script are let in by the policy, and a form does its work.

It is driven over its own DevTools by two pipes, which needs nothing but Chromium itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from hub.web.app import WebServer
from hub.web.console.access import Access
from hub.web.console.routes import mount
from hub.web.console.site import Console

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (apt-get install chromium)")


def _pipe() -> tuple[int, int]:
    """Return a pipe whose ends are neither 3 nor 4, which the browser takes for its own."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20))
        os.close(end)
    return ends[0], ends[1]


class Chromium:
    """One page of a headless browser; commands of the DevTools protocol, ended by a zero byte."""

    def __init__(self, folder: Path) -> None:
        ours_out, theirs_in = _pipe(), _pipe()
        # the browser reads commands from descriptor 3 and answers on 4
        command = f'exec "$0" "$@" 3<&{ours_out[0]} 4>&{theirs_in[1]}'
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={folder}")
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, str(CHROMIUM), *flags, "about:blank"],
            pass_fds=(ours_out[0], theirs_in[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours_out[0])
        os.close(theirs_in[1])
        self._out, self._in = os.fdopen(ours_out[1], "wb"), os.fdopen(theirs_in[0], "rb")
        self._number, self._session = 0, ""
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        said: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            said["sessionId"] = self._session
        self._out.write(json.dumps(said).encode() + b"\0")
        self._out.flush()
        while True:
            heard = self._read()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                return heard["result"]

    def open(self, url: str) -> None:
        self.do("Page.navigate", url=url)
        self.until("Page.loadEventFired")

    def until(self, event: str) -> None:
        while self._read().get("method") != event:
            pass

    def says(self, script: str) -> Any:
        result = self.do("Runtime.evaluate", expression=script, returnByValue=True)
        return result["result"].get("value")

    def _read(self) -> dict[str, Any]:
        content = b""
        while not content.endswith(b"\0"):
            byte = self._in.read(1)
            assert byte, "the browser has ended"
            content += byte
        heard: dict[str, Any] = json.loads(content[:-1])
        if heard.get("method") == "Log.entryAdded" and heard["params"]["entry"]["level"] == "error":
            self.problems.append(heard["params"]["entry"]["text"])
        return heard

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()
        self._in.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    opened = Chromium(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.mark.timeout(180)
def test_an_order_is_held_in_a_real_browser(quick_site: Any, browser: Chromium) -> None:
    quick_site.order("1001", name="Cup")
    app = FastAPI()
    mount(app, Console(lambda: quick_site.desk, Access({}, "127.0.0.1", local="ann"), quick_site.ask))
    server = WebServer(app, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.start()}"
    try:
        browser.open(f"{url}/")
        assert browser.says("document.querySelector('h1').textContent") == "Nothing is stuck"
        assert browser.says("getComputedStyle(document.querySelector('header.top')).display") == "flex"
        assert browser.says("typeof htmx") == "object"
        browser.open(f"{url}/orders/1001")
        browser.says("document.querySelector('input[name=why]').value = 'the customer called'")
        browser.says("document.querySelector('button[formaction$=hold]').click()")
        browser.until("Page.loadEventFired")
        assert "held" in browser.says("document.querySelector('h1').textContent")
        assert quick_site.asked[-1][1]["why"] == "the customer called"
        assert browser.problems == [], "what the policy of the page forbids is told as an error"
    finally:
        server.stop()
