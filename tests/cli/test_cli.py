"""The command line: every listing speaks JSON, exit codes mean what they say, wrong input is told what to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from hub.cli.main import main

ACME = """version = 1
extends = "csv_supplier"
[partner]
code = "acme"
name = "Acme Outdoor Supply"
role = "supplier"
[connection]
url = "sftp://hub@127.0.0.1:9/"
password = "secret:acme_password"
host_key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
"""

SHOP = """version = 1
[partner]
code = "shop"
role = "channel"
[connection]
connector = "shopify"
shop_url = "http://127.0.0.1:9"
token = "secret:shop_token"
[connection.locations]
"101" = "suppliers"
"""

Crossdock = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    (tmp_path / "secrets" / "acme_password").write_text("s3cret", "utf-8")
    (tmp_path / "mappings" / "acme.toml").write_text(ACME, "utf-8")
    return tmp_path


@pytest.fixture
def crossdock(folder: Path) -> Crossdock:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["-c", str(folder / "crossdock.toml"), *arguments])

    return run


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def every_command(group: click.Command, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from every_command(command, (*way, name))
    else:
        yield way, group


def test_every_command_has_help_and_every_listing_speaks_json() -> None:
    commands = dict(every_command(main))
    assert len(commands) > 25
    for way, command in commands.items():
        assert command.help, way
        if way not in {("sandbox",), ("mapping", "schema")}:  # one serves until it is stopped, one is JSON anyway
            assert "--json" in {option for each in command.params for option in each.opts}, way


def test_init_keeps_what_is_there_and_says_when_nothing_is_to_do(folder: Path) -> None:
    (folder / "crossdock.toml").write_text("[hub]\n", "utf-8")
    again = CliRunner().invoke(main, ["init", str(folder)])
    assert again.exit_code == 3
    assert (folder / "crossdock.toml").read_text("utf-8") == "[hub]\n"
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700


def test_what_was_made_is_told_as_json(tmp_path: Path, folder: Path, crossdock: Crossdock) -> None:
    made = said(CliRunner().invoke(main, ["init", str(tmp_path / "fresh"), "--json"]))
    assert sorted(Path(each).name for each in made["wrote"]) == [
        "crossdock.toml",
        "default.toml",
        "mappings",
        "schedules",
        "secrets",
    ]
    assert said(crossdock("db", "upgrade", "--json"))["applied"]
    assert crossdock("db", "upgrade", "--json").exit_code == 3
    copied = said(crossdock("db", "backup", str(folder / "copy.db"), "--json"))
    assert copied == {"wrote": str(folder / "copy.db"), "bytes": (folder / "copy.db").stat().st_size}


def test_stock_of_a_channel_is_told_again_in_full_when_asked(crossdock: Crossdock, folder: Path) -> None:
    (folder / "mappings" / "acme.toml").unlink()
    (folder / "mappings" / "shop.toml").write_text(SHOP, "utf-8")
    (folder / "secrets" / "shop_token").write_text("s3cret", "utf-8")
    assert said(crossdock("stock", "sync", "shop", "--json"))["again"] == []
    assert said(crossdock("stock", "sync", "shop", "--all", "--json"))["again"] == ["shop"]
    assert said(crossdock("stock", "sync", "--all", "--json"))["again"] == ["shop"]
    unknown = crossdock("stock", "sync", "nobody", "--all")
    assert unknown.exit_code == 1
    assert "there is no partner 'nobody'" in unknown.output


def test_check_counts_partners_and_flows(crossdock: Crossdock) -> None:
    assert said(crossdock("check", "--json"))["partners"] == ["acme"]
    assert "1 partner(s), 4 scheduled flow(s)" in crossdock("check").output


def test_check_tells_every_problem_of_every_file(crossdock: Crossdock, folder: Path) -> None:
    (folder / "mappings" / "acme.toml").write_text(ACME.replace("supplier", "supplyer", 1).replace("role", "rule"))
    (folder / "schedules" / "bad.toml").write_text('[[schedule]]\nname = "x"\nevery = "soon"\n')
    result = crossdock("check")
    assert result.exit_code == 1
    assert "acme.toml:" in result.output
    assert "bad.toml:3: every: " in result.output


def test_a_broken_configuration_ends_every_command_with_its_lines(crossdock: Crossdock, folder: Path) -> None:
    (folder / "crossdock.toml").write_text("[web]\nprot = 1\n", "utf-8")
    result = crossdock("order", "list")
    assert result.exit_code == 1
    assert "crossdock.toml:2: web.prot: there is no such setting" in result.output


EXCHANGE = """version = 1
extends = "csv_supplier"
[partner]
code = "nord"
name = "Nord Handel"
[connection]
url = "{url}"
"""


def test_a_check_says_what_to_ask_for_and_may_leave_no_trace(crossdock: Crossdock, folder: Path) -> None:
    exchange = folder / "exchange"
    (exchange / "out").mkdir(parents=True)
    (folder / "mappings" / "nord.toml").write_text(EXCHANGE.format(url=exchange.as_uri()), "utf-8")
    refused = crossdock("connection", "check", "nord")
    assert refused.exit_code == 1
    assert f"do: ask nord for the folder {exchange}/in, or correct the folder in the mapping file" in refused.output
    (exchange / "in").mkdir()
    before = (exchange / "in").stat().st_mtime_ns
    assert said(crossdock("connection", "check", "nord", "--read-only", "--json"))["ok"]
    assert (exchange / "in").stat().st_mtime_ns == before
    assert f"can write in {exchange}/in" in crossdock("connection", "check", "nord").output
    assert list((exchange / "in").iterdir()) == []


def test_a_connection_goes_from_observe_to_live_to_paused_and_back(crossdock: Crossdock) -> None:
    crossdock("check")
    (row,) = said(crossdock("connection", "list", "--json"))
    assert (row["code"], row["mode"], row["role"]) == ("acme", "observe", "supplier")
    assert said(crossdock("connection", "live", "acme", "--from", "2026-11-01", "--json")) == {
        "live": ["acme"],
        "from": "2026-11-01T00:00:00+00:00",
    }
    assert crossdock("connection", "pause", "acme", "--why", "stock count").exit_code == 0
    assert crossdock("connection", "pause", "acme").exit_code == 3
    (row,) = said(crossdock("connection", "list", "--json"))
    assert (row["mode"], row["trouble"]) == ("paused", "stock count")
    assert said(crossdock("connection", "resume", "acme", "--json")) == {"resumed": {"acme": "live"}}
    assert crossdock("connection", "resume", "acme").exit_code == 3
    assert crossdock("connection", "observe", "--all").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("connection", "live"), 2, "name one connection, or say --all"),
        (("connection", "live", "acme", "--from", "yesterday"), 2, "'yesterday' is not a time such as"),
        (("connection", "pause", "nobody"), 1, "there is no partner 'nobody'; known: acme"),
        (("connection", "check", "nobody"), 2, "there is no partner 'nobody'"),
        (("order", "show", "#1"), 1, "#1"),
        (("order", "hold", "#1", "--why", "x"), 1, "#1"),
        (("failed", "show", "r1"), 1, "there is no failure r1"),
        (("failed", "rerun"), 2, "name failures by id, or choose with"),
        (("failed", "rerun", "--all"), 3, "nothing like that needs a person"),
        (("failed", "close", "r1", "--why", "x"), 1, "REFUSED"),
        (("sync", "show", "1"), 1, "there is no run 1"),
        (("sync", "run", "acme", "--kind", "stock_leval"), 1, "there is no kind of document 'stock_leval'"),
        (("mapping", "check", "nobody"), 1, "there is no file"),
        (("mapping", "try", "acme", "pyproject.toml"), 2, "say --document"),
        (("stock", "show"), 2, "name at least one SKU"),
        (("stock", "transfer", "A", "B", "CUP"), 2, "'CUP' is not SKU=QUANTITY"),
        (("stock", "transfer", "A", "B", "CUP=2"), 1, "there is no node A"),
        (("stock", "expected", "AB"), 0, "no forecast names any of these"),
        (("db", "upgrade"), 0, "applied"),
    ],
)
def test_wrong_input_is_told_what_to_do(
    crossdock: Crossdock, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = crossdock(*arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_an_unreachable_partner_fails_its_check_with_what_to_do(crossdock: Crossdock) -> None:
    result = crossdock("connection", "check", "acme", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert told["sentence"]


def test_a_run_that_fails_is_listed_shown_and_closed(crossdock: Crossdock) -> None:
    crossdock("sync", "run", "acme", "--kind", "stock_level")
    (run,) = (each for each in said(crossdock("sync", "list", "--json")) if each["state"] != "never")
    assert (run["state"], run["error_class"]) == ("failed", "TemporaryFailure")
    assert said(crossdock("sync", "show", str(run["id"]), "--json"))["document"] == "stock"
    (failure,) = said(crossdock("failed", "list", "--json"))
    assert (failure["kind"], failure["partner"]) == ("sync", "acme")
    (group,) = said(crossdock("failed", "list", "--group", "--json"))
    assert group["count"] == 1
    assert said(crossdock("failed", "show", failure["id"], "--json"))["todo"]
    assert crossdock("failed", "close", failure["id"], "--why", "they move house today").exit_code == 0
    assert said(crossdock("failed", "list", "--json")) == []
    assert "nothing needs a person" in crossdock("failed", "list").output


def test_a_mapping_is_checked_shown_and_tried(crossdock: Crossdock, folder: Path) -> None:
    assert said(crossdock("mapping", "check", "--json"))[0]["ok"] is True
    assert "inventory*.csv" in crossdock("mapping", "show", "acme", "--full").output
    sample = folder / "inventory.csv"
    sample.write_text(
        "Item,Qty Avail,UOM,Status,Updated\nAB-1,2,CS,A,2026-11-20T06:00:00Z\nAB-2,NaN,EA,A,2026-11-20T06:00:00Z\n"
    )
    result = crossdock("mapping", "try", "acme", str(sample), "--document", "stock", "--json")
    assert result.exit_code == 1
    good, bad = json.loads(result.stdout)
    assert good["becomes"]["quantity"] == "24"
    assert "row 3 quantity" in bad["problem"]


def test_a_backup_is_a_whole_database(crossdock: Crossdock, folder: Path) -> None:
    crossdock("connection", "list")
    target = folder / "backup.db"
    assert crossdock("db", "backup", str(target)).exit_code == 0
    database = sqlite3.connect(target)
    assert database.execute("SELECT code, mode FROM connection").fetchall() == [("acme", "observe")]
    database.close()
    again = crossdock("db", "backup", str(target))
    assert again.exit_code == 1
    assert "exists; name a new file" in again.output


def test_the_version_is_told() -> None:
    assert "crossdock, version" in CliRunner().invoke(main, ["--version"]).output
