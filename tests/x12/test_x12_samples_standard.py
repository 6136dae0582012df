"""Real files by others against our grammar: what index.csv calls valid has no error but those that are really there."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.reader import transaction_sets
from hub.codec.x12.standard.judge import Judge, judge
from hub.codec.x12.standard.release import SETS

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
here = pytest.mark.skipif(not _SAMPLES.is_dir(), reason="the real X12 files are not beside the repository")
#: index.csv judges envelopes. These are whole, and what stands in them is wrong all the same: our faults, one by one.
_WRONG_INSIDE = {
    # A century (19) in DTM05, as releases before 004010 had it: there it is the format of DTM06, which is empty.
    "850/bots-plugins__850_850-004010-03.edi": {"DTM06 CONDITION_MISSING"},
    "850/bots-plugins__850_850-004010-05.edi": {"DTM06 CONDITION_MISSING"},
    # A quantity without its unit.
    "855/stupidedi__po-ack-minor-changes.edi": {"ACK03 CONDITION_MISSING"},
    # 200902164: a digit too many.
    "865/X12Parser__FromAdvanceAutoParts.edi": {"DTM02 TOO_LONG"},
    # Made to be wrong: a reference without a qualifier, an amount where a two-letter code belongs.
    "940/EdiEngine__TestData_AckTest.edi": {"N901 ELEMENT_MISSING", "W6606 TOO_LONG"},
    # Three digits for a province of China, a kind of contact without its number.
    "940/x12-types__test_940.rs_literal1.edi": {"N402 TOO_LONG", "G6104 CONDITION_MISSING"},
    # Made to be wrong, as their names say.
    "997/staedi__extraDelimiter997.edi": {"AK302 BAD_CHARACTER", "AK304 TOO_LONG"},
    "997/staedi__invalid997.edi": {"AK101 TOO_LONG", "AK402 BAD_CHARACTER"},
}


@cache
def _rows() -> list[dict[str, str]]:
    if not _SAMPLES.is_dir():
        return []
    with (_SAMPLES / "index.csv").open(encoding="utf-8", newline="") as index:
        return list(csv.DictReader(index))


def _sets(file: str) -> list[TransactionSet]:
    return [each for each in transaction_sets([(_SAMPLES / file).read_bytes()]) if each.code in SETS]


def _errors(faults: list[Fault]) -> set[str]:
    return {f"{fault.tag}{fault.element:02d} {fault.code.name}" for fault in faults if fault.severity is Severity.ERROR}


@here
@pytest.mark.parametrize("row", [row for row in _rows() if row["valid"] == "yes"], ids=lambda row: row["file"])
def test_a_valid_file_has_no_errors_but_those_that_are_in_it(row: dict[str, str]) -> None:
    found = {error for each in _sets(row["file"]) for error in _errors(judge(each).faults)}
    assert found == _WRONG_INSIDE.get(row["file"], set())


@here
@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_every_segment_of_every_file_gets_its_loop_whatever_is_wrong_with_it(row: dict[str, str]) -> None:
    for each in transaction_sets([(_SAMPLES / row["file"]).read_bytes()]):
        walked = judge(each)
        assert len(walked.loops) == len(each.segments)
        for fault in walked.faults:
            assert 1 <= fault.segment <= len(each.segments) + 1
            assert str(fault)


@here
def test_what_is_no_fault_of_the_envelope_is_found_in_the_file_that_has_it() -> None:
    (order,) = _sets("850/EDI.Net__x12.Issue101.edi")
    said = [str(fault) for fault in judge(order).faults if fault.severity is Severity.ERROR]
    assert said == [
        "BEG (segment 4): the segment BEG (order) is missing behind ST",
        "PO1 (segment 5): the segment PO1 (order line) is missing behind DTM",
    ]


@here
def test_a_set_that_we_do_not_describe_is_one_note_and_flat() -> None:
    (load,) = transaction_sets([(_SAMPLES / "204/x12-types__test_204.rs_literal0.edi").read_bytes()])
    walked = judge(load)
    assert [(fault.code, fault.severity) for fault in walked.faults] == [(FaultCode.SET_UNSUPPORTED, Severity.NOTE)]
    assert len({id(loop) for loop in walked.loops}) == 1
    parts = Judge(load)
    halves = [parts.feed(load.segments[:9]), parts.feed(load.segments[9:])]
    assert [len(half.faults) for half in halves] == [1, 0]
    assert parts.finish() == []
