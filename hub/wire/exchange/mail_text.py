"""Mails as they are written and read: one document each outward, attachments by name inward."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from fnmatch import fnmatchcase

from hub.contract import Outbound
from hub.wire.exchange import names
from hub.wire.exchange.settings import ExchangeSettings


def message_id(outbound: Outbound, sender: str) -> str:
    """Return the Message-ID of a document: the same for every try, so that a second copy is known for one."""
    mark = hashlib.sha256(f"{outbound.document}\0{outbound.key}".encode()).hexdigest()[:32]
    return f"<crossdock.{mark}@{sender.rpartition('@')[2]}>"


def written(outbound: Outbound, settings: ExchangeSettings, now: datetime) -> bytes:
    """Return the mail that carries a document."""
    name = names.split(outbound.name)[1]
    sender = settings.sender or ""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = tuple(Address(addr_spec=each) for each in settings.to)
    mail["Subject"] = settings.subject.replace("{name}", name)
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = message_id(outbound, sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{name} is attached. This mail was sent by a program.\n")
    kind, _, subkind = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
    mail.add_attachment(outbound.content, maintype=kind, subtype=subkind, filename=name)
    mail.set_boundary(f"=={hashlib.sha256(outbound.key.encode()).hexdigest()[:32]}==")
    return mail.as_bytes()


def sender_of(header: bytes) -> str:
    """Return the address that a mail says it is from, in lower case; empty when there is not exactly one."""
    mail = message_from_bytes(header, policy=policy.compat32)
    found = [address for _, address in getaddresses(str(each) for each in mail.get_all("From", []))]
    return found[0].lower() if len(found) == 1 else ""


def is_allowed(address: str, senders: tuple[str, ...]) -> bool:
    """Say whether mail from this address is read: an address of the list, or one that fits a pattern."""
    return bool(address) and any(fnmatchcase(address, each.lower()) for each in senders)


def attachments(mail: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every part that has a name, wherever it stands; names without folders."""
    for part in message_from_bytes(mail, policy=policy.default).walk():
        name = part.get_filename()
        if not name or part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield names.split(name.replace("\\", "/"))[1], content


def moment_of(header: bytes) -> datetime | None:
    """Return when a mail says that it was written, aware and UTC."""
    try:
        said = str(message_from_bytes(header, policy=policy.compat32).get("Date", ""))
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return None
