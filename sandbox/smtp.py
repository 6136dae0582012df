"""A mail server over TLS that takes mail for the sandbox's partners, with moods (built on aiosmtpd)."""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.moods import Mood, Moods
from sandbox.post import Mailbox

_AT_MAIL = frozenset({Mood.BUSY, Mood.UNAVAILABLE, Mood.DOWN, Mood.HANG, Mood.SLOW})
_AT_DATA = frozenset({Mood.PICKY, Mood.LOST_REPLY})
_AT_LOGIN = frozenset({Mood.LOCKED_OUT, Mood.DOWN, Mood.HANG})
_MOST = 64 * 2**20

#: Called with the account that sent it, the addresses it is for, and the mail.
Taken = Callable[[str, list[str], bytes], None]


class SmtpSite:
    """One server; whoever has a mailbox may send, and a copy of what was taken lies in the account's Sent folder."""

    def __init__(self, mailboxes: Mapping[str, Mailbox], moods: Moods, taken: Taken) -> None:
        self.mailboxes, self.moods, self.taken = mailboxes, moods, taken
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()

    async def start(self, context: ssl.SSLContext, port: int = 0) -> int:
        """Listen on loopback and return the port."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own ways
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._line, "127.0.0.1", port, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        for line in list(self._lines):
            line.cut()
        await self._server.wait_closed()
        self._server = None

    def _line(self) -> SMTP:
        return _Line(
            self,
            authenticator=self._known,
            auth_required=True,
            hostname="sandbox.invalid",
            ident="sandbox",
            data_size_limit=_MOST,
            enable_SMTPUTF8=True,
        )

    def _known(
        self, server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, auth_data: object
    ) -> AuthResult:
        if not isinstance(auth_data, LoginPassword):
            return AuthResult(success=False)
        account, password = auth_data.login.decode(), auth_data.password
        self.moods.count(account, "smtp login")
        spell = self.moods.meet(account, "smtp login", _AT_LOGIN)
        if spell is not None and spell.mood is not Mood.LOCKED_OUT and isinstance(server, _Line):
            server.cut()
        mailbox = self.mailboxes.get(account)
        known = mailbox is not None and hmac.compare_digest(mailbox.password.encode(), password)
        return AuthResult(success=known and spell is None, handled=False, auth_data=account)


class _Line(SMTP):
    """One connection."""

    def __init__(self, site: SmtpSite, **more: Any) -> None:  # noqa: ANN401 - passed on as it is
        self._site = site
        super().__init__(_Desk(site, self), **more)
        self._auth_require_tls = False  # TLS is there from the first byte, which aiosmtpd does not know

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._site._lines.add(self)  # noqa: SLF001 - its own site
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._site._lines.discard(self)  # noqa: SLF001 - its own site
        super().connection_lost(error)

    def cut(self) -> None:
        """Close the connection without a word."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


class _Desk:
    """Where mails are taken in."""

    def __init__(self, site: SmtpSite, line: _Line) -> None:
        self._site, self._line = site, line

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        account = str(session.auth_data)
        call = f"mail {address}"
        self._site.moods.count(account, call)
        spell = self._site.moods.meet(account, call, _AT_MAIL)
        if spell is not None:
            if spell.mood is Mood.DOWN:
                self._line.cut()
            if spell.mood is Mood.HANG:
                await asyncio.sleep(3600)
            if spell.mood is not Mood.SLOW:
                return "451 4.3.2 come back later"
            await asyncio.sleep(spell.seconds)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        account, mail = str(session.auth_data), _bytes(envelope.content)
        subject = str(message_from_bytes(mail, policy=policy.default).get("Subject", ""))
        call = f"data {subject}"
        self._site.moods.count(account, call)
        spell = self._site.moods.meet(account, call, _AT_DATA)
        if spell is not None and spell.mood is Mood.PICKY:
            return "550 5.7.1 this is not wanted here"
        self._site.mailboxes[account].folders["Sent"].add(mail)
        self._site.taken(account, list(envelope.rcpt_tos), mail)
        if spell is not None:
            self._line.cut()
        return "250 OK taken"


def _bytes(content: str | bytes | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""
