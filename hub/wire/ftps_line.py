"""A line to an FTP server under TLS: certificate checked before the password goes out, data channels under TLS too."""

from __future__ import annotations

import contextlib
import ftplib
import socket
import ssl
from collections.abc import Generator
from dataclasses import dataclass, field

from pydantic import SecretStr

from hub.contract import AccessDenied
from hub.wire.files import ConnectionLost
from hub.wire.tls import Trust, blind, shown_on, untrusted

#: Bytes that are read or written at once.
CHUNK = 65_536
#: Everything that ftplib and the line below it raise.
TROUBLE = (ftplib.Error, OSError, EOFError, ValueError)
#: Seconds for the other end to answer that a data channel is over; many never do.
_FAREWELL = 2.0


@dataclass(frozen=True, slots=True)
class FtpsEndpoint:
    """One account on one server; `implicit` speaks TLS from the first byte (port 990), otherwise after AUTH TLS."""

    host: str
    port: int
    user: str
    password: SecretStr | None = None
    implicit: bool = False
    trust: Trust = field(default_factory=Trust)
    connect_seconds: float = 10
    reply_seconds: float = 30

    def __str__(self) -> str:
        return f"ftps://{self.user}@{self.host}:{self.port}"


class FtpsLine(ftplib.FTP_TLS):
    """ftplib's client, with TLS from the first byte where wanted, and one TLS session for all channels.

    Servers that demand that a data channel resumes the control channel's session (it proves that both are the same
    client) get what they want; others ignore it.
    """

    def __init__(self, endpoint: FtpsEndpoint, context: ssl.SSLContext) -> None:
        super().__init__(context=context, timeout=endpoint.reply_seconds)
        self._endpoint = endpoint

    def greet(self) -> None:
        """Connect and start TLS on the control channel; nothing of ours has left then."""
        self.host, self.port = self._endpoint.host, self._endpoint.port
        sock = socket.create_connection((self.host, self.port), self._endpoint.connect_seconds)
        sock.settimeout(self._endpoint.reply_seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.af = sock, sock.family
        if self._endpoint.implicit:
            self.sock = self.context.wrap_socket(sock, server_hostname=self.host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        if not self._endpoint.implicit:
            self.auth()

    def enter(self) -> None:
        """Log in, have data channels protected, and transfer bytes as they are."""
        password = self._endpoint.password.get_secret_value() if self._endpoint.password else ""
        self.login(self._endpoint.user, password, secure=False)
        self.prot_p()
        self.voidcmd("TYPE I")

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open a data channel under TLS that resumes the control channel's session."""
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - it is wrapped in TLS right away
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        try:
            secured = self.context.wrap_socket(conn, server_hostname=self.host, session=session)
            self._endpoint.trust.accept(secured, str(self._endpoint))
        except BaseException:
            conn.close()
            raise
        return secured, size

    def incoming(self, command: str) -> Generator[bytes, None, None]:
        """Yield what the server sends for this command, piece by piece; errors of ftplib when it breaks off."""
        conn = self.transfercmd(command)
        try:
            while piece := conn.recv(CHUNK):
                yield piece
        finally:
            conn.close()
        self.voidresp()

    def outgoing(self, command: str, content: bytes) -> None:
        """Send the content for this command; when this returns the server has said that it has it."""
        conn = self.transfercmd(command)
        try:
            view = memoryview(content)
            for offset in range(0, len(content), CHUNK):
                conn.sendall(view[offset : offset + CHUNK])
            if isinstance(conn, ssl.SSLSocket):
                conn.settimeout(_FAREWELL)
                with contextlib.suppress(OSError):  # said properly, or the server takes the file for cut off
                    conn.unwrap()
        finally:
            conn.close()
        self.voidresp()

    @property
    def quiet(self) -> bool:
        """Whether nothing has come unasked; what comes unasked is a farewell or the end of the line."""
        return self.sock is not None and not _readable(self.sock)

    def hang_up(self) -> None:
        """Close the line without a word: a dead server is not spoken to."""
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)
        self.close()


def _readable(sock: socket.socket) -> bool:
    waited = sock.gettimeout()
    sock.settimeout(0)
    try:
        return sock.fileno() < 0 or _peeks(sock)
    finally:
        with contextlib.suppress(OSError):
            sock.settimeout(waited)


def _peeks(sock: socket.socket) -> bool:
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # below TLS: any byte, or the end
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def open_line(endpoint: FtpsEndpoint) -> FtpsLine:
    """Return a line that is logged in; AccessDenied for a certificate or password, ConnectionLost without an answer."""
    line = FtpsLine(endpoint, endpoint.trust.context())
    try:
        _start(endpoint, line)
        _log_in(endpoint, line)
    except BaseException:
        line.hang_up()
        raise
    return line


def _start(endpoint: FtpsEndpoint, line: FtpsLine) -> None:
    try:
        line.greet()
        endpoint.trust.accept(line.sock, str(endpoint))
    except ssl.SSLCertVerificationError as error:
        raise untrusted(str(endpoint), error, [_shown(endpoint)]) from None
    except ftplib.error_perm as error:
        raise AccessDenied(
            f"{endpoint}: the server does not start TLS ({_words(error)})",
            todo="nothing was sent; ask the partner for FTPS, or SFTP: files do not travel unprotected",
            code="ftps no tls",
        ) from None
    except TROUBLE as error:
        raise ConnectionLost(f"{endpoint}: cannot connect ({_words(error)})", code="ftps connect") from None


def _log_in(endpoint: FtpsEndpoint, line: FtpsLine) -> None:
    try:
        line.enter()
    except ftplib.error_perm as error:
        raise AccessDenied(
            f"{endpoint}: the server does not let us in ({_words(error)})",
            todo=f"check user {endpoint.user!r} and its password, and whether the partner locked the account",
            code="ftps log in",
        ) from None
    except TROUBLE as error:
        raise ConnectionLost(
            f"{endpoint}: the connection broke during: log in ({_words(error)})", code="ftps log in"
        ) from None


def _shown(endpoint: FtpsEndpoint) -> str:
    """Return the fingerprint of the certificate that the server shows, for a person to compare."""
    line = FtpsLine(endpoint, blind())
    try:
        line.greet()
        return shown_on(line.sock)
    except TROUBLE:
        return ""
    finally:
        line.hang_up()


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
