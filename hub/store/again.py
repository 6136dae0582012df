"""Running a transaction again that PostgreSQL ended for the sake of another one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from hub.clock import SystemClock
from hub.log import EventLog

log = EventLog(__name__)

T = TypeVar("T")
#: SQLSTATE of a deadlock and of a serialization failure: nothing is wrong with the transaction, only with its moment.
_LOST_A_RACE = frozenset({"40P01", "40001"})
_MOST_TRIES = 5
_FIRST_PAUSE = 0.02


def until_it_goes_through(transaction: Callable[[], T]) -> T:
    """Return what the transaction returns; run it again, a few times and after growing pauses, when it lost a race."""
    for tried in range(1, _MOST_TRIES):
        try:
            return transaction()
        except DBAPIError as error:
            if not lost_a_race(error):
                raise
            log.debug("store.transaction_again", tried=tried, sqlstate=getattr(error.orig, "sqlstate", ""))
        SystemClock().sleep(_FIRST_PAUSE * 2**tried * random.SystemRandom().random())
    return transaction()


def lost_a_race(error: DBAPIError) -> bool:
    """Say whether the database ended a transaction because of another one, so that the same may go through now."""
    return getattr(error.orig, "sqlstate", None) in _LOST_A_RACE
