"""The folder of mapping files: a change comes into force when it is sound, and what breaks takes nothing down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub.mapping.house import house_folder
from hub.mapping.library import Library
from tests.mapping.lab import HEAD, MODELS, Lab

STOCK = """
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
quantity = "Qty"
"""


@pytest.fixture
def library(lab: Lab) -> Library:
    (lab.folder / "mappings").mkdir()
    return Library(lab.folder / "mappings", house=lab.house, settings_models=MODELS, secrets=lab.secrets.get)


def put(lab: Lab, text: str, name: str = "acme") -> Path:
    path = lab.write(text, f"mappings/{name}.toml")
    put.written += 1  # type: ignore[attr-defined]
    os.utime(path, ns=(put.written, put.written))  # type: ignore[attr-defined]
    return path


put.written = 10**18  # type: ignore[attr-defined]


def code(name: str) -> str:
    return HEAD.replace('"acme"', f'"{name}"')


class TestScanning:
    def test_a_new_file_comes_into_force(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        put(lab, code("beta"), "beta")
        changes = library.scan()
        assert [file.partner.code for file in changes.loaded] == ["acme", "beta"]
        assert (changes.broken, changes.removed, changes.unchanged) == ((), (), 0)
        found = library.get("acme")
        assert found is changes.loaded[0]
        assert [file.partner.code for file in library.partners()] == ["acme", "beta"]

    def test_a_second_look_brings_nothing(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        library.scan()
        changes = library.scan()
        assert (changes.loaded, changes.broken, changes.removed, changes.unchanged) == ((), (), (), 1)

    def test_a_changed_file_comes_into_force(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        library.scan()
        put(lab, HEAD.replace('role = "supplier"', 'role = "store"'))
        assert [file.partner.role for file in library.scan().loaded] == ["store"]
        found = library.get("acme")
        assert found is not None
        assert found.partner.role == "store"

    def test_a_file_that_was_only_touched_changes_nothing(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        before = library.scan().loaded[0]
        put(lab, HEAD)
        assert library.scan().unchanged == 1
        assert library.get("acme") is before

    def test_a_removed_file_takes_its_partner_along(self, lab: Lab, library: Library) -> None:
        path = put(lab, HEAD)
        library.scan()
        path.unlink()
        assert library.scan().removed == ("acme",)
        assert library.get("acme") is None
        assert library.partners() == ()

    def test_a_changed_template_reaches_the_files_that_extend_it(self, lab: Lab, library: Library) -> None:
        house = lab.template("version = 1\n[partner.agreement]\nship_hours = 1\n")
        put(lab, HEAD.replace("version = 1", 'version = 1\nextends = "house"'))
        library.scan()
        house.write_text("version = 1\n[partner.agreement]\nship_hours = 25\n", "utf-8")
        assert [file.partner.agreement.ship_hours for file in library.scan().loaded] == [25]

    def test_other_files_and_folders_are_left_alone(self, lab: Lab, library: Library) -> None:
        lab.write("nonsense", "mappings/README.md")
        lab.write("nonsense", "mappings/templates/mine.toml")
        lab.write("nonsense", "mappings/.acme.toml.swp")
        assert library.scan().unchanged == 0
        assert library.broken() == ()

    def test_a_folder_that_is_not_there_holds_nothing(self, lab: Lab) -> None:
        nowhere = Library(lab.folder / "nowhere", house=lab.house, settings_models=MODELS, secrets=lab.secrets.get)
        assert nowhere.scan().loaded == ()


class TestBroken:
    def test_a_broken_file_keeps_the_last_good_version_in_force(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        before = library.scan().loaded[0]
        path = put(lab, HEAD.replace('"supplier"', '"suplier"'))
        (broken,) = library.scan().broken
        assert (broken.path, broken.in_force) == (path, "acme")
        assert [problem.message for problem in broken.problems] == [
            "partner.role: must be 'supplier', 'warehouse', 'store', '3pl' or 'channel'"
        ]
        assert library.get("acme") is before
        assert library.broken() == (broken,)

    def test_a_file_that_was_never_good_has_nothing_in_force(self, lab: Lab, library: Library) -> None:
        put(lab, "nonsense")
        (broken,) = library.scan().broken
        assert broken.in_force is None
        assert library.partners() == ()

    def test_the_same_problem_is_told_once(self, lab: Lab, library: Library) -> None:
        put(lab, "nonsense")
        library.scan()
        assert library.scan().broken == ()
        assert len(library.broken()) == 1

    def test_another_problem_is_told_again(self, lab: Lab, library: Library) -> None:
        put(lab, "nonsense")
        library.scan()
        put(lab, HEAD.replace('"supplier"', '"suplier"'))
        assert len(library.scan().broken) == 1

    def test_a_repaired_file_comes_into_force(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD)
        library.scan()
        put(lab, "nonsense")
        library.scan()
        put(lab, HEAD)
        assert [file.partner.code for file in library.scan().loaded] == ["acme"]
        assert library.broken() == ()

    def test_a_secret_that_turns_up_later_heals_the_file(self, lab: Lab, library: Library) -> None:
        put(lab, HEAD + 'password = "secret:late"\n')
        assert "secret 'late' is not known" in library.scan().broken[0].problems[0].message
        lab.secrets["late"] = "hunter22"
        assert [file.partner.code for file in library.scan().loaded] == ["acme"]

    def test_a_file_whose_own_tests_fail_is_broken(self, lab: Lab, library: Library) -> None:
        test = '[[documents.stock.tests]]\nname = "one"\ngiven = """\nItem,Qty\nA,1\n"""\nexpect = [{ quantity = 2 }]\n'
        put(lab, HEAD + STOCK + test)
        (broken,) = library.scan().broken
        assert [str(problem).split("/")[-1] for problem in broken.problems] == [
            "acme.toml:18:1: test 'one' of stock: record 1: quantity is 1, expected 2"
        ]

    def test_a_removed_broken_file_is_forgotten(self, lab: Lab, library: Library) -> None:
        path = put(lab, "nonsense")
        library.scan()
        path.unlink()
        assert library.scan().removed == ()
        assert library.broken() == ()


class TestTwins:
    def test_two_files_cannot_be_one_partner(self, lab: Lab, library: Library) -> None:
        first = put(lab, HEAD)
        put(lab, HEAD, "copy")
        changes = library.scan()
        assert [file.path for file in changes.loaded] == [first]
        messages = [problem.message for problem in changes.broken[0].problems]
        assert messages == [
            f"node 'ACME' is already declared in {first}",
            f"partner 'acme' is already declared in {first}",
        ]

    def test_two_partners_cannot_have_one_node(self, lab: Lab, library: Library) -> None:
        first = put(lab, HEAD + "[nodes.DC1]\n")
        put(lab, code("beta") + "[nodes.DC1]\n", "beta")
        (broken,) = library.scan().broken
        assert [(problem.line, problem.message) for problem in broken.problems] == [
            (9, f"node 'DC1' is already declared in {first}")
        ]

    def test_the_second_comes_into_force_when_the_first_has_gone(self, lab: Lab, library: Library) -> None:
        first = put(lab, HEAD)
        put(lab, HEAD, "copy")
        library.scan()
        first.unlink()
        changes = library.scan()
        assert (changes.removed, [file.path.name for file in changes.loaded]) == (("acme",), ["copy.toml"])

    def test_a_renamed_file_stays_in_force(self, lab: Lab, library: Library) -> None:
        path = put(lab, HEAD)
        library.scan()
        path.rename(path.with_name("renamed.toml"))
        library.scan()
        found = library.get("acme")
        assert found is not None
        assert found.path.name == "renamed.toml"


def test_a_file_that_is_broken_at_a_restart_keeps_its_last_good_version_in_force(tmp_path: Path) -> None:
    folder, kept = tmp_path / "mappings", tmp_path / "kept"
    folder.mkdir()
    path = folder / "acme.toml"
    path.write_text(ACME_FOR_RESTART, "utf-8")

    def library() -> Library:
        models = {"files": FilesSettingsForRestart}
        return Library(folder, house=house_folder(), settings_models=models, secrets=lambda _name: "x", kept=kept)

    assert [file.partner.code for file in library().scan().loaded] == ["acme"]
    path.write_text("version = 1\n[partner\n", "utf-8")
    again = library()
    (broken,) = again.scan().broken
    assert broken.in_force == "acme"
    assert broken.restored is not None
    assert [file.partner.code for file in again.partners()] == ["acme"]
    assert again.scan().broken == ()


def test_what_cannot_be_put_aside_comes_into_force_and_is_put_aside_later(tmp_path: Path) -> None:
    folder, kept = tmp_path / "mappings", tmp_path / "kept"
    folder.mkdir()
    (folder / "acme.toml").write_text(ACME_FOR_RESTART, "utf-8")
    kept.write_text("no folder can be made here, as on a full disk", "utf-8")
    models = {"files": FilesSettingsForRestart}
    library = Library(folder, house=house_folder(), settings_models=models, secrets=lambda _name: "x", kept=kept)
    assert [file.partner.code for file in library.scan().loaded] == ["acme"]
    kept.unlink()
    assert library.scan().loaded == ()
    assert (kept / "acme.toml").read_text("utf-8") == ACME_FOR_RESTART


class FilesSettingsForRestart(BaseModel):
    url: str


ACME_FOR_RESTART = """version = 1
extends = "csv_supplier"
[partner]
code = "acme"
[connection]
url = "sftp://hub@127.0.0.1/"
"""
