"""What a look at a connection gathers: all that works, all that does not, and what to ask the partner for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.contract import AccessDenied, ConnectorError, Health, Point
from hub.wire.files import MissingFile


@dataclass(slots=True)
class Checkup:
    """The steps of one check; each is tried, whatever became of the others."""

    partner: str
    works: list[str] = field(default_factory=list)
    fails: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def step(self, work: Callable[[], str], *, point: str = "access", right: str = "", place: str = "") -> bool:
        """Try something that returns what works; `point` is what the checklist calls it.

        When it is denied, the partner is to be asked for `right` ("write permission in /in"); when it is not there,
        for `place` ("the folder /in").
        """
        try:
            said = work()
        except ConnectorError as error:
            self.fails.append(error.what)
            self.asks.append(self._ask(error, right, place))
            self.points.append(Point(point, ok=False, sentence=error.what, todo=self.asks[-1]))
            return False
        self.works.append(said)
        if said:
            self.points.append(Point(point, ok=True, sentence=said))
        return True

    def note(self, point: str, sentence: str, todo: str = "", *, ok: bool | None = True) -> None:
        """Add a point that is no step of its own: it is told in the checklist only."""
        self.points.append(Point(point, ok, sentence, todo))

    def health(self) -> Health:
        """Return the answer: one sentence, and what to do."""
        todo = "; ".join(dict.fromkeys(each for each in self.asks if each))
        if self.fails:
            also = f"; what works: {'; '.join(self.works)}" if self.works else ""
            return Health(False, "; ".join(dict.fromkeys(self.fails)) + also, todo, tuple(self.points))
        return Health(True, "; ".join(each for each in self.works if each), points=tuple(self.points))

    def _ask(self, error: ConnectorError, right: str, place: str) -> str:
        if isinstance(error, AccessDenied) and right:
            return f"ask {self.partner} for {right}"
        if isinstance(error, MissingFile) and place:
            return f"ask {self.partner} for {place}, or correct the folder in the mapping file"
        return error.todo
