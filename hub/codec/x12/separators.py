"""Find the separators of an interchange: by counting the 16 elements of ISA, never by trusting its width.

Real files have an ISA that is shorter or longer than 106 bytes (blanks lost in copying, a byte order mark, text in
UTF-8), break its line in the middle, or leave ISA16 out. What follows the sixteenth separator, up to the next control
segment, tells the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode
from hub.codec.x12.interchange import LINE_ENDS, Segment, Separators, decode

#: An ISA takes no more bytes than this, whatever somebody did to it; and so many must be seen to judge one.
LONGEST_ISA: Final = 600
#: What may stand around segments and means nothing: blanks, line breaks, padding of old systems, byte order marks.
BLANKS: Final = b" \t\r\n\x00\x1a\xef\xbb\xbf"
#: How an ISA begins; `ISAAC` in data does not.
ISA_START: Final = re.compile(rb"ISA[^A-Za-z0-9 \r\n]")
_WIDTHS: Final = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_ELEMENTS: Final = 16
#: The first version in which ISA11 is the repetition separator.
_REPEATING: Final = "00402"
#: An ISA that lacks more elements than this is none.
_FEWEST: Final = 12
_NEXT_SEGMENT: Final = re.compile(rb"[^A-Za-z0-9 ](?:GS|TA1)$")


@dataclass(frozen=True, slots=True)
class Header:
    """A read ISA: its values, the separators it declares, its length with terminator, and what is odd about it."""

    isa: Segment
    separators: Separators
    length: int
    faults: tuple[Fault, ...]


def read_header(data: bytes, offset: int = 0) -> Header | None:
    """Read the ISA at the beginning of `data`, which should hold LONGEST_ISA bytes and more; None when it is none.

    `offset` is where that is in the input; faults carry it.
    """
    if not ISA_START.match(data):
        return None
    cut = data[3:4]
    parts = data[:LONGEST_ISA].split(cut, _ELEMENTS)
    parts = _stop_at_next(parts, cut)
    tail_at = sum(map(len, parts[:-1])) + len(parts) - 1
    found = _tail(data[tail_at : tail_at + 250], cut)
    if found is None or len(parts) <= _FEWEST:
        return None
    component, end, length = found
    values = decode(cut.join(parts[:-1]), Separators(cut.decode("latin-1"), end, component))[0].split(
        cut.decode("latin-1")
    )
    wrapped = end not in LINE_ENDS and any("\n" in value for value in values)
    isa = [value.replace("\r", "").replace("\n", "") for value in values] + [component]
    after = re.match(rb"[ \t\r\n]*", data[tail_at + length :])
    separators = Separators(
        element=cut.decode("latin-1"),
        segment=end,
        component="" if component.isalnum() or component in cut.decode("latin-1") + end else component,
        repetition=_repetition(isa, cut.decode("latin-1") + end + component),
        after=after.group().decode() if after and end not in LINE_ENDS and not wrapped else "",
        wrapped=wrapped,
    )
    return Header(isa, separators, tail_at + length, tuple(_check(isa, offset)))


def _stop_at_next(parts: list[bytes], cut: bytes) -> list[bytes]:
    """Give up counting where GS begins: an ISA that lacks elements must not eat the next segment."""
    for index in range(_FEWEST, len(parts) - 1):
        if _NEXT_SEGMENT.search(parts[index]):
            return [*parts[:index], cut.join(parts[index:])]
    return parts


def _tail(tail: bytes, cut: bytes) -> tuple[str, str, int] | None:
    """Read ISA16 and the terminator from what follows the last separator: component, terminator, length of both."""
    following = re.search(rb"(?:GS|TA1|IEA|ISA|ST)" + re.escape(cut), tail)
    body = tail[: following.start()] if following else tail[:3]
    if not body:
        return None
    component, rest = body[:1], body[1:]
    if component in b"\r\n":
        return "", *_terminator(body, 0)
    if not rest.strip(b" \t") or (rest[:1] in b"\r\n" and _ends_lines(tail, component)):
        return "", *_terminator(body, 0)  # ISA16 was left out, and this is the terminator
    blanks = len(rest) - len(rest.lstrip(b" \t"))
    return component.decode("latin-1"), *_terminator(body, 1 + blanks)


def _ends_lines(tail: bytes, mark: bytes) -> bool:
    """Say whether the lines after this one end with the mark, as they do when it is the terminator."""
    lines = tail.splitlines()
    return len(lines) > 2 and lines[1].endswith(mark)


def _terminator(body: bytes, at: int) -> tuple[str, int]:
    end = b"\r\n" if body[at : at + 2] == b"\r\n" else body[at : at + 1]
    return end.decode("latin-1"), at + len(end)


def _repetition(isa: Segment, taken: str) -> str:
    """ISA11 where the version makes it a separator and it can be one."""
    mark, version = isa[11] if len(isa) > 11 else "", isa[12].strip() if len(isa) > 12 else ""
    if version < _REPEATING or len(mark) != 1 or mark.isalnum() or mark.isspace() or mark in taken:
        return ""
    return mark


def usable(separators: Separators) -> bool:
    """Say whether text can be cut with these separators at all."""
    marks = separators.element, separators.segment
    return all(marks) and marks[0] not in marks[1] and not any(mark.isalnum() for mark in marks)


def _check(isa: Segment, offset: int) -> list[Fault]:
    """Look at the values of ISA01 to ISA15."""

    def fault(code: FaultCode, element: int, message: str = "") -> Fault:
        value = isa[element] if element < len(isa) else ""
        return Fault(code, 0, element, offset=offset, value=value, message=message, tag="ISA")

    if len(isa) != _ELEMENTS + 1:
        return [fault(FaultCode.CONTROL_STRUCTURE, 0, f"ISA has {len(isa) - 1} elements, not {_ELEMENTS}")]
    faults = [
        fault(code, element) for element, pattern, code in _ISA_RULES if not re.fullmatch(pattern, isa[element].strip())
    ]
    if isa[_ELEMENTS] == "" or isa[_ELEMENTS].isalnum():
        words = "ISA16 can separate nothing" if isa[_ELEMENTS] else "ISA16 is missing"
        faults.append(fault(FaultCode.BAD_COMPONENT_SEPARATOR, 16, words))
    wrong = [number for number, width in enumerate(_WIDTHS) if len(isa[number]) != width and number != _ELEMENTS]
    if wrong:
        named = ", ".join(f"ISA{number:02d}" for number in wrong)
        faults.append(fault(FaultCode.ISA_WIDTH, 0, f"the ISA is not 106 bytes wide: {named}"))
    return faults


_ISA_RULES: Final = (
    (5, r"[0-9A-Z]{2}", FaultCode.BAD_SENDER_QUALIFIER),
    (6, r".+", FaultCode.BAD_SENDER),
    (7, r"[0-9A-Z]{2}", FaultCode.BAD_RECEIVER_QUALIFIER),
    (8, r".+", FaultCode.BAD_RECEIVER),
    (9, r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", FaultCode.BAD_INTERCHANGE_DATE),
    (10, r"(?:[01]\d|2[0-3])[0-5]\d", FaultCode.BAD_INTERCHANGE_TIME),
    (11, r"\S|", FaultCode.BAD_STANDARD_ID),
    (12, r"\d{5}", FaultCode.BAD_VERSION),
    (13, r"\d{1,9}", FaultCode.BAD_ICN),
    (14, r"[01]", FaultCode.BAD_ACK_REQUESTED),
    (15, r"[PTI]", FaultCode.BAD_USAGE),
)
