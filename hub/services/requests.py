"""What people ask for: the same verbs, carried out by the running daemon, or at once where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.log import EventLog
from hub.services.desk import Desk
from hub.store import runs

log = EventLog(__name__)

Verb = Callable[[Desk, Mapping[str, Any], str], Mapping[str, Any]]


class Refused(Exception):
    """The request cannot be done; the text says why and what to do instead."""


def ask_and_wait(desk: Desk, verb: str, arguments: Mapping[str, Any], actor: str, seconds: float) -> Mapping[str, Any]:
    """Ask the running daemon and wait for its answer; raises Refused, or TimeoutError when none came in time."""
    with desk.store.write() as tx:
        number = runs.ask(tx, verb, arguments, actor, desk.clock.now())
    until = desk.clock.monotonic() + seconds
    while desk.clock.monotonic() < until:
        with desk.store.read() as tx:
            row = runs.answer_of(tx, number)
        if row is not None and row["state"] == "done":
            return dict(row["result"])
        if row is not None and row["state"] == "failed":
            raise Refused(row["result"]["error"])
        desk.clock.sleep(0.1)
    raise TimeoutError(
        f"the daemon has not answered request {number} within {seconds:.0f} s; it will still carry it out"
    )


def carry_out_asked(desk: Desk, verbs: Mapping[str, Verb]) -> int:
    """Carry out every request that waits; returns how many there were."""
    with desk.store.read() as tx:
        waiting = runs.asked(tx)
    for row in waiting:
        state, result = "done", {}
        try:
            result = dict(carry_out(desk, verbs, row["verb"], row["arguments"], row["actor"]))
        except Refused as refusal:
            state, result = "failed", {"error": str(refusal)}
        except Exception as error:  # noqa: BLE001 - a request must never end the daemon
            log.unforeseen("request.unforeseen", error, verb=row["verb"])
            state, result = "failed", {"error": f"{type(error).__name__}: {error}"}
        with desk.store.write() as tx:
            runs.answer(tx, row["id"], state, result, desk.clock.now())
    return len(waiting)


def carry_out(
    desk: Desk, verbs: Mapping[str, Verb], verb: str, arguments: Mapping[str, Any], actor: str
) -> Mapping[str, Any]:
    """Carry out one verb; raises Refused when it does not exist or cannot be done."""
    if verb not in verbs:
        raise Refused(f"there is no verb {verb!r}")
    log.info("request", verb=verb, actor=actor)
    return verbs[verb](desk, arguments, actor)
