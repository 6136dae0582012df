"""What flows between a connector and the hub, and what a connector says of itself, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from hub.model.document import Direction, Kind


@dataclass(frozen=True, slots=True)
class RawItem:
    """One document as it came in; `key` is the same for the same document for ever.

    A mailbox holds documents of several kinds: `document` then names the one that this item is (empty: the one that
    was fetched), and `part_of` the key of the item that it was cut from, which stands before it, on the same page or on
    one before with `more`. When that one is put into quarantine, its parts are too.

    `said` is the piece of the content that makes the document what it is, where an envelope around it is another one
    at each sending. Under one key, content that holds the same piece is the same document.
    """

    key: str
    content: bytes
    name: str = ""
    at: datetime | None = None
    document: str = ""
    part_of: str = ""
    said: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """Some raw items and the cursor that stands after them.

    With `more` what was cut from the last whole on this page goes on on the next one. Wholes are applied when all of it
    is there; one that was interrupted by a crash is cut again from what was kept.

    The hub asks for the next page only after this one is durable, so a connector may clean up at the far end
    (archive a file, acknowledge a message) when it is resumed after its `yield`.
    """

    items: tuple[RawItem, ...]
    cursor: str | None = None
    more: bool = False


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
    change, and once a day. After an assignment they are those whose figure the partner has changed by it.
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
class Point:
    """One point of a checklist: what it is about, whether it is well (None: could not be tried), and what to do."""

    name: str
    ok: bool | None
    sentence: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of `check`: can we log in and do our work, in one sentence.

    `points` are its single steps, where a connector tells them apart.
    """

    ok: bool
    sentence: str
    todo: str = ""
    points: tuple[Point, ...] = ()


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
    keep_idle: float = 0.0
