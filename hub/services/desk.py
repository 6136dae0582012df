"""What every use case is handed: the store, the time, the partners known right now, the rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from hub.clock import Clock
from hub.contract import Mode
from hub.model.document import Kind
from hub.model.money import ExchangeRates
from hub.model.node import Node
from hub.model.partner import Partner
from hub.policy.policy import Policy
from hub.routing.rules import RoutingRules
from hub.services.matching import Tolerances
from hub.store.engine import Store


class Directory(Protocol):
    """The partners known right now, from the mapping files in force."""

    def partner(self, code: str) -> Partner | None:
        """Return the partner with this code, or None."""
        ...

    def partners(self) -> tuple[Partner, ...]:
        """Return every partner, by code."""
        ...

    def nodes(self) -> tuple[Node, ...]:
        """Return every node of every partner, by code."""
        ...

    def outbound(self, partner: str, kind: Kind) -> str | None:
        """Return the name of the document that carries this kind to the partner; None when there is none."""
        ...

    def takers(self, kind: Kind) -> tuple[tuple[Partner, str], ...]:
        """Return every partner that this kind can be sent to, by code, each with the name of its document."""
        ...

    def inbound(self, partner: str, kind: Kind) -> str | None:
        """Return the name of the document that brings this kind from the partner; None when there is none."""
        ...

    def locations(self, channel: str) -> Mapping[str, tuple[str, ...]]:
        """Return the channel's location ids, each with the codes of our nodes whose stock it shows."""
        ...

    def location_of(self, channel: str, node: str) -> str | None:
        """Return the channel's location id that stands for the node; None when it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a use case needs of the world; `currency` is the one in which costs are compared.

    `rules` hold for every order that no routing file takes; `policy` is what those files say, None without any.
    """

    store: Store
    clock: Clock
    directory: Directory
    rates: ExchangeRates
    rules: RoutingRules
    currency: str
    tolerances: Tolerances = field(default_factory=Tolerances)
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an inbound record came from; `at` is when its document was written or received.

    A snapshot with fewer rows than `hold_below` times those of the last one waits for a person (0: it never does).
    """

    connection: str
    document: str
    message_id: int
    mapping_hash: str = ""
    mode: Mode = Mode.DELTA
    at: datetime | None = None
    hold_below: Decimal = Decimal("0.5")
