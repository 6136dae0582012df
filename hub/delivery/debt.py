"""What a worker still owes the ledger: the end of its last attempt, written together with what it does next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from hub.store.engine import Store
from hub.store.group_commit import Ended

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Owed:
    write: Callable[[Connection], object]
    paid: Callable[[BaseException | None], None]


class Debt:
    """At most one unwritten end of an attempt; for one thread.

    Joining it to the beginning of the next attempt spares a worker half of its waiting for commits. Whoever is about
    to wait for anything but the database pays first: until then a crash leaves the attempt in doubt.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owed: _Owed | None = None

    def owe(self, write: Callable[[Connection], object], paid: Callable[[BaseException | None], None]) -> None:
        """Leave this to be written soon; `paid` is called when it is durable, or with what it raised.

        `paid` itself raises nothing that is an Exception: whoever pays is at something else already.
        """
        self.pay()
        self._owed = _Owed(write, paid)

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Do the work as `Store.submit` does it, and what is owed before it in the same commit."""
        owed, self._owed = self._owed, None
        if owed is None:
            return self._store.submit(work)
        (_, unpaid), (result, error) = self._both(owed, work)
        owed.paid(unpaid)
        if error is not None:
            raise error
        kept: T = result
        return kept

    def pay(self) -> None:
        """Write what is owed, and return when it is durable."""
        owed, self._owed = self._owed, None
        if owed is None:
            return
        try:
            self._store.submit(owed.write)
        except BaseException as error:  # noqa: BLE001 - told to the one whose end it is
            owed.paid(error)
        else:
            owed.paid(None)

    def _both(self, owed: _Owed, work: Callable[[Connection], Any]) -> list[Ended]:
        try:
            return self._store.submit_each([owed.write, work])
        except Exception as error:  # noqa: BLE001 - the store is closed: told to both
            return [(None, error)] * 2
