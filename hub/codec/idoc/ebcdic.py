"""EBCDIC, in which mainframes write: known by its first bytes, and by which of its pages it can be read.

Its pages agree in letters, digits and most marks. What they differ in (umlauts, but also @, # and brackets) can be read
only where somebody says which page it is.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Final

#: A page that reads every byte, so that what it reads can be written again.
PAGE: Final = "cp037"
_PAGES: Final = (PAGE, "cp273", "cp500", "cp1026", "cp1140")
_BEGINS: Final = ("EDI_DC", "E2EDK", "E2EDL")
_MARKUP: Final = ("<?xml", "<IDOC", "<ORDERS", "<DELVRY", "<INVOIC")
#: The line end of mainframes, as Python reads it.
NEXT_LINE: Final = "\x85"


def is_ebcdic(first: bytes) -> bool:
    """Whether a file begins in EBCDIC as a flat IDoc does."""
    return first.startswith(tuple(each.encode(PAGE) for each in _BEGINS))


def is_markup(first: bytes) -> bool:
    """Whether a file begins in EBCDIC as XML does; such a file is not read."""
    return first.startswith(tuple(each.encode(PAGE) for each in _MARKUP))


def said(page: str) -> bool:
    """Whether a code page is one of EBCDIC."""
    return codecs.encode(_BEGINS[0], page, "replace") == codecs.encode(_BEGINS[0], PAGE)


@cache
def doubtful() -> re.Pattern[str]:
    """Return what finds the characters that another page reads otherwise, in a text that was read by PAGE."""
    every = bytes(range(256))
    read = zip(*(every.decode(page, "replace") for page in _PAGES), strict=True)
    odd = "".join(each[0] for each in read if len(set(each)) > 1 and each[0] > " ")
    return re.compile(f"[{re.escape(odd)}]")
