"""What a file that holds no IDoc looks to be, so that a person knows at once what went astray."""

from __future__ import annotations

import codecs
import re
from typing import Final

from hub.codec.idoc import ebcdic

_PACKED: Final = (
    (b"\x1f\x8b", "it is packed with gzip; unpack it first"),
    (b"PK\x03\x04", "it is a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "it is an old Office file"),
    (b"%PDF", "it is a PDF"),
    (b"-----BEGIN PGP", "it is encrypted (PGP); decrypt it first"),
)
_EBCDIC: Final = "it is XML in EBCDIC; ask the partner for UTF-8"
_BEGINNINGS: Final = (
    ("ISA", "it looks like an X12 interchange"),
    ("UNA", "it looks like an EDIFACT interchange"),
    ("UNB", "it looks like an EDIFACT interchange"),
    ("EDI_DS", "it holds status records (EDI_DS40) and no IDoc"),
    ("BEGIN_", "it looks like a parser file from transaction WE60, which `crossdock idoc learn` takes"),
    ("{", "it looks like JSON"),
    ("[", "it looks like JSON"),
)
_ROOT: Final = re.compile(r"<(?!\?|!)(?:[\w.-]+:)?([\w.-]+)")


def looks(first: bytes) -> str:
    """Return a sentence about a file that begins with these bytes."""
    if not first or ebcdic.is_markup(first):
        return _EBCDIC if first else "it is empty"
    for magic, told in _PACKED:
        if first.startswith(magic):
            return told
    wide = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = first.decode("utf-16" if wide else "utf-8-sig", "replace").lstrip("\ufeff \t\r\n")
    if not text:
        return "it holds nothing but blanks"
    for mark, told in _BEGINNINGS:
        if text.startswith(mark):
            return told
    if text.startswith("<"):
        return _markup(text)
    begins = text.splitlines()[0][:40]
    return f"it is text that begins with {begins!r}" if begins.isprintable() else "it is no text"


def _markup(text: str) -> str:
    root = _ROOT.search(text)
    name = root.group(1) if root else ""
    if name.lower() == "html":
        return "it is a web page"
    return f"it is XML whose root is {name}, and no IDOC stands in it" if name else "it looks like XML"
