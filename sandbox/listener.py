"""A server on loopback that talks over streams, and cuts every conversation when it closes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

#: Holds one conversation until it is over; it closes the writer itself.
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Listens on one port; `limit` is the longest line, in bytes, that a conversation reads at once."""

    def __init__(self, talk: Talk, limit: int) -> None:
        self._talk, self._limit = talk, limit
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0, context: ssl.SSLContext | None = None) -> int:
        """Listen, under TLS where there is a context for it, and return the port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=self._limit, backlog=256, ssl=context
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._talk(reader, writer)
