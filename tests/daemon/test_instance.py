"""One daemon a data folder, whatever kills it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.instance import AlreadyRunning, InstanceLock

HOLD = """
import pathlib, sys, time
from hub.instance import InstanceLock
lock = InstanceLock(pathlib.Path(sys.argv[1]))
lock.take()
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_daemon_is_told_who_works_there(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path), InstanceLock(tmp_path)
    first.take()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        second.take()
    first.release()
    second.take()
    second.release()


def test_asking_does_not_take_it(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path)
    assert not lock.is_taken()
    lock.take()
    assert InstanceLock(tmp_path).is_taken()
    lock.release()
    assert not InstanceLock(tmp_path).is_taken()


def test_a_killed_daemon_leaves_no_lock_behind(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        taken = InstanceLock(tmp_path).is_taken()
        child.kill()
    assert taken
    lock = InstanceLock(tmp_path)
    lock.take()
    lock.release()
