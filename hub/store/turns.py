"""A lock that is passed on in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Mutual exclusion, first come first served.

    Python's own lock may be taken again and again by a busy thread while another one waits; here nobody waits longer
    than for those who came before, and for one who comes on behalf of many.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        self._take(ahead=False)

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """Have the next turn, before all who wait; meant for one thread, so that another goes between its turns."""
        self._take(ahead=True)
        try:
            yield
        finally:
            self.__exit__()

    def _take(self, *, ahead: bool) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            (self._waiting.appendleft if ahead else self._waiting.append)(turn)
        try:
            turn.acquire()
        except BaseException:
            self._give_up(turn)
            raise

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def _give_up(self, turn: threading.Lock) -> None:
        """Leave the queue; when the turn came in this very moment, pass it on."""
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self.__exit__()
