"""The ways to people: e-mail, a webhook as Slack takes it, a command of the operator's own."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
from collections.abc import Callable, Mapping
from email.message import EmailMessage

import requests

from hub.services.alerting.alert_settings import AlertChannel

_SECONDS = 15
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
        message.set_content(text)
        host, _, port = channel.smtp.partition(":")
        with smtplib.SMTP(host, int(port or 587), timeout=_SECONDS) as server:
            if channel.tls:
                server.starttls(context=ssl.create_default_context())
            if channel.user:
                server.login(self._value(channel.user), self._value(channel.password))
            server.send_message(message)

    def _value(self, text: str) -> str:
        if not text.startswith(_SECRET):
            return text
        value = self._secrets(text.removeprefix(_SECRET))
        if value is None:
            raise NotTold(
                f"there is no {text}; `crossdock secret set {text.removeprefix(_SECRET)}` keeps it", for_good=True
            )
        return value


def _run(channel: AlertChannel, subject: str, text: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - the operator's own command, from the operator's own configuration
            channel.command, input=f"{subject}\n{text}\n".encode(), timeout=_SECONDS, check=True, capture_output=True
        )
    except subprocess.SubprocessError as error:
        raise NotTold(f"channel {channel.name}: {type(error).__name__}") from None
