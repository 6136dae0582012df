"""How far a request has come: the one fact on which "may it be sent again?" hangs.

`requests` does not say whether a failure came before or after the first byte left. A connection of ours does: it opens
the socket first, then passes the named instants `before_bytes` and `bytes_sent` around the writing of the request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import PoolManager, ProxyManager

from hub.wire.tls import Trust

#: Passes a named instant of the send path.
Checkpoint = Callable[[str], None]


class Trail(threading.local):
    """Of the call that this thread makes right now: have bytes left, and who wants to know."""

    def __init__(self) -> None:
        super().__init__()
        self.left = False
        self.checkpoint: Checkpoint | None = None

    @contextmanager
    def call(self, checkpoint: Checkpoint | None) -> Iterator[None]:
        """Start a fresh trail; the checkpoint is given for writes only, where an instant matters."""
        self.left, self.checkpoint = False, checkpoint
        try:
            yield
        finally:
            self.checkpoint = None

    def leaving(self) -> None:
        """Say that the next thing to happen is a byte on the wire."""
        if self.checkpoint is not None:
            self.checkpoint("before_bytes")
        self.left = True

    def sent(self) -> None:
        """Say that the whole request has been written and no reply has been read."""
        if self.checkpoint is not None:
            self.checkpoint("bytes_sent")


class WatchedAdapter(HTTPAdapter):
    """An adapter that never retries by itself, whose connections keep the trail and believe whom `trust` says."""

    def __init__(self, trail: Trail, trust: Trust | None = None, *, pool_size: int = 4) -> None:
        self._classes = _pool_classes(trail, trust or Trust())
        self._trust = trust
        super().__init__(pool_connections=2, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: ANN401, FBT001, FBT002 - the shape is requests'
        """Make the pool whose connections are ours."""
        if self._trust is not None and self._trust.certificates:
            kwargs["ssl_context"] = self._trust.context()
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:  # noqa: ANN401 - the shape is requests'
        """Keep the trail behind a proxy too."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._classes
        return manager


def _pool_classes(trail: Trail, trust: Trust) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes by scheme whose connections report to this trail."""

    class Plain(HTTPConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it is
            _pass(trail, self, super().request, args, kwargs)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            if trust.pins:
                trust.accept(self.sock, f"https://{self.host}:{self.port}")
                self.is_verified = True

        def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it is
            _pass(trail, self, super().request, args, kwargs)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _pass(
    trail: Trail,
    connection: HTTPConnection,
    request: Callable[..., None],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    if connection.is_closed:
        connection.connect()  # here, so that a refused connection is known to have carried nothing
    trail.leaving()
    request(*args, **kwargs)
    trail.sent()
