"""The code pages of two bytes a sign: Japanese, Chinese, Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Each page with the first bytes of its common signs (kana and the first level of its characters).
PAGES: Final[Mapping[str, range]] = {
    "cp932": range(0x82, 0x98),
    "gb18030": range(0xB0, 0xD8),
    "cp949": range(0xB0, 0xC9),
    "euc-jp": range(0xA4, 0xD0),
    "big5": range(0xA4, 0xC7),
}
#: A sign of two bytes weighs as much as the two letters that another page reads in them.
_COMMON: Final = 2.0
_RARE: Final = -1.0
_IN_A_WORD: Final = -3.0


def read(content: bytes, page: str) -> str | None:
    """Return the text when all of it fits the page; a sign that the end cuts in two does no harm."""
    for cut in range(4):
        try:
            return content[: len(content) - cut].decode(page)
        except UnicodeDecodeError as error:
            if error.start < len(content) - cut - 4:
                return None
    return None


def words(text: str, page: str) -> float:
    """Return how much a text looks like words of this page: common signs, none within a word of small letters."""
    mark = 0.0
    for before, here, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if here >= "\x80":
            inside = any(each.islower() and each < "\x80" for each in (before, after))
            mark += _IN_A_WORD if inside else _sign(here, page)
    return mark


def _sign(sign: str, page: str) -> float:
    encoded = sign.encode(page)
    if len(encoded) == 1 or not sign.isalnum():
        return 0.0
    return _COMMON if len(encoded) == 2 and encoded[0] in PAGES[page] else _RARE
