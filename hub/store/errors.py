"""What can go wrong with the store itself, each with what to do."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError


class StoreClosed(RuntimeError):
    """The store was used after `close`."""

    def __init__(self) -> None:
        super().__init__("the store is closed: whatever uses it must end before it does")


class NestedTransaction(RuntimeError):
    """A thread that holds a transaction asked for another one, and would wait for itself for ever."""

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"Store.{asked} was called inside a transaction of the same thread: hand the open one on, or end it first"
        )


class StoreBusy(TimeoutError):
    """Another process has kept the database to itself for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the database was locked by another process for more than {seconds:g} s: "
            "end the program that holds it (a backup, a shell with an open transaction) and try again"
        )


class StoreUnusable(SQLAlchemyError):
    """The database cannot be opened, does not answer or does not let us in: which one, why, and what to do.

    An SQLAlchemyError, so that whoever takes a bad record for one does not take this for one.
    """


class StoreFenced(StoreUnusable):
    """Nothing may be written now: this daemon has lost its lock on the database, and another may have taken it."""

    def __init__(self) -> None:
        super().__init__(
            "the connection that held this daemon's lock on the database is lost: nothing is written before it is "
            "held again"
        )
