"""What failed, as an operator works through it: by cause, by age, rehearsed, tried again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.store import messages, parking
from hub.store.engine import Store

UNITS = "[units]\nPAL = 40\n"
AT = "A,2026-11-20T06:00:00Z"


@pytest.fixture
def broken(desktop: Any) -> Any:
    """Three records of one cause and one of another."""
    desktop.feed(*(f"AB-{row},2,PAL,{AT}" for row in range(3)), f"AB-9,some,EA,{AT}")
    return desktop


def test_failures_are_listed_by_cause_with_how_many_and_how_old(broken: Any) -> None:
    groups = broken.said("failed", "list", "--group")
    assert [(each["partner"], each["error_class"], each["count"]) for each in groups] == [
        ("acme", "BadRecord", 3),
        ("acme", "BadRecord", 1),
    ]
    assert groups[0]["oldest"].endswith(" s")
    assert groups[0]["todo"]
    table = broken.run("failed", "list").output
    assert "'PAL' unknown" in table
    assert sum("acme" in line for line in table.splitlines()) == 2


def test_programs_get_single_records_unless_they_ask_for_groups(broken: Any) -> None:
    rows = broken.said("failed", "list")
    assert [row["id"] for row in rows] == ["r1", "r2", "r3", "r4"]
    assert broken.said("failed", "list", "--records") == rows
    assert broken.run("failed", "list", "--records", "--group").exit_code == 2


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--partner", "acme"), 4),
        (("--partner", "globex"), 0),
        (("--document", "stock"), 4),
        (("--cause", "BadRecord"), 4),
        (("--older", "1h"), 0),
        (("--newer", "1h"), 4),
        (("--since", "2020-01-01"), 4),
        (("--until", "2020-01-01"), 0),
        (("--kind", "delivery"), 0),
    ],
)
def test_failures_are_chosen_by_what_they_are(broken: Any, options: tuple[str, ...], count: int) -> None:
    assert len(broken.said("failed", "list", *options)) == count


def test_one_cause_is_listed_alone_by_its_code(broken: Any) -> None:
    (first, _) = broken.said("failed", "list", "--group")
    chosen = broken.said("failed", "list", "--cause", first["code"])
    assert [each["id"] for each in chosen] == first["ids"]
    assert broken.said("failed", "list", "--cause", f"BadRecord/{first['code']}") == chosen


def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(broken: Any) -> None:
    broken.map(UNITS)
    told = {each["id"]: each["would"] for each in broken.said("failed", "rerun", "--all", "--dry-run")}
    assert {told[f"r{number}"] for number in (1, 2, 3)} == {"would be read now"}
    assert told["r4"].startswith("would be parked again: ")
    assert len(broken.said("failed", "list")) == 4
    assert "nothing was changed" in broken.run("failed", "rerun", "r1", "--dry-run").output
    assert broken.run("failed", "rerun", "r77", "--dry-run").exit_code == 3
    mixed = broken.run("failed", "rerun", "r1", "r77", "--dry-run")
    assert (mixed.exit_code, "be refused" in mixed.output, "1 would be tried" in mixed.output) == (1, True, True)


def test_a_dry_run_of_many_ids_is_as_careful_as_one_of_a_few(broken: Any) -> None:
    """With twenty ids and more, one that was wrong ended in a traceback, and what is over counted as tried again."""
    wrong = ["rabc", "d1", "s-1", "zz", "", *(f"r{number}" for number in range(50, 75))]
    result = broken.run("failed", "rerun", "r1", *wrong, "--dry-run", "--json")
    assert result.exit_code == 1
    words = {each["id"]: each["would"] for each in json.loads(result.stdout)}
    assert words.pop("r1").startswith("would be parked again")
    assert (words.keys(), len(set(words.values()))) == (set(wrong), 1)
    assert broken.run("failed", "rerun", *wrong, "--dry-run").exit_code == 3


def test_ids_and_filters_are_not_mixed(broken: Any) -> None:
    """The filters were passed over without a word."""
    assert broken.run("failed", "rerun", "r1", "--partner", "globex").exit_code == 2
    assert broken.run("failed", "rerun", "r1", "--all").exit_code == 2


def test_an_empty_list_says_what_it_is_empty_of(broken: Any) -> None:
    assert broken.run("failed", "list", "--older", "1h").output == "nothing needs a person that was chosen\n"
    assert "there is no connection 'globex'" in broken.run("failed", "list", "--partner", "globex").output
    assert broken.run("failed", "list", "--closed").output == "nothing was closed\n"
    assert "there is no connection 'x'" in broken.run("failed", "list", "--would-send", "--partner", "x").output
    assert broken.run("failed", "list", "--would-send", "--older", "1h").exit_code == 2
    assert "nothing of globex" in broken.run("sync", "list", "--connection", "globex").output


def test_where_nobody_can_answer_the_way_to_go_on_is_told(broken: Any) -> None:
    for options in ((), ("--json",)):
        result = broken.run("failed", "rerun", "--all", *options)
        assert (result.exit_code, "say --yes" in result.output, result.stdout) == (1, True, "")
    assert len(broken.said("failed", "list")) == 4


def test_a_run_of_a_paused_connection_is_not_tried_again(desktop: Any) -> None:
    """It was asked for, never ran, and whoever asked waited until the end."""
    outside = desktop.folder / "theirs" / "out"
    outside.rmdir()
    desktop.run("sync", "run", "acme", "--kind", "stock_level")
    (failure,) = desktop.said("failed", "list")
    desktop.run("connection", "pause", "acme", "--why", "stock count")
    refused = desktop.run("failed", "rerun", failure["id"])
    assert (refused.exit_code, "paused (stock count)" in refused.output) == (1, True)
    assert desktop.run("failed", "rerun", failure["id"], "--dry-run").exit_code == 3


def test_a_rerun_shows_how_many_and_asks(broken: Any) -> None:
    asked = broken.run("failed", "rerun", "--all", typed="n\n")
    assert "try 4 again?" in asked.output
    assert asked.exit_code == 1
    assert len(broken.said("failed", "list")) == 4


def test_a_rerun_says_what_went_through_and_fails_when_anything_parks_again(broken: Any) -> None:
    broken.map(UNITS)
    result = broken.run("failed", "rerun", "--partner", "acme", "--yes", "--json")
    assert result.exit_code == 1
    became = json.loads(result.stdout)["became"]
    assert became == {"r1": "through", "r2": "through", "r3": "through", "r4": "parked again"}
    assert [each["id"] for each in broken.said("failed", "list")] == ["r4"]
    again = broken.run("failed", "rerun", "r4")
    assert again.exit_code == 1
    assert "1 parked again" in again.output


def test_a_failed_run_is_run_again_where_no_daemon_runs(desktop: Any) -> None:
    outside = desktop.folder / "theirs" / "out"
    outside.rmdir()
    desktop.run("sync", "run", "acme", "--kind", "stock_level")
    (failure,) = desktop.said("failed", "list")
    assert failure["kind"] == "sync"
    outside.mkdir()
    assert desktop.said("failed", "rerun", failure["id"])["became"] == {failure["id"]: "through"}
    assert desktop.said("failed", "list") == []


def test_a_change_that_waits_for_its_order_is_no_failure_and_has_a_list_of_its_own(desktop: Any) -> None:
    desktop.feed(f"AB-1,2,EA,{AT}")
    path = desktop.folder / "data" / "crossdock.db"
    with closing(Store(f"sqlite:///{path}")) as store, store.write() as tx:
        got = messages.receive(
            tx, connection="acme", document="changes", key="c1", name="c1.edi", content=b"860", now=datetime.now(UTC)
        )
        bad = BadRecord("acme changes order 4711", record="change 1 of order 4711", code="unknown order")
        until = datetime.now(UTC) + timedelta(hours=3)
        parking.park(tx, got.id, "acme", "changes", bad, datetime.now(UTC), until)
    assert desktop.said("failed", "list") == []
    (row,) = desktop.said("failed", "list", "--waiting")
    assert (row["id"], row["subject"], datetime.fromisoformat(row["until"])) == ("r1", "change 1 of order 4711", until)
    assert "waits for its order" in row["why"]
    assert desktop.said("failed", "list", "--waiting", "--partner", "globex") == []
    assert desktop.said("failed", "show", "r1")["waits_until"] == until.isoformat()
    refused = desktop.run("failed", "list", "--waiting", "--cause", "unknown order")
    assert (refused.exit_code, "by --partner only" in refused.output) == (2, True)
    assert desktop.run("failed", "list", "--waiting", "--records").exit_code == 2
    for shown in ("--waiting", "--would-send"):
        assert desktop.run("failed", "list", shown, "--closed").exit_code == 2


@pytest.mark.parametrize("number", ["9" * 18, "9" * 30, "x", "\u0661"])
def test_an_id_that_nothing_has_is_told_as_that(broken: Any, number: str) -> None:
    """A number that SQLite cannot hold ended in a traceback."""
    for letter in "rds":
        shown = broken.run("failed", "show", f"{letter}{number}")
        assert (shown.exit_code, "there is no failure" in shown.output) == (1, True)
        assert broken.run("failed", "rerun", f"{letter}{number}", "--dry-run").exit_code == 3
    data = broken.folder / "data.json"
    data.write_text("{}", "utf-8")
    for letter in "rd":
        edited = broken.run("failed", "edit", f"{letter}{number}", "--file", str(data), "--why", "x")
        assert (edited.exit_code, "Traceback" in edited.output) == (1, False)
        assert isinstance(edited.exception, SystemExit)


def test_a_record_is_shown_beside_what_it_becomes(broken: Any) -> None:
    told = broken.said("failed", "show", "r1")
    assert "AB-0,2,PAL" in told["original"]
    fields = {each["field"]: each for each in told["fields"]}
    assert fields["sku"]["ours"] == "AB-0"
    assert any("PAL" in each["problem"] for each in told["fields"])
    assert broken.run("failed", "show", "r1", "--data").stdout.startswith("Item,Qty Avail")


def test_a_record_is_mended_by_hand_with_who_and_why_kept(broken: Any) -> None:
    mended = broken.folder / "mended.csv"
    mended.write_text(broken.run("failed", "show", "r4", "--data").stdout.replace("some", "12").replace("PAL", "EA"))
    done = broken.said("failed", "edit", "r4", "--file", str(mended), "--why", "they wrote a word")
    assert "was replaced" in done["done"]
    became = broken.said("failed", "rerun", "--all", "--yes")["became"]
    assert set(became.values()) == {"through"}
    (edit,) = broken.said("failed", "show", "r4")["edits"]
    assert (edit["why"], bool(edit["actor"])) == ("they wrote a word", True)
    broken.said("stock", "sync", "acme")
    assert broken.said("failed", "list") == []


def test_an_edit_that_changes_nothing_or_has_no_data_is_refused(broken: Any) -> None:
    same = broken.folder / "same.csv"
    same.write_text(broken.run("failed", "show", "r4", "--data").stdout)
    assert "as it was" in broken.run("failed", "edit", "r4", "--file", str(same), "--why", "x").output
    assert "needs a reason" in broken.run("failed", "edit", "r4", "--file", str(same), "--why", " ").output
    assert "has no retry data" in broken.run("failed", "edit", "s1", "--file", str(same), "--why", "x").output


def test_a_rerun_after_a_worse_mapping_lets_nothing_through(broken: Any) -> None:
    """The whole file could not be read any more, and its parked rows counted as having gone through."""
    broken.map('[documents.stock.fields]\nsku = "Article"\n')
    told = {each["id"]: each["would"] for each in broken.said("failed", "rerun", "--all", "--dry-run")}
    assert all(words.startswith("would be parked again: ") for words in told.values())
    result = broken.run("failed", "rerun", "--all", "--yes", "--json")
    assert (result.exit_code, set(json.loads(result.stdout)["became"].values())) == (1, {"parked again"})
    assert [each["id"] for each in broken.said("failed", "list")] == ["r1", "r2", "r3", "r4", "r5"]
    broken.map(UNITS)
    result = broken.run("failed", "rerun", "--all", "--yes", "--json")
    assert [each["id"] for each in broken.said("failed", "list")] == ["r4"]
    assert json.loads(result.stdout)["became"]["r5"] == "parked again", "one of its rows still is"


def test_a_record_that_parks_again_in_another_field_did_not_go_through(broken: Any) -> None:
    data = broken.folder / "data.csv"
    data.write_text(broken.run("failed", "show", "r4", "--data").stdout.replace("some,EA,A", "12,EA,Q"))
    broken.said("failed", "edit", "r4", "--file", str(data), "--why", "a number at last")
    result = broken.run("failed", "rerun", "r4", "--json")
    assert (result.exit_code, json.loads(result.stdout)["became"]) == (1, {"r4": "parked again"})
    assert "r4" not in [each["id"] for each in broken.said("failed", "list")], "its new failure stands for it"


def test_what_is_closed_is_not_edited(broken: Any) -> None:
    """The original of all its records was replaced, and the rerun that was advised was refused."""
    data = broken.folder / "data.csv"
    data.write_text("nonsense", "utf-8")
    broken.run("failed", "close", "r4", "--why", "they will not send it")
    result = broken.run("failed", "edit", "r4", "--file", str(data), "--why", "x")
    assert (result.exit_code, "r4 is closed or went through" in result.output) == (1, True)
    assert broken.run("failed", "show", "r4", "--data").stdout.startswith("Item,")


def test_thousands_of_one_partner_hide_no_failure_of_another(broken: Any) -> None:
    broken.map(code="globex")
    broken.said("sync", "run", "globex", "--kind", "stock_level")
    with sqlite3.connect(broken.folder / "data" / "crossdock.db") as books:
        books.execute("update parked_record set connection = 'globex' where id = 4")
    assert [each["id"] for each in broken.said("failed", "list", "--partner", "globex")] == ["r4"]
