"""What a look at a connection gathers: all that works, all that does not, and what to ask the partner for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.contract import AccessDenied, ConnectorError, Health
from hub.wire.files import MissingFile


@dataclass(slots=True)
class Checkup:
    """The steps of one check; each is tried, whatever became of the others."""

    partner: str
    works: list[str] = field(default_factory=list)
    fails: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def step(self, work: Callable[[], str], *, right: str = "", place: str = "") -> bool:
        """Try something that returns what works.

        When it is denied, the partner is to be asked for `right` ("write permission in /in"); when it is not there,
        for `place` ("the folder /in").
        """
        try:
            self.works.append(work())
        except ConnectorError as error:
            self.fails.append(error.what)
            self._ask(error, right, place)
            return False
        return True

    def health(self) -> Health:
        """Return the answer: one sentence, and what to do."""
        todo = "; ".join(dict.fromkeys(each for each in self.asks if each))
        if self.fails:
            also = f"; what works: {'; '.join(self.works)}" if self.works else ""
            return Health(ok=False, sentence="; ".join(dict.fromkeys(self.fails)) + also, todo=todo)
        return Health(ok=True, sentence="; ".join(each for each in self.works if each))

    def _ask(self, error: ConnectorError, right: str, place: str) -> None:
        if isinstance(error, AccessDenied) and right:
            self.asks.append(f"ask {self.partner} for {right}")
        elif isinstance(error, MissingFile) and place:
            self.asks.append(f"ask {self.partner} for {place}, or correct the folder in the mapping file")
        else:
            self.asks.append(error.todo)
