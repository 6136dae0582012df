"""From bytes to text: the byte order mark, UTF-8 where it fits, otherwise the code page that makes the best words."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from hub.mapping.guess import two_bytes
from hub.mapping.guess.vocabulary import known

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: The code pages of one byte that feeds come in, the likelier first.
_PAGES: Final = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "cp1257", "cp850", "mac-roman", "koi8-r")
_USUAL: Final = frozenset(
    "äöüßéèêëàâçñóíúáãõåæøôîûïìòùÄÖÜÉÅÆØÑÇ°€\u2013\u2019“”ąćęłńśźżčřšžýěůďťňŁŚŻČŘŠŽőűğışĞİŞėįųūāēģīķļņ"
)
#: Greek and Cyrillic: their letters stand in words of their own.
_APART: Final = ("\u0370", "\u04ff")
#: How much of a file is looked at: its first lines, then those that hold more than ASCII.
_LOOKED_AT: Final = 50_000
_FIRST_LINES: Final = 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """A sample as text; `sure` is false where another code page would have been possible too."""

    text: str
    encoding: str
    sure: bool = True


def decode(content: bytes) -> Decoded:
    """Return the text of a sample and how it is encoded; raises ValueError when it is no text at all."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return Decoded(content.decode(name, "replace").removeprefix("\ufeff"), name)
    wide = _without_mark(content)
    if wide:
        return Decoded(content.decode(wide, "replace"), wide)
    if content[:4096].count(0) > 1:
        raise ValueError("the sample is no text: it holds NUL bytes")
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _best_page(content)


def _without_mark(content: bytes) -> str:
    """Return UTF-16 of one order when every other byte of the beginning is NUL."""
    start = content[:400]
    if len(start) >= 8 and start[1::2].count(0) > len(start) * 0.4:
        return "utf-16-le"
    return "utf-16-be" if len(start) >= 8 and start[0::2].count(0) > len(start) * 0.4 else ""


def _best_page(content: bytes) -> Decoded:
    lines = content[: 40 * _LOOKED_AT].split(b"\n")
    telling = [*lines[:_FIRST_LINES], *(line for line in lines[_FIRST_LINES:] if not line.isascii())]
    part = b"\n".join(telling)[:_LOOKED_AT]
    read = {page: part.decode(page, "replace") for page in _PAGES}
    marks = {page: _words(text) + _headers(text) for page, text in read.items()}
    for page in two_bytes.PAGES:
        text = two_bytes.read(part, page)
        if text is not None:
            read[page], marks[page] = text, two_bytes.words(text, page) + _headers(text)
    best = max(marks, key=lambda page: marks[page])
    others = [mark for page, mark in marks.items() if read[page] != read[best]]
    return Decoded(content.decode(best, "replace"), best, marks[best] > max(others, default=0.0) + 1)


def _headers(text: str) -> float:
    """Return a mark for words that headers have."""
    return sum(3.0 * known(line) for line in text.splitlines()[:_FIRST_LINES])


def _words(text: str) -> float:
    """Return how much a text looks like words: usual letters, no signs inside words."""
    mark = 0.0
    for before, here, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if here < "\x80":
            continue
        mark += _letter(before, here, after)
    return mark


def _letter(before: str, here: str, after: str) -> float:
    inside = (before.isalpha() and before < "\x80") or (after.isalpha() and after < "\x80")
    apart = _APART[0] <= here <= _APART[1]
    if here == "\ufffd" or here < "\xa0" or (inside and (apart or not here.isalpha())):
        return -2.0
    if not apart and min(before, here, after) >= "\xa0" and (before + here + after).isalpha():
        return -1.0  # no Latin alphabet has three letters with accents in a row
    if here in _USUAL or (apart and here.isalpha()):
        # a capital in the middle of a small word comes of the wrong page
        return -1.0 if here.isupper() and before.islower() else 1.0
    return -0.5
