"""Places that a partner reports by itself (the locations and vendors of an ERP) become nodes of it.

What the mapping file says of a node goes before: a report adds what the file leaves open (where it is, how much it
takes in a day, until when), and nodes that the file does not name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from hub.contract import BadRecord, Profile
from hub.model.node import Hours, Node
from hub.services.desk import Desk, Source
from hub.store import nodes

#: What a report may add to a node of the mapping file.
_ADDED: Final = ("name", "address", "coordinates", "capacity_per_day", "pick_up", "buffer")


def apply(tx: Connection, desk: Desk, source: Source, node: Node) -> bool:
    """Keep a place as its partner describes it; true when that is news. The next look at the files sees it."""
    if node.partner != source.connection:
        raise BadRecord(
            f"node {node.code} says it is of {node.partner!r} and came over {source.connection!r}",
            record=f"node {node.code}",
            field="partner",
            todo="a partner reports its own places only; report this as a fault of the connector",
            code="foreign node",
        )
    owner = next((each.partner for each in desk.directory.nodes() if each.code == node.code), node.partner)
    if owner != node.partner:
        raise BadRecord(
            f"node {node.code} is of {owner!r} already",
            record=f"node {node.code}",
            field="code",
            todo="give the place another code in the mapping file of the partner that reports it",
            code="node code used twice",
        )
    return nodes.report(tx, node.partner, node, desk.clock.now())


def with_reported(profile: Profile, reported: Sequence[Node]) -> Profile:
    """Return a profile whose partner has the reported places beside those of its file."""
    if not reported:
        return profile
    partner = profile.partner
    by_code = {node.code: node for node in reported}
    declared = [node for node in partner.nodes if not _is_implied(node)]
    known = {node.code: _filled(node, by_code.get(node.code)) for node in declared}
    every = {**{code: node for code, node in by_code.items() if code not in known}, **known}
    nodes_ = tuple(every[code] for code in sorted(every))
    return Profile(partner.model_copy(update={"nodes": nodes_}), profile.settings, profile.translator, profile.hash)


def _is_implied(node: Node) -> bool:
    """Tell whether the file names no node at all, so that one stands for the partner as a whole."""
    return node == Node(code=node.partner.upper(), name=node.name, kind=node.kind, partner=node.partner)


def _filled(node: Node, reported: Node | None) -> Node:
    if reported is None:
        return node
    plain = Node(code=node.code, kind=node.kind, partner=node.partner)
    open_: Mapping[str, object] = {
        name: getattr(reported, name) for name in _ADDED if getattr(node, name) == getattr(plain, name)
    }
    hours = reported.hours if node.hours == Hours() else node.hours
    return node.changed(**open_, hours=hours, active=node.active and reported.active)
