"""Cutting a file into its IDocs, each of which is kept, applied and rerun alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

from connectors.sap.settings import SapSettings
from hub.codec.idoc.fault import Fault
from hub.codec.idoc.model import Form, Idoc
from hub.codec.idoc.reader import read
from hub.codec.idoc.writer import CannotWrite, write
from hub.contract import RawItem
from hub.wire.exchange.refusal import inseparable

#: The messages that say what became of documents, and so are never acknowledged themselves.
ACKNOWLEDGEMENTS = frozenset({"STATUS", "ALEAUD"})
_ENDS = re.compile(r"[\r\n]")


def events(content: bytes, settings: SapSettings) -> Iterator[Idoc | Fault]:
    """Yield the IDocs of a file, and what of it is none."""
    return read(
        [content],
        dictionary=settings.words,
        fallback=settings.code_page if settings.code_page != "utf-8" else "latin-1",
        held=1 << 60,
    )


def items(file: RawItem, settings: SapSettings, document_of: Callable[[str], str | None]) -> Iterator[RawItem]:
    """Yield what the hub stores of a file: the whole of it, followed by the IDocs that a document is for.

    An IDoc's key is its number at its sender; one that comes again with the same bytes is the same, one with other
    bytes is put aside unless nothing came of the first. Converters leave the number blank: then its bytes are its name.
    """
    yield RawItem(file.key, file.content, file.name, file.at)
    for event in events(file.content, settings):
        if isinstance(event, Idoc) and not unfit(event, settings) and not broken_off(event):
            document = document_of(event.message_type)
            if document is not None:
                content = _alone(event, settings)
                yield RawItem(_key(event, content), content, file.name, file.at, document, file.key)


def _alone(idoc: Idoc, settings: SapSettings) -> bytes:
    """Return an IDoc as it was read, without the file around it.

    A line end within a flat record (a lone CR in a text) would begin another one there: it becomes a blank.
    """
    try:
        return write([idoc], dictionary=settings.words)
    except CannotWrite:
        for each in idoc.segments:
            each.header = _ENDS.sub(" ", each.header)
            each.values = {key: _ENDS.sub(" ", value) for key, value in each.values.items()}
        idoc.control = {key: _ENDS.sub(" ", value) for key, value in idoc.control.items()}
    try:
        return write([idoc], dictionary=settings.words)
    except CannotWrite as error:
        return inseparable(f"IDoc {idoc.number or 'without number'} cannot be taken out of its file: {error}")


def broken_off(idoc: Idoc) -> bool:
    """Whether it is XML that could not be read to its end; cut out, what came of it would look whole."""
    return idoc.framing.form is Form.XML and not idoc.whole


def unfit(idoc: Idoc, settings: SapSettings) -> str:
    """Return why an IDoc must not be applied, or an empty text."""
    sender, receiver = idoc.control.get("SNDPRN", ""), idoc.control.get("RCVPRN", "")
    if not settings.them.is_number(sender) or not settings.us.is_number(receiver):
        told = f"{sender or 'nobody'} for {receiver or 'nobody'}"
        return f"it is from {told}, and this connection is for {settings.them.number} to {settings.us.number}"
    if idoc.control.get("TEST") and not settings.test:
        return "it is marked as a test (TEST is X), and this connection is in production"
    return ""


def _key(idoc: Idoc, content: bytes) -> str:
    control = idoc.control
    parts = [control.get(key, "") for key in ("SNDPRN", "SNDPOR", "MANDT", "MESTYP")]
    number = idoc.number.strip("0") and idoc.number
    return f"idoc:{':'.join(parts)}:{number or hashlib.sha256(content).hexdigest()[:32]}"
