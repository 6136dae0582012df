"""What a connector is: few verbs, capabilities said as data, and errors whose class alone decides what happens next.

A connector returns canonical records and never touches the store. What it needs of the hub (counters, remembered
state, pacing, the clock) comes in through the narrow `Context`. Blocking calls are right: each connection has threads
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from hub.clock import Clock
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.partner import Partner

# --- errors ----------------------------------------------------------------------------------------------------------


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


# --- what flows ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawItem:
    """One document as it came in; `key` is the same for the same document for ever.

    A mailbox holds documents of several kinds: `document` then names the one that this item is (empty: the one that
    was fetched), and `part_of` the key of the item that it was cut from, which stands before it on the same page. When
    that one is put into quarantine, its parts are too.
    """

    key: str
    content: bytes
    name: str = ""
    at: datetime | None = None
    document: str = ""
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some raw items and the cursor that stands after them.

    The hub asks for the next page only after this one is durable, so a connector may clean up at the far end
    (archive a file, acknowledge a message) when it is resumed after its `yield`.
    """

    items: tuple[RawItem, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """One rendered document on its way out: the same bytes and the same key for every resend.

    `note` is what the connector noted through `Context.note` in an earlier try, kept over a crash.
    """

    document: str
    key: str
    content: bytes
    name: str = ""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the partner said to a send: its own reference, a redacted extract, whether that is already the last word.

    `confirmed` is true when the reply itself proves that the partner took the document in (HTTP 201 with an id), false
    when only a later document can (an upload). `untaken` names the (location, SKU) pairs of a stock push that the
    partner does not show although it took the others; they are told again when they
    change, and once a day.
    """

    reference: str | None = None
    reply: str = ""
    confirmed: bool = False
    untaken: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The partner has it."""

    receipt: Receipt = field(default_factory=Receipt)


@dataclass(frozen=True, slots=True)
class Absent:
    """The partner certainly does not have it: it may be sent again."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """Nobody can say without the partner: it waits for the acknowledgement, then for a person."""

    why: str


Finding = Found | Absent | CannotTell


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of `check`: can we log in and do our work, in one sentence."""

    ok: bool
    sentence: str
    todo: str = ""


class Mode(StrEnum):
    """How an inbound stock or catalogue document is meant."""

    SNAPSHOT = "snapshot"  # what is missing has no stock
    DELTA = "delta"  # what is missing has not changed


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """One document that flows over a connection: its name there, its direction, and the canonical record it is.

    `comes_with` names the document whose fetch brings this one along (a mailbox); it is never fetched by itself. A
    snapshot with fewer rows than `hold_below` times those of the last one waits for a person (0: it never does).
    """

    name: str
    direction: Direction
    kind: Kind
    mode: Mode = Mode.DELTA
    comes_with: str = ""
    hold_below: Decimal = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a partner lets us go: a bucket of `burst` calls that refills at `per_second`."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class About:
    """What a kind of connector is and can do, said as data.

    `reads` and `writes` are what it can do at all; a connection's own `documents` say which of these it does.
    `idempotent` are the writes that the partner itself makes safe to repeat. `keep_idle` is for how many seconds an
    idle session may be kept for the next poll, where opening one is dear; it may be found dead then.
    """

    name: str
    summary: str
    settings: type[BaseModel]
    reads: frozenset[Kind] = frozenset()
    writes: frozenset[Kind] = frozenset()
    idempotent: frozenset[Kind] = frozenset()
    page_size: int = 100
    pace: Pace | None = None
    maps_files: bool = False
    keep_idle: float = 0.0


# --- what the hub lends a connector ----------------------------------------------------------------------------------


class Limiter(Protocol):
    """The pace of one account, shared by every thread and flow of it."""

    def acquire(self, cost: float = 1.0, *, urgent: bool = True) -> None:
        """Wait until the call may be made; what is not urgent (stock levels) leaves room for what is."""
        ...

    def observe(self, used: float, capacity: float) -> None:
        """Take over what the partner's own header says: `used` of `capacity` are in its bucket."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody call for that long."""
        ...

    def part(self, name: str, pace: Pace) -> Limiter:
        """Return a further bucket of the same account, which the partner counts apart (GraphQL points beside calls).

        The pace is that of the first who asks; who calls a pause for the account means every part of it.
        """
        ...


class Numbers(Protocol):
    """What `render` may take from the hub; all of it commits together with the rendered bytes."""

    def next(self, counter: str) -> int:
        """Return the counter's next value, from 1; never returned twice for this connection."""
        ...

    def theirs(self, entity: str, ours: str, kind: str) -> str | None:
        """Return the partner's own id of one of our entities, or None."""
        ...

    def now(self) -> datetime:
        """Return the moment of rendering, aware and UTC."""
        ...


class Context(Protocol):
    """The hub as a connector sees it; everything else is out of its reach."""

    @property
    def clock(self) -> Clock:
        """The hub's time."""
        ...

    @property
    def limiter(self) -> Limiter:
        """The pace of this account."""
        ...

    def recall(self, key: str) -> str | None:
        """Return what `remember` kept under this key for this connection, or None."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a small value (a token, a watermark) durably for this connection."""
        ...

    def note(self, key: str, text: str) -> None:
        """Write down, durably and before returning, how far the send of the document with this key has come."""
        ...

    def checkpoint(self, name: str) -> None:
        """Pass a named instant of the send path; crash tests stop the process here, nothing else does."""
        ...


# --- mapping, as a connector sees it ---------------------------------------------------------------------------------


class Translator(Protocol):
    """The compiled documents of one partner's mapping file."""

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the file declares."""
        ...

    def files(self, document: str) -> str:
        """Return the file pattern of a document: a glob inward, a name with {fields} outward."""
        ...

    def parse(self, document: str, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of an inbound file; a record that cannot be read is yielded as BadRecord."""
        ...

    def render(self, document: str, record: Record) -> bytes:
        """Return the outbound file for a record."""
        ...

    def file_name(self, document: str, record: Record) -> str:
        """Return the name of the outbound file for a record."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """One connection as its file declares it: the partner, the checked settings, the compiled documents."""

    partner: Partner
    settings: BaseModel
    translator: Translator | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that leave, under which name where the transport has names, and the number that they carry.

    `transmission` is what the partner's functional acknowledgement will call it (`PO 17`); it is stored with the bytes.
    """

    content: bytes
    name: str = ""
    transmission: str = ""


# --- the connector ---------------------------------------------------------------------------------------------------


class Connector(Protocol):
    """One open connection to one partner. Every verb may raise the errors above and nothing else."""

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that flow over this connection."""
        ...

    def check(self) -> Health:
        """Say whether we can log in and work; never raises for a partner that is unreachable or refuses us."""
        ...

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of raw items that are new since the cursor (None: from the start)."""
        ...

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of a raw item; pure, so that any archived original can be mapped again."""
        ...

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:
        """Return the bytes for a record; pure but for the numbers it takes."""
        ...

    def send(self, outbound: Outbound) -> Receipt:
        """Send the bytes once; OutcomeUnknown when they may have arrived and nobody said so."""
        ...

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send of this document arrived."""
        ...

    def close(self) -> None:
        """Let go of every socket and thread."""
        ...


@dataclass(frozen=True, slots=True)
class Knock:
    """What a partner's call to us turned out to be, once it is proven to be the partner's.

    It is kept under `document` and `key`, which is the same for the same event however often it comes; `wakes` are the
    kinds of inbound document that are worth reading now.
    """

    document: str
    key: str
    name: str = ""
    wakes: frozenset[Kind] = frozenset()


@runtime_checkable
class Hears(Protocol):
    """What a plugin has beside `open` when its partners may call us (webhooks); the hub gives each an address."""

    def hear(self, profile: Profile, headers: Mapping[str, str], body: bytes) -> Knock:
        """Return what a call is; header names are lower case. Raises AccessDenied for one that is not proven.

        Quick and without I/O: the caller waits. The body is durable before the answer leaves.
        """
        ...


@runtime_checkable
class Recounts(Protocol):
    """What a connector has beside its verbs when a document can be read over again, whatever was read before."""

    def recount(self, document: str, since: datetime) -> Iterator[Page]:
        """Yield pages of everything that was placed or changed since then; the pages carry no cursor."""
        ...


@runtime_checkable
class Looks(Protocol):
    """What a connector has beside its verbs when its `check` leaves a trace at the partner (a tiny test file)."""

    def look(self) -> Health:
        """Check as much as can be without writing anything there."""
        ...


@runtime_checkable
class Cuts(Protocol):
    """What a connector is besides that fetches wholes together with the documents cut from them."""

    def cut(self, document: str, item: RawItem) -> Iterator[RawItem]:
        """Yield a whole that was kept earlier and what is in it by the settings of today, as `fetch` would."""
        ...


class Plugin(Protocol):
    """What the entry-point group `crossdock.connectors` names: a kind of connector."""

    @property
    def about(self) -> About:
        """What it is and can do."""
        ...

    def open(self, profile: Profile, context: Context) -> Connector:
        """Return a connection; no I/O happens before its first verb."""
        ...


#: The entry-point group in which connectors are found, built-in and third-party alike.
ENTRY_POINT_GROUP = "crossdock.connectors"


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """Return the text with every secret value replaced by its name."""
    for name, value in secrets.items():
        if len(value) >= 4:
            text = text.replace(value, f"<secret:{name}>")
    return text
