"""The small pieces: columns of a header, strict sections, targets of the model, suggestions, the record builder."""

from __future__ import annotations

import pytest
from pydantic import model_validator

from hub.mapping.cell import Memo
from hub.mapping.column import WrongHeader, places
from hub.mapping.document import MAKES, TAKES
from hub.mapping.inward import IDENTITY
from hub.mapping.plan import Plan, builder
from hub.mapping.problem import MappingErrors, Problem, did_you_mean, in_words
from hub.mapping.section import Section
from hub.mapping.source import Source
from hub.mapping.target import Shape, groups, shaped
from hub.model.base import Record
from hub.model.document import RECORDS, Kind
from hub.model.place import Address

HEADER = ("Item", "Qty", "Qty", "", "#9", "Preis €")


class TestColumns:
    @pytest.mark.parametrize(
        ("name", "place"), [("Item", 0), ("Preis €", 5), ("#1", 0), ("#3", 2), ("#4", 3), ("#9", 4)]
    )
    def test_a_column_is_found_by_name_or_place(self, name: str, place: int) -> None:
        assert places(HEADER, [name], frozenset()) == {name: place}

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("item", "column 'item' is missing; did you mean 'Item'?"),
            ("Qty", "column 'Qty' stands in the header 2 times (#2 and #3); name the one you mean by its place"),
            ("#7", "there is no column #7: the file has 6"),
            ("#0", "column '#0' is missing"),
            ("Warehouse", "column 'Warehouse' is missing; known: #9, Item, Preis €, Qty"),
        ],
    )
    def test_what_is_not_there_says_so(self, name: str, why: str) -> None:
        with pytest.raises(WrongHeader) as caught:
            places(HEADER, [name], frozenset())
        assert why in str(caught.value)

    def test_an_optional_column_is_left_out_when_missing_but_never_guessed(self) -> None:
        assert places(HEADER, ["Item", "Warehouse"], frozenset({"Warehouse"})) == {"Item": 0}
        with pytest.raises(WrongHeader, match="stands in the header 2 times"):
            places(HEADER, ["Qty"], frozenset({"Qty"}))

    def test_everything_that_is_missing_is_told_at_once(self) -> None:
        with pytest.raises(WrongHeader) as caught:
            places(("A",), ["B", "C", "B"], frozenset())
        assert str(caught.value) == "column 'B' is missing; known: A; column 'C' is missing; known: A"

    @pytest.mark.parametrize(("header", "mark"), [("a;b", "';'"), ("a|b", "'|'"), ("a\tb", "'\\t'"), ("a,b", "','")])
    def test_a_header_of_one_column_that_holds_a_separator_is_suspicious(self, header: str, mark: str) -> None:
        with pytest.raises(WrongHeader) as caught:
            places((header,), ["a"], frozenset())
        assert str(caught.value).endswith(f"the header seems to be separated by {mark}: declare it as `delimiter`")


class TestSuggestions:
    @pytest.mark.parametrize(
        ("word", "known", "text"),
        [
            ("quantiy", ["quantity", "quality"], "; did you mean 'quantity'?"),
            ("QUANTITY", ["quantity"], "; did you mean 'quantity'?"),
            ("zzz", ["b", "a"], "; known: a, b"),
            ("zzz", [], ""),
            ("zzz", [f"k{number:02}" for number in range(20)], "; known: k00, k01, k02"),
        ],
    )
    def test_the_nearest_word_is_suggested_or_all_are_named(self, word: str, known: list[str], text: str) -> None:
        assert did_you_mean(word, known).startswith(text)

    def test_a_long_list_is_cut(self) -> None:
        assert did_you_mean("zzz", [f"k{number:02}" for number in range(20)]).endswith("k11, ...")

    def test_a_very_long_list_is_not_searched(self) -> None:
        assert did_you_mean("k1x", [f"k{number}" for number in range(2000)]).startswith("; known: ")

    def test_problems_are_told_in_the_order_of_the_file_and_once(self) -> None:
        late, early = Problem("a.toml", 9, 1, "late"), Problem("a.toml", 2, 5, "early")
        assert str(MappingErrors([late, early, late])) == "a.toml:2:5: early\na.toml:9:1: late"

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            ({"msg": "Value error, must not be negative"}, "must not be negative"),
            ({"msg": "Input should be 'a' or 'b'"}, "must be 'a' or 'b'"),
            ({"msg": "x", "ctx": {"pattern": "^(on|off)$"}}, "must be on or off"),
            ({"msg": "String should match", "ctx": {"pattern": "^[A-Z]{2}$"}}, "String should match"),
        ],
    )
    def test_the_models_own_words_are_put_plainly(self, error: dict[str, object], words: str) -> None:
        assert in_words(error) == words


class TestTargets:
    @pytest.mark.parametrize("kind", [*MAKES, *TAKES])
    def test_every_field_of_the_model_that_holds_one_value_can_be_mapped(self, kind: Kind) -> None:
        form = shaped(kind)
        mapped = {target.path[0] for target in form.fields.values()} | {form.lines}
        left_out = set(RECORDS[kind].model_fields) - mapped
        assert left_out <= {"tags", "breaks", "parcels", "charges", "requests", "sourcing"}

    @pytest.mark.parametrize("kind", MAKES)
    def test_what_identifies_a_record_can_be_mapped(self, kind: Kind) -> None:
        assert set(IDENTITY[kind]) <= set(shaped(kind).fields)

    def test_nested_fields_are_named_with_dots(self) -> None:
        fields = shaped(Kind.PURCHASE_ORDER).fields
        assert fields["ship_to.city"].path == ("ship_to", "city")
        assert fields["ship_to.country"].required is False
        assert shaped(Kind.PURCHASE_ORDER).names()[-1] == "line.channel_line"

    def test_shapes_come_from_the_types_of_the_model(self) -> None:
        fields = shaped(Kind.CATALOGUE_ENTRY).fields
        assert [fields[name].shape for name in ("sku", "price", "lead_days", "active", "as_of")] == [
            Shape.TEXT,
            Shape.NUMBER,
            Shape.INTEGER,
            Shape.BOOLEAN,
            Shape.MOMENT,
        ]
        assert shaped(Kind.ACKNOWLEDGEMENT).line_fields["outcome"].choices == (
            "accepted",
            "changed",
            "backordered",
            "rejected",
        )

    def test_groups_are_the_names_that_fields_can_stand_below(self) -> None:
        assert {"line", "row", "record", "ship_to", "address"} <= groups()
        assert "sku" not in groups()


class TestSections:
    def section(self, **data: object) -> Section:
        return Section(Source("f", {"t": data}, {}, ""), ("t",))

    def test_a_section_that_is_not_there_is_empty(self) -> None:
        source = Source("f", {"t": [1]}, {}, "")
        assert Section(source, ("nowhere",)).data == {}
        assert Section(source, ("t", 5)).data == {}
        assert source.problems == []

    def test_what_is_no_table_is_told(self) -> None:
        source = Source("f", {"t": [1]}, {}, "")
        assert Section(source, ("t", 0)).data == {}
        assert [problem.message for problem in source.problems] == ["[t.0] must be a table"]

    def test_a_problem_without_any_place_stands_at_the_top_of_the_file(self) -> None:
        section = self.section(x=1)
        section.only(["y"])
        assert [str(each) for each in section.source.problems] == ["f:1:1: unknown setting 'x'; known: y"]

    @pytest.mark.parametrize(("value", "found"), [(True, True), (False, False), ("x", False), (1, False)])
    def test_a_flag_is_true_or_false(self, value: object, found: object) -> None:
        section = self.section(x=value)
        assert section.flag("x") is found
        assert len(section.source.problems) == (0 if isinstance(value, bool) else 1)

    @pytest.mark.parametrize(
        ("value", "found"), [(3, 3), (0, None), (10, None), (True, None), ("3", None), (1.5, None)]
    )
    def test_a_count_stays_within_its_bounds(self, value: object, found: int | None) -> None:
        section = self.section(x=value)
        assert section.count("x", 1, 9) == found
        assert len(section.source.problems) == (0 if found is not None else 1)

    def test_what_is_not_said_is_the_default(self) -> None:
        section = self.section()
        assert (section.text("x", "d"), section.choice("x", ["a"], "d"), section.count("x", 1, 2)) == ("d", "d", None)
        assert (section.number("x"), section.scalar("x"), section.character("x", ",")) == (None, None, ",")
        assert section.source.problems == []


class Even(Record):
    """A record with a rule that only the whole of it can break."""

    a: int
    b: int = 2

    @model_validator(mode="after")
    def _is_even(self) -> Even:
        if (self.a + self.b) % 2:
            raise ValueError("a and b must be even together")
        return self


class TestBuilder:
    def plan(self, *names: str, **base: object) -> Plan:
        return Plan(base, [(name, place, Memo(int)) for place, name in enumerate(names)])

    def test_a_record_with_rules_of_its_own_goes_through_the_model(self) -> None:
        plan = self.plan("a")
        build = builder(Even, plan)
        assert build(plan.values(["4"])) == Even(a=4)
        with pytest.raises(Exception, match="a and b must be even together"):
            build(plan.values(["5"]))

    def test_nested_fields_go_through_the_model(self) -> None:
        class Place(Record):
            at: Address

        plan = Plan({"at.country": "US", "at.city": "Austin", "at.street": None})
        assert builder(Place, plan)(plan.values([])) == Place(at=Address(country="US", city="Austin"))

    def test_the_rest_of_the_fields_have_their_defaults_in_the_models_order(self) -> None:
        class Simple(Record):
            first: int = 1
            second: int
            third: tuple[int, ...] = ()

        plan = self.plan("second")
        made = builder(Simple, plan)(plan.values(["7"]))
        assert made == Simple(second=7)
        assert list(made.model_dump()) == ["first", "second", "third"]
        assert repr(made) == repr(Simple(second=7))
        with pytest.raises(Exception, match="frozen"):
            made.first = 5  # type: ignore[misc]
