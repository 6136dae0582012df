"""Paramiko's SFTP client with the three verbs that need care: list, download and upload, pipelined without threads.

Paramiko's own `listdir_iter` cannot be abandoned half way (its late answers would be read into the next listing), its
prefetch writes tracebacks from a thread of its own when the line breaks, and its file objects talk to a dead server
when they are collected. Requests here are numbered, answered in any order, and never more than a window in flight.
"""

from __future__ import annotations

import logging
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paramiko import Channel, Message, SFTPAttributes, SFTPClient, SSHException
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_DATA,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READ,
    CMD_READDIR,
    CMD_STATUS,
    CMD_WRITE,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_READ,
    SFTP_FLAG_TRUNC,
    SFTP_FLAG_WRITE,
    int64,
)

from hub.wire.files import ChangedFile, Entry
from hub.wire.sftp_error import ServerSaid

#: Bytes a request; some servers choke on more than 32 KiB. With its header it fits one SSH packet, which holds 32,704:
#: of 32,768 each request would be two packets.
CHUNK = 32_000
#: Requests in flight: 64 of them are paramiko's channel window, which is not to be enlarged (measured: slower).
WINDOW = 64
#: Bytes taken from the channel at a time; paramiko moves all that is left whenever it hands out a part.
_TAKEN = 1 << 20


@dataclass(frozen=True, slots=True)
class _Reply:
    number: int
    kind: int
    message: Message


class _Replies:
    """The answers to requests in flight, in the order in which they came; paramiko hands them over by this name."""

    def __init__(self) -> None:
        self.arrived: deque[_Reply] = deque()

    def _async_response(self, kind: int, message: Message, number: int) -> None:
        self.arrived.append(_Reply(number, kind, message))


class PipelinedClient(SFTPClient):
    """An SFTP client whose every error reply is a `ServerSaid`, told apart from a broken line.

    Requests are gathered until an answer is waited for, so that what needs no answer in between leaves in one packet.
    """

    def __init__(self, sock: Channel) -> None:
        self._leaving = bytearray()
        self._came = memoryview(b"")
        super().__init__(sock)

    if TYPE_CHECKING:  # paramiko's building blocks, which its type stubs leave out

        def _request(self, t: int, *args: object) -> tuple[int, Message]: ...

        def _async_request(self, fileobj: object, t: int, *args: object) -> int: ...

        def _read_response(self, waitfor: int | None = None) -> object: ...

        def _write_all(self, out: bytes) -> None: ...

    def listing(self, folder: str) -> Iterator[Entry]:
        """Yield the folder's entries batch by batch as the server sends them; may be abandoned at any point."""
        with self._handle(CMD_OPENDIR, folder) as handle:
            while True:
                try:
                    kind, message = self._request(CMD_READDIR, handle)
                except EOFError:
                    return
                if kind != CMD_NAME:
                    raise SSHException(f"a listing was answered with packet type {kind}")
                yield from _entries(message)

    def download(self, path: str, size: int) -> bytes:
        """Return the file's `size` bytes; ChangedFile when it holds fewer or more by now."""
        if size <= CHUNK and (small := self._download_small(path, size)) is not None:
            return small
        content = bytearray(size)
        with self._handle(CMD_OPEN, path, SFTP_FLAG_READ, SFTPAttributes()) as handle:
            self._read_into(content, handle, path)
            if self._read_one(handle, size):
                raise ChangedFile(f"{path} grew while it was read", code="sftp file changed")
        return bytes(content)

    def read_part(self, path: str, start: int, size: int) -> bytes:
        """Return `size` bytes of the file from `start`; ChangedFile when it does not hold so many."""
        content = bytearray(size)
        with self._handle(CMD_OPEN, path, SFTP_FLAG_READ, SFTPAttributes()) as handle:
            self._read_into(content, handle, path, start)
        return bytes(content)

    def _download_small(self, path: str, size: int) -> bytes | None:
        """Ask for all of it, for more, and to close, in one go; None when the answers are not just these bytes."""
        replies = _Replies()
        with self._handle(CMD_OPEN, path, SFTP_FLAG_READ, SFTPAttributes()) as handle:
            wanted = [self._async_request(replies, CMD_READ, handle, int64(0), size)] if size else []
            self._async_request(replies, CMD_READ, handle, int64(size), 1)
        answers = [self._next(replies) for _ in range(len(wanted) + 1)]
        data = {reply.number: self._data(reply) for reply in answers}
        content = b"".join(data.pop(number) for number in wanted)
        return content if len(content) == size and not any(data.values()) else None

    def upload(self, path: str, content: bytes, start: int = 0) -> None:
        """Write the file anew, or what follows its first `start` bytes; on return the server answered for each byte."""
        anew = SFTP_FLAG_CREATE | SFTP_FLAG_TRUNC if not start else 0
        replies = _Replies()
        in_flight = 0
        with self._handle(CMD_OPEN, path, SFTP_FLAG_WRITE | anew, SFTPAttributes()) as handle:
            for offset in range(start, len(content), CHUNK):
                piece = content[offset : offset + CHUNK]
                self._async_request(replies, CMD_WRITE, handle, int64(offset), piece)
                in_flight += 1
                if in_flight >= WINDOW:
                    self._written(self._next(replies))
                    in_flight -= 1
        for _ in range(in_flight):  # the last ones were on their way while it was closed
            self._written(self._next(replies))

    def _written(self, reply: _Reply) -> None:
        if reply.kind != CMD_STATUS:
            raise SSHException(f"a write was answered with packet type {reply.kind}")
        self._convert_status(reply.message)

    def _read_into(self, content: bytearray, handle: bytes, path: str, begin: int = 0) -> None:
        replies = _Replies()
        todo = deque((start, min(CHUNK, len(content) - start)) for start in range(0, len(content), CHUNK))
        asked: dict[int, tuple[int, int]] = {}
        while todo or asked:
            while todo and len(asked) < WINDOW:
                start, length = todo.popleft()
                asked[self._async_request(replies, CMD_READ, handle, int64(begin + start), length)] = (start, length)
            reply = self._next(replies)
            start, length = asked.pop(reply.number)
            data = self._data(reply)
            if not data:
                raise ChangedFile(f"{path} shrank while it was read", code="sftp file changed")
            content[start : start + len(data)] = data
            if len(data) < length:  # a server may answer with less than was asked for
                todo.appendleft((start + len(data), length - len(data)))

    def _read_one(self, handle: bytes, offset: int) -> bytes:
        replies = _Replies()
        self._async_request(replies, CMD_READ, handle, int64(offset), 1)
        return self._data(self._next(replies))

    def _data(self, reply: _Reply) -> bytes:
        if reply.kind == CMD_DATA:
            return reply.message.get_string()
        if reply.kind != CMD_STATUS:
            raise SSHException(f"a read was answered with packet type {reply.kind}")
        try:
            self._convert_status(reply.message)
        except EOFError:
            return b""
        raise SSHException("a read was answered with OK and no data")

    def _next(self, replies: _Replies) -> _Reply:
        while not replies.arrived:
            self._read_response()
        return replies.arrived.popleft()

    @contextmanager
    def _handle(self, command: int, path: str, *more: object) -> Iterator[bytes]:
        """Open a file or folder and close it again, unless the line is gone: a dead server is not spoken to."""
        _, message = self._request(command, path, *more)
        handle = message.get_binary()
        try:
            yield handle
        except (SSHException, EOFError, TimeoutError):
            raise
        except BaseException:
            self._request(CMD_CLOSE, handle)
            raise
        else:
            self._request(CMD_CLOSE, handle)

    def _send_packet(self, kind: int, packet: Message) -> None:
        content = packet.asbytes()
        self._leaving += (len(content) + 1).to_bytes(4, "big") + bytes((kind,)) + content
        if len(self._leaving) > CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._leaving:
            leaving, self._leaving = bytes(self._leaving), bytearray()
            self._write_all(leaving)

    def _read_all(self, size: int) -> bytes:
        """Return so many bytes of what the server sent; what was gathered leaves first."""
        self._flush()
        came, parts, missing = self._came, [], size
        while missing > len(came):
            parts.append(came)
            missing -= len(came)
            came = memoryview(self.sock.recv(_TAKEN))
            if not came:
                raise EOFError
        parts.append(came[:missing])
        self._came = came[missing:]
        return b"".join(parts)

    def _log(self, level: int, msg: object, *args: object) -> None:
        """Keep the client's chatter (a line for each opening and closing) for those who debug."""
        super()._log(min(level, logging.DEBUG), msg, *args)  # type: ignore[misc]  # left out of the stubs

    def _convert_status(self, msg: Message) -> None:
        try:
            super()._convert_status(msg)  # type: ignore[misc]  # left out of the stubs
        except OSError as error:
            raise ServerSaid(*error.args) from None


def _entries(message: Message) -> Iterator[Entry]:
    for _ in range(message.get_int()):
        name = message.get_string()
        message.get_string()  # the long form is for people
        attributes = SFTPAttributes._from_msg(message)  # type: ignore[attr-defined]  # noqa: SLF001 - no public reader
        found = entry(name.decode("utf-8", "replace"), attributes)
        if found.name not in (".", ".."):
            yield found


def entry(name: str, attributes: SFTPAttributes) -> Entry:
    """Return what the server's attributes say; without a mode it is taken for a file."""
    mode = attributes.st_mode
    return Entry(
        name=name,
        size=attributes.st_size or 0,
        modified=int(attributes.st_mtime or 0),
        is_file=mode is None or stat.S_IFMT(mode) in (0, stat.S_IFREG),
    )
