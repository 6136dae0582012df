"""The verbs of a connector, what it may do beside them, and what the entry points name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from hub.contract.errors import BadRecord
from hub.contract.flow import About, DocumentSpec, Finding, Health, Outbound, Page, RawItem, Receipt
from hub.contract.lent import Context, Numbers
from hub.contract.profile import Profile, Rendered
from hub.model.base import Record
from hub.model.document import Kind


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
