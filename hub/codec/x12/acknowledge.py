"""Make acknowledgements from faults: a 997 or a 999 for each group, and a TA1 for the interchange."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Final

from hub.codec.x12.fault import Fault, Level, Severity
from hub.codec.x12.interchange import Segment, Separators, element
from hub.codec.x12.verdict import GroupVerdict, InterchangeVerdict, SetVerdict, Status, status_of
from hub.codec.x12.writer import SEPARATORS, Envelope, GroupContent, composite, gs_segment, isa_segment

#: The version that a 999 is written in, whatever it answers.
VERSION_999: Final = "005010X231A1"
#: So many codes fit into AK5 and AK9.
_MOST_CODES: Final = 5
#: AK404 takes so many characters of what was wrong.
_MOST_COPIED: Final = 99


def acknowledge(
    verdict: InterchangeVerdict,
    at: datetime,
    control: int,
    group_control: int,
    *,
    form: str = "997",
    separators: Separators | None = None,
) -> Envelope | None:
    """Return the interchange that answers another one, or None when nothing is due.

    `form` is 997 or 999; ids and version are mirrored, the usage is the same. A TA1 goes along when ISA14 asks for one
    or the envelope itself is rejected; then nothing is said of the groups in it, because none of them is taken.
    """
    rejected = verdict.status is Status.REJECTED
    groups = [group for group in verdict.groups if group.answerable and not rejected]
    note = ta1(verdict) if element(verdict.interchange.isa, 14) == "1" or rejected else None
    if not groups and note is None:
        return None
    return Envelope(
        _mirrored(verdict, at, control),
        [_group(groups, at, group_control, form, _separators(verdict, separators))] if groups else [],
        [note] if note else [],
        _separators(verdict, separators),
    )


def ta1(verdict: InterchangeVerdict) -> Segment:
    """Return the TA1 that an interchange deserves."""
    isa = verdict.interchange.isa
    told = [fault for fault in verdict.faults if fault.severity > Severity.NOTE]
    worst = max(told, key=lambda fault: fault.severity, default=None)
    code = worst.code.ack if worst else "000"
    return ["TA1", _control(verdict), element(isa, 9), element(isa, 10), status_of(verdict.faults).value, code]


def group_answer(verdict: GroupVerdict, number: int, form: str, separators: Separators) -> list[Segment]:
    """Return the transaction set that answers a group, from ST to AK9."""
    newer = form == "999"
    group = verdict.group
    header = ["ST", form, f"{number:04d}"] + ([VERSION_999] if newer else [])
    segments = [header, ["AK1", group.functional_id, group.control] + ([group.version] if newer else [])]
    for each in verdict.sets:
        segments += _set_answer(each, separators, newer=newer)
    codes = _codes((fault for fault in verdict.faults if fault.level is Level.GROUP), newer=newer)
    received = len(verdict.sets)
    declared = verdict.declared.strip() if verdict.declared.strip().isdigit() else str(received)
    segments.append(["AK9", verdict.status.value, declared, str(received), str(verdict.accepted), *codes])
    return segments


def _group(
    groups: Sequence[GroupVerdict], at: datetime, control: int, form: str, separators: Separators
) -> GroupContent:
    first = groups[0].group
    version = VERSION_999 if form == "999" else first.version or "004010"
    theirs, ours = element(first.gs, 2), element(first.gs, 3)
    sets = [group_answer(group, number, form, separators) for number, group in enumerate(groups, 1)]
    return GroupContent(gs_segment(form, ours, theirs, control, at, version=version), sets)


def _set_answer(verdict: SetVerdict, separators: Separators, *, newer: bool) -> list[Segment]:
    header = verdict.header
    opening = ["AK2", element(header, 1), element(header, 2)] + ([element(header, 3)] if newer else [])
    told = [fault for fault in verdict.faults if fault.severity > Severity.NOTE]
    located = [fault for fault in told if fault.level in {Level.SEGMENT, Level.ELEMENT}]
    codes = _codes((fault for fault in told if fault.level is Level.SET), newer=newer)
    if located and "5" not in codes:
        codes = [*codes, "5"][:_MOST_CODES]
    closing = ["IK5" if newer else "AK5", verdict.status.value, *codes]
    return [opening, *_located(located, separators, newer=newer), closing]


def _located(faults: list[Fault], separators: Separators, *, newer: bool) -> list[Segment]:
    """Return AK3 and AK4: what is wrong with a segment as such, then what is wrong with its elements."""
    segments: list[Segment] = []
    faults = sorted(faults, key=lambda fault: (fault.segment, fault.tag))
    for _, several in groupby(faults, key=lambda fault: (fault.segment, fault.tag)):
        here = list(several)
        segments += [
            _segment_note(fault, _code(fault, newer=newer), newer=newer)
            for fault in here
            if fault.level is Level.SEGMENT
        ]
        elements = [fault for fault in here if fault.level is Level.ELEMENT]
        if elements:
            segments.append(_segment_note(elements[0], "8", newer=newer))
            segments += [_element_note(fault, separators, newer=newer) for fault in elements]
    return segments


def _segment_note(fault: Fault, code: str, *, newer: bool) -> Segment:
    tag = re.sub("[^A-Z0-9]", "", fault.tag.upper())[:3] or "???"
    return ["IK3" if newer else "AK3", tag, str(max(fault.segment, 1)), _plain(fault.loop, 6), code]


def _element_note(fault: Fault, separators: Separators, *, newer: bool) -> Segment:
    place = [str(fault.element), str(fault.component or ""), str(fault.repeat) if newer and fault.repeat > 1 else ""]
    spot = composite(separators, *place)
    reference = fault.reference if fault.reference.isdigit() else ""
    copied = _without(fault.value[:_MOST_COPIED], separators)
    return ["IK4" if newer else "AK4", spot, reference, _code(fault, newer=newer), copied]


def _code(fault: Fault, *, newer: bool) -> str:
    return fault.code.ack_999 if newer else fault.code.ack


def _codes(faults: Iterable[Fault], *, newer: bool) -> list[str]:
    """Return the codes of faults, each once, as many as fit."""
    told = (fault for fault in faults if fault.severity > Severity.NOTE)
    return list(dict.fromkeys(_code(fault, newer=newer) for fault in told))[:_MOST_CODES]


def _plain(text: str, most: int) -> str:
    return re.sub("[^A-Za-z0-9_]", "", text)[:most]


def _without(value: str, separators: Separators) -> str:
    """Return bad data without what would cut the answer in two, or what nobody could print."""
    marks = separators.element + separators.segment + separators.component + separators.repetition
    return "".join(" " if each in marks or not each.isprintable() else each for each in value).rstrip()


def _control(verdict: InterchangeVerdict) -> str:
    control = verdict.interchange.control
    return control.zfill(9) if control.isdigit() else "000000000"


def _separators(verdict: InterchangeVerdict, wanted: Separators | None) -> Separators:
    """Return what was asked for, else the partner's own separators where they will do."""
    if wanted is not None:
        return wanted
    theirs = verdict.interchange.separators
    marks = theirs.element + theirs.segment + theirs.component
    if not theirs.component or not marks.isascii() or marks.count(theirs.component) > 1 or theirs.component.isspace():
        return SEPARATORS
    return replace(theirs, wrapped=False)


def _mirrored(verdict: InterchangeVerdict, at: datetime, control: int) -> Segment:
    """Return an ISA from the receiver to the sender of another, in its version."""
    isa = list(isa_segment(("ZZ", "X"), ("ZZ", "X"), control, at))
    theirs = verdict.interchange.isa
    for ours, number in ((5, 7), (6, 8), (7, 5), (8, 6), (11, 11), (12, 12), (15, 15)):
        width = len(isa[ours])
        isa[ours] = element(theirs, number).strip()[:width].ljust(width)
    return isa
