"""A daemon in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hub.composition import Hub
from hub.config import Config
from hub.daemon import Daemon


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
