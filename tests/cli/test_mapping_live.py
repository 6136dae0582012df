"""A mapping file that was wrong: tried against what came last, put right, and what was parked mapped once more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli.main import main

Crossdock = Callable[..., Result]
HEADER = "Item,Qty Avail,UOM,Status,Updated\n"
FEED = (
    HEADER + "AB-1,2,CS,A,2026-11-20T06:00:00Z\nAB-2,7,PAL,A,2026-11-20T06:00:00Z\nAB-3,1,EA,A,2026-11-20T06:00:00Z\n"
)
UNITS = "[units]\nPAL = 40\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    (tmp_path / "theirs" / "out").mkdir(parents=True)
    (tmp_path / "theirs" / "in").mkdir()
    (tmp_path / "theirs" / "out" / "inventory.csv").write_text(FEED, "utf-8")
    (tmp_path / "mappings" / "acme.toml").write_text(file(tmp_path, ""), "utf-8")
    return tmp_path


def file(folder: Path, more: str) -> str:
    return (
        'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "acme"\nrole = "supplier"\n'
        f'[connection]\nurl = "{(folder / "theirs").as_uri()}"\nready = "rename"\n{more}'
    )


@pytest.fixture
def crossdock(folder: Path) -> Crossdock:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["-c", str(folder / "crossdock.toml"), *arguments])

    return run


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def on_hand(folder: Path) -> dict[str, Decimal]:
    database = sqlite3.connect(folder / "data" / "crossdock.db")
    rows = database.execute("SELECT sku, on_hand FROM stock").fetchall()
    database.close()
    return {sku: Decimal(str(value)) for sku, value in rows}


def test_what_was_parked_is_mapped_again_after_the_file_was_put_right(crossdock: Crossdock, folder: Path) -> None:
    said(crossdock("stock", "sync", "acme", "--json"))
    (open_one,) = said(crossdock("failed", "list", "--json"))
    assert "'PAL' unknown" in open_one["error"]
    path = folder / "mappings" / "acme.toml"
    wrong = said(crossdock("mapping", "show", "acme", "--json"))["hash"]
    path.write_text(file(folder, UNITS), "utf-8")
    assert said(crossdock("failed", "rerun", "--partner", "acme", "--yes", "--json"))["refused"] == {}
    assert said(crossdock("failed", "list", "--json")) == []
    assert on_hand(folder)["AB-2"] == 280
    database = sqlite3.connect(folder / "data" / "crossdock.db")
    (hashes,) = database.execute("SELECT mapping_hash FROM message WHERE document = 'stock'").fetchall()
    database.close()
    assert hashes[0] == said(crossdock("mapping", "show", "acme", "--json"))["hash"] != wrong


def test_a_draft_says_what_it_would_change_in_the_stock(crossdock: Crossdock, folder: Path) -> None:
    said(crossdock("stock", "sync", "acme", "--json"))
    before = on_hand(folder)
    draft = folder / "draft.toml"
    draft.write_text(file(folder, UNITS + "CS = 6\n"), "utf-8")
    told = said(crossdock("mapping", "try", str(draft), "--document", "stock", "--against", "last", "--json"))
    assert told["original"] == "inventory.csv"
    assert [(each["name"], each["was"], each["becomes"]) for each in told["changes"]] == [
        ("AB-1 at ACME", "24 active", "12 active"),
        ("AB-2 at ACME", "", "280 active"),
    ]
    assert told["parked"] == []
    assert on_hand(folder) == before


def test_a_flow_of_which_nothing_ever_came_has_nothing_to_be_tried_on(crossdock: Crossdock) -> None:
    result = crossdock("mapping", "try", "acme", "--document", "invoice", "--against", "last")
    assert result.exit_code == 2
    result = crossdock("mapping", "try", "acme", "--document", "shipment", "--against", "last")
    assert result.exit_code == 3
    assert "no shipment of acme has come yet" in result.output


def test_try_shows_theirs_beside_ours_and_marks_what_fails(crossdock: Crossdock, folder: Path) -> None:
    sample = folder / "theirs" / "out" / "inventory.csv"
    result = crossdock("mapping", "try", "acme", str(sample), "--document", "stock")
    assert result.exit_code == 1
    marked = [line for line in result.output.splitlines() if "!!" in line]
    assert len(marked) == 1
    assert "7 PAL" in marked[0]
    assert "Qty Avail, UOM" in marked[0]
    assert "2 good; 1 would be parked" in result.output
    records = json.loads(crossdock("mapping", "try", "acme", str(sample), "--document", "stock", "--json").stdout)
    assert [each["ok"] for each in records] == [True, False, True]
    quantity = next(each for each in records[0]["fields"] if each["field"] == "quantity")
    assert (quantity["theirs"], quantity["ours"]) == ("2 CS", "24")


def test_new_writes_no_file_over_another_one(crossdock: Crossdock, folder: Path) -> None:
    sample = folder / "stock.csv"
    sample.write_text("SKU;Bestand\nA-1;5\nA-2;7\n", "utf-8")
    refused = crossdock("mapping", "new", "acme", "--from", str(sample))
    assert refused.exit_code == 1
    assert "--force" in refused.output
    told = said(crossdock("mapping", "new", "nord", "--from", str(sample), "--json"))
    assert {each["field"]: each["from"] for each in told["fields"]} == {"sku": "SKU", "quantity": "Bestand"}
    assert (folder / "mappings" / "mapping.schema.json").is_file()
    assert said(crossdock("mapping", "check", "nord", "--json"))[0]["ok"] is True


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("SKU;Bestand\n", "no row below"),
        ("Farbe;Form\nrot;rund\nblau;eckig\n", "its columns are: Farbe, Form"),
    ],
)
def test_a_sample_that_tells_nothing_is_refused_in_words(
    crossdock: Crossdock, folder: Path, content: str, words: str
) -> None:
    sample = folder / "bad.csv"
    sample.write_text(content, "utf-8")
    result = crossdock("mapping", "new", "nord", "--from", str(sample))
    assert result.exit_code == 1
    assert words in result.output
    assert not (folder / "mappings" / "nord.toml").exists()
