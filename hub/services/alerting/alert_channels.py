"""The ways to people: e-mail, a webhook as Slack takes it, a command of the operator's own."""

from __future__ import annotations

import os
import signal
import smtplib
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import localtime, make_msgid

import requests

from hub.services.alerting.alert_settings import AlertChannel

_SECONDS = 15
#: On this port mail servers speak TLS from the first byte, and on others after STARTTLS.
_TLS_AT_ONCE = 465
#: So much of what a command complained about is told.
_WORDS = 300
_SECRET = "secret:"  # noqa: S105 - how settings name a secret


class NotTold(ValueError):
    """The channel did not take the notice; what it said never holds a secret. `for_good`: it never will, as it is."""

    def __init__(self, words: str, *, for_good: bool = False) -> None:
        super().__init__(words)
        self.for_good = for_good


class Channels:
    """Sends notices; `secrets` looks `secret:name` up."""

    def __init__(self, secrets: Callable[[str], str | None]) -> None:
        self._secrets = secrets

    def send(self, channel: AlertChannel, subject: str, text: str) -> None:
        """Carry one notice; raises OSError or NotTold."""
        ways: Mapping[str, Callable[[AlertChannel, str, str], None]] = {
            "webhook": self._post,
            "email": self._mail,
            "command": _run,
        }
        ways[channel.kind](channel, subject, text)

    def _post(self, channel: AlertChannel, subject: str, text: str) -> None:
        body = {"text": f"*{subject}*\n{text}"}
        try:
            reply = requests.post(self._value(channel.url), json=body, timeout=_SECONDS)
        except requests.RequestException as error:  # its words hold the address, which may be the secret
            raise NotTold(f"channel {channel.name}: {type(error).__name__}") from None
        if reply.status_code >= 300:
            refused = 400 <= reply.status_code < 500 and reply.status_code not in (408, 429)
            raise NotTold(f"channel {channel.name} answered {reply.status_code}", for_good=refused)

    def _mail(self, channel: AlertChannel, subject: str, text: str) -> None:
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, channel.sender, ", ".join(channel.to)
        message["Date"] = localtime()
        message["Message-ID"] = make_msgid(domain=channel.sender.rpartition("@")[2].strip("<> ") or "localhost")
        message.set_content(text)
        try:
            with _mail_server(channel) as server:
                if channel.user:
                    server.login(self._value(channel.user), self._value(channel.password))
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            raise NotTold(f"channel {channel.name}: {channel.smtp} said {error.smtp_code} {said}") from None
        except OSError as error:
            raise NotTold(f"channel {channel.name}: {channel.smtp}: {error or type(error).__name__}") from None

    def _value(self, text: str) -> str:
        if not text.startswith(_SECRET):
            return text
        value = self._secrets(text.removeprefix(_SECRET))
        if value is None:
            raise NotTold(
                f"there is no {text}; `crossdock secret set {text.removeprefix(_SECRET)}` keeps it", for_good=True
            )
        return value


def _mail_server(channel: AlertChannel) -> smtplib.SMTP:
    """Return an open connection to the channel's mail server, safe where the channel wants that."""
    host, _, port = channel.smtp.partition(":")
    if channel.tls and int(port or 0) == _TLS_AT_ONCE:
        return smtplib.SMTP_SSL(host, _TLS_AT_ONCE, timeout=_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, int(port or 587), timeout=_SECONDS)
    try:
        if channel.tls:
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _run(channel: AlertChannel, subject: str, text: str) -> None:
    """Run the operator's own command; it and whatever it started ends when it takes too long."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaint:  # no pipe: a child may keep it open
        given.write(f"{subject}\n{text}\n".encode())
        given.seek(0)
        try:
            running = subprocess.Popen(  # noqa: S603 - the operator's own command, from the operator's own configuration
                channel.command, stdin=given, stdout=subprocess.DEVNULL, stderr=complaint, start_new_session=True
            )
        except (FileNotFoundError, PermissionError) as error:
            raise NotTold(f"channel {channel.name}: {error.filename}: {error.strerror}", for_good=True) from None
        try:
            code = running.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            raise NotTold(f"channel {channel.name}: its command took more than {_SECONDS} s and was ended") from None
        if code != 0:
            complaint.seek(0)
            words = complaint.read(_WORDS).decode("utf-8", "replace").strip()
            raise NotTold(f"channel {channel.name}: its command ended with {code}: {words or 'it said nothing'}")
