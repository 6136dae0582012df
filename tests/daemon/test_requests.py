"""What people ask for is written down, done once, and gone on with after a crash."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.instance import AtWork
from hub.model.money import ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services import requests
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.services.requests import Refused
from hub.store import runs
from hub.store.engine import Store
from hub.testing.clock import FakeClock

IDS = [f"r{number}" for number in range(250)]


class Died(BaseException):
    """The process is gone."""


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> Desk:
    return Desk(store, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")


class Again:
    """A verb that tries failures again, and may die at one of them."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.dies_at = ""

    def __call__(self, desk: Desk, arguments: Mapping[str, Any], _actor: str) -> Mapping[str, Any]:
        return requests.in_pieces(desk, arguments["request"], arguments["ids"], self._some)

    def _some(self, _tx: object, some: Sequence[str]) -> Mapping[str, dict[str, str]]:
        if self.dies_at in some:
            raise Died
        self.tried += some
        return {"done": dict.fromkeys(some, "done"), "refused": {}}


def ask(desk: Desk, ids: Sequence[str] = IDS) -> int:
    with desk.store.write() as tx:
        return runs.ask(tx, "failed.rerun", {"ids": list(ids)}, "ann", desk.clock.now())


def state(desk: Desk, number: int) -> tuple[str, int]:
    with desk.store.read() as tx:
        row = runs.answer_of(tx, number)
    assert row is not None
    return row["state"], len((row["result"] or {}).get("done", {}))


def test_a_rerun_that_died_halfway_goes_on_behind_what_was_done(desk: Desk) -> None:
    again, number = Again(), ask(desk)
    again.dies_at = "r150"
    with pytest.raises(Died):
        requests.carry_out_asked(desk, {"failed.rerun": again})
    assert state(desk, number) == ("asked", 100)
    again.dies_at = ""
    assert requests.carry_out_asked(desk, {"failed.rerun": again}) == 1
    assert again.tried == IDS
    assert state(desk, number) == ("done", 250)


def test_without_a_daemon_the_next_command_goes_on_with_what_was_left_behind(desk: Any) -> None:
    again, number = Again(), ask(desk)
    verbs = {"failed.rerun": again}
    assert requests.ask_and_do(desk, verbs, "failed.rerun", {"ids": ["r900"]}, "bob")["done"] == {"r900": "done"}
    assert state(desk, number) == ("asked", 0), "somebody may be at it right now"
    desk.clock.advance(timedelta(minutes=2).total_seconds())
    requests.ask_and_do(desk, verbs, "failed.rerun", {"ids": []}, "bob")
    assert state(desk, number) == ("done", 250)


def test_what_another_command_is_at_is_left_to_it_however_long_it_takes(desk: Any, tmp_path: Path) -> None:
    """After a minute of a long rerun the next command began the same one beside it."""
    again, number = Again(), ask(desk)
    desk.clock.advance(3600)
    at_work = AtWork(tmp_path)
    with elsewhere(tmp_path, number):
        assert at_work.anybody()
        requests.ask_and_do(desk, {"failed.rerun": again}, "failed.rerun", {"ids": []}, "bob", at_work.mark)
        assert requests.carry_out_asked(desk, {"failed.rerun": again}, at_work.mark) == 0
        assert state(desk, number) == ("asked", 0)
    assert not at_work.anybody(), "the kernel lets go when the process dies"
    requests.ask_and_do(desk, {"failed.rerun": again}, "failed.rerun", {"ids": []}, "bob", at_work.mark)
    assert state(desk, number) == ("done", 250)


@contextmanager
def elsewhere(folder: Path, number: int) -> Iterator[None]:
    """Let another process be at a request, until it is killed."""
    code = (
        "import pathlib, sys, hub.instance\n"
        "with hub.instance.AtWork(pathlib.Path(sys.argv[1])).mark(int(sys.argv[2])) as free:\n"
        "    print(free, flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            yield
        finally:
            process.kill()


def test_ctrl_c_ends_a_request_for_good(desk: Desk) -> None:
    def stopped(*_: object) -> Mapping[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        requests.ask_and_do(desk, {"failed.rerun": stopped}, "failed.rerun", {"ids": ["r1"]}, "ann")
    assert state(desk, 1)[0] == "failed"


def test_nobody_waits_for_a_daemon_that_has_died(desk: Desk) -> None:
    with pytest.raises(TimeoutError, match="the daemon ended before it answered request 1"):
        requests.ask_and_wait(desk, "failed.rerun", {"ids": ["r1"]}, "ann", 300.0, lambda: False)
    assert desk.clock.monotonic() < 300.0
    assert state(desk, 1)[0] == "asked"


def test_what_is_not_noted_bit_by_bit_is_left_to_the_daemon(desk: Any) -> None:
    with desk.store.write() as tx:
        number = runs.ask(tx, "order.cancel", {}, "ann", desk.clock.now())
    desk.clock.advance(3600)
    requests.ask_and_do(desk, {"failed.rerun": Again()}, "failed.rerun", {"ids": []}, "bob")
    assert state(desk, number)[0] == "asked"


def test_what_a_request_asks_for_in_its_turn_is_done_too(desk: Desk) -> None:
    def more(desk: Desk, _arguments: Mapping[str, Any], actor: str) -> Mapping[str, Any]:
        with desk.store.write() as tx:
            return {"asked": runs.ask(tx, "then", {}, actor, desk.clock.now())}

    asked = requests.ask_and_do(desk, {"first": more, "then": lambda *_: {"done": {}}}, "first", {}, "ann")["asked"]
    assert state(desk, asked)[0] == "done"


def test_a_refusal_is_told_and_kept(desk: Desk) -> None:
    def refuse(*_: object) -> Mapping[str, Any]:
        raise Refused("not today")

    with pytest.raises(Refused, match="not today"):
        requests.ask_and_do(desk, {"x": refuse}, "x", {}, "ann")
    with pytest.raises(Refused, match="there is no verb 'y'"):
        requests.ask_and_do(desk, {"x": refuse}, "y", {}, "ann")
