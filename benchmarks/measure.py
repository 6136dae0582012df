"""What benchmarks of codecs measure with: files in chunks, processor seconds in turn, peak memory of a process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

_CHUNK = 1 << 16


def chunks(file: Path) -> Iterator[bytes]:
    """Yield a file in pieces of 64 KiB."""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def drain(things: Iterable[object]) -> None:
    """Read to the end."""
    for _ in things:
        pass


def seconds(job: Callable[[], object]) -> float:
    """Return the processor time of one run."""
    began = time.process_time()
    job()
    return time.process_time() - began


def best_in_turn(jobs: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Return the best processor time of each job; all run in turn, so that a slow moment is everybody's."""
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(runs):
        for name, job in jobs.items():
            best[name] = min(best[name], seconds(job))
    return best


def peak(code: str) -> float:
    """Return the peak resident memory of a process that runs this, in MB."""
    tell = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{tell}"], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024
