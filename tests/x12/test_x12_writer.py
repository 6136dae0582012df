"""Writing X12: counts and widths are computed, what cannot be read back is refused, and what was written is read."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.codec.x12.fault import Severity
from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.numbers import implied, with_point
from hub.codec.x12.reader import read
from hub.codec.x12.whole import parse
from hub.codec.x12.writer import (
    CannotWrite,
    Envelope,
    GroupContent,
    Joined,
    Policy,
    composite,
    gs_segment,
    isa_segment,
    repeated,
    write,
)

AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
ISA = isa_segment(("ZZ", "US"), ("01", "THEM"), 7, AT)
GS = gs_segment("850", "US", "THEM", 70, AT)
BODY: list[Segment] = [["ST", "850", "0001"], ["BEG", "00", "SA", "4711", "", "20260115"], ["CTT", "1"]]


def one(*segments: Segment, separators: Separators | None = None) -> Envelope:
    group = GroupContent(GS, [[["ST", "850", "0001"], *segments]])
    return Envelope(ISA, [group], separators=separators or Separators(after="\n"))


def test_a_purchase_order_is_written_with_its_counts_and_widths() -> None:
    text = write(Envelope(ISA, [GroupContent(GS, [BODY, BODY])])).decode()
    assert text.splitlines() == [
        "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*0*P*>~",
        "GS*PO*US*THEM*20260115*1200*70*X*004010~",
        *["ST*850*0001~", "BEG*00*SA*4711**20260115~", "CTT*1~", "SE*4*0001~"] * 2,
        "GE*2*70~",
        "IEA*1*000000007~",
    ]


def test_empty_elements_and_components_at_the_end_are_not_written() -> None:
    separators = Separators()
    text = write(one(["REF", "ZZ", "", ""], ["NTE", "", ""], ["SLN", composite(separators, "A", "", "B", "")])).decode()
    assert "REF*ZZ~" in text
    assert "NTE" not in text
    assert "SLN*A>>B~" in text
    assert "SE*4*0001~" in text


@pytest.mark.parametrize("value", ["a*b", "a~b", "a>b", "a\nb", "a\r\nb"])
def test_a_separator_in_data_is_refused_with_its_place_or_replaced(value: str) -> None:
    with pytest.raises(CannotWrite, match=r"MSG01 .* structures the interchange"):
        write(one(["MSG", value]))
    assert b"MSG*a b" in write(one(["MSG", value]), policy=Policy.REPLACE).replace(b"a  b", b"a b")


def test_the_structure_of_a_composite_is_kept_and_its_data_is_not_allowed_to_add_to_it() -> None:
    separators = Separators(repetition="^")
    assert composite(separators, "3", "1") == "3>1"
    assert repeated(separators, "A", "B") == "A^B"
    assert repeated(separators, composite(separators, "1", "2"), "B") == "1>2^B"
    with pytest.raises(CannotWrite, match="component 2"):
        composite(separators, "3", "1>2")
    with pytest.raises(CannotWrite, match="no component separator"):
        composite(Separators(component=""), "3", "1")
    with pytest.raises(CannotWrite, match="no repetitions"):
        repeated(Separators(), "A", "B")


def test_what_does_not_fit_a_header_is_refused() -> None:
    with pytest.raises(CannotWrite, match="receiver"):
        isa_segment(("ZZ", "US"), ("01", "A NAME MUCH TOO LONG"), 7, AT)
    with pytest.raises(CannotWrite, match="control number"):
        isa_segment(("ZZ", "US"), ("01", "THEM"), 1_000_000_000, AT)
    with pytest.raises(CannotWrite, match="control number"):
        gs_segment("850", "US", "THEM", 0, AT)
    with pytest.raises(CannotWrite, match="not known"):
        gs_segment("000", "US", "THEM", 1, AT)
    with pytest.raises(CannotWrite, match="ISA06"):
        write(Envelope([*ISA[:6], "A*B", *ISA[7:]], []))
    with pytest.raises(CannotWrite, match="ISA has 3"):
        write(Envelope(["ISA", "00", "", "00"], []))
    with pytest.raises(CannotWrite, match="ISA11"):
        write(Envelope(ISA, [], separators=Separators(repetition="^")))


def test_what_the_encoding_does_not_know_is_refused() -> None:
    assert "Zoë".encode() in write(one(["MSG", "Zoë"]))
    with pytest.raises(CannotWrite, match="ascii"):
        write(one(["MSG", "Zoë"]), encoding="ascii")


@pytest.mark.parametrize(
    ("number", "text"),
    [("12.50", "12.5"), ("-3", "-3"), ("0.5", "0.5"), ("100", "100"), ("1E+2", "100"), ("0.00", "0"), ("-0", "0")],
)
def test_numbers_have_a_point_and_no_zeros_behind(number: str, text: str) -> None:
    assert with_point(Decimal(number)) == text


def test_implied_decimals_are_exact_or_refused() -> None:
    assert implied(Decimal("123.45")) == "12345"
    assert implied(Decimal("-0.05")) == "-5"
    assert implied(Decimal(7), 0) == "7"
    with pytest.raises(ValueError, match="more than 2 decimals"):
        implied(Decimal("0.005"))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+2000000", "1E-2000000", "1" * 40])
def test_a_number_that_would_freeze_us_is_refused(number: str) -> None:
    for write_it in (with_point, implied):
        with pytest.raises(ValueError, match=r"not a finite|more than 30 digits"):
            write_it(Decimal(number))


# --- round trips -----------------------------------------------------------------------------------------------------

_SEPARATORS = st.sampled_from(
    [
        Separators(),
        Separators(after="\r\n"),
        Separators(element="|", segment="\n", component=":"),
        Separators(element="^", segment="\r\n", component="}"),
        Separators(element="\x1d", segment="\x1c", component="\x1f"),
        Separators(element="*", segment="~", component=":", repetition="^", after="\n  "),
    ]
)
_PLAIN = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="*|^\n~:>}\ufeff"),
    max_size=20,
)
_TAG = st.from_regex(r"[A-Z][A-Z0-9]{1,2}", fullmatch=True).filter(
    lambda tag: tag not in {"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1", "TA3", "ISB", "ISE"}
)


@st.composite
def _envelopes(draw: st.DrawFn) -> Envelope:
    separators = draw(_SEPARATORS)
    value = st.one_of(
        _PLAIN,
        st.lists(_PLAIN, min_size=2, max_size=3)
        .filter(lambda parts: bool(parts[-1]))
        .map(lambda parts: composite(separators, *parts)),
    )
    segment = st.builds(
        lambda tag, values, last: [tag, *values, last], _TAG, st.lists(value, max_size=4), _PLAIN.filter(bool)
    )
    sets = st.lists(st.lists(segment, max_size=5), max_size=3)
    version = "00501" if separators.repetition else "00401"
    isa = isa_segment(
        ("ZZ", "US"),
        ("01", "THEM"),
        draw(st.integers(1, 999_999_999)),
        AT,
        version=version,
        repetition=separators.repetition,
    )
    groups = [
        GroupContent(
            gs_segment("850", "US", "THEM", number, AT),
            [[["ST", "850", f"{place:04d}"], *body] for place, body in enumerate(bodies, 1)],
        )
        for number, bodies in enumerate(draw(st.lists(sets, max_size=3)), 1)
    ]
    return Envelope(isa, groups, separators=separators)


@settings(max_examples=40, deadline=None)
@given(_envelopes())
def test_reading_gives_back_what_was_written(envelope: Envelope) -> None:
    content = write(envelope)
    assert parse(content) == [envelope]
    told = [
        fault for event in read([content]) for fault in getattr(event, "faults", ()) if fault.severity > Severity.NOTE
    ]
    assert told == []


@settings(max_examples=15, deadline=None)
@given(st.lists(_envelopes(), min_size=1, max_size=3), st.integers(1, 200))
def test_several_interchanges_in_one_stream_are_read_in_chunks_of_any_size(several: list[Envelope], size: int) -> None:
    content = b"".join(write(each) for each in several)
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    assert list(read(chunks)) == list(read([content]))
    assert parse(content) == several


def test_a_joined_value_is_text() -> None:
    assert Joined("A>B") == "A>B"
