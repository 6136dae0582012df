"""The partner of a mapping file: who it is, what was agreed, its nodes, its tables and units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from hub.mapping.cell import Ground
from hub.mapping.cross_reference import load_references
from hub.mapping.rule import Scalar
from hub.mapping.section import Section
from hub.mapping.settings import checked
from hub.mapping.source import Source
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner, Role
from hub.model.unit import Units

#: What the nodes of a partner are unless its file says otherwise; a channel has none.
_NODE_KINDS: Final = {Role(kind.value).value: kind for kind in NodeKind}


def read_partner(source: Source) -> Partner | None:
    """Return the partner with its nodes, or None after noting what is wrong."""
    section = Section(source, ("partner",))
    if not section.data:
        source.report(("partner",), "[partner] is missing: it needs at least code and role")
        return None
    if "nodes" in section.data:
        section.report("nodes", "nodes stand in tables of their own: [nodes.CODE]")
    values = {key: value for key, value in section.data.items() if key != "nodes"}
    partner: Partner | None = checked(source, ("partner",), Partner, values)
    nodes = _nodes(source, section)
    return None if partner is None else partner.model_copy(update={"nodes": nodes})


def read_ground(source: Source, partner: Partner | None) -> Ground:
    """Return the tables, the units and the zone that all documents share; formulas look into `[units]` as a table."""
    units = _units(source)
    tables: dict[str, Mapping[str, Scalar]] = {"units": units.contents, **load_references(source)}
    tables |= {name: _table(source, name) for name in Section(source, ("tables",)).data}
    zone = ZoneInfo(partner.timezone if partner else "UTC")
    return Ground(tables, units, zone)


def _units(source: Source) -> Units:
    section = Section(source, ("units",))
    contents = {}
    for unit in section.data:
        content = section.number(unit)
        if content is not None and content > 0:
            contents[unit.strip()] = content
        elif content is not None:
            section.report(unit, f"unit {unit!r} must hold more than zero of our selling unit", value=True)
    return Units(contents=contents)


#: What says where a table is read from, in a field.
_OF_A_FILE: Final = frozenset({"file", "theirs", "ours"})


def _table(source: Source, name: str) -> Mapping[str, Scalar]:
    section = Section(source, ("tables", name))
    if not section.data and isinstance(source.data["tables"][name], dict):
        source.report(section.way, f"table {name!r} is empty")
    if str(section.data.get("file", "")).endswith(".csv") and section.data.keys() <= _OF_A_FILE:
        todo = f"say it in the field that uses it: table = {{ file = {section.data['file']!r} }}"
        source.report((*section.way, "file"), f"table {name!r} would have the one code 'file'; {todo}")
    scalars = {code: section.scalar(code) for code in section.data}
    return {code.strip(): value for code, value in scalars.items() if value is not None}


def _nodes(source: Source, section: Section) -> tuple[Node, ...]:
    """Return the declared nodes; a partner with stock and no node declared has one, named after it."""
    code, kind = section.data.get("code"), _NODE_KINDS.get(str(section.data.get("role")))
    declared = Section(source, ("nodes",)).data
    if not isinstance(code, str) or (kind is None and not declared):
        return ()
    if not declared:
        fields = {"code": code.upper(), "name": section.data.get("name", ""), "kind": kind, "partner": code}
        try:
            return (Node.model_validate(fields),)
        except ValidationError:  # what is wrong with code or name is told of the partner itself
            return ()
    nodes = [_node(source, each, code, kind) for each in declared]
    return tuple(node for node in nodes if node is not None)


def _node(source: Source, node: str, code: str, kind: NodeKind | None) -> Node | None:
    section = Section(source, ("nodes", node))
    for key in ("code", "partner"):
        if key in section.data:
            section.report(key, f"{key} is known: the node is {node!r} of {code!r}")
    base: dict[str, Any] = {} if kind is None else {"kind": kind}
    own = {key: value for key, value in section.data.items() if key not in ("code", "partner")}
    if isinstance(own.get("hours"), dict):
        zone = Section(source, ("partner",)).data.get("timezone")
        own["hours"] = {**({} if zone is None else {"timezone": zone}), **own["hours"], "declared": True}
    made: Node | None = checked(source, section.way, Node, {**base, **own, "code": node, "partner": code})
    return made
