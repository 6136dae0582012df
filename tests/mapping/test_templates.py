"""A partner's file laid over its template: only the differences are written, and every key knows where it is from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from connectors.edi.settings import EdiSettings
from connectors.sap.settings import SapSettings
from hub.mapping.check import check, describe
from hub.mapping.house import house_folder
from hub.mapping.partner_file import PartnerFile
from hub.mapping.problem import MappingErrors
from hub.mapping.source import read_source
from tests.mapping.lab import MODELS, Lab

#: What a partner's own file says of its connection, by connector.
CONNECTED = {
    "files": 'url = "x"\n',
    "edi": 'url = "sftp://us@edi.example/"\nus = { id = "OURS" }\nthem = { qualifier = "01", id = "006927180" }\n',
    "sap": 'url = "sftp://us@sap.example/"\nus = { number = "88333" }\nthem = { number = "ABCCLNT400" }\n',
}
TEMPLATE = """\
version = 1
[partner]
role = "supplier"
[partner.agreement]
ship_hours = 10
stock_hours = 20
[connection]
connector = "files"
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
quantity = { from = "Qty", unit_from = "UOM", min = 0 }
safety = "Keep"
[[documents.stock.tests]]
given = "no table at all"
[documents.ack]
direction = "in"
makes = "acknowledgement"
files = "/out/ACK*.csv"
[documents.ack.fields]
order_number = "PO"
line.line_number = "Line"
line.reason = "Why"
"""
OWN = """\
version = 1
extends = "house"
[partner]
code = "acme"
[connection]
url = "x"
"""


@pytest.fixture
def templated(lab: Lab) -> Lab:
    lab.template(TEMPLATE)
    return lab


def opened(lab: Lab, text: str = "") -> PartnerFile:
    return lab.open(lab.write(OWN + text))


class TestMerging:
    def test_what_the_partner_does_not_say_the_template_says(self, templated: Lab) -> None:
        file = opened(templated)
        assert (file.partner.role, file.connector, file.partner.agreement.ship_hours) == ("supplier", "files", 10)
        assert file.documents.names() == ("stock", "ack")

    def test_tables_are_laid_over_each_other_key_by_key(self, templated: Lab) -> None:
        file = opened(templated, "[partner.agreement]\nship_hours = 1\n[units]\nCS = 6\nBX = 2\n")
        assert (file.partner.agreement.ship_hours, file.partner.agreement.stock_hours) == (1, 20)
        made = list(file.documents.parse("stock", b"Item,Qty,UOM,Keep\nA,1,EA,\nB,1,CS,\nC,1,BX,\n"))
        assert [each.quantity for each in made] == [1, 6, 2]  # type: ignore[union-attr]

    def test_a_unit_of_the_partner_holds_for_prices_too(self, templated: Lab) -> None:
        """A price of a case was taken for the price of a piece, where only `[units]` named the case."""
        price = """[units]
BX = 24
[documents.prices]
direction = "in"
makes = "catalogue_entry"
mode = "snapshot"
files = "/out/P*.csv"
[documents.prices.fields]
sku = "Item"
price = { formula = 'number(col["Price"]) / number(lookup("units", col["UOM"], "1"))' }
"""
        file = opened(templated, price)
        made = list(file.documents.parse("prices", b"Item,Price,UOM\nA,3,EA\nB,36,CS\nC,48,BX\nD,7,KGM\n"))
        assert [each.price for each in made] == [3, 3, 2, 7]  # type: ignore[union-attr]

    def test_the_rule_of_a_field_is_replaced_whole(self, templated: Lab) -> None:
        file = opened(templated, '[documents.stock.fields]\nquantity = { from = "Stock" }\n')
        assert [each.quantity for each in file.documents.parse("stock", b"Item,Stock,Keep\nA,5,\n")] == [5]  # type: ignore[union-attr]

    def test_a_field_of_a_line_is_replaced_by_itself(self, templated: Lab) -> None:
        file = opened(templated, '[documents.ack.fields]\nline.reason = "Because"\n"line.sku" = "Item"\n')
        names = {made.target.name: made.column for made in file.documents.inward["ack"].lines}
        assert names == {"line_number": "Line", "reason": "Because", "sku": "Item"}

    def test_documents_and_fields_can_be_switched_off(self, templated: Lab) -> None:
        file = opened(templated, "[documents.ack]\nuse = false\n[documents.stock.fields]\nsafety = false\n")
        assert file.documents.names() == ("stock",)
        assert [made.target.name for made in file.documents.inward["stock"].header] == ["sku", "quantity"]

    def test_everything_can_be_switched_off(self, templated: Lab) -> None:
        file = opened(templated, "[documents.ack]\nuse = false\n[documents.stock]\nuse = false\n")
        assert file.documents.names() == ()
        assert file.profile().translator is None

    def test_the_tests_of_the_template_are_not_the_partners(self, templated: Lab) -> None:
        assert opened(templated).run_tests() == []

    def test_the_hash_covers_both_files(self, templated: Lab) -> None:
        first = opened(templated).hash
        assert opened(templated).hash == first
        templated.template(TEMPLATE + "# changed\n")
        second = opened(templated).hash
        assert opened(templated, "# changed\n").hash not in (first, second)
        assert first != second

    def test_a_template_beside_the_file_goes_before_the_house(self, templated: Lab) -> None:
        templated.write(TEMPLATE.replace("ship_hours = 10", "ship_hours = 99"), "templates/house.toml")
        assert opened(templated).partner.agreement.ship_hours == 99

    def test_one_template_serves_many_files_and_is_never_changed_by_them(self, templated: Lab) -> None:
        first = opened(templated, "[documents.ack]\nuse = false\n[units]\nCS = 5\n")
        second = opened(templated)
        assert (first.documents.names(), second.documents.names()) == (("stock",), ("stock", "ack"))
        made = list(second.documents.parse("stock", b"Item,Qty,UOM,Keep\nB,1,CS,\n"))
        assert [each.quantity for each in made] == [12]  # type: ignore[union-attr]


class TestProblems:
    def test_a_problem_of_the_template_is_told_in_the_template(self, lab: Lab) -> None:
        lab.template(TEMPLATE.replace('makes = "stock_level"', 'makes = "stock_levels"'))
        assert lab.problems("", head=OWN) == [
            "house/templates/house.toml:14:9: makes cannot be 'stock_levels'; did you mean 'stock_level'?"
        ]

    def test_a_problem_of_an_own_line_is_told_in_the_own_file(self, templated: Lab) -> None:
        assert templated.problems("[documents.stock.fields]\nsafety = { from = 'X', min = 'a' }\n", head=OWN) == [
            "acme.toml:8:30: min must be a number"
        ]

    @pytest.mark.parametrize(
        ("extends", "problem"),
        [
            ('"hous"', "acme.toml:2:11: template 'hous' is unknown; did you mean 'house'?"),
            ("5", "acme.toml:2:11: template 5 is unknown; known: house"),
        ],
    )
    def test_a_template_that_is_not_there(self, templated: Lab, extends: str, problem: str) -> None:
        assert templated.problems("", head=OWN.replace('"house"', extends)) == [problem]

    def test_a_template_that_is_misspelled_hides_no_other_problem(self, templated: Lab) -> None:
        own = "[documents.stock.fields]\nsafety = { from = 'X', min = 'a' }\n"
        assert templated.problems(own, head=OWN.replace('"house"', '"hous"')) == [
            "acme.toml:2:11: template 'hous' is unknown; did you mean 'house'?",
            "acme.toml:8:30: min must be a number",
        ]

    def test_a_template_that_named_a_missing_one_is_right_when_that_one_comes(self, lab: Lab) -> None:
        lab.template('version = 1\nextends = "bass"\n[partner.agreement]\nship_hours = 12\n')
        lab.template(TEMPLATE, "base.toml")
        assert "template 'bass' is unknown; did you mean 'base'?" in lab.problems("", head=OWN)[0]
        lab.template(TEMPLATE, "bass.toml")
        assert opened(lab).partner.agreement.ship_hours == 12

    def test_a_template_may_extend_another_one(self, lab: Lab) -> None:
        lab.template(TEMPLATE, "base.toml")
        lab.template('version = 1\nextends = "base"\n[partner.agreement]\nship_hours = 12\n')
        file = opened(lab)
        agreement = file.partner.agreement
        assert (agreement.ship_hours, agreement.stock_hours) == (12, 20)
        assert {path.name for path in (file.source.template, *file.source.reads) if path} == {"house.toml", "base.toml"}

    def test_templates_in_a_circle_are_told(self, lab: Lab) -> None:
        lab.template('version = 1\nextends = "house"\n')
        (problem,) = lab.problems("", head=OWN)
        assert problem == "house/templates/house.toml:2:1: templates extend each other more than 3 deep, or in a circle"

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"version = 1\nx = \xff\n", "acme.toml:2:5: the byte 0xFF is not UTF-8; save the file as UTF-8"),
            (
                b"version = 1\n[partner\n",
                "acme.toml:2:9: not valid TOML: Expected ']' at the end of a table declaration",
            ),
            (b"a = " + b"[" * 3000, "acme.toml:1:1: not valid TOML: tables or lists lie too deep"),
            (b"a = 1\na = 2\n", "acme.toml:2:6: not valid TOML: a stands a second time (first in line 1)"),
            (b"a = " + b"9" * 5000, "acme.toml:1:1: not valid TOML: Exceeds the limit"),
            (b"#" * 1_100_000, "acme.toml:1:1: the file has 1100000 bytes; a mapping file has at most 1048576"),
        ],
    )
    def test_a_file_that_cannot_even_be_read(self, lab: Lab, content: bytes, problem: str) -> None:
        path = lab.folder / "acme.toml"
        path.write_bytes(content)
        with pytest.raises(MappingErrors) as caught:
            lab.open(path)
        assert str(caught.value).replace(f"{lab.folder}/", "").startswith(problem)

    def test_a_file_that_is_gone(self, lab: Lab) -> None:
        with pytest.raises(MappingErrors, match=r"acme.toml:1:1: cannot be read: No such file or directory"):
            lab.open(lab.folder / "acme.toml")

    def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(self, lab: Lab) -> None:
        path = lab.folder / "acme.toml"
        path.write_bytes(b"\xef\xbb\xbfversion = 1\r\n[partner]\r\ncode = 5\r\n")
        assert read_source(path, lab.house).data["partner"] == {"code": 5}


class TestHouse:
    @pytest.mark.parametrize("path", sorted((house_folder() / "templates").glob("*.toml")), ids=lambda path: path.stem)
    def test_every_house_template_passes_its_own_tests(self, house_lab: Lab, path: Path) -> None:
        text = path.read_text("utf-8")
        if "\n[partner]\n" not in text:
            text = text.replace("\n[connection]\n", "\n[partner]\n\n[connection]\n", 1)
        text = text.replace("[partner]\n", '[partner]\ncode = "acme"\n', 1)
        connector = read_source(path, house_lab.house).data["connection"]["connector"]
        text = re.sub(r"^\[connection\]\n", f"[connection]\n{CONNECTED[connector]}", text, count=1, flags=re.MULTILINE)
        models = {**MODELS, "edi": EdiSettings, "sap": SapSettings}
        report = check(
            house_lab.write(text), house=house_lab.house, settings_models=models, secrets=house_lab.secrets.get
        )
        assert [str(each) for each in (*report.problems, *report.failures)] == []
        assert report.tests >= (1 if "\nextends" in text else 3)

    def test_the_templates_have_a_test_for_every_document(self) -> None:
        for path in (house_folder() / "templates").glob("*.toml"):
            data = tomllib.loads(path.read_text("utf-8"))
            told = (document for document in data.get("documents", {}).values() if "fields" in document)
            assert all(document.get("tests") for document in told), path

    def test_an_installed_copy_brings_its_own_house(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = tmp_path / "site" / "hub"
        (package / "house" / "mappings").mkdir(parents=True)
        monkeypatch.setattr("hub.__file__", str(package / "__init__.py"))
        assert house_folder() == package / "house" / "mappings"


class TestDescription:
    def test_every_setting_is_told_with_its_origin(self, templated: Lab) -> None:
        templated.secrets["p"] = "hunter22"
        file = opened(templated, 'password = "secret:p"\n[units]\nCS = 6\n[documents.stock.fields]\nsku = "SKU"\n')
        told = describe(file)
        settings = {
            each["setting"]: (each["value"], Path(each["origin"]).name, each["own"]) for each in told["settings"]
        }
        assert settings["units.EA"] == (1, "house.toml:10", False)
        assert settings["units.CS"] == (6, "acme.toml:9", True)
        assert settings["documents.stock.fields.sku"] == ("SKU", "acme.toml:11", True)
        assert settings["documents.stock.fields.quantity.from"] == ("Qty", "house.toml:19", False)
        assert settings["documents.ack.fields.line.reason"] == ("Why", "house.toml:30", False)
        assert settings["connection.password"] == ("secret:p", "acme.toml:7", True)
        assert "hunter22" not in str(told)

    def test_the_rest_of_it_fits_on_one_look(self, templated: Lab) -> None:
        told = describe(opened(templated))
        assert (told["partner"], told["connector"], told["nodes"]) == ("acme", "files", ["ACME"])
        assert Path(told["template"]).name == "house.toml"
        assert told["documents"] == [
            {"name": "stock", "direction": "in", "kind": "stock_level", "files": "/out/*.csv", "mode": "snapshot"},
            {"name": "ack", "direction": "in", "kind": "acknowledgement", "files": "/out/ACK*.csv", "mode": "delta"},
        ]

    def test_it_can_be_written_as_json(self, lab: Lab) -> None:
        file = lab.load(
            "[units]\nEA = 0.5\n[documents.s]\ndirection = 'in'\nmakes = 'stock_level'\nmode = 'delta'\nfiles = 'x'\n"
            "[documents.s.fields]\nsku = 'I'\nquantity = 'Q'\n[[documents.s.tests]]\ngiven = 'I,Q'\n"
            "expect = [{ as_of = 2026-11-20T06:00:00Z, lines = [1.5] }, { as_of = 2026-11-20 }]\n"
        )
        settings = {each["setting"]: each["value"] for each in json.loads(json.dumps(describe(file)))["settings"]}
        assert settings["units.EA"] == "0.5"
        assert settings["documents.s.tests"] == [
            {
                "given": "I,Q",
                "expect": [{"as_of": "2026-11-20T06:00:00+00:00", "lines": ["1.5"]}, {"as_of": "2026-11-20"}],
            }
        ]
