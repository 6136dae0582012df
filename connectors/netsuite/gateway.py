"""What the connector needs of NetSuite, without saying how it is asked: SOAP is the first adapter, REST can follow.

Records are plain values under NetSuite's own field names, as both transports have them. Types are named as in SOAP
(`SalesOrder`); ids are internal ids unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hub.contract import ConnectorError


@dataclass(frozen=True, slots=True)
class Found:
    """One record as it was read: the adapter's own bytes, which `Gateway.record` turns into plain values."""

    type: str
    id: str
    external_id: str
    modified: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One record in plain values: text, mappings and lists of mappings."""

    type: str
    id: str
    external_id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to write, under our external id."""

    type: str
    external_id: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for: records of one type, changed since, with an id beyond, and up to an id."""

    type: str
    since: datetime | None = None
    beyond: int = 0
    up_to: int | None = None
    size: int = 200
    names: tuple[str, ...] = ()  # items of these names only
    email: str = ""  # customers with this address only
    code: str = ""  # vendors with this entity id only
    subsidiary: str = ""  # records of this subsidiary only


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a search, and how many records there are in all."""

    records: tuple[Found, ...]
    total: int

    @property
    def whole(self) -> bool:
        """Whether the page is all that there is."""
        return self.total <= len(self.records)


@dataclass(frozen=True, slots=True)
class Governance:
    """How many calls may be under way at one time: of the account, and of our integration where it has its own."""

    account: int | None
    integration: int | None


#: For each entry its internal id, or why it was refused.
Written = tuple[str | ConnectorError, ...]


class Gateway(Protocol):
    """One account. Every method may raise the contract's errors and nothing else."""

    def get(self, type_: str, ids: Sequence[str], *, external: bool = False) -> tuple[Found | None, ...]:
        """Return records by internal or external id, None for each that is not there."""
        ...

    def upsert(self, entries: Sequence[Entry]) -> Written:
        """Make or update records by external id; OutcomeUnknown when the answers are not as many as the entries."""
        ...

    def search(self, wanted: Wanted) -> Slice:
        """Return one page of records."""
        ...

    def initialize(self, type_: str, source: str, id_: str) -> Record:
        """Return a new record as NetSuite would make it from another one; nothing is saved."""
        ...

    def availability(self, items: Sequence[str], since: datetime | None = None) -> tuple[bytes, ...]:
        """Return the stock of items at every location, in the adapter's own bytes; several parts when it is much."""
        ...

    def governance(self) -> Governance:
        """Return how many calls may be under way."""
        ...

    def domain(self) -> str:
        """Return the address that NetSuite itself names for this account's calls, empty when it names none."""
        ...

    def now(self) -> datetime:
        """Return NetSuite's own time, aware and UTC."""
        ...

    def close(self) -> None:
        """Let go of every socket."""
        ...
