"""What cannot be read: a whole file, or one record of it while the others can."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One row or tree that cannot be read: why, what to do, and what of it can be shown.

    `line` (1 is the first) and `offset` (from 0) say where it begins; 0 and -1 stand for "not known".
    """

    why: str
    todo: str
    raw: str
    code: str
    line: int = 0
    offset: int = -1


class Refused(Exception):
    """The whole file cannot be read: what it is, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
