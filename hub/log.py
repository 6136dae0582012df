"""Logging: one event name plus fields, as JSON lines in production and as short text for people."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from hub.clock import Clock, SystemClock

#: How often a failure is told that goes on in the same way, in seconds, and how many kinds of it are remembered.
_TOLD_EVERY, _MOST_TOLD = 600.0, 200
_bound: ContextVar[Mapping[str, object] | None] = ContextVar("crossdock_log_fields", default=None)


class EventLog:
    """A logger whose messages are an event name and its fields."""

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self._logger = logging.getLogger(name)
        self._clock = clock or SystemClock()
        self._told: dict[tuple[object, ...], tuple[float, int]] = {}  # when, and how often since
        self._telling = threading.Lock()

    def info(self, event: str, **fields: object) -> None:
        """Say that something happened which an operator may want to know."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Say that something needs attention soon."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Say that something failed."""
        self._say(logging.ERROR, event, fields)

    def unforeseen(self, event: str, exc: BaseException, **fields: object) -> None:
        """Say that something failed which nobody planned for: with its traceback.

        What goes on failing the same way, as on a full disk, is told every ten minutes, with how often it did.
        """
        told = (
            event,
            type(exc),
            str(exc).partition("\n")[0],
            *sorted((key, str(value)) for key, value in fields.items()),
        )
        now = self._clock.monotonic()
        with self._telling:  # any thread may fail
            at, times = self._told.get(told, (-_TOLD_EVERY, 0))
            if now - at < _TOLD_EVERY:
                self._told[told] = at, times + 1
                return
            while len(self._told) >= _MOST_TOLD:
                self._told.pop(next(iter(self._told)))
            self._told[told] = now, 0
        self._say(logging.ERROR, event, {**fields, "again": times} if times else fields, exc)

    def debug(self, event: str, **fields: object) -> None:
        """Say a detail that only a developer reads."""
        self._say(logging.DEBUG, event, fields)

    def _say(self, level: int, event: str, fields: Mapping[str, object], exc: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"fields": {**(_bound.get() or {}), **fields}}, exc_info=exc)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Put these fields (run, partner, order) on every event said inside."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class PlainText(logging.Formatter):
    """A short line for people: time, level, event, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = " ".join(f"{key}={value}" for key, value in getattr(record, "fields", {}).items())
        text = f"{at} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip()
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def set_up(style: str, level: str, stream: TextIO | None = None) -> None:
    """Send everything to one stream (stderr) as `json` lines or `text`; noisy libraries speak from warnings up."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("paramiko", "asyncssh", "apscheduler", "urllib3", "uvicorn", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # its errors reach us as exceptions, and are told there


def change(style: str, level: str) -> None:
    """Go on in another style and from another level up, over the stream that was set up."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    for handler in root.handlers:
        if isinstance(handler.formatter, JsonLines | PlainText):
            handler.setFormatter(_formatter(style))


def _formatter(style: str) -> logging.Formatter:
    return JsonLines() if style == "json" else PlainText()
