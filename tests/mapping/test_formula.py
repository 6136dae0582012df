"""Formulas: what they give, what they refuse and where, and that nobody gets out of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.mapping.formula import FUNCTIONS, compile_formula
from hub.mapping.function import LONGEST_TEXT, Absent, FormulaFailed, Type
from hub.mapping.part import FormulaRefused, Scope
from hub.mapping.rule import Numerals

CHICAGO = ZoneInfo("America/Chicago")
TABLES: Mapping[str, Mapping[str, str | int]] = {"status": {"A": "active", "D": "discontinued"}, "days": {"X": 3}}
ROW = {"Item": " ab-1 ", "Qty": "50", "Stat": "A", "Empty": "", "Day": "11/20/2026", "Größe": "7", "Qty Avail": "8"}


def scope(numerals: Numerals | None = None) -> Scope:
    return Scope(lambda _: Type.TEXT, CHICAGO, TABLES, numerals or Numerals())


def value_of(text: str, row: Mapping[str, str] = ROW, numerals: Numerals | None = None) -> object:
    formula = compile_formula(text, scope(numerals))
    return formula.bind(lambda name: lambda cells: cells[name])(row)


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1 + 2 * 3", Decimal(7)),
            ("(1 + 2) * 3 - 4 / 8", Decimal("8.5")),
            ("7 % 4", Decimal(3)),
            ("-5", Decimal(-5)),
            ("0.1 + 0.2", Decimal("0.3")),
            ("0.123456789", Decimal("0.123456789")),
            ('col["Qty Avail"]', "8"),
            ("Größe", "7"),
            ('"x" + Stat', "xA"),
            ("trim(Item)", "ab-1"),
            ("upper(trim(Item))", "AB-1"),
            ('lower("AB")', "ab"),
            ("left(trim(Item), 2)", "ab"),
            ("right(trim(Item), 1)", "1"),
            ("right(Item, 0)", ""),
            ('replace(trim(Item), "-", "/")', "ab/1"),
            ("pad(Qty, 5)", "00050"),
            ('pad(Qty, 5, "*")', "***50"),
            ('concat("x", 1.50, true, Qty)', "x1.5true50"),
            ("text(12.0)", "12"),
            ("number(Qty)", Decimal(50)),
            ("round(2.5)", Decimal(3)),
            ("round(1.005, 2)", Decimal("1.01")),
            ("min(3, 1, 2)", Decimal(1)),
            ("max(2, round(number(Qty) * 0.05))", Decimal(3)),
            ('coalesce(Empty, "  ", Stat)', "A"),
            ('coalesce(Empty, "")', ""),
            ("coalesce(number(Empty), 7)", Decimal(7)),
            ('contains(Item, "ab")', True),
            ('lookup("status", Stat)', "active"),
            ('lookup("days", "X")', "3"),
            ('lookup("status", "Z", "active")', "active"),
            ('date(Day, "%m/%d/%Y")', datetime(2026, 11, 20, 6, tzinfo=UTC)),
            ('date("2026-11-20T06:00:00Z")', datetime(2026, 11, 20, 6, tzinfo=UTC)),
            ('days_after(date(Day, "%m/%d/%Y"), 2)', datetime(2026, 11, 22, 6, tzinfo=UTC)),
            ('text(date("2026-11-20T06:00:00Z"))', "2026-11-20T06:00:00Z"),
            ('max(date("2026-11-20"), date("2026-11-21")) == date("2026-11-21")', True),
            ('Stat == "A"', True),
            ('Stat != "A"', False),
            ('"a" < "b"', True),
            ("2 <= 2", True),
            ("3 > 4", False),
            ("4 >= 4", True),
            ('Stat in ["A", "B"]', True),
            ('Stat not in ("A", "B")', False),
            ("number(Qty) in [50, 60]", True),
            ("not true", False),
            ("True != False", True),
            ("true and false or true", True),
            ('"yes" if number(Qty) > 10 else "no"', "yes"),
            ('"yes" if Empty != "" else "no"', "no"),
            ("  1 + 1  ", Decimal(2)),
        ],
    )
    def test_a_formula_gives(self, text: str, value: object) -> None:
        found = value_of(text)
        assert found == value
        assert type(found) is type(value)

    def test_numbers_are_read_as_the_partner_writes_them(self) -> None:
        german = Numerals(decimal=",", thousands=".", trailing_sign=True)
        assert value_of("number(Qty)", {"Qty": "1.250,50-"}, german) == Decimal("-1250.50")

    def test_what_it_reads_is_known_beforehand(self) -> None:
        formula = compile_formula('concat(Stat, col["Qty Avail"], Stat)', scope())
        assert formula.columns == {"Stat": 8, "Qty Avail": 14}
        assert formula.type is Type.TEXT

    def test_only_the_branch_that_is_taken_is_worked_out(self) -> None:
        assert value_of('number(Empty) if Empty != "" else 1') == 1
        assert value_of('Empty == "" or number(Empty) > 1') is True
        assert value_of('Empty != "" and number(Empty) > 1') is False


class TestFailures:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("1 / 0", "division by zero"),
            ("1 % (2 - 2)", "a number grows beyond 24 digits"),
            ("999999999999999 * 999999999999999", "a number grows beyond 24 digits"),
            ("number(Item)", "is not a plain number"),
            ('number("1e9")', "is not a plain number"),
            ('number("NaN")', "is not a plain number"),
            ('lookup("status", "Z")', "'Z' is not in table 'status'; known: A, D"),
            ('date("32/13/2026", "%d/%m/%Y")', "'32/13/2026' is no date"),
            ('date("soon")', "'soon' is no date"),
            ("left(Item, 1.5)", "the length must be a whole number from 0 to 2000, got 1.5"),
            ("left(Item, -1)", "the length must be a whole number from 0 to 2000, got -1"),
            ("pad(Item, 100000000)", "the width must be a whole number from 0 to 128, got 100000000"),
            ('pad(Item, 9, "ab")', "pad fills with one character, got 'ab'"),
            ("round(1, 10)", "the second argument of round must be a whole number from 0 to 9, got 10"),
            ('replace(Item, "", "x")', "replace needs something to look for"),
            ('days_after(date("2026-11-20"), 0.5)', "days_after takes whole days up to 100000, got 0.5"),
            ('days_after(date("2026-11-20"), 100001)', "days_after takes whole days up to 100000"),
            ('days_after(date("9999-12-01"), 100)', "the date is beyond the calendar"),
        ],
    )
    def test_a_row_that_it_cannot_work_out_says_why(self, text: str, why: str) -> None:
        with pytest.raises(FormulaFailed) as caught:
            value_of(text)
        assert why in str(caught.value)

    @pytest.mark.parametrize("text", ["number(Empty)", "date(Empty)", "coalesce(number(Empty), number(Empty))"])
    def test_what_is_empty_is_told_apart_from_what_is_wrong(self, text: str) -> None:
        with pytest.raises(Absent):
            value_of(text)

    @pytest.mark.parametrize(
        "text", ["Big + Big", "concat(Big, Big)", 'replace(Big, "x", "xx")', "upper(Sharp)", "lower(Dotted)"]
    )
    def test_no_text_grows_without_bounds(self, text: str) -> None:
        row = {"Big": "x" * LONGEST_TEXT, "Sharp": "ß" * LONGEST_TEXT, "Dotted": "\u0130" * LONGEST_TEXT}
        with pytest.raises(FormulaFailed, match="a text grows over 2000 characters"):
            value_of(text, row)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "column", "why"),
        [
            ("max(2, rond(1))", 8, "unknown function 'rond'; did you mean 'round'?"),
            ("().__class__", 1, 'a dot reaches into nothing here; name a column as col["..."]'),
            ("1 + Item.upper", 5, "a dot reaches into nothing here"),
            ("Item.upper()", 1, "this cannot be called"),
            ("(lambda: 1)()", 1, "this cannot be called"),
            ("lambda: 1", 1, "functions cannot be made here"),
            ("2 ** 3", 1, "only + - * / % are allowed"),
            ("2 // 3", 1, "only + - * / % are allowed"),
            ("2 << 3", 1, "only + - * / % are allowed"),
            ("+5", 1, "only - and not stand before a value"),
            ("~5", 1, "only - and not stand before a value"),
            ("[x for x in Item]", 1, "this is not allowed in a formula"),
            ("{1: 2}", 1, "this is not allowed in a formula"),
            ("(x := 1)", 2, "this is not allowed in a formula"),
            ('f"{Item}"', 1, "f-texts are not allowed; use concat(...)"),
            ('["A"]', 1, "a list stands only after `in`"),
            ("1, 2", 1, "a list stands only after `in`"),
            ('row["Item"]', 1, 'only col["a column"] may be written so'),
            ("col[1]", 5, "a column's name must stand here in quotes"),
            ("col[Item]", 5, "a column's name must stand here in quotes"),
            ("None", 1, "None has no place in a formula"),
            ("...", 1, "Ellipsis has no place in a formula"),
            ('b"x"', 1, "b'x' has no place in a formula"),
            ("1e5", 1, "write numbers plainly, as 12 or 0.5"),
            ("1 + 0x10", 5, "write numbers plainly"),
            ("1_000", 1, "write numbers plainly"),
            ("2j", 1, "write numbers plainly"),
            ("1if Item else 2", 1, "write numbers plainly"),
            ("1234567890123456", 1, "is not a plain number"),
            ("1.1234567891", 1, "is not a plain number"),
            ("Item is Stat", 1, "use == and !=, not `is`"),
            ("1 < 2 < 3", 1, "compare two values at a time; join comparisons with `and`"),
            ("Qty > 5", 1, "a text cannot be compared with a number; use number(...)"),
            ('date(Day) == "x"', 1, "a date cannot be compared with a text"),
            ("true < false", 1, "true and false have no order"),
            ("Qty * 2", 1, "needs a number, this is a text; use number(...)"),
            ("2 * Qty", 5, "needs a number, this is a text; use number(...)"),
            ('1 + "a"', 5, "needs a number, this is a text"),
            ("-Item", 2, "needs a number, this is a text"),
            ("not Item", 5, "needs a true or false, this is a text"),
            ("Item and true", 1, "needs a true or false, this is a text"),
            ('1 if Item else "x"', 6, "needs a true or false, this is a text"),
            ('1 if true else "x"', 16, "needs a number, this is a text"),
            ("upper(5)", 7, "needs a text, this is a number"),
            ("trim()", 1, "trim takes 1 argument, by place"),
            ("pad(Item)", 1, "pad takes 2 to 3 arguments, by place"),
            ("trim(text=Item)", 1, "trim takes 1 argument, by place"),
            ("min(Item)", 5, "needs a number or a date, this is a text; use number(...)"),
            ('max(1, "a")', 8, "needs a number, this is a text"),
            ('coalesce(1, "a")', 13, "needs a number, this is a text"),
            ("Stat in Item", 9, 'after `in` stands a list of fixed values, as ["A", "B"]'),
            ("Stat in [Item]", 9, "after `in` stands a list of fixed values"),
            ('Stat in ["A", 1]', 15, "needs a text, this is a number"),
            ("lookup(Stat, Item)", 8, "a table's name must stand here in quotes"),
            ('lookup("stats", Stat)', 8, "table 'stats' is not defined; did you mean 'status'?"),
            ('date(Day, "%q")', 11, "unknown '%q'"),
            ("date(Day, Item)", 11, "a date format must stand here in quotes"),
            ("", 1, "cannot be read"),
            ("1 +", 3, "cannot be read: invalid syntax"),
            ("  1 + rond(2)", 7, "unknown function 'rond'"),
            ('"é" + rond(1)', 7, "unknown function 'rond'"),
            ("a; b", 2, "cannot be read"),
            ("x = 1", 3, "cannot be read"),
            ("import os", 1, "cannot be read"),
            ('"a\\n"', 3, "'\\\\' has no place in a formula"),
            ("1 +\n1", 4, "'\\n' has no place in a formula"),
            ("1\x00", 2, "'\\x00' has no place in a formula"),
            ("1" + " + 1" * 120, 1, "nested deeper than 30 levels"),
            ("a+" * 150 + "a", 1, "has too many parts; split it, or use a table"),
            ("-" * 40 + "1", 31, "nested deeper than 30 levels"),
            ("1 + " * 140 + "1", 501, "a formula has at most 500 characters, this one 561"),
            ("__import__('os')", 1, "unknown function '__import__'"),
            ("eval('1')", 1, "unknown function 'eval'"),
            ("col", 1, ""),
        ],
    )
    def test_what_is_not_allowed_is_refused_with_its_column(self, text: str, column: int, why: str) -> None:
        if text == "col":
            assert compile_formula(text, scope()).columns == {"col": 1}  # a column may well be called so
            return
        with pytest.raises(FormulaRefused) as caught:
            compile_formula(text, scope())
        assert caught.value.column == column
        assert str(caught.value).startswith(f"formula column {column}: ")
        assert why in str(caught.value)

    def test_deep_brackets_do_not_bring_the_parser_down(self) -> None:
        with pytest.raises(FormulaRefused, match="cannot be read"):
            compile_formula("(" * 240 + "1" + ")" * 240, scope())

    def test_an_unknown_field_is_named_with_the_nearest_one(self) -> None:
        names = ("number", "line.quantity")
        known = Scope(lambda name: Type.NUMBER if name in names else None, CHICAGO, columns=names)
        with pytest.raises(FormulaRefused) as caught:
            compile_formula('1 + col["line.quantty"]', known)
        assert str(caught.value) == ("formula column 5: unknown field 'line.quantty'; did you mean 'line.quantity'?")


ATOMS = st.sampled_from(
    ["1", "0.5", "999999999999999", "Item", 'col["Qty"]', '"a"', '""', "true", "Größe", "__class__", "None", "col"]
)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "%", "**", "==", "<", " and ", " or ", " in ", " is ", ","])
    return st.one_of(
        st.tuples(inner, signs, inner).map("".join),
        st.tuples(st.sampled_from([*FUNCTIONS, "eval", "open", "getattr"]), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        inner.map(lambda text: f"{text}.__globals__"),
        inner.map(lambda text: f"[{text}]"),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"({text})"),
    )


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.recursive(ATOMS, _wider, max_leaves=25), st.text(max_size=60)), st.text(max_size=80))
@example("().__class__.__bases__[0].__subclasses__()", "")
@example("pad(Item, 999999999)", "")
@example("((((" * 100, "")
@example("1" * 499, "")
@example("\u2028", "")
@example("\x0c1", "")
def test_an_attacker_gets_a_plain_value_or_an_error_and_never_waits(text: str, cell: str) -> None:
    value: object = ""
    with suppress(FormulaRefused, FormulaFailed):
        value = compile_formula(text, scope()).bind(lambda _: lambda _: cell)(None)
    assert isinstance(value, (str, Decimal, bool, datetime))
    assert not isinstance(value, str) or len(value) <= max(LONGEST_TEXT, len(text), len(cell))
