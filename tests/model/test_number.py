"""The one strict way in for numbers: what Decimal would take and the hub must not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.number import NotANumber, exact, parse_number, plain

exacts = st.integers(-(10**24) + 1, 10**24 - 1).map(lambda each: Decimal(each).scaleb(-9))


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "nan", "-NaN", "sNaN", "Infinity", "-inf", "inf"),
        *("1_000", "1E5", "1e5", "1E+2000000", "1E-2000000", "0x10", "0b1", "1/2", "1,5", "1 000", "1\u00a0000"),
        *("\uff11\uff12", "\u0661\u0662", "\u00b2", "\u2155", "\u2460", "\u2212 5", "\u22125"),
        *("", " ", "-", "+", ".", "+.", "--1", "+-1", "1-", "- 1", "1.2.3", "1\n", "\x001", "$5", "5%", "(5)"),
        *("1234567890123456", "0.1234567890", "9" * 65, "0" * 64 + "1", "1" * 10**6),
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumber) as caught:
        parse_number(text)
    assert len(str(caught.value)) < 200
    with pytest.raises(ValueError, match="not a plain number"):
        exact(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0", 0), ("007", 7), ("+3", 3), (" 5\t", 5), ("-12.50", "-12.5"), ("123456789012345.123456789",) * 2],
)
def test_plain_numbers_are_read_exactly(text: str, value: str | int) -> None:
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(("text", "value"), [(".5", "0.5"), ("-.25", "-0.25"), ("5.", "5"), ("+5.", "5")])
def test_a_zero_before_or_after_the_point_may_be_left_out_as_x12_does(text: str, value: str) -> None:
    assert parse_number(text) == exact(text) == Decimal(value)
    assert parse_number(text.replace(".", ","), decimal=",") == Decimal(value)
    assert plain(parse_number(text)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("-1.234", "-1234"),
        ("12,5", "12.5"),
        ("1.234,50-", "-1234.50"),
        ("1.234-", "-1234"),
        ("5-", "-5"),
    ],
)
def test_declared_separators_are_read_as_sap_writes_them(text: str, value: str) -> None:
    assert parse_number(text, decimal=",", thousands=".", trailing_sign=True) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["1.23", "1.2345", ".234", "1.234.56", "1..234", "1.234,5.6", "1,2,3", "-5-", "+5-", "5--"]
)
def test_separators_in_the_wrong_place_are_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        parse_number(text, decimal=",", thousands=".", trailing_sign=True)


def test_a_point_is_no_comma() -> None:
    with pytest.raises(NotANumber):
        parse_number("1.5", decimal=",")


@given(exacts)
def test_every_exact_number_is_written_plainly_and_read_back(value: Decimal) -> None:
    text = plain(value)
    assert parse_number(text) == exact(text) == value
    assert not set(text) - set("-0123456789.")


@given(exacts)
def test_the_same_number_is_read_with_other_separators(value: Decimal) -> None:
    text = f"{value:,.9f}".replace(",", " ").replace(".", ",")
    assert parse_number(text, decimal=",", thousands=" ") == value
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    assert parse_number(digits + sign, decimal=",", thousands=" ", trailing_sign=True) == value


@given(st.text(max_size=80))
def test_any_text_is_a_small_number_or_not_a_number(text: str) -> None:
    try:
        value = parse_number(text)
    except NotANumber:
        return
    assert value.is_finite()
    assert abs(value) < 10**15


@pytest.mark.parametrize("value", [1.5, True, None, b"5", [5]])
def test_only_decimals_whole_numbers_and_text_are_numbers(value: object) -> None:
    with pytest.raises(ValueError, match="must be a decimal, a whole number or text"):
        exact(value)


@pytest.mark.parametrize(
    "value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+2000000", "0E+2000000", "1E+15", "1E-10"]
)
def test_a_decimal_of_odd_size_is_refused_at_once(value: str) -> None:
    with pytest.raises(NotANumber):
        exact(Decimal(value))  # making a whole number of 1E+2000000 took minutes: the test's time limit would tell


@pytest.mark.parametrize("value", [10**15, -(10**15), 10**5000], ids=["long", "below", "endless"])
def test_a_whole_number_too_long_is_refused(value: int) -> None:
    with pytest.raises(NotANumber):
        exact(value)


def test_exact_numbers_pass_as_they_are() -> None:
    assert exact(5) == 5
    assert exact(Decimal("1E+14")) == 10**14
    assert exact(-(10**15) + 1) == -999999999999999
    assert exact("2.50") == Decimal("2.5")


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+3", "1000"), ("5.250", "5.25"), ("-0.00", "0"), ("-0", "0"), ("100", "100"), ("0.10", "0.1")],
)
def test_numbers_are_written_without_exponent_or_idle_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
