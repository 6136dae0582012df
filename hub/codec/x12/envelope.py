"""The first level of validation: counts, control numbers and headers of sets, groups and interchanges."""

from __future__ import annotations

import re
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.groups import FUNCTIONAL_IDS
from hub.codec.x12.interchange import Group, Interchange, Segment, element

#: So many control numbers are remembered to tell whether one is unique; ascending ones need no remembering.
_REMEMBERED: Final = 100_000
_SET_ID: Final = re.compile(r"[0-9]{3}")
_SET_NUMBER: Final = re.compile(r"[0-9A-Za-z]{4,9}")
_GROUP_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class Numbers:
    """The control numbers that were seen, to tell a second one of a kind; bounded."""

    __slots__ = ("_highest", "_seen")

    def __init__(self) -> None:
        self._highest = -1
        self._seen: set[str] = set()

    def ascends(self, control: str) -> bool:
        """Take note of a number if it is greater than every one before, and say whether it was."""
        value = int(control)
        if value <= self._highest:
            return False
        self._highest = value
        if len(self._seen) < _REMEMBERED:
            self._seen.add(control)
        return True

    def repeats(self, control: str) -> bool:
        """Take note of a number and say whether it was there before."""
        value = int(control) if control.isascii() and control.isdigit() and len(control) < 19 else -1
        if value > self._highest:
            self._highest = value
            repeated = False
        else:
            repeated = value == self._highest >= 0 or control in self._seen
        if len(self._seen) < _REMEMBERED:
            self._seen.add(control)
        return repeated


def count(text: str) -> int:
    """Return a declared count, or -1 for what is no count."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1


def same_number(one: str, other: str) -> bool:
    """Say whether two control numbers are equal; zeros in front do not matter."""
    one, other = one.strip(), other.strip()
    if one == other:
        return True
    return (
        one.isascii() and other.isascii() and one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0")
    )


def is_plain_header(header: Segment, group: Group) -> bool:
    """Say whether ST is as it nearly always is: a set of its group, with a number of four to nine digits."""
    control = header[2]
    return (
        FUNCTIONAL_IDS.get(header[1]) == group.functional_id and 4 <= len(control) <= 9 and control.isdigit()
    ) and control.isascii()


def check_set_header(header: Segment, group: Group | None, *, offset: int, repeated: bool) -> list[Fault]:
    """Look at ST: a set id, a control number that is unique, and whether the set belongs into this group."""
    code, control = element(header, 1).strip(), element(header, 2).strip()

    def fault(which: FaultCode, number: int, value: str, message: str = "") -> Fault:
        return Fault(which, 1, number, offset=offset, value=value, message=message, tag="ST")

    faults = []
    if not _SET_ID.fullmatch(code):
        faults.append(fault(FaultCode.BAD_SET_ID, 1, code))
    elif group is not None and FUNCTIONAL_IDS.get(code, group.functional_id) != group.functional_id:
        words = f"a set {code} belongs into a group {FUNCTIONAL_IDS[code]}, not {group.functional_id}"
        faults.append(fault(FaultCode.SET_NOT_IN_GROUP, 1, code, words))  # guides of some industries do that
    if not _SET_NUMBER.fullmatch(control):
        faults.append(fault(FaultCode.BAD_SET_NUMBER, 2, control))
    elif repeated:
        faults.append(fault(FaultCode.DUPLICATE_SET_NUMBER, 2, control))
    return faults


def check_set_trailer(header: Segment, trailer: Segment, segments: int, offset: int) -> list[Fault]:
    """Compare SE with what there was: the number of segments, ST and SE among them, and the control number."""
    faults = []
    if count(element(trailer, 1)) != segments:
        words = f"SE01 says {element(trailer, 1) or 'nothing'}, there are {segments} segments"
        faults.append(_trailer(FaultCode.SEGMENT_COUNT, segments, 1, trailer, offset, words))
    ours, theirs = element(header, 2).strip(), element(trailer, 2).strip()
    if ours != theirs:
        words = f"ST02 is {ours or 'empty'}, SE02 is {theirs or 'empty'}"
        graded = Severity.WARNING if same_number(ours, theirs) else None
        faults.append(_trailer(FaultCode.SET_NUMBER_MISMATCH, segments, 2, trailer, offset, words, graded))
    return faults


def _trailer(
    code: FaultCode,
    segment: int,
    number: int,
    trailer: Segment,
    offset: int,
    words: str,
    graded: Severity | None = None,
) -> Fault:
    value = element(trailer, number)
    return Fault(
        code, segment, number, offset=offset, value=value, message=words, tag=trailer[0].strip(), graded=graded
    )


def check_group_header(gs: Segment, *, offset: int, repeated: bool) -> list[Fault]:
    """Look at GS: a functional id, a version, and a control number that is unique in its interchange."""

    def fault(which: FaultCode, number: int, message: str = "") -> Fault:
        return Fault(which, 0, number, offset=offset, value=element(gs, number), message=message, tag="GS")

    faults = []
    if not element(gs, 1).strip():
        faults.append(fault(FaultCode.GROUP_UNSUPPORTED, 1, "the functional id is missing"))
    if not element(gs, 8).strip():
        faults.append(fault(FaultCode.GROUP_VERSION_UNSUPPORTED, 8, "the version is missing"))
    if not _GROUP_NUMBER.fullmatch(element(gs, 6).strip()):
        faults.append(fault(FaultCode.BAD_GROUP_NUMBER, 6))
    elif repeated:
        faults.append(fault(FaultCode.DUPLICATE_GROUP, 6))
    return faults


def check_group_trailer(group: Group, trailer: Segment, received: int, offset: int) -> list[Fault]:
    """Compare GE with what there was."""
    faults = []
    if count(element(trailer, 1)) != received:
        words = f"GE01 says {element(trailer, 1) or 'nothing'}, there are {received} transaction sets"
        faults.append(_trailer(FaultCode.SET_COUNT, 0, 1, trailer, offset, words))
    if not same_number(group.control, element(trailer, 2)):
        words = f"GS06 is {group.control or 'empty'}, GE02 is {element(trailer, 2) or 'empty'}"
        faults.append(_trailer(FaultCode.GROUP_NUMBER_MISMATCH, 0, 2, trailer, offset, words))
    return faults


def check_interchange_trailer(interchange: Interchange, trailer: Segment, groups: int, offset: int) -> list[Fault]:
    """Compare IEA with what there was; an interchange of nothing but TA1 counts no group."""
    faults = []
    if count(element(trailer, 1)) != groups:
        words = f"IEA01 says {element(trailer, 1) or 'nothing'}, there are {groups} groups"
        faults.append(_trailer(FaultCode.GROUP_COUNT, 0, 1, trailer, offset, words))
    if not same_number(interchange.control, element(trailer, 2)):
        words = f"ISA13 is {interchange.control or 'empty'}, IEA02 is {element(trailer, 2) or 'empty'}"
        faults.append(_trailer(FaultCode.ICN_MISMATCH, 0, 2, trailer, offset, words))
    return faults
