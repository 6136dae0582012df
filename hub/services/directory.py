"""The partners in force: their files, the kinds of connector they use, and what each can send and receive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points

from hub.contract import ENTRY_POINT_GROUP, Context, DocumentSpec, Plugin, Profile
from hub.model.document import Direction, Kind
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner

#: What a channel's location may stand for instead of one node.
ALL_SUPPLIERS = "suppliers"
IGNORED = "ignore"


def find_plugins() -> Mapping[str, Plugin]:
    """Return every connector that is installed, ours and others' alike, by its name."""
    return {point.name: point.load() for point in entry_points(group=ENTRY_POINT_GROUP)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One partner in force: its profile, its kind of connector, the documents that flow."""

    profile: Profile
    connector: str
    documents: tuple[DocumentSpec, ...]

    def document(self, kind: Kind, direction: Direction) -> str | None:
        """Return the name of the document of this kind and direction, or None."""
        return next((each.name for each in self.documents if (each.kind, each.direction) == (kind, direction)), None)


@dataclass(frozen=True, slots=True)
class PartnerDirectory:
    """An unchanging view of the partners; a changed mapping file makes a new one."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    _takers: dict[Kind, tuple[tuple[Partner, str], ...]] = field(default_factory=dict, repr=False, compare=False)

    def partner(self, code: str) -> Partner | None:
        """Return the partner with this code, or None."""
        entry = self.entries.get(code)
        return entry.profile.partner if entry else None

    def partners(self) -> tuple[Partner, ...]:
        """Return every partner, by code."""
        return tuple(self.entries[code].profile.partner for code in sorted(self.entries))

    def nodes(self) -> tuple[Node, ...]:
        """Return every node of every partner, by code."""
        return tuple(sorted((node for each in self.partners() for node in each.nodes), key=lambda node: node.code))

    def outbound(self, partner: str, kind: Kind) -> str | None:
        """Return the name of the document that carries this kind to the partner; None when there is none."""
        entry = self.entries.get(partner)
        return entry.document(kind, Direction.OUT) if entry else None

    def takers(self, kind: Kind) -> tuple[tuple[Partner, str], ...]:
        """Return every partner that this kind can be sent to, by code, each with the name of its document."""
        if kind not in self._takers:  # asked for each order, and there may be a thousand partners
            named = ((each, self.outbound(each.code, kind)) for each in self.partners())
            self._takers[kind] = tuple((each, document) for each, document in named if document is not None)
        return self._takers[kind]

    def inbound(self, partner: str, kind: Kind) -> str | None:
        """Return the name of the document that brings this kind from the partner; None when there is none."""
        entry = self.entries.get(partner)
        return entry.document(kind, Direction.IN) if entry else None

    def locations(self, channel: str) -> Mapping[str, tuple[str, ...]]:
        """Return the channel's location ids, each with the codes of our nodes whose stock it shows."""
        suppliers = tuple(node.code for node in self.nodes() if node.kind is NodeKind.SUPPLIER)
        declared = self._declared_locations(channel)
        return {
            location: suppliers if stands_for == ALL_SUPPLIERS else (stands_for,)
            for location, stands_for in declared.items()
            if stands_for != IGNORED
        }

    def location_of(self, channel: str, node: str) -> str | None:
        """Return the channel's location id that stands for the node; None when it has none."""
        return next((location for location, nodes in self.locations(channel).items() if node in nodes), None)

    def _declared_locations(self, channel: str) -> Mapping[str, str]:
        entry = self.entries.get(channel)
        return getattr(entry.profile.settings, "locations", {}) if entry else {}


def build_directory(
    profiles: Iterable[tuple[str, Profile]], plugins: Mapping[str, Plugin], context: Context
) -> PartnerDirectory:
    """Ask each profile's connector which documents flow (no I/O) and return the directory of them all."""
    entries = {}
    for name, profile in profiles:
        connector = plugins[name].open(profile, context)
        try:
            entries[profile.partner.code] = Entry(profile, name, connector.documents())
        finally:
            connector.close()
    return PartnerDirectory(entries)
