"""What can go wrong with the store itself, each with what to do."""

from __future__ import annotations


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
