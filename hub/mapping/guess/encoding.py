"""From bytes to text: the byte order mark, UTF-8 where it fits, otherwise the code page that makes the best words."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from hub.mapping.guess.vocabulary import known

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: The code pages of one byte that feeds come in, the likelier first.
_PAGES: Final = ("cp1252", "cp1250", "cp1251", "cp850", "mac-roman")
_USUAL: Final = frozenset(
    "äöüßéèêëàâçñóíúáãõåæøôîûïìòùÄÖÜÉÅÆØÑÇ°€\u2013\u2019“”ąćęłńśźżčřšžýěůďťňŁŚŻČŘŠŽőűабвгдежзийклмнопрстуфхцчшщыьэюя"
)
#: How much of a file is looked at.
_LOOKED_AT: Final = 200_000


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
    part = content[:_LOOKED_AT]
    marks = {page: _words(part.decode(page, "replace")) for page in _PAGES}
    best = max(marks, key=lambda page: marks[page])
    others = [mark for page, mark in marks.items() if page != best]
    return Decoded(content.decode(best, "replace"), best, marks[best] > max(others) + 1)


def _words(text: str) -> float:
    """Return how much a text looks like words: usual letters, no signs inside words, headers that are known."""
    mark = 0.0
    for before, here, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if here < "\x80":
            continue
        inside = (before.isalpha() and before < "\x80") or (after.isalpha() and after < "\x80")
        if inside and "\u0400" <= here <= "\u04ff":  # Cyrillic letters stand in words of their own
            mark -= 2.0
        elif here in _USUAL:
            # a capital in the middle of a small word comes of the wrong page
            mark += -1.0 if here.isupper() and before.islower() else 1.0
        elif here == "\ufffd" or here < "\xa0" or (inside and not here.isalpha()):
            mark -= 2.0
        else:
            mark -= 0.5
    lines = text.splitlines()[:8]
    return mark + sum(3.0 * known(line) for line in lines)
