"""Money: an exact amount in one ISO 4217 currency, and the rates that turn one currency into another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from hub.model.base import Exact, Record

#: ISO 4217 codes in use, with their minor digits where these are not two (source: ISO 4217 list one).
_MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
_TWO_DIGITS = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG
    """.split()
)


def known_currency(code: str) -> str:
    """Return the code when it is an ISO 4217 currency; otherwise say that it is not."""
    if code not in _TWO_DIGITS and code not in _MINOR_DIGITS:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code")
    return code


def minor_digits(currency: str) -> int:
    """Return how many digits after the point the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _MINOR_DIGITS.get(currency, 2)


Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(known_currency)]


class Money(Record):
    """An exact amount of one currency; amounts of two currencies never mix."""

    amount: Exact
    currency: Currency

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(amount=self.amount - other.amount, currency=self.currency)

    def times(self, factor: Decimal | int) -> Money:
        """Return the amount multiplied, rounded half even to nine places."""
        return Money(amount=_nine_places(self.amount * factor), currency=self.currency)

    def rounded(self) -> Money:
        """Return the amount rounded half even to the currency's own minor unit."""
        places = Decimal(1).scaleb(-minor_digits(self.currency))
        return Money(amount=self.amount.quantize(places, ROUND_HALF_EVEN), currency=self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added; convert one of them first")


def _nine_places(amount: Decimal) -> Decimal:
    """Return the amount rounded half even to nine places; refuse one too large for that to be exact."""
    if amount.adjusted() >= 15:
        raise ValueError(f"{amount:.3e} is too large for an amount of money (at most 15 digits before the point)")
    return amount.quantize(Decimal("1e-9"), ROUND_HALF_EVEN)


class UnknownRate(LookupError):
    """No exchange rate is known for this pair of currencies."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"no exchange rate from {source} to {target}; add it to the rates file")


class ExchangeRates(Record):
    """Rates against one base currency: `rates["EUR"]` is how many EUR one unit of the base buys."""

    base: Currency
    rates: Mapping[str, Exact] = {}

    def convert(self, money: Money, target: str) -> Money:
        """Return the money in the target currency, to nine places; raises UnknownRate when a rate is missing."""
        if money.currency == target:
            return money
        amount = money.amount / self._rate(money.currency, money.currency, target)
        return Money(amount=_nine_places(amount * self._rate(target, money.currency, target)), currency=target)

    def _rate(self, currency: str, source: str, target: str) -> Decimal:
        if currency == self.base:
            return Decimal(1)
        rate = self.rates.get(currency)
        if rate is None or rate <= 0:
            raise UnknownRate(source, target)
        return rate
