"""The daemon's cheap look at the mappings folder sees whatever a person does there."""

from __future__ import annotations

import os
from pathlib import Path

from hub.folder_look import look_at


def test_a_folder_shows_files_that_come_go_and_change(tmp_path: Path) -> None:
    looks = [look_at(tmp_path)]
    (tmp_path / "acme.toml").write_text("one")
    looks.append(look_at(tmp_path))
    (tmp_path / "acme.toml").write_text("three")
    looks.append(look_at(tmp_path))
    os.utime(tmp_path / "acme.toml", ns=(1, 1))
    looks.append(look_at(tmp_path))
    (tmp_path / "acme.toml").rename(tmp_path / "bolt.toml")
    looks.append(look_at(tmp_path))
    assert len(set(looks)) == len(looks)


def test_a_file_that_is_replaced_by_one_as_long_and_as_old_is_seen(tmp_path: Path) -> None:
    for name in ("acme.toml", "new"):
        (tmp_path / name).write_text("same length")
        os.utime(tmp_path / name, ns=(1, 1))
    (tmp_path / "new").rename(tmp_path.parent / "aside")
    before = look_at(tmp_path)
    (tmp_path.parent / "aside").replace(tmp_path / "acme.toml")
    assert look_at(tmp_path) != before


def test_an_unchanged_folder_and_a_missing_one_show_the_same_twice(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text("one")
    assert look_at(tmp_path) == look_at(tmp_path)
    assert look_at(tmp_path / "nowhere") == frozenset()
