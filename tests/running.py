"""A daemon in a thread of the test, and waiting until something has come true."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hub.composition import Hub
from hub.config import Config
from hub.daemon import Daemon

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


@contextmanager
def running(hub: Hub, read_config: Callable[[], Config] | None = None) -> Iterator[Daemon]:
    """Run the daemon of a hub until the end of the block, in which it is ready."""
    daemon = Daemon(hub, read_config)
    daemon.start()
    loop = threading.Thread(target=daemon.run)
    loop.start()
    try:
        yield daemon
    finally:
        daemon.ask_to_stop()
        loop.join(60)
