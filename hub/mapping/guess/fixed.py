"""Samples of fixed width: where their columns stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LOOKED_AT: Final = 200
_FEWEST_LINES: Final = 3
_FEWEST_COLUMNS: Final = 3
_PIECE: Final = re.compile(r"x+")
_LETTER: Final = re.compile(r"[^\W\d]")


def fixed_columns(lines: Sequence[str]) -> dict[str, str]:
    """Return the columns of a text by their header, each as `first-last`; nothing where it is not of fixed width.

    Columns stand between the places that are blank in every line; a piece that the header says nothing about belongs
    to the column before it.
    """
    found = [line.rstrip() for line in lines[:_LOOKED_AT] if line.strip()]
    if len(found) < _FEWEST_LINES or any("\t" in line for line in found):
        return {}
    width = max(map(len, found))
    used = "".join("x" if any(line[at : at + 1].strip() for line in found) else " " for at in range(width))
    header = found[0]
    starts = [piece.start() for piece in _PIECE.finditer(used) if header[piece.start() : piece.end()].strip()]
    ends = [*starts[1:], width]
    names = [header[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if len(names) < _FEWEST_COLUMNS or len(set(names)) < len(names) or not all(map(_LETTER.search, names)):
        return {}
    return {name: f"{start + 1}-{end}" for name, start, end in zip(names, starts, ends, strict=True)}
