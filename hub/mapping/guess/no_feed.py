"""What comes as a sample and is none: a web page, a PDF, a picture, an archive of several files, nothing at all."""

from __future__ import annotations

import re
from typing import Final

from hub.codec import packed
from hub.codec.fault import Refused

#: So much a sample may hold when unpacked.
_LARGEST: Final = 256 << 20
#: Files of other programs, by their first bytes: what each is, and what to do.
_OTHERS: Final = (
    (b"%PDF", "a PDF", "ask for the same as CSV or Excel"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "save it as .xlsx or CSV, and ask for files of that kind"),
    (b"{\\rtf", "a text document", "ask for the same as CSV or Excel"),
    (b"\x89PNG", "a picture", "ask for the same as CSV or Excel"),
    (b"\xff\xd8\xff", "a picture", "ask for the same as CSV or Excel"),
    (b"GIF8", "a picture", "ask for the same as CSV or Excel"),
    (b"Rar!", "a RAR archive", "unpack it, and ask for .zip, .gz or plain files"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, and ask for .zip, .gz or plain files"),
    (b"SQLite format 3", "a database", "ask for the same as CSV or Excel"),
)
_PAGE: Final = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)
_TITLE: Final = re.compile(rb"<(?:title|h1)[^>]*>\s*([^<]{1,80})", re.IGNORECASE)


def unpacked(content: bytes) -> bytes:
    """Return what a sample holds, out of its .gz or .zip; raises ValueError for what is no feed at all."""
    try:
        content = packed.unpacked(content, _LARGEST)
    except Refused as error:
        raise ValueError(f"{error.what}; {error.todo}") from None
    start = content[:2000].removeprefix(b"\xef\xbb\xbf")
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00\x1a"):
        raise ValueError("the sample is empty; ask the partner whether the export failed")
    for mark, what, todo in _OTHERS:
        if start.startswith(mark):
            raise ValueError(f"the sample is {what}; {todo}")
    if _PAGE.match(start):
        raise ValueError(
            f"the sample is a web page{_titled(start)} and no feed; fetch the file once more, or ask for it"
        )
    return content


def _titled(page: bytes) -> str:
    found = _TITLE.search(page)
    return f" ({found[1].decode('latin-1').strip()!r})" if found else ""
