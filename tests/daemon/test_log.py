"""Logging: one event with fields, as a JSON line or a short text."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hub.log import EventLog, bound, change, set_up
from hub.testing.clock import FakeClock


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_json_object_a_line_with_everything_bound() -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    with bound(run=7, partner="acme"):
        EventLog("hub.test").info("run.done", read=3)
    EventLog("hub.test").debug("too quiet")
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert {key: said[key] for key in ("event", "run", "partner", "read", "level")} == {
        "event": "run.done",
        "run": 7,
        "partner": "acme",
        "read": 3,
        "level": "info",
    }


def test_text_is_short_and_keeps_a_traceback() -> None:
    stream = io.StringIO()
    set_up("text", "info", stream)
    try:
        int("PK")
    except ValueError as error:
        EventLog("hub.test").unforeseen("record.unforeseen", error, record="row 7")
    text = stream.getvalue()
    assert "error   record.unforeseen record=row 7" in text
    assert "ValueError: invalid literal" in text


def test_what_was_bound_ends_with_its_block() -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    with bound(run=1), bound(run=2):
        EventLog("hub.test").warning("inner")
    EventLog("hub.test").error("outer")
    inner, outer = (json.loads(line) for line in stream.getvalue().splitlines())
    assert inner["run"] == 2
    assert "run" not in outer


def test_style_and_level_change_on_the_stream_that_was_set_up() -> None:
    stream = io.StringIO()
    set_up("text", "warning", stream)
    EventLog("hub.test").info("early")
    change("json", "info")
    EventLog("hub.test").info("late", run=3)
    assert "early" not in stream.getvalue()
    assert json.loads(stream.getvalue())["event"] == "late"


def fail(log: EventLog, words: str, **fields: object) -> None:
    try:
        raise OSError(f"{words}\n[SQL: what differs each time: {id(fields)}]")  # noqa: TRY301 - as a library would
    except OSError as error:
        log.unforeseen("tick.unforeseen", error, **fields)


def test_what_goes_on_failing_the_same_way_is_told_now_and_then_with_how_often(clock: FakeClock) -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    log = EventLog("hub.test", clock)
    for _ in range(30):
        fail(log, "the disk is full", job="a")
        fail(log, "the disk is full", job="b")
        clock.advance(1)
    fail(log, "something else", job="a")
    clock.advance(600)
    fail(log, "the disk is full", job="a")
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(each["job"], each.get("again")) for each in said] == [("a", None), ("b", None), ("a", None), ("a", 29)]
