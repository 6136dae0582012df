"""Secrets: kept for their owner's eyes, found wherever they may be, and shown nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub import secret_names
from hub.cli.main import main

CANARY = "canary-Xq7-not-a-word"


def test_a_secret_is_kept_for_its_owner_and_never_shown(desktop: Any) -> None:
    desktop.map('password = "secret:acme_password"\n')
    missing = desktop.run("secret", "check")
    assert missing.exit_code == 1
    assert "acme_password is nowhere, and acme.toml names it" in missing.output
    said = desktop.run("secret", "set", "acme_password", typed=f"{CANARY}\n")
    assert said.exit_code == 0
    kept = desktop.folder / "secrets" / "acme_password"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (CANARY, 0o600)
    listed = desktop.run("secret", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert row == {"name": "acme_password", "kept_in": "folder", "named_by": "acme.toml"}
    checked = desktop.run("secret", "check")
    assert checked.exit_code == 0
    assert CANARY not in said.output + listed.output + checked.output


def test_a_secret_that_others_can_read_is_told(desktop: Any) -> None:
    desktop.run("secret", "set", "token", typed=CANARY)
    (desktop.folder / "secrets").chmod(0o755)
    (desktop.folder / "secrets" / "token").chmod(0o644)
    result = desktop.run("secret", "check")
    assert result.exit_code == 1
    assert "token is open to others" in result.output


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b" \n"])
def test_a_secret_that_is_no_text_is_told_and_is_no_traceback(desktop: Any, content: bytes) -> None:
    """Bytes that are no UTF-8 ended every command, and `secret check` said that all was in place."""
    desktop.map('password = "secret:acme_password"\n')
    desktop.run("secret", "set", "acme_password", typed="x")
    (desktop.folder / "secrets" / "acme_password").write_bytes(content)
    told = desktop.run("secret", "check")
    assert (told.exit_code, str(desktop.folder / "secrets" / "acme_password") in told.output) == (1, True)
    checked = desktop.run("check")
    assert (checked.exit_code, type(checked.exception)) == (1, SystemExit)


def test_a_secret_that_the_environment_hides_is_told(desktop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_SECRET_TOKEN", CANARY)
    said = desktop.run("secret", "set", "token", typed="another")
    assert (said.exit_code, "CROSSDOCK_SECRET_TOKEN is set" in said.output) == (0, True)


def test_what_is_piped_and_is_no_text_is_refused_in_plain_words(desktop: Any) -> None:
    refused = CliRunner().invoke(
        main, ["-c", str(desktop.folder / "crossdock.toml"), "secret", "set", "token"], input=b"\xff\xfe"
    )
    assert (refused.exit_code, "is no text in UTF-8" in refused.output) == (1, True)


@pytest.mark.parametrize("name", ["../token", "", ".hidden", "a b", "a/b"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a secret"):
        secret_names.put(tmp_path / "secrets", name, "x")


def test_nothing_is_no_secret(desktop: Any) -> None:
    assert desktop.run("secret", "set", "token", typed="").exit_code == 1


def test_a_secret_is_found_where_it_counts_first(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "a-token").write_text("x")
    assert secret_names.place("a-token", tmp_path / "secrets", {}) == ""
    assert secret_names.place("a-token", tmp_path / "secrets", environ) == "systemd"
    secret_names.put(tmp_path / "secrets", "a-token", "x")
    assert secret_names.place("a-token", tmp_path / "secrets", environ) == "folder"
    assert secret_names.place("a-token", tmp_path / "secrets", {"CROSSDOCK_SECRET_A_TOKEN": "x"}) == "environment"


def test_a_secret_that_cannot_be_read_breaks_its_own_file_and_no_other(desktop: Any) -> None:
    desktop.map('password = "secret:acme_password"\n')
    desktop.map(code="zeta")
    (desktop.folder / "secrets" / "acme_password").write_bytes(b"p\xe4ss")
    result = desktop.run("check")
    assert result.exit_code == 1
    assert "1 partner(s)" in result.output
    assert "secret 'acme_password' cannot be read" in result.output
    assert "is no text in UTF-8" in result.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps secrets for somebody else")
def test_what_root_keeps_can_be_read_by_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    os.chown(folder, 12345, 12346)
    kept = secret_names.put(folder, "token", "x").stat()
    assert (kept.st_uid, kept.st_gid, kept.st_mode & 0o777) == (12345, 12346, 0o600)
