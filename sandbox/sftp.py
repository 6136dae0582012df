"""The SFTP server: one account a partner, each locked into its own folder, with moods on every operation."""

from __future__ import annotations

import asyncio
import hmac
import os
import posixpath
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

import asyncssh

from sandbox.moods import Mood, Moods

T = TypeVar("T")
_AT_LOGIN = frozenset({Mood.DOWN, Mood.SLOW, Mood.LOCKED_OUT, Mood.HANG})
_AT_WORK = frozenset({Mood.DOWN, Mood.BUSY, Mood.UNAVAILABLE, Mood.SLOW, Mood.HANG, Mood.LOST_REPLY})

#: Called with the account and the path, as the account sees it, of a file that now stands there whole.
Arrived = Callable[[str, str], None]


class SftpSite:
    """All accounts of one server; `start` listens, `close` leaves nothing behind."""

    def __init__(self, root: Path, passwords: Mapping[str, str], moods: Moods, arrived: Arrived) -> None:
        self.root = root
        self.passwords = passwords
        self.moods = moods
        self.arrived = arrived
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self, host_key: asyncssh.SSHKey, port: int = 0) -> int:
        """Listen on loopback and return the port."""
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: _Login(self),
            server_host_keys=[host_key],
            sftp_factory=lambda channel: _Account(channel, self),
            allow_scp=False,
            agent_forwarding=False,
            login_timeout=60,
            backlog=512,
            # the hub's side picks among these; the big post-quantum exchanges would be most of the sandbox's work
            kex_algs=["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"],
            compression_algs=["none"],
        )
        return int(self._acceptor.get_port())

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        connections = list(self.connections)
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.wait_closed()


class _Login(asyncssh.SSHServer):
    """Lets an account in with its password."""

    def __init__(self, site: SftpSite) -> None:
        self._site = site
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._site.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the shape is asyncssh's
        if self._connection is not None:
            self._site.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the same
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        self._site.moods.count(username, "login")
        spell = self._site.moods.meet(username, "login", _AT_LOGIN)
        if spell is not None and self._connection is not None:
            match spell.mood:
                case Mood.LOCKED_OUT:
                    return False
                case Mood.SLOW:
                    await asyncio.sleep(spell.seconds)
                case Mood.DOWN:
                    self._connection.abort()
                    return False
                case _:
                    await self._connection.wait_closed()
        known = self._site.passwords.get(username)
        return known is not None and hmac.compare_digest(known.encode(), password.encode())


class _Account(asyncssh.SFTPServer):
    """The files of one account."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], site: SftpSite) -> None:
        self._site = site
        self._code = str(chan.get_extra_info("username"))
        self._open: dict[int, tuple[str, bool]] = {}
        super().__init__(chan, chroot=str(site.root / self._code).encode())

    async def _serve(self, call: str, work: Callable[[], T]) -> T:
        """Do one operation the way the account's mood has it."""
        self._site.moods.count(self._code, call)
        spell = self._site.moods.meet(self._code, call, _AT_WORK)
        if spell is None:
            return work()
        match spell.mood:
            case Mood.SLOW:
                await asyncio.sleep(spell.seconds)
            case Mood.BUSY | Mood.UNAVAILABLE:
                raise asyncssh.SFTPFailure("Resource temporarily unavailable")
            case Mood.HANG:
                await self.connection.wait_closed()
                raise asyncssh.SFTPConnectionLost("gone")
            case Mood.DOWN:
                self.connection.abort()
                raise asyncssh.SFTPConnectionLost("gone")
        result = work()
        if spell.mood is Mood.LOST_REPLY:
            self.connection.abort()
        return result

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file."""
        seen = _seen(path)
        opened = await self._serve(f"open {seen}", lambda: super(_Account, self).open(path, pflags, attrs))
        self._open[id(opened)] = (seen, bool(pflags & asyncssh.FXF_WRITE))
        return opened

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read a piece of an open file."""
        path = self._open[id(file_obj)][0]
        data = await self._serve(f"read {path}", lambda: super(_Account, self).read(file_obj, offset, size))
        return cast(bytes, data)

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write a piece of an open file."""
        path = self._open[id(file_obj)][0]
        size = await self._serve(f"write {path}", lambda: super(_Account, self).write(file_obj, offset, data))
        return cast(int, size)

    async def close(self, file_obj: object) -> None:
        """Close an open file; one that was written under its own name has arrived with that."""
        path, written = self._open.pop(id(file_obj))

        def work() -> None:
            super(_Account, self).close(file_obj)
            if written:
                self._site.arrived(self._code, path)

        await self._serve(f"close {path}", work)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file; a name that is taken is refused."""
        await self._renamed(newpath, lambda: super(_Account, self).rename(oldpath, newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file over whatever has the name."""
        await self._renamed(newpath, lambda: super(_Account, self).posix_rename(oldpath, newpath))

    async def _renamed(self, newpath: bytes, rename: Callable[[], object]) -> None:
        seen = _seen(newpath)

        def work() -> None:
            rename()
            self._site.arrived(self._code, seen)

        await self._serve(f"rename {seen}", work)

    async def remove(self, path: bytes) -> None:
        """Delete a file."""
        await self._serve(f"remove {_seen(path)}", lambda: super(_Account, self).remove(path))

    async def stat(self, path: bytes) -> os.stat_result:
        """Return what is known of a file."""
        result = await self._serve(f"stat {_seen(path)}", lambda: super(_Account, self).stat(path))
        return cast(os.stat_result, result)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a folder."""
        names = await self._serve(f"list {_seen(path)}", lambda: super(_Account, self).scandir(path))
        async for name in names:
            yield name

    def format_longname(self, name: asyncssh.SFTPName) -> None:
        """Leave the `ls -l` line bare: looking up owners for it would be most of the work of a listing."""
        name.longname = name.filename

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002 - the same
        """Refuse: a link could point out of the account."""
        raise asyncssh.SFTPOpUnsupported("links are not allowed")

    link = symlink


def _seen(path: bytes) -> str:
    """Return a path as the account sees it."""
    return posixpath.normpath("/" + path.decode("utf-8", "replace").lstrip("/"))
