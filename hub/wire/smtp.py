"""Handing one mail over to the server that sends it on; its answer to the last dot is the one that counts."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from hub.contract import AccessDenied, ConnectorError, OutcomeUnknown, Rejected, TemporaryFailure
from hub.wire.files import ConnectionLost
from hub.wire.tls import Trust, blind, shown_on, untrusted

_TROUBLE = (smtplib.SMTPException, OSError, EOFError, ValueError)


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """One account on one server; with `starts_plain` it says STARTTLS first, and goes no further without."""

    host: str
    port: int
    user: str = ""
    password: SecretStr | None = None
    starts_plain: bool = False
    trust: Trust = field(default_factory=Trust)
    connect_seconds: float = 10
    reply_seconds: float = 30

    def __str__(self) -> str:
        return f"{'smtp' if self.starts_plain else 'smtps'}://{self.host}:{self.port}"


def deliver(endpoint: SmtpEndpoint, sender: str, to: Sequence[str], mail: bytes, instant: Callable[[str], None]) -> str:
    """Hand a mail over to all of these addresses or to none; returns what the server said.

    `instant` is told `before_bytes` when everything is agreed and no word of the mail has left, and `bytes_sent` when
    all of it has and the server has not answered. OutcomeUnknown when that answer is lost.
    """
    line = _open(endpoint)
    try:
        _agree(endpoint, line, sender, to)
        instant("before_bytes")
        return _hand_over(endpoint, line, mail, instant)
    finally:
        line.close()


def rehearse(endpoint: SmtpEndpoint, sender: str, to: Sequence[str]) -> None:
    """Go as far as a mail goes before its first word, and take it back: raises what a mail would meet."""
    line = _open(endpoint)
    try:
        _envelope(endpoint, line, sender, to)
        line.rset()
    except _TROUBLE as error:
        raise _lost(endpoint, "announce a mail", error) from None
    finally:
        line.close()


def _open(endpoint: SmtpEndpoint) -> smtplib.SMTP:
    try:
        line = _line(endpoint, endpoint.trust.context())
    except ssl.SSLCertVerificationError as error:
        raise untrusted(str(endpoint), error, [_shown(endpoint)]) from None
    except smtplib.SMTPNotSupportedError:
        raise AccessDenied(
            f"{endpoint}: the server does not start TLS",
            todo="nothing was sent; use smtps:// (port 465), or another server: mail does not travel unprotected",
            code="smtp no tls",
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _said(endpoint, "greet", error.smtp_code, error.smtp_error) from None
    except _TROUBLE as error:
        raise _lost(endpoint, "connect", error) from None
    try:
        endpoint.trust.accept(line.sock, str(endpoint))
        _log_in(endpoint, line)
    except BaseException:
        line.close()
        raise
    return line


def _line(endpoint: SmtpEndpoint, context: ssl.SSLContext) -> smtplib.SMTP:
    wait, name = endpoint.connect_seconds, "crossdock.invalid"
    if not endpoint.starts_plain:
        line: smtplib.SMTP = smtplib.SMTP_SSL(endpoint.host, endpoint.port, name, timeout=wait, context=context)
    else:
        line = smtplib.SMTP(endpoint.host, endpoint.port, name, timeout=wait)
    try:
        if endpoint.starts_plain:
            line.starttls(context=context)
        if line.sock is not None:
            line.sock.settimeout(endpoint.reply_seconds)
        line.ehlo()
    except BaseException:
        line.close()
        raise
    return line


def _shown(endpoint: SmtpEndpoint) -> str:
    try:
        line = _line(endpoint, blind())
    except _TROUBLE:
        return ""
    try:
        return shown_on(line.sock)
    finally:
        line.close()


def _log_in(endpoint: SmtpEndpoint, line: smtplib.SMTP) -> None:
    if endpoint.password is None:
        return
    try:
        _authenticate(line, endpoint.user, endpoint.password.get_secret_value())
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise _said(endpoint, "log in", error.smtp_code, error.smtp_error) from None
        raise AccessDenied(
            f"{endpoint}: the server does not let us in ({_words(error.smtp_error)})",
            todo=f"check user {endpoint.user!r} and its password; some providers want an app password",
            code="smtp log in",
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        todo = "leave smtp_password out if the server wants none"
        raise AccessDenied(f"{endpoint}: {error}", todo=todo, code="smtp log in") from None
    except _TROUBLE as error:
        raise _lost(endpoint, "log in", error) from None


def _authenticate(line: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by PLAIN, which takes any letter, or by what else the server offers, which takes ASCII."""
    if "PLAIN" not in line.esmtp_features.get("auth", "").upper().split():
        line.login(user, password)
        return
    pair = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, words = line.docmd("AUTH", f"PLAIN {pair}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _agree(endpoint: SmtpEndpoint, line: smtplib.SMTP, sender: str, to: Sequence[str]) -> None:
    """Say who the mail is from and for, and ask to be heard."""
    try:
        _envelope(endpoint, line, sender, to)
        code, words = line.docmd("DATA")
    except _TROUBLE as error:
        raise _lost(endpoint, "announce the mail", error) from None
    if code != 354:
        raise _said(endpoint, "announce the mail", code, words)


def _envelope(endpoint: SmtpEndpoint, line: smtplib.SMTP, sender: str, to: Sequence[str]) -> None:
    _accepted(endpoint, f"send from {sender}", *line.mail(sender))
    for each in to:
        _accepted(endpoint, f"send to {each}", *line.rcpt(each))


def _accepted(endpoint: SmtpEndpoint, doing: str, code: int, words: bytes) -> None:
    if code not in (250, 251):
        raise _said(endpoint, doing, code, words)


def _hand_over(endpoint: SmtpEndpoint, line: smtplib.SMTP, mail: bytes, instant: Callable[[str], None]) -> str:
    dotted = re.sub(rb"(?m)^\.", b"..", mail)
    ending = b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"
    try:
        line.send(dotted + ending)
        instant("bytes_sent")
        code, words = line.getreply()
    except _TROUBLE as error:
        raise OutcomeUnknown(
            f"{endpoint}: the line broke after the mail was handed over ({_text(error)}); it may have been taken",
            todo="the hub looks for it where it can",
            code="smtp outcome unknown",
        ) from None
    if code != 250:
        raise _said(endpoint, "hand over the mail", code, words)
    return f"{code} {_words(words)}"


def _said(endpoint: SmtpEndpoint, doing: str, code: int, words: bytes | str) -> ConnectorError:
    """Return the error for a definite no: it was not done."""
    what, extract = f"{endpoint}: could not {doing}: {code} {_words(words)}", _words(words)
    if code in (530, 534, 535, 538):
        todo = "check the user, its password, and whether it may send from this address"
        return AccessDenied(what, todo=todo, extract=extract, code=f"smtp {code}")
    if code < 500:
        return TemporaryFailure(what, todo="nothing, when it passes", extract=extract, code=f"smtp {code}")
    todo = "correct sender or to, or ask the partner why its mail server refuses this"
    return Rejected(what, todo=todo, extract=extract, code=f"smtp {code}")


def _lost(endpoint: SmtpEndpoint, doing: str, error: Exception) -> ConnectionLost:
    return ConnectionLost(
        f"{endpoint}: the connection broke during: {doing} ({_text(error)})", code="smtp connection lost"
    )


def _text(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def _words(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())
