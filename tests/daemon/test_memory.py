"""Memory: glibc keeps few heaps however many threads there are, and the environment has the last word."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

#: Prints how many heaps malloc keeps after some threads have each asked for memory.
_COUNT = """
import ctypes, sys, tempfile, threading
from hub.memory import keep_few_heaps
if sys.argv[1] == "few":
    assert keep_few_heaps()
gate = threading.Barrier(12)
def ask():
    kept = [bytearray(4000) for _ in range(50)]
    gate.wait()
threads = [threading.Thread(target=ask) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
with tempfile.TemporaryFile() as out:
    stream = ctypes.c_void_p(libc.fdopen(out.fileno(), b"w"))
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    out.seek(0)
    print(out.read().count(b"<heap nr="))
"""
#: Prints the memory in KiB of a heap full of holes, and what is left of it when the holes were given back.
_HOLES = """
from hub.memory import give_back
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
kept = [bytearray(12_000) for _ in range(12_000)]
kept = kept[::40]
print(resident())
assert give_back()
print(resident())
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps its own counsel")


def heaps(how: str, **environ: str) -> int:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, how], env={**own, **environ}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@glibc
def test_a_daemon_of_many_threads_keeps_two_heaps() -> None:
    assert heaps("as it is", MALLOC_ARENA_MAX="16") > 2  # what it would be otherwise
    assert heaps("few") <= 2


@glibc
def test_the_environment_says_otherwise() -> None:
    assert heaps("few", MALLOC_ARENA_MAX="5") > 2


@glibc
def test_what_is_free_between_what_is_used_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", _HOLES], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after < before / 2
