"""A large batch is solved in a process of its own, at a lower priority: deliveries and looks do not wait for its turns.

In one process the solver's arithmetic would share the interpreter's lock with everything else that the daemon does.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence

from hub.log import EventLog
from hub.routing.batch.joint import solve_batch
from hub.routing.batch.result import BatchResult, Limits, Question

log = EventLog(__name__)
#: A smaller batch is solved sooner than a process is started.
LARGE = 100
#: What Python is started with.
PROGRAMME = ("-m", "hub.routing.batch")


def solved(questions: Sequence[Question], limits: Limits, large: int = LARGE) -> BatchResult:
    """Return the plan for the orders; here where they are few, or where the other process ended without one."""
    if len(questions) >= large:
        found = _apart(questions, limits)
        if found is not None:
            return found
    return solve_batch(questions, limits)


def _apart(questions: Sequence[Question], limits: Limits) -> BatchResult | None:
    # in a session of its own: Ctrl-C is for the daemon, which lets what it began come to its end
    asked = subprocess.run(  # noqa: S603 - this interpreter, and a module of ours
        [sys.executable, *PROGRAMME],
        input=pickle.dumps((questions, limits)),
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    if asked.returncode:
        log.warning("batch.apart_failed", code=asked.returncode, said=asked.stderr.decode(errors="replace")[-500:])
        return None
    found: BatchResult = pickle.loads(asked.stdout)  # noqa: S301 - from the process started here
    return found
