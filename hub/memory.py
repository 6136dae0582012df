"""Keeping the daemon's memory small and level: glibc is told to keep few heaps, and to give back what is free.

With many threads glibc keeps up to eight heaps for each core, and each of them holds on to its holes: a hub under a
steady load then grows for hours although it keeps no more objects than at first. Another C library goes its own way.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

#: The parameters' numbers in glibc's malloc.h.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
#: Our settings, each with the variable by which the environment says otherwise.
_SETTINGS: Final = (
    ("MALLOC_ARENA_MAX", _ARENA_MAX, 2),
    ("MALLOC_TRIM_THRESHOLD_", _TRIM_THRESHOLD, 128 * 1024),
    ("MALLOC_MMAP_THRESHOLD_", _MMAP_THRESHOLD, 128 * 1024),  # said, it does not creep up to 32 MiB by itself
)


def keep_few_heaps(environ: Mapping[str, str] | None = None) -> bool:
    """Tell malloc so, before there are threads; false where it is not glibc's.

    What the environment says of a setting (MALLOC_ARENA_MAX) stays.
    """
    said = os.environ if environ is None else environ
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, number, value in _SETTINGS:
            if name not in said:
                mallopt(number, value)
        return True
    return False


def give_back() -> bool:
    """Give the pages that malloc holds and nobody uses back to the system; true when there were any."""
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).malloc_trim(0))
    return False
