"""Waiting until something has come true, or until a server listens."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    holds: Callable[[], T], seconds: float = 90.0, told: Callable[[], object] = lambda: "it never came true"
) -> T:
    """Ask again and again until it holds, and return what it then is; after so long the test fails as `told` says."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, told()
        time.sleep(0.05)
    return found


def free_port() -> int:
    """A port of this machine that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_server(port: int, server: subprocess.Popen[bytes], told: Callable[[], object]) -> None:
    """Wait until a process listens on its port; where it ends instead, the test fails with what `told` says."""

    def listens() -> bool:
        assert server.poll() is None, told()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    wait_until(listens, 20, told)
