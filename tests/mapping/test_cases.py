"""The tests inside a mapping file, and what people ask of a file before it is in force."""

from __future__ import annotations

import pytest

from hub.contract import BadRecord
from hub.mapping.beside import side_by_side
from hub.mapping.check import check
from hub.model.purchase import Acknowledgement
from hub.model.stock import StockLevel
from tests.mapping.lab import HEAD, MODELS, Lab

STOCK = """\
[units]
EA = 1
CS = 12
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
quantity = { from = "Qty", unit_from = "UOM" }
as_of = "At"
[[documents.stock.tests]]
name = "cases"
given = '''
Item,Qty,UOM,At
AB,5,CS,2026-11-20T06:00:00Z
CD,x,EA,2026-11-20T06:00:00Z
'''
"""
ORDER = """\
[documents.order]
direction = "out"
takes = "ship_order"
files = "/in/{number}.csv"
rows = "lines"
[documents.order.fields]
SO = "number"
Qty = { from = "line.quantity", type = "integer" }
[[documents.order.tests]]
name = "one row a line"
"""
GIVEN = """\
[documents.order.tests.given]
number = "S1"
node = "DC"
order_id = "1"
channel = "shop"
channel_order = "1"
channel_number = "1"
ordered_at = 2026-11-20T06:00:00Z
lines = [{ line_number = 1, sku = "A", quantity = 2, channel_line = "1" }]
"""


def differences(lab: Lab, text: str) -> list[str]:
    return [line for failure in lab.load(text).run_tests() for line in failure.differences]


class TestInbound:
    BAD = 'bad = [{ record = "row 3", field = "quantity" }]\n'

    @pytest.mark.parametrize(
        "expect",
        [
            '{ sku = "AB", quantity = 60 }',
            "{ quantity = 60.0 }",
            '{ quantity = "60" }',
            "{ as_of = 2026-11-20T06:00:00Z }",
            "{ as_of = 2026-11-20T00:00:00 }",
            "{ as_of = 2026-11-20 }",
            '{ as_of = "2026-11-20T06:00:00Z" }',
            '{ status = "active" }',
            "{}",
        ],
    )
    def test_only_the_fields_that_are_named_are_compared(self, lab: Lab, expect: str) -> None:
        assert differences(lab, f"{STOCK}expect = [{expect}]\n{self.BAD}") == []

    @pytest.mark.parametrize(
        ("expect", "difference"),
        [
            ("[{ quantity = 5 }]", "record 1: quantity is 60, expected 5"),
            ('[{ sku = "ab" }]', "record 1: sku is 'AB', expected 'ab'"),
            ("[{ quantity = true }]", "record 1: quantity is 60, expected True"),
            ('[{ location = "X" }]', "record 1: location is absent, expected 'X'"),
            ('[{ as_of = "today" }]', "record 1: as_of is 2026-11-20T06:00:00Z, expected 'today'"),
            ("[{ as_of = 5 }]", "record 1: as_of is 2026-11-20T06:00:00Z, expected 5"),
            ("[{ as_of = 2026-11-21 }]", "record 1: as_of is 2026-11-20T06:00:00Z, expected 2026-11-21"),
            ("[{ quantty = 5 }]", "record 1: there is no field 'quantty'; did you mean 'quantity'?"),
            ("[{}, {}]", "1 record came out, 2 expected"),
            ("[]", "1 record came out, 0 expected"),
        ],
    )
    def test_a_difference_is_one_sentence(self, lab: Lab, expect: str, difference: str) -> None:
        assert differences(lab, f"{STOCK}expect = {expect}\n{self.BAD}") == [difference]

    @pytest.mark.parametrize(
        ("bad", "difference"),
        [
            ("[]", "row 3 could not be read: acme stock, row 3: quantity (column 'Qty'): 'x' is not a plain number"),
            ('[{ record = "row 2" }]', "row 3: record is 'row 3', expected 'row 2'"),
            ('[{ what = "too big" }]', 'row 3: what is "acme stock, row 3'),
            ("[{}, {}]", "1 row could not be read, 2 expected"),
        ],
    )
    def test_rows_that_cannot_be_read_are_compared_too(self, lab: Lab, bad: str, difference: str) -> None:
        (found,) = differences(lab, f"{STOCK}expect = [{{}}]\nbad = {bad}\n")
        assert found.startswith(difference)

    def test_a_part_of_the_sentence_is_enough(self, lab: Lab) -> None:
        bad = 'bad = [{ what = "not a plain number", code = "number" }]\n'
        assert differences(lab, f"{STOCK}expect = [{{}}]\n{bad}") == []

    def test_lines_are_compared_one_by_one(self, lab: Lab) -> None:
        text = """
[documents.ack]
direction = "in"
makes = "acknowledgement"
files = "x"
[documents.ack.fields]
order_number = "PO"
line.line_number = "Line"
[[documents.ack.tests]]
given = '''
PO,Line
P1,1
P1,2
'''
expect = [{ lines = [{ line_number = 1 }, { line_number = 3 }, {}] }]
[[documents.ack.tests]]
given = "PO,Line"
"""
        assert differences(lab, text) == [
            "record 1: lines has 2 entries, expected 3",
            "record 1: lines 2: line_number is 2, expected 3",
        ]

    def test_a_failure_is_printed_under_its_place(self, lab: Lab) -> None:
        (failure,) = lab.load(f"{STOCK}expect = [{{ quantity = 5 }}]\n{self.BAD}").run_tests()
        assert str(failure).replace(f"{lab.folder}/", "") == (
            "acme.toml:21:1: test 'cases' of stock: \n    record 1: quantity is 60, expected 5"
        )


class TestOutbound:
    def test_the_file_and_its_name_are_compared(self, lab: Lab) -> None:
        expect = 'file = "/in/S1.csv"\nexpect = """\nSO,Qty\nS1,2\n"""\n'
        assert differences(lab, ORDER + expect + GIVEN) == []

    @pytest.mark.parametrize(
        ("expect", "given", "difference"),
        [
            ('expect = "SO,Qty\\nS1,3"\n', GIVEN, ["line 2 is 'S1,2', expected 'S1,3'"]),
            ('expect = "SO,Qty"\n', GIVEN, ["2 lines came out, 1 expected"]),
            ('expect = "SO,Qty\\nS1,2"\nfile = "x"\n', GIVEN, ["the file is named '/in/S1.csv', expected 'x'"]),
            (
                'expect = "x"\n',
                GIVEN.replace("quantity = 2", "quantity = 1.5"),
                ["acme order, number S1, Qty: 1.5 is not a whole number"],
            ),
            ('expect = "x"\n', GIVEN.replace('node = "DC"\n', ""), ["given: node: Field required"]),
            (
                'expect = "x"\n',
                GIVEN.replace('"S1"', '""'),
                ["given: number: String should have at least 1 character"],
            ),
        ],
    )
    def test_a_difference_names_its_line(self, lab: Lab, expect: str, given: str, difference: list[str]) -> None:
        found = differences(lab, ORDER + expect + given)
        assert len(found) == len(difference)
        assert all(one.startswith(other) for one, other in zip(found, difference, strict=True)), found


class TestChecking:
    def test_a_sound_file_is_reported_with_its_tests(self, lab: Lab) -> None:
        path = lab.write(HEAD + STOCK + "expect = [{}]\n" + TestInbound.BAD)
        report = check(path, house=lab.house, settings_models=MODELS, secrets=lab.secrets.get)
        assert (report.ok, report.tests, report.problems, report.failures) == (True, 1, (), ())
        assert report.file is not None

    def test_a_failing_test_makes_the_report_bad(self, lab: Lab) -> None:
        path = lab.write(HEAD + STOCK)
        report = check(path, house=lab.house, settings_models=MODELS, secrets=lab.secrets.get)
        assert (report.ok, len(report.failures)) == (False, 1)

    def test_a_file_with_problems_is_reported_with_all_of_them(self, lab: Lab) -> None:
        path = lab.write(HEAD + STOCK.replace('"Item"', "5").replace('"At"', "6"))
        report = check(path, house=lab.house, settings_models=MODELS, secrets=lab.secrets.get)
        assert (report.ok, len(report.problems), report.file) == (False, 2, None)


class TestTrying:
    def test_each_record_stands_beside_its_text(self, lab: Lab) -> None:
        file = lab.load(STOCK)
        content = b"Item,Qty,UOM,At\nAB,5,CS,2026-11-20T06:00:00Z\nCD,x,EA,\nEF,1\n"
        first, second, third = side_by_side(file.documents.inward["stock"], content)
        assert isinstance(first.result, StockLevel)
        assert first.raw == "AB,5,CS,2026-11-20T06:00:00Z"
        assert isinstance(second.result, BadRecord)
        assert (second.raw, third.raw) == ("CD,x,EA,", "EF,1")

    def test_a_record_of_several_rows_stands_beside_all_of_them(self, lab: Lab) -> None:
        file = lab.load(
            "[documents.ack]\ndirection = 'in'\nmakes = 'acknowledgement'\nfiles = 'x'\n"
            "[documents.ack.fields]\norder_number = 'PO'\nline.line_number = 'Line'\n"
        )
        bad, good = side_by_side(file.documents.inward["ack"], b"PO,Line\nP1,1\n,2\nP1,3\n")
        assert isinstance(bad.result, BadRecord)
        assert isinstance(good.result, Acknowledgement)
        assert good.raw == "P1,1\nP1,3"

    def test_a_file_with_a_wrong_header_is_one_answer(self, lab: Lab) -> None:
        (answer,) = side_by_side(lab.load(STOCK).documents.inward["stock"], b"a,b\n1,2\n")
        assert isinstance(answer.result, BadRecord)
        assert answer.raw == "a,b"
