"""Reading X12: whatever partners do to an interchange, what can be read is read, and the rest told with its place."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import (
    Event,
    Group,
    GroupEnd,
    Interchange,
    InterchangeEnd,
    InterchangeNote,
    Stray,
    TransactionSet,
)
from hub.codec.x12.reader import lines, read, transaction_sets

ISA = "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*0*P*>~"
GS = "GS*PO*US*THEM*20260115*1200*70*X*004010~"
SET = "ST*850*0001~BEG*00*SA*4711**20260115~PO1*1*2*EA*9.5~CTT*1~SE*5*0001~"
END = "GE*1*70~IEA*1*000000007~"
WHOLE = ISA + GS + SET + END


def events(text: str | bytes, held: int = 1 << 22) -> list[Event]:
    data = text.encode() if isinstance(text, str) else text
    return list(read([data], held=held))


def faults(happened: Iterable[Event]) -> list[Fault]:
    found: list[Fault] = []
    for event in happened:
        found += [event.fault] if isinstance(event, Stray) else list(getattr(event, "faults", ()))
    return found


def told(text: str | bytes) -> list[FaultCode]:
    return [fault.code for fault in faults(events(text)) if fault.severity > Severity.NOTE]


def only_set(text: str | bytes) -> TransactionSet:
    (one,) = [event for event in events(text) if isinstance(event, TransactionSet)]
    return one


def test_a_clean_interchange_comes_as_header_group_set_and_ends() -> None:
    happened = events(WHOLE)
    assert [type(event) for event in happened] == [Interchange, Group, TransactionSet, GroupEnd, InterchangeEnd]
    assert faults(happened) == []
    one = only_set(WHOLE)
    assert (one.code, one.control, one.version) == ("850", "0001", "004010")
    assert one.interchange.sender == ("ZZ", "US")
    assert one.interchange.receiver == ("01", "THEM")
    assert one.segments[1] == ["BEG", "00", "SA", "4711", "", "20260115"]
    assert one.offset == WHOLE.index("ST*850")


@pytest.mark.parametrize("end", ["~\n", "~\r\n", "~\r\n   ", "~  ", "\n", "\r\n", "\x15", "!", "'\n", "|\r\n"])
def test_every_terminator_and_what_follows_it(end: str) -> None:
    one = only_set(WHOLE.replace("~", end))
    assert [segment[0] for segment in one.segments] == ["ST", "BEG", "PO1", "CTT", "SE"]
    assert one.segments[2][-1] == "9.5"
    assert told(WHOLE.replace("~", end)) == []


@pytest.mark.parametrize("cut", ["|", "^", "+", "\x07", "\x1d", "\t", ","])
def test_every_element_separator(cut: str) -> None:
    assert only_set(WHOLE.replace("*", cut)).segments[2] == ["PO1", "1", "2", "EA", "9.5"]


@pytest.mark.parametrize(
    "isa",
    [
        "ISA*00**00**ZZ*US*01*THEM*260115*1200*U*00401*000000007*0*P*>~",
        "ISA*00*                *00*                *ZZ*US    *01*THEM *260115*1200*U*00401*000000007*0*P*>~",
        ISA.replace("US             ", "US \u00a0 \u00a0"),
    ],
)
def test_a_short_or_long_isa_is_read_by_counting_and_noted(isa: str) -> None:
    happened = events(isa + GS + SET + END)
    assert told(isa + GS + SET + END) == []
    assert FaultCode.ISA_WIDTH in [fault.code for fault in faults(happened)]
    assert only_set(isa + GS + SET + END).interchange.receiver == ("01", "THEM")


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n\r\n  ", b"\x00\x00", b"\xef\xbb\xbf\n"])
def test_a_byte_order_mark_or_blanks_before_isa_are_passed_over(before: bytes) -> None:
    assert told(before + WHOLE.encode()) == []
    assert only_set(before + WHOLE.encode()).offset == len(before) + WHOLE.index("ST*")


def test_utf_16_and_ebcdic_are_read() -> None:
    assert only_set(WHOLE.encode("utf-16")).segments[1][3] == "4711"
    assert only_set(WHOLE.encode("cp037")).segments[1][3] == "4711"


def test_separators_may_change_with_every_interchange() -> None:
    other = WHOLE.replace("*", "|").replace("~", "\n").replace("000000007", "000000008")
    sets = [event for event in events(WHOLE + other) if isinstance(event, TransactionSet)]
    assert [one.interchange.separators.element for one in sets] == ["*", "|"]
    assert [one.interchange.number for one in sets] == [1, 2]
    assert told(WHOLE + other) == []


def test_isa_inside_of_data_is_data() -> None:
    text = WHOLE.replace("CTT*1~SE*5", "MSG*ISA*ISAAC~ISAAC*1~CTT*1~SE*7")
    assert told(text) == []
    assert len(only_set(text).segments) == 7


def test_ta1_between_isa_and_gs_is_handed_out() -> None:
    text = WHOLE.replace("GS*PO", "TA1*000000005*260114*0900*A*000~GS*PO")
    (note,) = [event for event in events(text) if isinstance(event, InterchangeNote)]
    assert note.segment == ["TA1", "000000005", "260114", "0900", "A", "000"]
    assert told(text) == []


@pytest.mark.parametrize(
    ("version", "mark", "repetition"),
    [
        ("00401", "U", ""),
        ("00401", "^", ""),
        ("00402", "^", "^"),
        ("00501", "U", ""),
        ("00501", " ", ""),
        ("00501", "*", ""),
    ],
)
def test_isa11_separates_repetitions_only_from_version_402_on(version: str, mark: str, repetition: str) -> None:
    isa = ISA.replace("*U*00401*", f"*{mark}*{version}*") if mark != "*" else ISA.replace("*U*00401*", "*>*00501*")
    assert only_set(isa + GS + SET + END).interchange.separators.repetition == repetition


def test_without_isa16_the_terminator_is_still_found() -> None:
    text = WHOLE.replace("*P*>~", "*P*~").replace("~", "~\n")
    assert only_set(text).interchange.separators.segment == "~"
    assert told(text) == [FaultCode.BAD_COMPONENT_SEPARATOR]


def test_a_letter_separates_nothing() -> None:
    text = WHOLE.replace("*P*>", "*P*T")
    assert only_set(text).interchange.separators.component == ""
    assert told(text) == [FaultCode.BAD_COMPONENT_SEPARATOR]


def test_lines_wrapped_at_80_columns_are_joined() -> None:
    wrapped = "\r\n".join(WHOLE[at : at + 80] for at in range(0, len(WHOLE), 80))
    assert told(wrapped) == []
    assert only_set(wrapped).segments == only_set(WHOLE).segments


def test_sets_groups_and_interchanges_are_numbered() -> None:
    second = SET.replace("0001", "0002")
    text = ISA + GS + SET + second + "GE*2*70~" + GS.replace("*70*", "*71*") + SET + "GE*1*71~IEA*2*000000007~"
    sets = [event for event in events(text) if isinstance(event, TransactionSet)]
    assert [(one.group.number if one.group else 0, one.number) for one in sets] == [(1, 1), (1, 2), (2, 1)]
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "code", "tag", "element"),
    [
        (WHOLE.replace("SE*5", "SE*6"), FaultCode.SEGMENT_COUNT, "SE", 1),
        (WHOLE.replace("SE*5*0001", "SE*5*0002"), FaultCode.SET_NUMBER_MISMATCH, "SE", 2),
        (WHOLE.replace("SE*5*0001~", ""), FaultCode.SET_TRAILER_MISSING, "SE", 0),
        (WHOLE.replace("ST*850", "ST*85X"), FaultCode.BAD_SET_ID, "ST", 1),
        (WHOLE.replace("ST*850", "ST*856"), FaultCode.SET_NOT_IN_GROUP, "ST", 1),
        (WHOLE.replace("0001", "1"), FaultCode.BAD_SET_NUMBER, "ST", 2),
        (WHOLE.replace(SET, SET + SET).replace("GE*1", "GE*2"), FaultCode.DUPLICATE_SET_NUMBER, "ST", 2),
        (WHOLE.replace("GE*1*70~", "GE*2*70~"), FaultCode.SET_COUNT, "GE", 1),
        (WHOLE.replace("GE*1*70~", "GE*1*71~"), FaultCode.GROUP_NUMBER_MISMATCH, "GE", 2),
        (WHOLE.replace("GE*1*70~", ""), FaultCode.GROUP_TRAILER_MISSING, "GE", 0),
        (WHOLE.replace("*70*", "*7A*").replace("*70~", "*7A~"), FaultCode.BAD_GROUP_NUMBER, "GS", 6),
        (WHOLE.replace("IEA*1", "IEA*2"), FaultCode.GROUP_COUNT, "IEA", 1),
        (WHOLE.replace("IEA*1*000000007", "IEA*1*000000008"), FaultCode.ICN_MISMATCH, "IEA", 2),
        (WHOLE.replace("IEA*1*000000007~", ""), FaultCode.INTERCHANGE_TRAILER_MISSING, "IEA", 0),
        (WHOLE.replace("*P*>", "*Q*>"), FaultCode.BAD_USAGE, "ISA", 15),
        (WHOLE.replace("*0*P", "*2*P"), FaultCode.BAD_ACK_REQUESTED, "ISA", 14),
        (WHOLE.replace("*260115*", "*261315*"), FaultCode.BAD_INTERCHANGE_DATE, "ISA", 9),
        (WHOLE.replace("*1200*U", "*2500*U"), FaultCode.BAD_INTERCHANGE_TIME, "ISA", 10),
        (WHOLE.replace("*00401*", "*4.1  *"), FaultCode.BAD_VERSION, "ISA", 12),
        (WHOLE.replace(GS, GS + "REF*ZZ*1~"), FaultCode.STRAY_SEGMENT, "REF", 0),
        ("some mail text\n" + WHOLE, FaultCode.BAD_CONTENT, "som", 0),
    ],
)
def test_each_fault_of_an_envelope_is_told_once_with_its_place(
    text: str, code: FaultCode, tag: str, element: int
) -> None:
    (fault,) = [fault for fault in faults(events(text)) if fault.severity > Severity.NOTE]
    assert (fault.code, fault.tag, fault.element) == (code, tag, element)
    assert 0 <= fault.offset <= len(text)
    assert [one.segments[1][3] for one in transaction_sets([text.encode()])] in (["4711"], ["4711"] * 2)


def test_what_follows_a_missing_trailer_is_read() -> None:
    text = ISA + GS + SET.replace("SE*5*0001~", "") + SET.replace("0001", "0002") + "GE*2*70~IEA*1*000000007~"
    sets = [event for event in events(text) if isinstance(event, TransactionSet)]
    assert [(one.control, [fault.code for fault in one.faults]) for one in sets] == [
        ("0001", [FaultCode.SET_TRAILER_MISSING]),
        ("0002", []),
    ]


def test_what_stands_behind_an_interchange_takes_nothing_from_it() -> None:
    (stray,) = [event.fault for event in events(WHOLE + "-- sent by mail --") if isinstance(event, Stray)]
    assert (stray.code, stray.severity, stray.offset) == (FaultCode.BAD_CONTENT, Severity.WARNING, len(WHOLE))


@pytest.mark.parametrize("cut", [len(ISA + GS) + 30, len(ISA + GS) + 41])
def test_the_segments_of_a_set_that_breaks_off_stand_in_that_set_and_are_no_strays(cut: int) -> None:
    assert told((ISA + GS + SET)[:cut]) == [
        FaultCode.SET_TRAILER_MISSING,
        FaultCode.GROUP_TRAILER_MISSING,
        FaultCode.INTERCHANGE_TRAILER_MISSING,
    ]


def test_an_isa_without_the_end_of_the_one_before_starts_anew() -> None:
    text = ISA + GS + SET + WHOLE
    assert told(text) == [FaultCode.GROUP_TRAILER_MISSING, FaultCode.INTERCHANGE_TRAILER_MISSING]
    assert len([event for event in events(text) if isinstance(event, TransactionSet)]) == 2


def test_an_interchange_glued_to_the_end_of_another_is_found() -> None:
    other = WHOLE.replace("*", "|").replace("~", "!")
    assert len([1 for event in events(WHOLE[:-1] + "\n" + other) if isinstance(event, TransactionSet)]) == 2
    assert told(WHOLE[:-1] + "\n" + other) == []


def test_the_last_terminator_may_be_missing() -> None:
    assert told(WHOLE[:-1]) == []


@pytest.mark.parametrize("nothing", ["", "   \r\n", "a CSV file\n1,2,3\n", "ISA", "ISA*00*     ", "ISAAC NEWTON"])
def test_a_file_without_an_interchange_says_so(nothing: str) -> None:
    assert FaultCode.NO_INTERCHANGE in told(nothing)


def test_a_broken_isa_at_the_end_costs_nothing_else() -> None:
    assert told(WHOLE + "ISA*00*     ") == [FaultCode.NO_INTERCHANGE]


def test_places_are_counted_from_st_and_from_the_first_byte() -> None:
    text = WHOLE.replace("~", "~\r\n")
    one = only_set(text)
    place = one.place(3)
    assert (place.index, place.text) == (3, "PO1*1*2*EA*9.5")
    assert place.offset == text.index("PO1*")
    assert one.place(99).text == ""


def test_utf_8_and_latin_1_are_told_apart() -> None:
    utf = WHOLE.replace("4711", "Zoë")
    assert only_set(utf.encode()).segments[1][3] == only_set(utf.encode("latin-1")).segments[1][3] == "Zoë"
    assert only_set(utf.encode("latin-1")).encoding == "latin-1"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_the_size_of_the_chunks_changes_nothing(size: int) -> None:
    data = (WHOLE.replace("~", "~\r\n") * 300).encode()
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    pieces = [(one.offset, one.raw) for one in transaction_sets(chunks)]
    assert pieces == [(one.offset, one.raw) for one in transaction_sets([data])]
    assert len(pieces) == 300


def test_a_huge_set_comes_in_parts_line_by_line() -> None:
    many = "".join(f"PO1*{number}*2*EA*9.5~" for number in range(1, 60_001))
    data = (ISA + GS + "ST*850*0001~BEG*00*SA*1**20260115~" + many + "SE*60003*0001~" + END).encode()
    chunks = [data[at : at + 50_000] for at in range(0, len(data), 50_000)]
    parts = list(transaction_sets(chunks, held=100_000))
    assert len(parts) > 5
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert b"".join(part.raw for part in parts) == data[data.index(b"ST*") : data.index(b"GE*")]
    places = [place for _, place, _ in lines(chunks, held=100_000)]
    assert places == list(range(1, 60_004))
    assert parts[-1].faults == []


def test_a_segment_without_an_end_is_cut_off_and_told() -> None:
    endless = ISA + GS + "ST*850*0001~BEG*00*SA*1~MSG*" + "x" * 3_000_000 + "~CTT*1~SE*5*0001~" + END
    data = endless.encode()
    happened = list(read([data[at : at + 65_536] for at in range(0, len(data), 65_536)]))
    assert [fault.code for fault in faults(happened)] == [FaultCode.SEGMENT_TOO_LONG]
    parts = [event for event in happened if isinstance(event, TransactionSet)]
    assert [segment[0] for part in parts for segment in part] == ["ST", "BEG", "MSG", "CTT", "SE"]


def test_a_long_run_of_blanks_takes_no_time() -> None:
    assert told(WHOLE.replace("~", "~" + "\n" * 200_000, 1)) == []
    assert told(WHOLE.replace("~", "\n" * 50_000)) == []


def test_segment_ids_in_small_letters_are_told_as_what_they_are() -> None:
    sets = b"st*850*0001~beg*00*SA*1**20260115~se*3*0001~"
    content = (
        b"ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*1*P*>~"
        b"GS*PO*US*THEM*20260115*1200*70*X*004010~" + sets + b"GE*1*70~IEA*1*000000007~"
    )
    (stray,) = (event for event in read([content]) if isinstance(event, Stray))
    assert (stray.fault.offset, stray.fault.message) == (
        content.index(b"st*"),
        "ids of segments are written in capitals",
    )
