"""One cell, one field: what text becomes, with every verb, and that nothing unchecked ever comes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.mapping.cell import Cell, CellError, Ground
from hub.mapping.rule import Numerals, Rule, Scalar
from hub.mapping.target import Shape, Target, shaped
from hub.model.document import Kind
from hub.model.unit import Units

CATALOGUE = shaped(Kind.CATALOGUE_ENTRY).fields
TABLES: Mapping[str, Mapping[str, Scalar]] = {
    "price": {"low": 1, "high": Decimal("99.5"), "text": "7"},
    "active": {"J": True, "N": False},
    "sku": {"1": 5, "2": "B"},
}
GROUND = Ground(
    TABLES, Units(contents={"EA": Decimal(1), "CS": Decimal(12), "G": Decimal("0.001")}), ZoneInfo("Asia/Tokyo")
)


def cell(field: str = "price", target: Target | None = None, **verbs: Any) -> Cell:
    rule = Rule(("documents", "d", "fields", field), field, source="X", **verbs)
    return Cell(rule, target or CATALOGUE[field], GROUND)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("5", "5"),
            (" 5 ", "5"),
            ("+5", "5"),
            ("05", "5"),
            ("5.50", "5.50"),
            ("0", "0"),
            ("0.000000001", "0.000000001"),
        ],
    )
    def test_plain_numbers_are_read(self, text: str, value: str) -> None:
        assert cell().read(text) == Decimal(value)

    @pytest.mark.parametrize(
        ("numerals", "text", "value"),
        [
            (Numerals(decimal=","), "1,5", "1.5"),
            (Numerals(decimal=",", thousands="."), "1.234.567,89", "1234567.89"),
            (Numerals(thousands=","), "1,234", "1234"),
            (Numerals(thousands=" "), "1 234.5", "1234.5"),
            (Numerals(thousands="'"), "1'234", "1234"),
            (Numerals(trailing_sign=True), "5", "5"),
        ],
    )
    def test_declared_separators_are_read(self, numerals: Numerals, text: str, value: str) -> None:
        assert cell(numerals=numerals).read(text) == Decimal(value)

    @pytest.mark.parametrize(
        ("numerals", "text"),
        [
            (Numerals(), "1,5"),
            (Numerals(decimal=","), "1.5"),
            (Numerals(thousands=","), "1,23"),
            (Numerals(thousands=","), "12,34,567"),
            (Numerals(), "5-"),
        ],
    )
    def test_undeclared_separators_are_not_guessed(self, numerals: Numerals, text: str) -> None:
        with pytest.raises(CellError, match="is not a plain number") as caught:
            cell(numerals=numerals).read(text)
        assert caught.value.code == "number"
        assert "declare `decimal` and `thousands`" in caught.value.todo

    @pytest.mark.parametrize(
        ("places", "text", "value"),
        [(0, "2.5", "3"), (2, "1.005", "1.01"), (2, "1.004", "1.00"), (9, "1", "1.000000000"), (0, "0.4", "0")],
    )
    def test_places_round_half_up(self, places: int, text: str, value: str) -> None:
        assert cell(places=places).read(text) == Decimal(value)

    def test_a_number_less_than_the_least_is_refused(self) -> None:
        assert cell(min=Decimal(2)).read("2") == 2
        with pytest.raises(CellError, match=r"1\.99 is less than 2"):
            cell(min=Decimal(2)).read("1.99")

    def test_a_whole_number_may_be_written_with_zeros_behind_the_point(self) -> None:
        assert cell(type="integer").read("5.00") == 5
        with pytest.raises(CellError, match=r"5\.01 is not a whole number"):
            cell(type="integer").read("5.01")

    def test_a_field_of_whole_numbers_gets_an_int(self) -> None:
        found = cell("lead_days").read("7")
        assert (found, type(found)) == (7, int)

    @given(st.text(max_size=80) | st.from_regex(r"[+-]?[0-9]{1,17}([.,][0-9]{1,12})?[eE+-]?[0-9]*", fullmatch=True))
    def test_whatever_is_written_only_a_plain_finite_number_comes_out(self, text: str) -> None:
        try:
            found = cell("weight_g").read(text)
        except CellError:
            return
        if text.strip():
            assert isinstance(found, Decimal)
            assert found.is_finite()
            assert 0 <= found < 10**15
            assert found == Decimal(text.strip())
            assert found.as_tuple().exponent >= -9  # type: ignore[operator]
        else:
            assert found is None


class TestUnits:
    @pytest.mark.parametrize(
        ("texts", "value"),
        [(("5", "CS"), "60"), ((" 5 ", " CS "), "60"), (("5", "EA"), "5"), (("1500", "G"), "1.5"), (("0", "CS"), "0")],
    )
    def test_a_figure_is_turned_into_our_units(self, texts: tuple[str, str], value: str) -> None:
        assert cell(unit_from="U").read_with_unit(texts) == Decimal(value)

    def test_the_result_keeps_nine_places(self) -> None:
        assert cell(unit_from="U").read_with_unit(("0.000001234", "G")) == Decimal("0.000000001")

    @pytest.mark.parametrize("unit", ["", "cs", "BX", "CS CS"])
    def test_a_unit_that_is_not_listed_is_refused(self, unit: str) -> None:
        with pytest.raises(CellError, match="unknown; known: EA, CS, G") as caught:
            cell(unit_from="U").read_with_unit(("5", unit))
        assert caught.value.todo == "add it to [units]: how many of our selling unit it holds"

    def test_a_blank_figure_needs_no_unit(self) -> None:
        assert cell("weight_g", unit_from="U").read_with_unit((" ", "")) is None
        assert cell("weight_g", unit_from="U", default=3).read_with_unit(("", "XX")) == 3

    def test_a_result_that_grows_too_large_is_refused(self) -> None:
        with pytest.raises(CellError, match="is not a plain number"):
            cell(unit_from="U").read_with_unit(("999999999999999", "CS"))


class TestBlanks:
    def test_blank_is_absent(self) -> None:
        assert cell("weight_g").read(" \t") is None
        assert cell("name").read("") == ""
        assert cell("minimum").read("") == Decimal(1)
        assert cell("active").read("") is True

    def test_a_default_fills_a_blank(self) -> None:
        assert cell("weight_g", default="2.5").read("") == Decimal("2.5")
        assert cell("active", default=False).read("") is False
        assert cell("as_of", default="2026-11-20T00:00:00Z").read("") == datetime(2026, 11, 20, tzinfo=UTC)

    def test_a_field_that_every_record_needs_cannot_be_blank(self) -> None:
        with pytest.raises(CellError, match="is empty and cannot be") as caught:
            cell().read("")
        assert (caught.value.field, caught.value.source, caught.value.code) == ("price", "X", "empty")


class TestTables:
    @pytest.mark.parametrize(
        ("field", "code", "value"),
        [
            ("price", "low", Decimal(1)),
            ("price", "high", Decimal("99.5")),
            ("price", "text", Decimal(7)),
            ("active", "J", True),
            ("active", "N", False),
            ("sku", "1", "5"),
            ("sku", " 2 ", "B"),
        ],
    )
    def test_a_code_becomes_what_the_table_says_in_the_type_of_the_field(
        self, field: str, code: str, value: object
    ) -> None:
        found = cell(field, table=field).read(code)
        assert (found, type(found)) == (value, type(value))

    def test_an_unknown_code_suggests_the_nearest(self) -> None:
        with pytest.raises(CellError, match="'hihg' is not in table 'price'; did you mean 'high'") as caught:
            cell(table="price").read("hihg")
        assert caught.value.todo == "add it to [tables.price]"

    def test_a_default_stands_for_unknown_codes_too(self) -> None:
        assert cell(table="price", default=3).read("nobody knows") == 3


class TestText:
    @pytest.mark.parametrize(
        ("verbs", "text", "value"),
        [
            ({}, "  AB 1  ", "AB 1"),
            ({"pad": 6}, "42", "000042"),
            ({"pad": 2}, "1234", "1234"),
            ({"type": "integer"}, "0042", "42"),
            ({"type": "decimal", "places": 1}, "1.25", "1.3"),
            ({"type": "integer", "pad": 6}, "42.0", "000042"),
        ],
    )
    def test_text_is_shaped(self, verbs: dict[str, Any], text: str, value: str) -> None:
        assert cell("supplier_sku", **verbs).read(text) == value

    def test_a_text_declared_a_number_must_be_one(self) -> None:
        with pytest.raises(CellError, match="is not a plain number"):
            cell("supplier_sku", type="integer").read("4A")

    def test_lengths_of_the_model_hold(self) -> None:
        assert cell("supplier_sku").read("x" * 128) == "x" * 128
        with pytest.raises(CellError):
            cell("supplier_sku").read("x" * 129)


class TestFormulaValues:
    @pytest.mark.parametrize(
        ("field", "value", "result"),
        [
            ("price", Decimal("1.5"), Decimal("1.5")),
            ("price", Decimal(1) / Decimal(3), Decimal("0.333333333")),
            ("price", " 2 ", Decimal(2)),
            ("supplier_sku", Decimal("7.0"), "7"),
            ("supplier_sku", " S ", "S"),
            ("weight_g", "", None),
            ("active", False, False),
            ("as_of", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)),
        ],
    )
    def test_a_formulas_value_is_taken_like_a_cell(self, field: str, value: object, result: object) -> None:
        assert cell(field).take(value) == result

    @pytest.mark.parametrize(
        ("field", "value"), [("price", Decimal(-1)), ("price", Decimal(10) ** 20), ("active", "?")]
    )
    def test_a_formulas_value_is_checked_like_a_cell(self, field: str, value: object) -> None:
        with pytest.raises(CellError):
            cell(field).take(value)


class TestEveryField:
    """For every field of every inbound document: what comes out, the model itself would take."""

    FIELDS = tuple(
        pytest.param(target, id=f"{kind}.{name}")
        for kind in Kind
        for name, target in {**shaped(kind).fields, **shaped(kind).line_fields}.items()
    )
    TEXTS = (
        *("", "A", "5", "5.5", "-1", "0", "NaN", "true", "no", "2026-11-20", "USD", "US", "accepted", "active", "ship"),
        *("4006381333931", "x" * 3000, "a\x00b", "a\nb", "\u0663", "1e5", "٣", "=1+1", "é"),
    )

    @pytest.mark.parametrize("target", FIELDS)
    def test_no_text_gets_past_the_model(self, target: Target) -> None:
        made = cell("X", target)
        for text in self.TEXTS:
            try:
                found = made.read(text)
            except CellError as error:
                assert error.field == target.name  # noqa: PT017 - many texts, some of them refused
                continue
            if text:
                assert target.check(found) == found

    @pytest.mark.parametrize("target", FIELDS)
    def test_a_shape_says_what_the_model_takes(self, target: Target) -> None:
        samples = {
            Shape.TEXT: ["A", "US", "USD", "4006381333931", "active", "15:00", "UTC"],
            Shape.NUMBER: [Decimal(1)],
            Shape.INTEGER: [1],
            Shape.BOOLEAN: [True],
            Shape.MOMENT: [datetime(2026, 11, 20, tzinfo=UTC)],
            Shape.CHOICE: list(target.choices),
        }[target.shape]
        assert any(_takes(target, sample) for sample in samples)


def _takes(target: Target, value: object) -> bool:
    try:
        target.check(value)
    except ValidationError:
        return False
    return True
