"""What people are told: a notice, which travels as every other document does."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from hub.model.base import Record

_Subject = Annotated[str, StringConstraints(max_length=200)]
_Words = Annotated[str, StringConstraints(max_length=100_000)]


class Notice(Record):
    """A subject and a text, for people."""

    subject: _Subject
    text: _Words
