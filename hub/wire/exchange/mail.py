"""The transport by mail: attachments come in over IMAP from known senders, documents go out over SMTP."""

from __future__ import annotations

from collections.abc import Iterator

from hub.contract import (
    Absent,
    CannotTell,
    Context,
    Finding,
    Found,
    Health,
    Outbound,
    Page,
    Receipt,
    Rejected,
)
from hub.wire.exchange import names
from hub.wire.exchange.checkup import Checkup
from hub.wire.exchange.mail_in import MailInbox
from hub.wire.exchange.mail_text import message_id, written
from hub.wire.exchange.places import Place
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.settings import ExchangeSettings
from hub.wire.imap import ImapEndpoint, ImapSession
from hub.wire.smtp import SmtpEndpoint, deliver, rehearse

#: What is noted, durably, before the first byte of a mail leaves.
LEAVING = "leaving"


class MailTransport:
    """One mailbox, and the server that our mail goes out by. One mailbox serves one hub."""

    def __init__(
        self, settings: ExchangeSettings, listed: DocumentFiles, context: Context, *, partner: str, page_size: int
    ) -> None:
        self._settings, self._listed, self._context = settings, listed, context
        self._partner, self._page_size = partner, page_size
        self._session = ImapSession(_mailbox(settings))
        self._folder = settings.place.path.strip("/") or "INBOX"

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of attachments; their mails are put away when the next page is asked for."""
        inbox = MailInbox(self._session, self._settings, self._listed, self._context, document)
        return inbox.pages(cursor, self._page_size)

    def send(self, outbound: Outbound) -> Receipt:
        """Send the document as an attachment; OutcomeUnknown when the answer to the last dot was lost."""
        endpoint = self._outgoing()
        if not names.split(outbound.name)[1].isprintable() or not names.split(outbound.name)[1]:
            raise Rejected(f"{outbound.name!r} is no name for a file", todo="correct `files` of this document")

        def instant(name: str) -> None:
            self._context.checkpoint(name)
            if name == "before_bytes":
                self._context.note(outbound.key, LEAVING)

        sender = self._settings.sender or ""
        mail = written(outbound, self._settings, self._context.clock.now())
        said = deliver(endpoint, sender, self._settings.to, mail, instant)
        return Receipt(reference=message_id(outbound, sender), reply=said)

    def find(self, outbound: Outbound) -> Finding:
        """Look for the mail among those that the provider keeps of what it accepted from us."""
        if not (outbound.note or "").startswith(LEAVING):
            return Absent()
        mark = message_id(outbound, self._settings.sender or "")
        if self._settings.sent_folder is None:
            return CannotTell(
                f"mail {mark} was handed over and the answer was lost; without sent_folder nobody can look for it: "
                "the partner's answer will tell"
            )
        self._session.select(self._settings.sent_folder)
        if self._session.search("HEADER", "Message-ID", f'"{mark}"'):
            return Found(Receipt(reference=mark, reply=f"stands in {self._settings.sent_folder}"))
        return Absent()  # the provider keeps a copy of all that it accepts, says the setting

    def check(self, *, read_only: bool) -> Health:  # noqa: ARG002 - nothing of it writes
        """Log in at both servers, look into the folders, and go as far as a mail goes before its first word."""
        checkup = Checkup(self._partner)
        checkup.step(self._looked_in, point="credentials")
        if self._settings.sent_folder is not None and not checkup.fails:
            checkup.step(self._looked_at_sent, point="folders")
        if self._settings.smtp is not None:
            checkup.step(self._rehearsed, point="test document")
        return checkup.health()

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _looked_in(self) -> str:
        inbox = MailInbox(self._session, self._settings, self._listed, self._context, "")
        return f"logged in to {self._session.endpoint}; {inbox.waiting()} mails of {self._partner} in {self._folder}"

    def _looked_at_sent(self) -> str:
        self._session.select(self._settings.sent_folder or "")
        return f"can look into {self._settings.sent_folder}"

    def _rehearsed(self) -> str:
        rehearse(self._outgoing(), self._settings.sender or "", self._settings.to)
        return f"mail to {', '.join(self._settings.to)} would be taken (none was sent)"

    def _outgoing(self) -> SmtpEndpoint:
        if self._settings.smtp is None:
            raise Rejected(
                "there is no server for our mail",
                todo="set smtp, sender and to under [connection]",
                code="smtp missing",
            )
        place, password = Place(self._settings.smtp), self._settings.smtp_password or self._settings.password
        return SmtpEndpoint(
            host=place.host,
            port=place.port,
            user=place.user,
            password=password if place.user else None,
            starts_plain=place.scheme == "smtp",
            trust=self._settings.trust,
            connect_seconds=self._settings.timeouts.connect,
            reply_seconds=self._settings.timeouts.reply,
        )


def _mailbox(settings: ExchangeSettings) -> ImapEndpoint:
    place = settings.place
    return ImapEndpoint(
        host=place.host,
        port=place.port,
        user=place.user,
        password=settings.password,
        trust=settings.trust,
        connect_seconds=settings.timeouts.connect,
        reply_seconds=settings.timeouts.reply,
    )
