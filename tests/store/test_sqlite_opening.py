"""Opening a SQLite file that others open at the same moment, or that lies where it cannot work."""

from __future__ import annotations

import sqlite3
from typing import Any, cast

import pytest

from hub.store.errors import StoreBusy
from hub.store.sqlite import _Opening


class File:
    """A connection whose switch to the write-ahead log goes as the test says."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.mode = ""

    def execute(self, statement: str) -> File:
        assert statement == "PRAGMA journal_mode=WAL"
        self.mode = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.mode.startswith("error:"):
            raise sqlite3.OperationalError(self.mode.removeprefix("error:"))
        return self

    def fetchone(self) -> tuple[str]:
        return (self.mode,)


def enter_wal(*answers: str, busy_seconds: float = 5) -> File:
    file = File(*answers)
    _Opening(busy_seconds, writing=True)._enter_wal(cast("Any", file))
    return file


def test_a_file_that_another_process_is_just_switching_is_tried_again() -> None:
    file = enter_wal("error:database is locked", "error:database is locked", "wal")
    assert file.mode == "wal"


def test_a_file_that_stays_locked_is_named_as_busy() -> None:
    with pytest.raises(StoreBusy):
        enter_wal("error:database is locked", busy_seconds=0.03)


def test_a_place_without_write_ahead_log_is_refused_with_advice() -> None:
    with pytest.raises(RuntimeError, match=r"cannot keep a write-ahead log .*use a local disk"):
        enter_wal("delete")


def test_another_error_is_not_taken_for_waiting() -> None:
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        enter_wal("error:disk I/O error")
