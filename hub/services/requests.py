"""What people ask for: the same verbs, carried out by the running daemon, or at once where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping

from hub.log import EventLog
from hub.services.desk import Desk
from hub.store import connections, runs
from hub.store.connections import ConnectionMode
from hub.store.upsert import batches

log = EventLog(__name__)

Verb = Callable[[Desk, Mapping[str, Any], str], Mapping[str, Any]]
#: Does something to some failures in one transaction; returns what was done to each, and what was refused and why.
Piece = Callable[[Connection, Sequence[str]], Mapping[str, dict[str, str]]]
#: What can be gone on with after a crash, since it notes how far it has come.
RESUMED = frozenset({"failed.rerun", "failed.close"})


class Refused(Exception):
    """The request cannot be done; the text says why and what to do instead."""


#: So many of many things are done in one transaction, and noted with it.
_PIECE = 100
#: A request is left behind when nobody has carried it out for so long.
_LEFT_BEHIND = timedelta(minutes=1)


def ask_and_wait(desk: Desk, verb: str, arguments: Mapping[str, Any], actor: str, seconds: float) -> Mapping[str, Any]:
    """Ask the running daemon and wait for its answer; raises Refused, or TimeoutError when none came in time."""
    number = _ask(desk, verb, arguments, actor)
    until = desk.clock.monotonic() + seconds
    while desk.clock.monotonic() < until:
        answer = _answer(desk, number)
        if answer is not None:
            return answer
        desk.clock.sleep(0.1)
    raise TimeoutError(
        f"the daemon has not answered request {number} within {seconds:.0f} s; it will still carry it out"
    )


def ask_and_do(
    desk: Desk, verbs: Mapping[str, Verb], verb: str, arguments: Mapping[str, Any], actor: str
) -> Mapping[str, Any]:
    """Carry a request out here, where no daemon runs, with what it asks for in its turn; raises Refused.

    It is written down first: whoever comes next goes on with what a dead process left half done.
    """
    number = _ask(desk, verb, arguments, actor)
    with desk.store.read() as tx:
        mine = [row for row in runs.asked(tx) if row["id"] >= number or _left_behind(row, desk.clock.now())]
    for row in mine:
        _carry_out_row(desk, verbs, row)
    with desk.store.read() as tx:
        asked_for = [row for row in runs.asked(tx) if row["id"] > number]
    for row in asked_for:
        _carry_out_row(desk, verbs, row)
    return _answer(desk, number) or {}


def carry_out_asked(desk: Desk, verbs: Mapping[str, Verb]) -> int:
    """Carry out every request that waits; returns how many there were."""
    with desk.store.read() as tx:
        waiting = runs.asked(tx)
    for row in waiting:
        _carry_out_row(desk, verbs, row)
    return len(waiting)


def in_pieces(desk: Desk, number: int | None, ids: Sequence[str], do: Piece) -> Mapping[str, dict[str, str]]:
    """Do something to many failures, some in one transaction each; what is done is noted and never done twice.

    `number` is the request's, where there is one: after a crash it goes on behind what stands in its note.
    """
    result: dict[str, dict[str, str]] = {"done": {}, "refused": {}}
    if number is not None:
        with desk.store.read() as tx:
            row = runs.answer_of(tx, number)
        result |= {name: dict(told) for name, told in ((row["result"] if row else None) or {}).items()}
    left = [each for each in ids if each not in result["done"] and each not in result["refused"]]
    for piece in batches(left, _PIECE):
        with desk.store.write() as tx:
            came = do(tx, piece)
            result = {name: told | came[name] for name, told in result.items()}
            if number is not None:
                runs.note(tx, number, result)
    return result


def require_open(tx: Connection, code: str) -> None:
    """Raise Refused, with the reason, for a connection that is paused: nothing is read from it."""
    row = connections.get(tx, code)
    if row is not None and row.mode is ConnectionMode.PAUSED:
        raise Refused(f"{code} is paused ({row.paused_why}); `crossdock connection resume {code}` first")


def _ask(desk: Desk, verb: str, arguments: Mapping[str, Any], actor: str) -> int:
    with desk.store.write() as tx:
        return runs.ask(tx, verb, arguments, actor, desk.clock.now())


def _answer(desk: Desk, number: int) -> Mapping[str, Any] | None:
    """Return what came of a request, None while it is not done; raises Refused."""
    with desk.store.read() as tx:
        row = runs.answer_of(tx, number)
    if row is not None and row["state"] == "failed":
        raise Refused(row["result"]["error"])
    return dict(row["result"]) if row is not None and row["state"] == "done" else None


def _left_behind(row: RowMapping, now: datetime) -> bool:
    return row["verb"] in RESUMED and bool(row["asked_at"] < now - _LEFT_BEHIND)


def _carry_out_row(desk: Desk, verbs: Mapping[str, Verb], row: RowMapping) -> None:
    state, result = "done", {}
    try:
        result = dict(_carry_out(desk, verbs, row))
    except Refused as refusal:
        state, result = "failed", {"error": str(refusal)}
    except Exception as error:  # noqa: BLE001 - a request must never end the daemon
        log.unforeseen("request.unforeseen", error, verb=row["verb"])
        state, result = "failed", {"error": f"{type(error).__name__}: {error}"}
    with desk.store.write() as tx:
        runs.answer(tx, row["id"], state, result, desk.clock.now())


def _carry_out(desk: Desk, verbs: Mapping[str, Verb], row: RowMapping) -> Mapping[str, Any]:
    if row["verb"] not in verbs:
        raise Refused(f"there is no verb {row['verb']!r}")
    log.info("request", verb=row["verb"], actor=row["actor"], request=row["id"])
    return verbs[row["verb"]](desk, {**row["arguments"], "request": row["id"]}, row["actor"])
