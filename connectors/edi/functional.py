"""Functional acknowledgements: what the codec reads and finds as canonical verdicts, and these as segments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from hub.codec.x12.acknowledge import ta1
from hub.codec.x12.answers import GroupAnswer, SetAnswer, read_answers, read_ta1
from hub.codec.x12.envelope import count
from hub.codec.x12.fault import Fault, FaultCode, Level, Severity
from hub.codec.x12.interchange import Segment, Separators, element
from hub.codec.x12.verdict import GroupVerdict, InterchangeVerdict, SetVerdict, Status
from hub.codec.x12.writer import composite
from hub.contract import BadRecord
from hub.model.transmission import (
    DocumentVerdict,
    FunctionalAcknowledgement,
    TransmissionFault,
    Verdict,
    printable,
    short,
    transmission_reference,
)

_VERDICTS: Final = {
    Status.ACCEPTED: Verdict.ACCEPTED,
    Status.WITH_ERRORS: Verdict.ACCEPTED_WITH_ERRORS,
    Status.PARTLY: Verdict.PARTLY_ACCEPTED,
    Status.REJECTED: Verdict.REJECTED,
}
_LETTERS: Final = {verdict: status.value for status, verdict in _VERDICTS.items()}
_LOCATED: Final = frozenset({Level.SEGMENT, Level.ELEMENT})
#: So many codes fit into AK5 and AK9.
_MOST_CODES: Final = 5
#: So many faults of a document are told; a document with more is wrong as a whole.
_MOST_FAULTS: Final = 50
_SEGMENTS_IN_ERROR: Final = "5"


# --- what they say about ours ----------------------------------------------------------------------------------------


def answers(segments: Iterable[Segment], separators: Separators) -> list[FunctionalAcknowledgement | BadRecord]:
    """Return what a 997 or 999 says of our groups; one that breaks off before its verdict says nothing."""
    said = [each for each in read_answers(segments, separators) if each.control.strip()]
    return [_answer(each) if each.complete else _broken_off(each) for each in said]


def _broken_off(said: GroupAnswer) -> BadRecord:
    reference = transmission_reference(short(said.functional_id), _number(said.control))
    return BadRecord(
        f"it names {reference} and says neither that it was accepted nor that it was rejected",
        record=f"acknowledgement of {reference}",
        field="AK9",
        todo="ask the partner for the whole acknowledgement, then close this",
        code="acknowledgement without verdict",
    )


def note(segment: Segment) -> FunctionalAcknowledgement:
    """Return what a TA1 says of one of our interchanges."""
    said = read_ta1(segment)
    faults = (said.fault,) if said.fault else ()
    return FunctionalAcknowledgement(
        number=_number(said.control),
        verdict=_VERDICTS[said.status],
        codes=_said(faults),
        reason=_reason(faults),
        duplicate=any(each.code is FaultCode.DUPLICATE_INTERCHANGE for each in faults),
    )


def _answer(said: GroupAnswer) -> FunctionalAcknowledgement:
    return FunctionalAcknowledgement(
        group=short(said.functional_id),
        number=_number(said.control),
        verdict=_VERDICTS[said.status],
        codes=_said(said.faults),
        reason=_reason(said.faults),
        accepted=said.accepted if said.accepted >= 0 else None,
        documents=tuple(_set(each) for each in said.sets),
    )


def _set(said: SetAnswer) -> DocumentVerdict:
    located = [each for each in said.faults if each.level in _LOCATED]
    around = [each for each in said.faults if each.level is Level.SET]
    return DocumentVerdict(
        type=short(said.code),
        number=_number(said.control),
        verdict=_VERDICTS[said.status],
        codes=_said(around),
        reason=_reason(around),
        faults=tuple(_fault(each, each.said) for each in located[:_MOST_FAULTS]),
    )


def _said(faults: Iterable[Fault]) -> tuple[str, ...]:
    """Return the codes as they stood there."""
    return tuple(dict.fromkeys(short(each.said) for each in faults))[:_MOST_CODES]


def _reason(faults: Iterable[Fault]) -> str:
    """Return what the codes mean; of one that nobody knows, the code."""
    words = dict.fromkeys(short(each.message) or each.code.words for each in faults)
    return "; ".join([*words][:_MOST_CODES])


# --- what we say about theirs ----------------------------------------------------------------------------------------


def owed(verdict: InterchangeVerdict, *, newer: bool) -> list[FunctionalAcknowledgement]:
    """Return what the sender of an interchange is to be told: of each group, and of the envelope where that is due."""
    test = verdict.interchange.usage == "T"
    rejected = verdict.status is Status.REJECTED  # with all that is in it: of its groups nothing is said
    groups = [] if rejected else verdict.groups
    told = [_group(each, newer=newer, test=test) for each in groups if each.answerable and each.group.control]
    if element(verdict.interchange.isa, 14) == "1" or rejected:
        said = ta1(verdict)
        codes = (said[5],) if said[5] != "000" else ()
        told.append(
            FunctionalAcknowledgement(number=said[1], verdict=_VERDICTS[verdict.status], codes=codes, test=test)
        )
    return [each.changed(interchange=short(verdict.interchange.control)) for each in told]


def _group(verdict: GroupVerdict, *, newer: bool, test: bool) -> FunctionalAcknowledgement:
    declared = count(verdict.declared)
    return FunctionalAcknowledgement(
        group=short(verdict.group.functional_id),
        number=_number(verdict.group.control),
        version=short(verdict.group.version),
        verdict=_VERDICTS[verdict.status],
        codes=_codes((each for each in verdict.faults if each.level is Level.GROUP), newer=newer),
        included=declared if declared >= 0 else len(verdict.sets),
        received=len(verdict.sets),
        accepted=verdict.accepted,
        documents=tuple(_verdict(each, newer=newer) for each in verdict.sets),
        test=test,
    )


def _verdict(verdict: SetVerdict, *, newer: bool) -> DocumentVerdict:
    code, control = element(verdict.header, 1), element(verdict.header, 2)
    return _document(code, control, verdict.status, verdict.faults, newer=newer)


def _document(code: str, control: str, status: Status, faults: Iterable[Fault], *, newer: bool) -> DocumentVerdict:
    told = [each for each in faults if each.severity > Severity.NOTE]
    located = [each for each in told if each.level in _LOCATED]
    codes = _codes((each for each in told if each.level is Level.SET), newer=newer)
    if located and _SEGMENTS_IN_ERROR not in codes:
        codes = (*codes, _SEGMENTS_IN_ERROR)
    return DocumentVerdict(
        type=short(code),
        number=_number(control),
        verdict=_VERDICTS[status],
        codes=codes[:_MOST_CODES],
        faults=tuple(_fault(each, _code(each, newer=newer), newer=newer) for each in located[:_MOST_FAULTS]),
    )


def _fault(fault: Fault, code: str, *, newer: bool = True) -> TransmissionFault:
    place = [fault.element, fault.component or "", fault.repeat if newer and fault.repeat > 1 else ""]
    return TransmissionFault(
        code=short(code),
        text=printable(fault.message or fault.code.words)[:2000],
        segment=re.sub("[^A-Z0-9]", "", fault.tag.upper())[:3],
        position=fault.segment,
        loop=short(fault.loop),
        element=":".join(map(str, place)).rstrip(":") if fault.level is Level.ELEMENT else "",
        element_number=fault.reference if fault.reference.isdigit() else "",
        value=printable(fault.value[:99]),
    )


def _number(control: str) -> str:
    return short(control) or "?"


def _codes(faults: Iterable[Fault], *, newer: bool) -> tuple[str, ...]:
    told = (each for each in faults if each.severity > Severity.NOTE)
    return tuple(dict.fromkeys(_code(each, newer=newer) for each in told))[:_MOST_CODES]


def _code(fault: Fault, *, newer: bool) -> str:
    return fault.code.ack_999 if newer else fault.code.ack


# --- as segments -----------------------------------------------------------------------------------------------------


def answer_segments(record: FunctionalAcknowledgement, separators: Separators, *, newer: bool) -> list[Segment]:
    """Return the segments of a 997 (or, when `newer`, of a 999) between ST and SE."""
    head = ["AK1", record.group, record.number]
    segments = [[*head, record.version] if newer and record.version else head]
    for each in record.documents:
        segments += [["AK2", each.type, each.number], *_located(each, separators, newer=newer)]
        segments.append(["IK5" if newer else "AK5", _LETTERS[each.verdict], *each.codes])
    counts = [str(count or 0) for count in (record.included, record.received, record.accepted)]
    return [*segments, ["AK9", _LETTERS[record.verdict], *counts, *record.codes]]


def _located(document: DocumentVerdict, separators: Separators, *, newer: bool) -> list[Segment]:
    """Return AK3 and AK4: first what is wrong with a segment as such, then what is wrong with its elements."""
    third, fourth = ("IK3", "IK4") if newer else ("AK3", "AK4")
    segments: list[Segment] = []
    faults = sorted(document.faults, key=lambda each: (each.position or 0, each.segment))
    for (position, tag), several in groupby(faults, key=lambda each: (each.position, each.segment)):
        here = list(several)
        head = [third, tag[:3] or "???", str(position or 1)]
        segments += [[*head, each.loop[:6], each.code] for each in here if not each.element]
        elements = [each for each in here if each.element]
        if elements:
            segments.append([*head, elements[0].loop[:6], "8"])
        segments += [
            [fourth, composite(separators, *each.element.split(":")), each.element_number, each.code, each.value]
            for each in elements
        ]
    return segments


def note_segment(record: FunctionalAcknowledgement, date: str, time: str) -> Segment:
    """Return the TA1 for an interchange; `date` and `time` are ISA09 and ISA10 of the answer."""
    code = record.codes[0] if record.codes else "000"
    return ["TA1", record.number.zfill(9), date, time, _LETTERS[record.verdict], code]
