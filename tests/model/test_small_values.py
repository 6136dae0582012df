"""The smaller values: items, units, catalogue prices, times, places, stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.item import CatalogueEntry, Dimensions, Item, PriceBreak
from hub.model.money import Money
from hub.model.node import Hours, NodeCosts
from hub.model.order import OrderLine, SalesOrder
from hub.model.partner import Partner, Role
from hub.model.place import Address
from hub.model.stock import StockLevel, available_to_promise
from hub.model.unit import Units, UnknownUnit

quantities = st.integers(0, 10**15).map(lambda each: Decimal(each).scaleb(-3))


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", "14006381333938", "4006381-333931"])
def test_a_gtin_with_its_check_digit_is_taken(gtin: str) -> None:
    assert Item(sku="MUG", gtin=gtin).gtin == gtin.replace("-", "")


@pytest.mark.parametrize(
    "gtin", ["4006381333932", "400638133393", "", "40063813339311234", "ABCDEFGH", "\uff19\uff16385074"]
)
def test_what_is_no_gtin_is_refused(gtin: str) -> None:
    with pytest.raises(ValidationError, match="is not a GTIN"):
        Item(sku="MUG", gtin=gtin)


def test_a_volume_is_length_times_width_times_height() -> None:
    size = Dimensions(length_cm=Decimal("2.5"), width_cm=Decimal(4), height_cm=Decimal("0.5"))
    assert size.volume_cm3 == 5


def an_entry(*breaks: tuple[int, str], **fields: object) -> CatalogueEntry:
    steps = tuple(PriceBreak(minimum=Decimal(minimum), price=Decimal(price)) for minimum, price in breaks)
    return CatalogueEntry.model_validate({"sku": "MUG", "price": "4.00", "breaks": steps, **fields})


def test_the_price_is_that_of_the_highest_break_reached() -> None:
    entry = an_entry((100, "2.00"), (10, "3.00"))
    prices = [
        entry.price_for(Decimal(quantity), "USD").amount for quantity in ("1", "9.999", "10", "99", "100", "5000")
    ]
    assert prices == [Decimal(each) for each in ("4.00", "4.00", "3.00", "3.00", "2.00", "2.00")]


def test_a_catalogues_own_currency_goes_before_the_partners() -> None:
    assert an_entry().price_for(Decimal(1), "USD") == Money(amount=Decimal(4), currency="USD")
    assert an_entry(currency="EUR").price_for(Decimal(1), "USD").currency == "EUR"


def test_a_case_is_twelve_pieces() -> None:
    units = Units(contents={"EA": Decimal(1), "CS": Decimal(12)})
    assert units.inward(Decimal(3), "CS") == 36
    assert units.outward(Decimal(36), "CS") == 3
    assert units.outward(Decimal(7), "EA") == 7
    with pytest.raises(ValueError, match=r"13 is not a whole number of CS \(one holds 12\)"):
        units.outward(Decimal(13), "CS")


@pytest.mark.parametrize(("known", "said"), [({"EA": 1, "CS": 12}, "EA, CS"), ({}, "none")])
def test_an_unknown_unit_names_the_known_ones(known: dict[str, int], said: str) -> None:
    with pytest.raises(UnknownUnit, match=f"unit 'PAL' unknown; known: {said}"):
        Units.model_validate({"contents": known}).inward(Decimal(1), "PAL")


def test_a_unit_holds_something() -> None:
    with pytest.raises(ValidationError, match="must be more than zero"):
        Units.model_validate({"contents": {"CS": 0}})


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_what_comes_in_goes_out_in_the_same_unit(quantity: int, thousandths: int) -> None:
    units = Units(contents={"CS": Decimal(thousandths) / 1000})
    assert units.outward(units.inward(Decimal(quantity), "CS"), "CS") == quantity


@given(quantities, quantities, quantities, quantities)
def test_what_may_be_promised_is_never_below_zero_nor_above_what_is_there(
    on_hand: Decimal, committed: Decimal, reserved: Decimal, safety: Decimal
) -> None:
    promised = available_to_promise(on_hand, committed, reserved, safety)
    assert 0 <= promised <= on_hand
    assert promised in (0, on_hand - committed - reserved - safety)


def test_a_time_without_its_zone_is_refused_and_any_other_is_utc() -> None:
    with pytest.raises(ValidationError, match="a time needs its zone"):
        StockLevel(sku="MUG", quantity=Decimal(1), as_of=datetime(2026, 11, 20, 6))  # noqa: DTZ001 - the point of it
    east = datetime(2026, 11, 20, 6, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    level = StockLevel(sku="MUG", quantity=Decimal(1), as_of=east)
    assert level.as_of == datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
    assert level.as_of.tzinfo is UTC


@pytest.mark.parametrize("quantity", ["-1", "-0.000000001", "NaN", "1E3"])
def test_stock_is_never_negative_or_odd(quantity: str) -> None:
    with pytest.raises(ValidationError):
        StockLevel.model_validate({"sku": "MUG", "quantity": quantity})


@pytest.mark.parametrize(("given", "kept"), [("US", "US"), (" us ", "US"), ("br", "BR")])
def test_a_country_is_two_letters_in_any_case(given: str, kept: str) -> None:
    assert Address(country=given).country == kept


@pytest.mark.parametrize("given", ["USA", "U", "", "U1", "u\u00df", "\uff35\uff33", "\u0399\u03a3"])
def test_what_is_no_country_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="is not a country as two letters, such as US"):
        Address(country=given)


@pytest.mark.parametrize(
    "zone", ["", "America", "America/Nowhere", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 999]
)
def test_what_is_no_time_zone_is_refused_by_name(zone: str) -> None:
    with pytest.raises(ValidationError, match="is not a time zone name such as"):
        Partner(code="ACME", role=Role.SUPPLIER, timezone=zone)


@pytest.mark.parametrize("cut_off", ["24:00", "9:00", "12:60", "noon", ""])
def test_a_cut_off_is_a_time_of_day(cut_off: str) -> None:
    assert Hours(cut_off="00:00").cut_off == "00:00"
    with pytest.raises(ValidationError):
        Hours(cut_off=cut_off)


def test_costs_are_nothing_unless_declared_and_never_negative() -> None:
    assert set(NodeCosts().model_dump().values()) == {0}
    with pytest.raises(ValidationError, match="must not be negative"):
        NodeCosts(freight_base=Decimal(-1))


def test_two_lines_of_an_order_never_share_an_id() -> None:
    line = OrderLine(line_id="7", sku="MUG", quantity=Decimal(1))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(ValidationError, match="order #1: two lines share one line id"):
        SalesOrder(
            channel="shop",
            order_id="1",
            number="#1",
            placed_at=now,
            updated_at=now,
            currency="USD",
            lines=(line, line.changed(sku="CUP")),
        )
