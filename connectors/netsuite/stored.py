"""What is archived of a reading: an adapter's own bytes as they are, behind a line of ours when there is more to say.

The line says how long each of several records is, which documents of ours they carry, and what items are called.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MARK = b"crossdock "


@dataclass(frozen=True, slots=True)
class Stored:
    """The adapter's bytes, and what we knew beside them when they were read."""

    parts: tuple[bytes, ...]
    carried: str = ""  # as `carried.recall` has it
    names: Mapping[str, str] = field(default_factory=dict)  # item id -> our SKU, where NetSuite calls it otherwise
    units: Mapping[str, str] = field(default_factory=dict)  # item id -> how many of our units one of its units is
    told: str = ""  # the hour of which nothing more is to be told

    def write(self) -> bytes:
        """Return all of it as bytes."""
        known = {"carried": self.carried, "names": self.names, "units": self.units, "told": self.told}
        about = {"sizes": [len(each) for each in self.parts], **{name: each for name, each in known.items() if each}}
        return b"".join((_MARK, json.dumps(about, separators=(",", ":")).encode(), b"\n", *self.parts))


def read(content: bytes) -> Stored:
    """Return what was stored; bytes without a line of ours are one record. ValueError when the line does not fit."""
    if not content.startswith(_MARK):
        return Stored((content,))
    line, _, rest = content.removeprefix(_MARK).partition(b"\n")
    try:
        about: dict[str, Any] = json.loads(line)
        sizes = [int(each) for each in about.pop("sizes")]
        if sum(sizes) != len(rest) or min(sizes, default=0) < 0:
            raise ValueError(f"its records are {len(rest)} bytes instead of {sum(sizes)}")
        ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
        parts = tuple(rest[end - size : end] for size, end in zip(sizes, ends, strict=True))
        return Stored(parts, **about)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"it is nothing that a reading stores: {error}") from None
