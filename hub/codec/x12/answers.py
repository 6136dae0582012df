"""Read acknowledgements back: what a partner says in a 997, a 999 or a TA1, matched to what we sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode, Level
from hub.codec.x12.interchange import Segment, Separators, element
from hub.codec.x12.verdict import Status

#: How we read a status that the standard does not know: a security failure (M, W, X) is a rejection.
_STATUSES: Final = {"A": Status.ACCEPTED, "E": Status.WITH_ERRORS, "P": Status.PARTLY}
_GENERAL: Final = {
    Level.INTERCHANGE: FaultCode.CONTROL_STRUCTURE,
    Level.GROUP: FaultCode.GROUP_UNSUPPORTED,
    Level.SET: FaultCode.SEGMENTS_IN_ERROR,
    Level.SEGMENT: FaultCode.ELEMENTS_IN_ERROR,
    Level.ELEMENT: FaultCode.BAD_CHARACTER,
}


@dataclass(frozen=True)
class SetAnswer:
    """What is said of one transaction set, with the located faults in plain words."""

    code: str
    control: str
    status: Status
    faults: tuple[Fault, ...] = ()


@dataclass
class GroupAnswer:
    """What is said of one group of ours; `sets` may be empty, and then the status is that of every set."""

    functional_id: str
    control: str
    status: Status = Status.REJECTED
    accepted: int = -1
    sets: list[SetAnswer] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: bool = False  # was there an AK9 with a verdict?

    @property
    def key(self) -> tuple[str, str]:
        """Functional id and group number, to be matched to what we sent."""
        return group_key(self.functional_id, self.control)

    def outcomes(self, sent: Sequence[tuple[str, str]]) -> list[SetAnswer | None]:
        """Return what is said of each set that we sent, given by (number, control number); None where nothing is.

        An accepted group accepts every set, and a rejected one rejects every set that is not named. Of a group that is
        taken in part, sets that are not named count as taken only if AK904 says so.
        """
        named = {(each.code, _bare(each.control)): each for each in self.sets}
        found = [named.get((code, _bare(control))) for code, control in sent]
        missing = found.count(None)
        taken = sum(each is not None and each.status is not Status.REJECTED for each in found)
        rest = self.status
        if rest is Status.PARTLY:
            rest = Status.ACCEPTED if missing and self.accepted == taken + missing else Status.PARTLY
        if not self.complete or rest is Status.PARTLY:
            return list(found)
        return [
            each or SetAnswer(code, control, rest, tuple(self.faults))
            for each, (code, control) in zip(found, sent, strict=True)
        ]


@dataclass(frozen=True)
class InterchangeAnswer:
    """What a TA1 says of one interchange of ours."""

    control: str
    status: Status
    fault: Fault | None = None


def group_key(functional_id: str, control: str) -> tuple[str, str]:
    """Return what a group and its answer have in common; zeros in front of the number do not matter."""
    return functional_id.strip(), _bare(control)


def read_answers(segments: Iterable[Segment], separators: Separators) -> list[GroupAnswer]:
    """Return what a 997 or 999 says, from its segments; a segment that fits nowhere is passed over."""
    answers: list[GroupAnswer] = []
    opened: SetAnswer | None = None
    faults: list[Fault] = []
    for segment in segments:
        tag = segment[0]
        if tag == "AK1":
            answers.append(GroupAnswer(element(segment, 1), element(segment, 2)))
            opened = None
        elif not answers:
            continue
        elif tag == "AK2":
            opened, faults = SetAnswer(element(segment, 1), element(segment, 2), Status.REJECTED), []
        elif tag in {"AK3", "IK3"}:
            faults.append(_segment_fault(segment))
        elif tag in {"AK4", "IK4"}:
            faults.append(_element_fault(segment, faults[-1] if faults else None, separators))
        elif tag in {"AK5", "IK5"} and opened is not None:
            told = [*faults, *_codes(segment, 2, Level.SET)]
            answers[-1].sets.append(replace(opened, status=_status(segment), faults=tuple(_worded(told))))
            opened = None
        elif tag == "AK9":
            _close(answers[-1], segment)
    return answers


def read_ta1(segment: Segment) -> InterchangeAnswer:
    """Return what a TA1 says."""
    code = element(segment, 5).strip()
    status = _STATUSES.get(element(segment, 4).strip(), Status.REJECTED)
    fault = None if code in {"", "000"} else replace(_fault(Level.INTERCHANGE, code), value=code, tag="ISA")
    return InterchangeAnswer(element(segment, 1), status, fault)


def _close(answer: GroupAnswer, segment: Segment) -> None:
    answer.status = _status(segment)
    accepted = element(segment, 4).strip()
    answer.accepted = int(accepted) if accepted.isascii() and accepted.isdigit() and len(accepted) < 10 else -1
    answer.faults = _codes(segment, 5, Level.GROUP)
    answer.complete = bool(element(segment, 1).strip())


def _segment_fault(segment: Segment) -> Fault:
    told = _fault(Level.SEGMENT, element(segment, 4))
    return replace(told, segment=_number(element(segment, 2)), tag=element(segment, 1), loop=element(segment, 3))


def _element_fault(segment: Segment, around: Fault | None, separators: Separators) -> Fault:
    """Return the fault of an AK4, in the segment of the AK3 before it."""
    position, component, repeat = [*map(_number, separators.components(element(segment, 1))), 0, 0][:3]
    told = _fault(Level.ELEMENT, element(segment, 3))
    if around is not None:
        told = replace(told, segment=around.segment, tag=around.tag, loop=around.loop)
    value, reference = element(segment, 4), element(segment, 2)
    return replace(told, element=position, component=component, repeat=repeat, value=value, reference=reference)


def _worded(faults: list[Fault]) -> list[Fault]:
    """Leave out the segments that are named only because elements of theirs follow."""
    located = {(fault.segment, fault.tag) for fault in faults if fault.level is Level.ELEMENT}
    return [
        fault
        for fault in faults
        if fault.code is not FaultCode.ELEMENTS_IN_ERROR or fault.message or (fault.segment, fault.tag) not in located
    ]


def _codes(segment: Segment, first: int, level: Level) -> list[Fault]:
    return [replace(_fault(level, code), value=code) for code in segment[first:] if code]


def _fault(level: Level, code: str) -> Fault:
    """Return the fault that a code of an acknowledgement stands for; one that we do not know is never put in words."""
    code = code.strip()
    for each in FaultCode:
        if each.level is level and code in {each.ack, each.ack_999}:
            return Fault(each, said=code)
    return Fault(_GENERAL[level], said=code, message=f"code {code}" if code else "no code is given")


def _status(segment: Segment) -> Status:
    return _STATUSES.get(element(segment, 1).strip(), Status.REJECTED)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _bare(control: str) -> str:
    control = control.strip()
    return control.lstrip("0") or control
