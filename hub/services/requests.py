"""What people ask for: the same verbs, carried out by the running daemon, or at once where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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
#: Marks a request by its number as carried out here; false when another process is at it.
Mark = Callable[[int], AbstractContextManager[bool]]
#: What can be gone on with after a crash, since it notes how far it has come.
RESUMED = frozenset({"failed.rerun", "failed.close"})


class Refused(Exception):
    """The request cannot be done; the text says why and what to do instead."""


#: So many of many things are done in one transaction, and noted with it.
_PIECE = 100
#: A request that nobody carries out is left behind when it was asked for longer ago than this.
_LEFT_BEHIND = timedelta(seconds=2)


def _lives() -> bool:
    return True


def ask_and_wait(
    desk: Desk,
    verb: str,
    arguments: Mapping[str, Any],
    actor: str,
    seconds: float,
    alive: Callable[[], bool] = _lives,
) -> Mapping[str, Any]:
    """Ask the running daemon and wait for its answer.

    Raises Refused, and TimeoutError when none came in time or the daemon is not `alive` any more.
    """
    number = _ask(desk, verb, arguments, actor)
    until = desk.clock.monotonic() + seconds
    while desk.clock.monotonic() < until:
        lives = alive()  # before looking: the last thing that it did may have been to answer
        answer = _answer(desk, number)
        if answer is not None:
            return answer
        if not lives:
            raise TimeoutError(f"the daemon ended before it answered request {number}; the next one carries it out")
        desk.clock.sleep(0.1)
    raise TimeoutError(
        f"the daemon has not answered request {number} within {seconds:.0f} s; it will still carry it out"
    )


def _unmarked(_number: int) -> AbstractContextManager[bool]:
    return nullcontext(True)


def ask_and_do(
    desk: Desk,
    verbs: Mapping[str, Verb],
    verb: str,
    arguments: Mapping[str, Any],
    actor: str,
    mark: Mark = _unmarked,
) -> Mapping[str, Any]:
    """Carry a request out here, where no daemon runs, with what it asks for in its turn; raises Refused.

    It is written down first: whoever comes next goes on with what a dead process left half done.
    """
    number = _ask(desk, verb, arguments, actor)
    while _state(desk, number) == "asked":
        if not _carry_out_once(desk, verbs, number, mark):
            desk.clock.sleep(0.1)  # another command found it first, and does it
    for _ in range(2):  # the second time, what the first has asked for
        with desk.store.read() as tx:
            rows = [row for row in runs.asked(tx) if row["id"] > number or _left_behind(row, desk.clock.now())]
        for row in rows:
            _carry_out_once(desk, verbs, row["id"], mark)
    return _answer(desk, number) or {}


def carry_out_asked(desk: Desk, verbs: Mapping[str, Verb], mark: Mark = _unmarked) -> int:
    """Carry out every request that waits, but for those that another process is at; returns how many there were."""
    with desk.store.read() as tx:
        waiting = runs.asked(tx)
    return sum(_carry_out_once(desk, verbs, row["id"], mark) for row in waiting)


def _carry_out_once(desk: Desk, verbs: Mapping[str, Verb], number: int, mark: Mark) -> bool:
    """Carry out a request unless somebody has; false when another process is at it."""
    with mark(number) as free:
        if not free:
            return False
        with desk.store.read() as tx:
            row = runs.answer_of(tx, number)
        if row is not None and row["state"] == "asked":
            _carry_out_row(desk, verbs, row)
    return True


def _state(desk: Desk, number: int) -> str:
    with desk.store.read() as tx:
        row = runs.answer_of(tx, number)
    return str(row["state"]) if row is not None else "gone"


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
    except KeyboardInterrupt:  # a person's word, other than a crash: nobody goes on with it
        _answered(desk, row, "failed", {"error": "it was stopped at the keyboard; what was done stays done"})
        raise
    _answered(desk, row, state, result)


def _answered(desk: Desk, row: RowMapping, state: str, result: Mapping[str, Any]) -> None:
    with desk.store.write() as tx:
        runs.answer(tx, row["id"], state, result, desk.clock.now())


def _carry_out(desk: Desk, verbs: Mapping[str, Verb], row: RowMapping) -> Mapping[str, Any]:
    if row["verb"] not in verbs:
        raise Refused(f"there is no verb {row['verb']!r}")
    log.info("request", verb=row["verb"], actor=row["actor"], request=row["id"])
    return verbs[row["verb"]](desk, {**row["arguments"], "request": row["id"]}, row["actor"])
