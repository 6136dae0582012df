"""What stands between us and NetSuite, and what NetSuite does on a bad day: never a wrong belief, never two records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.netsuite.codes import AlreadyThere, NotThere, TooMany, error_for
from connectors.netsuite.connector import PLUGIN
from connectors.netsuite.gate import Gate
from hub.contract import (
    Absent,
    AccessDenied,
    ConnectorError,
    Found,
    Outbound,
    OutcomeUnknown,
    Profile,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.testing.context import MemoryContext, MemoryNumbers
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import FulfilmentBench, ShipOrderBench

Make = Callable[..., Profile]
Open = Callable[..., object]


@pytest.fixture
def bench(account: RunningNetSuite, make_profile: Make) -> ShipOrderBench:
    return ShipOrderBench(account, make_profile())


@pytest.fixture
def outbound(bench: ShipOrderBench, connect: Open) -> Outbound:
    content = connect().render("ship_orders", bench.record(1), MemoryNumbers()).content
    return Outbound(document="ship_orders", key="1", content=content)


@pytest.mark.parametrize(
    ("mood", "expected", "arrived"),
    [
        (Mood.MAINTENANCE, OutcomeUnknown, 0),
        (Mood.BROKEN, OutcomeUnknown, 0),
        (Mood.MOVED, TemporaryFailure, 0),
        (Mood.TRUNCATED, OutcomeUnknown, 1),
        (Mood.PARTIAL, OutcomeUnknown, 1),
        (Mood.LOST_REPLY, OutcomeUnknown, 1),
        (Mood.UNEXPECTED, OutcomeUnknown, 0),
        (Mood.CHANGED, TemporaryFailure, 0),
        (Mood.PICKY, Rejected, 0),
        (Mood.BUSY, RateLimited, 0),
        (Mood.LOCKED_OUT, AccessDenied, 0),
    ],
)
def test_a_write_that_meets_a_bad_day_says_so_and_is_found_again(
    account: RunningNetSuite,
    bench: ShipOrderBench,
    connect: Open,
    outbound: Outbound,
    mood: Mood,
    expected: type[ConnectorError],
    arrived: int,
) -> None:
    account.mood(mood, on="upsertList")
    with pytest.raises(expected) as caught:
        connect().send(outbound)
    assert caught.value.kind == expected.__name__
    assert caught.value.todo
    account.calm()
    assert bench.received(outbound) == arrived
    finding = connect().find(outbound)
    assert isinstance(finding, Found if arrived else Absent)
    connect().send(outbound)
    assert bench.received(outbound) == 1


@pytest.mark.parametrize("mood", [Mood.MAINTENANCE, Mood.BROKEN, Mood.MOVED, Mood.TRUNCATED, Mood.UNEXPECTED])
def test_a_read_that_meets_a_blip_is_tried_again_with_another_signature(
    account: RunningNetSuite, bench: ShipOrderBench, connect: Open, mood: Mood
) -> None:
    bench.place(1)
    account.mood(mood, on="search", for_calls=2)
    (page,) = connect().fetch("orders", None)
    assert len(page.items) == 1
    assert account.ask(lambda service: service.moods.calls["search"]) == 3


def test_no_signature_is_ever_sent_twice(account: RunningNetSuite, bench: ShipOrderBench, connect: Open) -> None:
    bench.place(7)
    account.mood(Mood.TRUNCATED, on="search", for_calls=1)
    list(connect().fetch("orders", None))
    sent = account.ask(lambda service: list(service.requests))
    nonces = {content.partition(b"nonce>")[2].partition(b"<")[0] for content in sent}
    assert len(nonces) == len(sent) > 3


def test_a_clock_that_is_off_is_set_right_by_netsuites_own_and_named_by_the_doctor(
    account: RunningNetSuite, make_profile: Make, context: MemoryContext
) -> None:
    context.clock.advance(3600)
    connector = PLUGIN.open(make_profile(), context)
    health = connector.check()
    connector.close()
    assert health.ok
    assert "clock" in health.todo
    assert account.ask(lambda service: service.moods.calls["getServerTime"]) == 2


def test_a_refused_login_is_tried_once_more_and_then_left_alone(account: RunningNetSuite, connect: Open) -> None:
    account.mood(Mood.LOCKED_OUT)
    with pytest.raises(AccessDenied, match="INVALID_LOGIN_ATTEMPT"):
        list(connect().fetch("orders", None))
    assert account.ask(lambda service: service.moods.calls.total()) == 2


def test_too_many_calls_make_the_whole_account_wait(
    account: RunningNetSuite, connect: Open, context: MemoryContext
) -> None:
    account.mood(Mood.BUSY)
    with pytest.raises(RateLimited) as caught:
        list(connect().fetch("orders", None))
    assert context.limiter.paused == [caught.value.after]
    assert account.ask(lambda service: service.moods.calls.total()) == 1


def test_the_gate_halves_when_it_was_too_much_and_opens_again_one_by_one() -> None:
    gate = Gate(8)
    gate.throttled()
    assert gate.width == 4
    for _ in range(20):
        gate.went_through()
    assert gate.width == 5
    gate.limit(3)
    assert gate.width == 3
    for _ in range(9):
        gate.throttled()
    assert gate.width == 1


@pytest.mark.parametrize(
    ("code", "reading", "writing"),
    [
        ("WS_REQUEST_BLOCKED", RateLimited, RateLimited),
        ("UNEXPECTED_ERROR", TemporaryFailure, OutcomeUnknown),
        ("RCRD_HAS_BEEN_CHANGED", TemporaryFailure, TemporaryFailure),
        ("DUP_RCRD", AlreadyThere, AlreadyThere),
        ("INVALID_LOGIN_ATTEMPT", AccessDenied, AccessDenied),
        ("INSUFFICIENT_PERMISSION", AccessDenied, AccessDenied),
        ("MISSING_REQD_FLD", Rejected, Rejected),
        ("RCRD_DSNT_EXIST", NotThere, NotThere),
        ("MAX_RCRDS_EXCEEDED", TooMany, TooMany),
        ("A_CODE_OF_NEXT_YEAR", TemporaryFailure, Rejected),
        ("", TemporaryFailure, OutcomeUnknown),
    ],
)
def test_a_code_alone_says_what_happens(
    code: str, reading: type[ConnectorError], writing: type[ConnectorError]
) -> None:
    assert type(error_for(code, "words", "NetSuite get", writes=False)) is reading
    assert type(error_for(code, "words", "NetSuite upsert", writes=True)) is writing


def test_a_fulfilment_sent_again_is_known_by_its_lines(
    account: RunningNetSuite, make_profile: Make, connect: Open
) -> None:
    bench = FulfilmentBench(account, make_profile())
    connector = connect()
    content = connector.render("fulfilments", bench.record(1), MemoryNumbers()).content
    outbound = Outbound(document="fulfilments", key="1", content=content)
    first = connector.send(outbound)
    assert connector.send(outbound) == first
    assert bench.received(outbound) == 1
    other = json.loads(content) | {"lines": [{"quantity": "2", "sku": "", "order_line": "1", "rate": ""}]}
    with pytest.raises(Rejected, match="DUP_RCRD"):
        connector.send(replace(outbound, content=json.dumps(other).encode()))


def test_a_sale_that_nobody_has_sent_yet_is_waited_for(
    make_profile: Make, account: RunningNetSuite, connect: Open
) -> None:
    bench = FulfilmentBench(account, make_profile())
    record = bench.record(1).changed(channel_order="424242")
    outbound = Outbound("fulfilments", "1", connect().render("fulfilments", record, MemoryNumbers()).content)
    with pytest.raises(TemporaryFailure, match="not in NetSuite yet"):
        connect().send(outbound)


def test_the_clock_of_the_account_moves_the_watermark(
    account: RunningNetSuite, bench: ShipOrderBench, connect: Open
) -> None:
    bench.place(1)
    (first,) = connect().fetch("orders", None)
    account.ask(lambda service: service.clock.advance(timedelta(minutes=4).total_seconds()))
    (second,) = connect().fetch("orders", first.cursor)
    account.ask(lambda service: service.clock.advance(timedelta(hours=1).total_seconds()))
    (third,) = connect().fetch("orders", second.cursor)
    assert [each.key for each in second.items] == [each.key for each in first.items]
    (fourth,) = connect().fetch("orders", third.cursor)
    assert not fourth.items
