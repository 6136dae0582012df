"""Hearing everything that is said while a connector works, to find out whether a secret is among it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hub.contract import ConnectorError
from hub.testing.drive import expect


class Eavesdropper(logging.Handler):
    """Keeps every log record, error and value that it hears, as text."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        super().__init__(logging.NOTSET)
        self._secrets = secrets
        self._heard: list[tuple[str, str]] = []
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record: message, arguments, extra fields and traceback."""
        self.hear(f"a log record of {record.name}", self._formatter.format(record), vars(record))

    def hear(self, where: str, *values: object) -> None:
        """Keep values as `str` and `repr` show them; of an error, everything that it carries and its causes."""
        for value in values:
            self._heard.append((where, f"{value!s}\n{value!r}"))
            if isinstance(value, ConnectorError):
                self._heard.append((where, f"{vars(value)!r}"))
            if isinstance(value, BaseException) and value.__cause__ is not None:
                self.hear(f"the cause of {where}", value.__cause__)

    def expect_silence(self) -> None:
        """Fail when a secret was heard, naming it and where, never showing it."""
        for name, secret in self._secrets.items():
            places = sorted({where for where, text in self._heard if secret in text})
            expect(not places, f"the secret {name!r} can be read in {', '.join(places)}")


@contextmanager
def eavesdropping(secrets: Mapping[str, str]) -> Iterator[Eavesdropper]:
    """Hear every logger at its most talkative, and afterwards let them be as before."""
    ear = Eavesdropper(secrets)
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield ear
    finally:
        root.setLevel(level)
        root.removeHandler(ear)
