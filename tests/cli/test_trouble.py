"""A command on a machine in trouble says what is wrong and what to do, in a sentence, and ends with 1."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy.exc import OperationalError

from hub.cli.trouble import in_words
from tests.cli.conftest import Desktop
from tests.waiting import free_port

COMMANDS = [("run",), ("check",), ("order", "list"), ("failed", "list"), ("db", "upgrade")]


def told(result: Result) -> str:
    """What a command said that could not do its work."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_of_a_newer_version_is_told(desktop: Desktop, command: tuple[str, ...]) -> None:
    desktop.run("order", "list")
    with closing(sqlite3.connect(desktop.folder / "data" / "crossdock.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert "install the newer version again" in told(desktop.run(*command))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_that_is_no_database_is_told(desktop: Desktop, command: tuple[str, ...]) -> None:
    (desktop.folder / "data").mkdir()
    (desktop.folder / "data" / "crossdock.db").write_bytes(b"no database" * 500)
    assert "file is not a database: put the last backup back" in told(desktop.run(*command))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_data_folder_that_cannot_be_made_is_told(
    desktop: Desktop, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK__HUB__DATA", str(desktop.folder / "crossdock.toml" / "data"))
    assert "crossdock.toml" in told(desktop.run(*command))


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_none_of_a_database_is_told_with_where_it_stands(
    desktop: Desktop, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK__STORE__URL", url)
    assert "CROSSDOCK__STORE__URL (environment): store.url" in told(desktop.run("check"))


def test_a_setting_of_the_environment_below_what_is_no_table_is_told(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desktop.folder / "crossdock.toml").write_text("hub = 5\n", "utf-8")
    monkeypatch.setenv("CROSSDOCK__HUB__DATA", "data")
    assert "crossdock.toml:1: hub:" in told(desktop.run("check"))


def test_a_database_that_does_not_answer_is_told(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("CROSSDOCK__STORE__URL", f"postgresql+psycopg://u:canary-pw@127.0.0.1:{free_port()}/x")
    said = told(desktop.run("check"))
    assert "see that PostgreSQL runs there" in said
    assert "canary-pw" not in said


def test_an_address_that_cannot_be_listened_on_is_told(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK__WEB__HOST", "192.0.2.1")  # nobody's: TEST-NET-1
    assert "192.0.2.1:8377 cannot be listened on: Cannot assign requested address" in told(desktop.run("run"))


def test_check_names_secrets_and_partners_of_the_configuration_that_are_nowhere(desktop: Desktop) -> None:
    (desktop.folder / "crossdock.toml").write_text(
        '[[alerts.channels]]\nname = "chat"\nkind = "webhook"\nurl = "secret:chat_url"\n'
        '[[alerts.rules]]\nname = "down"\nwhen = "connection_down"\npartner = "acne"\n',
        "utf-8",
    )
    said = told(desktop.run("check"))
    assert "secret 'chat_url' is nowhere: `crossdock secret set chat_url`" in said
    assert "the alert rule 'down' is about acne, and there is no such partner" in said


def test_a_backup_of_a_newer_version_changes_nothing_and_leaves_nothing(desktop: Desktop, tmp_path: Path) -> None:
    desktop.run("order", "list")
    backup = tmp_path / "newer.db"
    assert desktop.run("db", "backup", str(backup)).exit_code == 0
    with closing(sqlite3.connect(backup)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    before = sorted(path.name for path in (desktop.folder / "data").glob("crossdock.db"))
    assert "install the newer version again" in told(desktop.run("db", "restore", str(backup), "--yes"))
    assert sorted(path.name for path in (desktop.folder / "data").glob("crossdock.db*")) == before
    assert desktop.run("order", "list").exit_code == 0


def test_a_full_disk_and_a_wrong_user_are_told() -> None:
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
    assert in_words(full) == "the database: database or disk is full: make room; nothing that was kept is lost"
    other = OperationalError("INSERT", {}, sqlite3.OperationalError("attempt to write a readonly database"))
    assert "work as the user that the hub runs as" in str(in_words(other))
    assert in_words(PermissionError(13, "Permission denied", "data")) == "data: Permission denied"
    assert in_words(KeyError("x")) is None
