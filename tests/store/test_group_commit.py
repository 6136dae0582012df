"""Ending the thread that commits for many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import MagicMock

import pytest
from sqlalchemy import Connection

from hub.store.group_commit import GroupCommit


class DiskFull(Exception):
    """What the last commit fails with."""


def test_it_ends_also_when_the_last_commit_fails() -> None:
    @contextmanager
    def failing() -> Iterator[Connection]:
        yield MagicMock(spec=Connection)
        raise DiskFull

    group = GroupCommit(failing)
    stopping = threading.Thread(target=group.stop, daemon=True)

    def stop_meanwhile(_: Connection) -> None:
        stopping.start()
        while group._waiting.empty():  # until the end stands in the queue behind this work
            stopping.join(0.001)

    with pytest.raises(DiskFull):
        group.submit(stop_meanwhile)
    stopping.join(5)
    assert not stopping.is_alive()
