"""Money is exact, knows its currency, and never mixes two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.money import ExchangeRates, Money, UnknownRate, minor_digits

amounts = st.integers(-(10**21), 10**21).map(lambda each: Decimal(each).scaleb(-9))
rates = st.integers(1, 10**9).map(lambda each: Decimal(each).scaleb(-4))


def usd(amount: str | Decimal) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


@given(amounts, amounts)
def test_adding_and_taking_away_is_exact(a: Decimal, b: Decimal) -> None:
    assert (usd(a) + usd(b)).amount == a + b
    assert usd(a) + usd(b) - usd(b) == usd(a)


def test_two_currencies_never_mix() -> None:
    euro = Money(amount=Decimal(1), currency="EUR")
    with pytest.raises(ValueError, match="USD and EUR cannot be added; convert one of them first"):
        usd("1") + euro
    with pytest.raises(ValueError, match="EUR and USD cannot be added"):
        euro - usd("1")
    assert usd("1") != euro


@pytest.mark.parametrize("code", ["XXX", "US", "DOLLAR", "", "BTC", "\uff35\uff33\uff24"])
def test_a_currency_that_is_none_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="is not an ISO 4217 currency code"):
        Money(amount=Decimal(1), currency=code)


def test_a_currency_is_taken_in_any_case() -> None:
    assert Money(amount=Decimal(1), currency=" usd ").currency == "USD"


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "USD", "1.00"),
        ("1.015", "USD", "1.02"),
        ("-1.005", "USD", "-1.00"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.0005", "KWD", "1.000"),
        ("1.0015", "KWD", "1.002"),
    ],
)
def test_money_rounds_half_even_to_its_own_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert Money(amount=Decimal(amount), currency=currency).rounded().amount == Decimal(rounded)


def test_minor_digits_are_those_of_the_currency() -> None:
    assert [minor_digits(code) for code in ("USD", "JPY", "KWD", "CLP", "BHD")] == [2, 0, 3, 0, 3]


def test_a_price_times_a_quantity_keeps_nine_places() -> None:
    assert usd("0.333333333").times(Decimal("2.5")).amount == Decimal("0.833333332")
    assert usd("19.99").times(3) == usd("59.97")


def test_fifteen_digits_before_the_point_are_the_most() -> None:
    assert usd("1").times(Decimal(10**15 - 1)).amount == 10**15 - 1
    with pytest.raises(ValueError, match="at most 15 digits before the point"):
        usd("1").times(Decimal(10**15))


@pytest.mark.parametrize("factor", ["1000000", "999999999999999"])
def test_more_money_than_there_can_be_is_a_clear_error(factor: str) -> None:
    with pytest.raises(ValueError, match="is too large for an amount of money"):
        usd("900000000000000").times(Decimal(factor))


def test_a_sum_beyond_all_amounts_is_refused() -> None:
    with pytest.raises(ValidationError):
        usd("900000000000000") + usd("900000000000000")


def a_table(**known: str) -> ExchangeRates:
    return ExchangeRates(base="USD", rates={code: Decimal(rate) for code, rate in known.items()})


def test_money_is_converted_through_the_base() -> None:
    table = a_table(EUR="0.80", JPY="160")
    assert table.convert(usd("10"), "EUR") == Money(amount=Decimal(8), currency="EUR")
    assert table.convert(Money(amount=Decimal(8), currency="EUR"), "USD") == usd("10")
    assert table.convert(Money(amount=Decimal(8), currency="EUR"), "JPY").amount == 1600


def test_the_same_currency_needs_no_rate() -> None:
    money = Money(amount=Decimal("1.23"), currency="CHF")
    assert a_table().convert(money, "CHF") is money


@pytest.mark.parametrize("rate", [None, "0", "-1"])
def test_a_missing_or_senseless_rate_is_named(rate: str | None) -> None:
    table = a_table(**({} if rate is None else {"EUR": rate}))
    for source, target in (("EUR", "USD"), ("USD", "EUR")):
        with pytest.raises(UnknownRate, match=f"no exchange rate from {source} to {target}; add it to the rates file"):
            table.convert(Money(amount=Decimal(1), currency=source), target)


def test_a_conversion_beyond_all_amounts_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match="is too large for an amount of money"):
        a_table(IDR="16000").convert(usd("999999999999999"), "IDR")


@given(amounts, rates)
def test_there_and_back_again_is_the_same_to_the_last_places(amount: Decimal, rate: Decimal) -> None:
    assume(abs(amount * rate) < 10**14)
    table = ExchangeRates(base="USD", rates={"EUR": rate})
    back = table.convert(table.convert(usd(amount), "EUR"), "USD").amount
    assert abs(back - amount) <= Decimal("1e-9") * (1 + 1 / rate)
