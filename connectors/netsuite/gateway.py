"""What the connector needs of NetSuite, without saying how it is asked: SOAP is the first adapter, REST can follow.

Records are plain values under NetSuite's own field names, as both transports have them. Types and values of lists are
named as in SOAP (`SalesOrder`, `_shipped`); ids are internal ids unless they say otherwise. An adapter is a `Gateway`,
which calls, and a `Reader`, which is pure: what was archived is read again without anybody being called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from hub.contract import ConnectorError


@dataclass(frozen=True, slots=True)
class Found:
    """One record as it was read: the adapter's own bytes, which its `Reader` turns into plain values."""

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


class Level(NamedTuple):
    """One row of stock as NetSuite tells it: all text, empty where it says nothing."""

    item: str
    name: str
    location: str
    on_hand: str
    available: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a list in NetSuite, by its internal id."""

    id: str


#: What a custom field may hold; its kind follows from the type of the value.
Custom = bool | int | Decimal | str | datetime | Choice | tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to write, under our external id; custom fields by script id, which is the same in every account."""

    type: str
    external_id: str
    fields: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, Custom] = field(default_factory=dict)


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


class Reader(Protocol):
    """One adapter's bytes as plain values, any time later; ValueError when these bytes are something else."""

    def record(self, content: bytes) -> Record:
        """Return the record that the bytes of a `Found` are."""
        ...

    def levels(self, content: bytes) -> Iterator[Level]:
        """Yield the rows of one part of what `Gateway.availability` returned."""
        ...


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

    def unknown_codes(self) -> Mapping[str, int]:
        """Return how often NetSuite has answered so far with each code whose meaning is not known."""
        ...

    def close(self) -> None:
        """Let go of every socket."""
        ...
