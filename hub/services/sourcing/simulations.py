"""The simulations that people ask the console for: one at a time, beside everything else, the last few results kept.

Each runs in a process of its own at a low priority, so that neither the daemon's loop nor its writers wait for it.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from hub.log import EventLog
from hub.services.desk import Desk
from hub.services.requests import Refused
from hub.services.sourcing.simulation import Wish, World

log = EventLog(__name__)
#: At most so many routings are decided again, and for at most so many seconds.
MOST, LONGEST = 20_000, 3600.0
#: So many results are remembered, until the daemon ends.
KEPT = 10
#: What Python is started with.
PROGRAMME = ("-m", "hub.services.sourcing.simulate_apart")


@dataclass(slots=True)
class Simulation:
    """One simulation; `state` is running, done, failed or cancelled, `found` its result."""

    number: int
    who: str
    file: str
    since: datetime
    until: datetime
    started_at: datetime
    state: str = "running"
    decided: int = 0
    ended_at: datetime | None = None
    found: Mapping[str, Any] | None = None
    error: str = ""

    @property
    def runs(self) -> bool:
        """Return whether it has not ended."""
        return self.state == "running"


class Simulations:
    """Starts simulations and remembers what came of them; any thread may ask."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._kept: dict[int, Simulation] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def listing(self) -> list[Simulation]:
        """Return those that are remembered, the newest first."""
        with self._lock:
            return list(reversed(self._kept.values()))

    def get(self, number: int) -> Simulation | None:
        """Return one of them, or None."""
        with self._lock:
            return self._kept.get(number)

    def start(self, desk: Desk, wish: Wish, file: str, who: str) -> Simulation:
        """Start one with `file` changed; raises Refused while another one runs."""
        with self._lock:
            running = next((each for each in self._kept.values() if each.runs), None)
            if running is not None:
                raise Refused(f"simulation {running.number} of {running.who} runs: wait for it, or cancel it")
            self._count += 1
            made = Simulation(self._count, who, file, wish.since, wish.until, desk.clock.now())
            self._kept[made.number] = made
            while len(self._kept) > KEPT:
                del self._kept[min(self._kept)]
            said = tempfile.TemporaryFile(prefix="crossdock-")  # noqa: SIM115 - closed by whoever follows the process
            self._process = _started(said)
        work = (desk, made, self._process, said, pickle.dumps((wish, World.of(desk))))
        threading.Thread(target=self._follow, args=work, name="crossdock-simulation", daemon=True).start()
        return made

    def cancel(self, number: int, why: str = "cancelled") -> bool:
        """End one before its time; false when it does not run."""
        with self._lock:
            made = self._kept.get(number)
            if made is None or not made.runs:
                return False
            made.state, made.error = "cancelled", why
            if self._process is not None:
                self._process.kill()
            return True

    def close(self) -> None:
        """End what runs."""
        for each in self.listing():
            self.cancel(each.number, "the daemon has ended")

    def _follow(
        self, desk: Desk, made: Simulation, process: subprocess.Popen[bytes], said: IO[bytes], wished: bytes
    ) -> None:
        """Hear what the process tells until it ends; `said` is what it complains of."""
        late = threading.Timer(self._longest, self.cancel, (made.number, f"it took more than {self._longest:.0f} s"))
        late.daemon = True
        late.start()
        with said, process:
            found = _heard(process, wished, made)
            process.wait()
            said.seek(0)
            last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
        late.cancel()
        with self._lock:
            made.ended_at = desk.clock.now()
            if made.runs:
                made.found, made.state = found, "failed" if found is None else "done"
                made.error = "" if found is not None else last or f"it ended with code {process.returncode}"
        log.info("simulation.ended", number=made.number, state=made.state, decided=made.decided, error=made.error)


def _started(said: IO[bytes]) -> subprocess.Popen[bytes]:
    # in a session of its own: Ctrl-C is for the daemon, which ends it
    return subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
        [sys.executable, *PROGRAMME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    )


def _heard(process: subprocess.Popen[bytes], wished: bytes, made: Simulation) -> Mapping[str, Any] | None:
    """Tell the process what is wished for and hear it out; returns its result, None when it ended without one."""
    found: Mapping[str, Any] | None = None
    if process.stdin is None or process.stdout is None:
        return None
    with suppress(BrokenPipeError), process.stdin as asked:
        asked.write(wished)
    for line in process.stdout:
        with suppress(ValueError):
            told = json.loads(line)
            made.decided = told.get("decided", made.decided)
            found = told.get("found", found)
    return found
