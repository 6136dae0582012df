"""A folder of this machine as a partner: the same manners, and on disk before it counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Outbound, Profile
from hub.testing.drive import read_all
from hub.wire.files import ChangedFile, MissingFile, NotDone
from hub.wire.local_folder import LocalFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / "exchange" / name).mkdir(parents=True)
    return tmp_path / "exchange"


@pytest.fixture
def local(folder: Path) -> LocalFolder:
    return LocalFolder(folder)


@pytest.fixture
def connector(folder: Path, profile_for: Callable[..., Profile], context: Any) -> Any:
    settings = FilesSettings.model_validate({"url": folder.as_uri(), "ready": "rename"})
    return PLUGIN.open(profile_for(None, settings), context)


def test_files_go_both_ways(folder: Path, connector: Any, outbound: Callable[..., Outbound]) -> None:
    (folder / "out/inventory.csv").write_text("CUP,7\n")
    ((item,), _) = read_all(connector, "stock")
    assert (item.name, item.content) == ("inventory.csv", b"CUP,7\n")
    assert [each.name for each in (folder / "out/done").iterdir()] == ["inventory.csv"]
    receipt = connector.send(outbound())
    assert receipt.reference == f"{folder}/in/PO_P1.csv"
    assert (folder / "in/PO_P1.csv").read_bytes() == b"P1,CUP,3\n"


def test_what_is_sent_is_on_disk_before_it_counts(
    folder: Path, connector: Any, outbound: Callable[..., Outbound], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink().relative_to(folder)))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    connector.send(outbound())
    part, entry = synced
    assert part.startswith("in/PO_P1.csv.")
    assert entry == "in"


def test_a_check_says_what_to_do_about_a_folder_that_is_not_there(folder: Path, connector: Any) -> None:
    assert connector.check().ok
    (folder / "out").rmdir()
    health = connector.check()
    assert not health.ok
    assert f"could not list {folder}/out: no such file or folder" in health.sentence
    assert f"can write in {folder}/in" in health.sentence


def test_a_rename_never_covers_another_file(folder: Path, local: LocalFolder) -> None:
    for name in ("a", "b"):
        (folder / name).write_text(name)
    with pytest.raises(NotDone, match="exists already"):
        local.rename("a", "b")
    with pytest.raises(MissingFile):
        local.rename("none", "c")
    assert (folder / "b").read_text() == "b"


def test_a_file_that_changes_while_it_is_read_is_left_alone(folder: Path, local: LocalFolder) -> None:
    (folder / "a").write_text("abc")
    for size in (2, 4):
        with pytest.raises(ChangedFile):
            local.read("a", size)
    assert local.read("a", 3) == b"abc"


def test_a_listing_tells_files_from_the_rest(folder: Path, local: LocalFolder) -> None:
    (folder / "a").write_text("abc")
    (folder / "leads-nowhere").symlink_to(folder / "nothing")
    found = {each.name: each.is_file for each in local.list(".")}
    assert found == {"a": True, "in": False, "out": False}
    assert local.stat("nothing") is None
    local.remove("nothing")
    with pytest.raises(NotDone, match="exists already"):
        local.make_folder("in")


@pytest.mark.parametrize("url", ["file://host/srv/x", "file:srv/x", "file:///srv/x?y"])
def test_a_folder_is_named_from_the_root(url: str) -> None:
    with pytest.raises(ValueError, match=r"file:///folder|no \?"):
        FilesSettings.model_validate({"url": url})


def test_settings_that_mean_nothing_to_the_transport_are_refused() -> None:
    with pytest.raises(ValueError, match="host_key, rename: of no use with file://"):
        FilesSettings.model_validate({"url": "file:///srv/x", "rename": "plain", "host_key": "SHA256:" + "A" * 43})
