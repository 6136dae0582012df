"""How an SFTP line is opened: a known host or none at all, every wait bounded, only the credentials that were given."""

from __future__ import annotations

import contextlib
import io
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from paramiko import AuthenticationException, ECDSAKey, Ed25519Key, PKey, RSAKey, SSHException, Transport
from paramiko.ssh_exception import IncompatiblePeer
from pydantic import SecretStr

from hub.contract import AccessDenied
from hub.wire.files import ConnectionLost
from hub.wire.sftp_client import PipelinedClient
from hub.wire.sftp_error import lost
from hub.wire.sftp_host_key import KINDS, expected_kinds, fingerprint_of, stranger

#: A line that nobody uses wakes its thread this often, in seconds; paramiko's own 0.1 would be its whole cost.
_WAKE = 10.0


@dataclass(frozen=True, slots=True)
class SftpTimeouts:
    """Seconds that each wait may take; a server that goes silent never holds a thread for longer."""

    connect: float = 10
    banner: float = 15
    auth: float = 15
    reply: float = 30
    keepalive: int = 30


@dataclass(frozen=True, slots=True)
class SftpEndpoint:
    """One account on one server; `host_keys` are the checked host keys that may be met there."""

    host: str
    port: int
    user: str
    password: SecretStr | None = None
    ssh_key: SecretStr | None = None
    ssh_key_password: SecretStr | None = None
    host_keys: tuple[str, ...] = ()
    timeouts: SftpTimeouts = field(default_factory=SftpTimeouts)

    def __str__(self) -> str:
        return f"sftp://{self.user}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Line:
    """An open line: the transport with its thread and socket, and the SFTP client on it."""

    transport: Transport
    client: PipelinedClient

    @property
    def alive(self) -> bool:
        """Whether both ends are still there, as far as this side knows."""
        return self.transport.is_active()

    def close(self) -> None:
        """Hang up; when this returns neither thread nor socket is left."""
        _hang_up(self.transport)


class _QuietTransport(Transport):
    """A transport that leaves it to the caller to report what went wrong, so that an outage is told once."""

    def _log(self, level: int, msg: object, *args: object) -> None:
        super()._log(min(level, logging.DEBUG), msg, *args)  # type: ignore[misc]  # left out of the stubs


def open_line(endpoint: SftpEndpoint) -> Line:
    """Return an open line; AccessDenied for a wrong key or password, ConnectionLost when nobody answers in time."""
    key = _private_key(endpoint)
    transport = _known_host(endpoint)
    try:
        _log_in(endpoint, transport, key)
        client = _sftp(endpoint, transport)
        transport.sock.settimeout(min(_WAKE, endpoint.timeouts.keepalive or _WAKE))  # keepalives are sent on waking
        return Line(transport, client)
    except BaseException:
        _hang_up(transport)
        raise


def _known_host(endpoint: SftpEndpoint) -> Transport:
    """Shake hands until the server shows a key that we know, asking for its other kinds of key before giving up.

    A server has several keys and shows the first kind that both ends like; the partner may have told us another.
    """
    expected = {fingerprint_of(host_key) for host_key in endpoint.host_keys}
    kinds = list(expected_kinds(endpoint.host_keys))
    shown: dict[str, str] = {}
    while kinds:
        transport = _shake_hands(endpoint, kinds, others_shown=bool(shown))
        if transport is None:
            break
        key = transport.get_remote_server_key()
        if key.fingerprint in expected:
            return transport
        _hang_up(transport)
        shown[key.get_name()] = key.fingerprint
        kinds = [kind for kind in kinds if kind not in shown] if expected else []
    raise stranger(str(endpoint), endpoint.host_keys, shown)


def _shake_hands(endpoint: SftpEndpoint, kinds: Sequence[str], *, others_shown: bool) -> Transport | None:
    """Return a transport that agreed on one of these kinds of key, or None when the server has no such key."""
    transport = _transport(endpoint)
    options = transport.get_security_options()
    options.key_types = [name for kind in kinds for name in KINDS[kind]]
    options.ciphers = sorted(options.ciphers, key=lambda name: "-gcm" not in name)
    try:
        transport.start_client(timeout=endpoint.timeouts.banner + endpoint.timeouts.connect)
        transport.get_remote_server_key()  # raises when the time ran out
    except IncompatiblePeer as error:
        _hang_up(transport)
        if others_shown or "host key" in str(error).lower():
            return None
        raise _too_old(endpoint, error) from None
    except (SSHException, EOFError, OSError) as error:
        _hang_up(transport)
        raise lost(error, "shake hands", str(endpoint)) from None
    return transport


def _too_old(endpoint: SftpEndpoint, error: Exception) -> AccessDenied:
    return AccessDenied(
        f"{endpoint}: no encryption that both sides know ({error})",
        todo="ask the partner to enable current algorithms (ed25519 or rsa-sha2 keys, AES, SHA-2)",
        code="sftp algorithms",
    )


def _transport(endpoint: SftpEndpoint) -> Transport:
    timeouts = endpoint.timeouts
    try:
        sock = socket.create_connection((endpoint.host, endpoint.port), timeouts.connect)
    except OSError as error:
        raise ConnectionLost(f"{endpoint}: cannot connect ({_words(error)})", code="sftp connect") from None
    # Without this a small write waits for the delayed acknowledgement of the one before, some 40 ms each.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = _QuietTransport(sock)
    transport.daemon = True
    transport.banner_timeout = timeouts.banner
    transport.handshake_timeout = timeouts.banner
    transport.auth_timeout = timeouts.auth
    transport.channel_timeout = timeouts.reply
    return transport


def _words(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)


def _log_in(endpoint: SftpEndpoint, transport: Transport, key: PKey | None) -> None:
    try:
        if key is not None:
            left = transport.auth_publickey(endpoint.user, key)
        elif endpoint.password is not None:
            left = transport.auth_password(endpoint.user, endpoint.password.get_secret_value())
        else:
            left = transport.auth_none(endpoint.user)
        if left and endpoint.password is not None:  # a server that asks for the key and then for the password
            left = transport.auth_password(endpoint.user, endpoint.password.get_secret_value())
    except AuthenticationException as error:
        raise _not_let_in(endpoint, error) from None
    except (SSHException, EOFError, OSError) as error:
        raise lost(error, "log in", str(endpoint)) from None
    if left:
        raise _not_let_in(endpoint, AuthenticationException(f"it also asks for {', '.join(left)}"))


def _not_let_in(endpoint: SftpEndpoint, error: AuthenticationException) -> AccessDenied | ConnectionLost:
    words = str(error)
    if "timeout" in words.lower() or "saw EOF" in words:  # paramiko says so when the line broke meanwhile
        return ConnectionLost(f"{endpoint}: the connection broke during: log in ({words})", code="sftp log in")
    means = "ssh_key" if endpoint.ssh_key else "password" if endpoint.password else "neither password nor ssh_key"
    return AccessDenied(
        f"{endpoint}: the server does not let us in with {means} ({words})",
        todo=f"check user {endpoint.user!r} and the secret behind {means}, and whether the partner locked the account",
        code="sftp log in",
    )


def _sftp(endpoint: SftpEndpoint, transport: Transport) -> PipelinedClient:
    transport.set_keepalive(endpoint.timeouts.keepalive)
    try:
        channel = transport.open_session(timeout=endpoint.timeouts.reply)
        channel.settimeout(endpoint.timeouts.reply)
        channel.invoke_subsystem("sftp")
        return PipelinedClient(channel)
    except (SSHException, EOFError, OSError) as error:
        raise lost(error, "start SFTP", str(endpoint)) from None


def _private_key(endpoint: SftpEndpoint) -> PKey | None:
    if endpoint.ssh_key is None:
        return None
    text = endpoint.ssh_key.get_secret_value().strip() + "\n"
    password = endpoint.ssh_key_password.get_secret_value() if endpoint.ssh_key_password else None
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        with contextlib.suppress(SSHException, ValueError, TypeError, IndexError):
            return kind.from_private_key(io.StringIO(text), password)
    raise AccessDenied(
        f"{endpoint}: ssh_key cannot be read as an ed25519, ECDSA or RSA private key",
        todo="store the whole private key file as the secret; set ssh_key_password when it is encrypted",
        code="sftp private key",
    )


def _hang_up(transport: Transport) -> None:
    with contextlib.suppress(OSError):
        transport.sock.shutdown(socket.SHUT_RDWR)  # wakes the reading thread at once
    transport.close()
    transport.sock.close()
    if transport.is_alive():  # paramiko closes without waiting for its thread
        transport.join(5)
