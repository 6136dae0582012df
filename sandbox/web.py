"""A small HTTP/1.1 server on asyncio streams: ours, because a simulator must be able to drop and to hang at will."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from sandbox.listener import Listener

_MOST_HEADER = 64 * 1024
_MOST_BODY = 16 * 1024 * 1024


class Drop(Exception):
    """Close the connection without a word."""


class Hang(Exception):
    """Keep the connection and never answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """Return the address asked for, without its query."""
        return f"http://{self.headers.get('host', '127.0.0.1')}{self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(status: int, document: object, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a document as a JSON reply."""
    return Reply(status, json.dumps(document, separators=(",", ":")).encode(), headers or {})


Handler = Callable[[Request], Awaitable[Reply]]


class WebServer:
    """Serves one handler on a loopback port, with keep-alive; under TLS where there is a context for it."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self._handler, self._context = handler, context
        self._listener = Listener(self._talk, _MOST_HEADER)

    async def start(self, port: int = 0) -> int:
        """Listen and return the port."""
        return await self._listener.start(port, self._context)

    async def close(self) -> None:
        """Stop listening and close every connection."""
        await self._listener.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except Hang:
            await _until_gone(reader)
        except (Drop, OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; returns whether the connection stays."""
        head = await reader.readuntil(b"\r\n\r\n")
        request = await _read_request(head, reader)
        reply = await self._handler(request)
        stays = request.headers.get("connection", "").lower() != "close"
        writer.write(_reply_bytes(reply, stays=stays))
        await writer.drain()
        return stays


async def _read_request(head: bytes, reader: asyncio.StreamReader) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, target = first.rpartition(" ")[0].partition(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > _MOST_BODY:
        raise Drop
    body = await reader.readexactly(int(length))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)


def _reply_bytes(reply: Reply, *, stays: bool) -> bytes:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(reply.body)),
        "Date": formatdate(usegmt=True),
        "Connection": "keep-alive" if stays else "close",
        **reply.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n".encode("latin-1") + reply.body


async def _until_gone(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65536):
            pass
    except (OSError, asyncio.CancelledError):
        return
