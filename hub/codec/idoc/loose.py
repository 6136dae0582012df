"""Records of any length that follow each other without line ends: each begins with its name, client and number.

Some systems cut each record to its segment, or fill all of them to a length of their own. Where one ends is known by
where the next one begins: 30 characters of a name, then what the control record says in MANDT and DOCNUM.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import Final

from hub.codec.idoc.fault import FaultCode
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, HEADER_WIDTH, NAME_WIDTH, RECORD_WIDTH, Framing

#: MANDT and DOCNUM of a control record.
_SHARED: Final = slice(10, 29)
_WIDTHS: Final = (CONTROL_RECORD.width, RECORD_WIDTH)
#: A record that is longer is none.
_LONGEST: Final = 1 << 16
#: So much of a record shows that it is one.
_SEEN: Final = HEADER_WIDTH
#: What may stand behind the last record.
_AFTER: Final = "\r\n\x1a "


def is_loose(head: str) -> bool:
    """Whether a file that begins so has records of other lengths than 524 for the control record and 1063."""
    if not head.startswith(CONTROL) or not head[_SHARED].strip():
        return False
    starts = [0]
    pattern = _start(head[_SHARED])
    while len(starts) < 3 and (found := pattern.search(head, starts[-1] + 1)) is not None:
        starts.append(found.start())
    lengths = [later - before for before, later in pairwise(starts)]
    return bool(lengths) and (lengths[0] not in _WIDTHS or lengths[1:] not in ([], [RECORD_WIDTH]))


def loose(
    texts: Iterator[str],
    framing: Framing,
    offset: int,
    size: Callable[[str], int],
    note: Callable[[FaultCode, int, str], None],
) -> Iterator[tuple[str, int, int]]:
    """Yield the records of such a file: text, line (none: 0) and offset in bytes of each; a fault before its record.

    Where all have one length and the last is shorter, the file was cut off.
    """
    held, pattern, widths = "", _start(""), set[int]()
    for text in chain(texts, [""]):
        held += text
        at = 0
        while at < len(held):
            if held.startswith(CONTROL, at) and len(held) - at >= _SHARED.stop:
                pattern = _start(held[at:][_SHARED])
            found = pattern.search(held, at + 1)
            if text and len(held) - at < _LONGEST and (found is None or found.start() + _SEEN > len(held)):
                break  # an earlier one may still show
            end = found.start() if found is not None else len(held)
            record = held[at:end] if found is not None else held[at:end].rstrip(_AFTER)
            width = len(held[at:end].rstrip(_AFTER[:-1]))
            if found is None and record and (width < HEADER_WIDTH or (len(widths) == 1 and width < min(widths))):
                note(FaultCode.TRUNCATED, offset, record)
            if record:
                yield record, 0, offset
            if not record.startswith(CONTROL) and len(widths) < 2:
                widths.add(width)
            framing.after = held[at + len(record) : end]
            offset += size(held[at:end])
            at = end
        held = held[at:]


def _start(shared: str) -> re.Pattern[str]:
    """Return what finds the beginning of the next record of an IDoc, or of the next IDoc."""
    name = rf"(?=[A-Z/][A-Z0-9_/]{{1,{NAME_WIDTH - 1}}} *)[A-Z0-9_/ ]{{{NAME_WIDTH}}}{re.escape(shared)}"
    control = rf"{CONTROL}  (?=[0-9 ]{{19}})"
    return re.compile(f"{name}|{control}" if shared.strip() else control)
