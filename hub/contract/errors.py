"""What can go wrong with a partner: the class alone decides what the hub does next."""

from __future__ import annotations

from collections.abc import Mapping

#: What a bad record is called when its document could not be read as a whole: then nothing in it was looked at.
WHOLE = frozenset({"the whole document", "the whole file", "the header"})


class ConnectorError(Exception):
    """What went wrong with a partner: what happened, what to do, and a redacted extract.

    `code` groups equal causes ("unit", "http 503"); it never holds ids or amounts.
    """

    def __init__(self, what: str, *, todo: str = "", extract: str = "", code: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        self.extract = extract[:2000]
        self.code = code or type(self).__name__

    @property
    def kind(self) -> str:
        """The name of the class that decides: this module's own, whatever a connector derived from it."""
        return next(each.__name__ for each in type(self).__mro__ if each.__module__ == __name__)


class TemporaryFailure(ConnectorError):
    """Network, 5xx, a lock, maintenance: the hub tries again, later and later."""


class RateLimited(ConnectorError):
    """Too fast: the whole account waits `after` seconds, and no attempt is used up."""

    def __init__(self, what: str, *, after: float, todo: str = "", extract: str = "", code: str = "") -> None:
        super().__init__(what, todo=todo, extract=extract, code=code)
        self.after = after


class OutcomeUnknown(ConnectorError):
    """The bytes may have arrived and the reply was lost: the hub asks `find` and never simply sends again."""


class Rejected(ConnectorError):
    """Read and refused: parked at once with the partner's own words."""


class BadRecord(ConnectorError):
    """One record cannot be read; it is parked and the rest goes on.

    `record` says which (row 7, PO 4711 line 2), `field` which canonical field, `raw` the record's own text. `known`
    holds the identifying fields that could still be read (`sku`, `location`), so that a snapshot keeps the figure of
    a row that it cannot read; it is empty when nobody can say what the record is about.
    """

    def __init__(
        self,
        what: str,
        *,
        record: str,
        field: str = "",
        raw: str = "",
        todo: str = "",
        code: str = "",
        known: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(what, todo=todo, extract=raw, code=code)
        self.record = record
        self.field = field
        self.known: Mapping[str, str] = known or {}


class AccessDenied(ConnectorError):
    """Credentials, host key, permission: the connection pauses with one alert and resumes when `check` passes."""
