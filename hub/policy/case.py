"""The tests that stand in a routing file: an order, the stock that there is, and what is to come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field

from hub.mapping.located import Path as Way
from hub.mapping.problem import Problem, did_you_mean
from hub.mapping.section import Section
from hub.mapping.settings import checked
from hub.mapping.source import Source
from hub.model.base import Code, Moment, Quantity, Record
from hub.model.decision import Decision
from hub.model.node import Hours, Node, NodeCosts, NodeKind
from hub.model.number import plain
from hub.model.order import SalesOrder
from hub.model.place import Address
from hub.policy.facts import Asked, worth_of
from hub.policy.policy import Policy, Ruling
from hub.policy.step import Approve, Step
from hub.routing.explain import explain
from hub.routing.offer import Offer
from hub.routing.problem import Network, Want
from hub.routing.problem import Problem as Question
from hub.routing.promise import deadline, promises
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve

_SETTINGS: Final = ("name", "at", "order", "stock", "expect")
_AT: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_ORDER: Final[Mapping[str, Any]] = {
    "channel": "shop",
    "order_id": "1",
    "number": "1",
    "currency": "USD",
    "placed_at": _AT,
    "updated_at": _AT,
}


class Shelf(Record):
    """What a node has of a SKU, and what it costs from there."""

    node: Code
    kind: NodeKind = NodeKind.WAREHOUSE
    sku: Code
    quantity: Quantity
    cost: Quantity = Decimal(0)
    freight: Quantity = Decimal(0)
    km: Quantity | None = None
    country: str | None = None
    lead_days: Annotated[int, Field(ge=0, le=730)] = 0
    hours: Annotated[Hours | None, Field(description="when the node works; none: always")] = None


class _When(Record):
    """The moment at which a test asks; TOML has moments of its own."""

    at: Moment = _AT


class Expected(Record):
    """What is to come of the order; what is left out does not matter.

    `nodes` are all the nodes that get anything, `lines` the nodes by SKU, `missing` the quantities without a source,
    `arrives` the day (in UTC) on which the last of it comes, `removed` the rule against a node that gets nothing.
    """

    rules: str | None = None
    workflows: tuple[str, ...] | None = None
    held: bool | None = None
    nodes: tuple[Code, ...] | None = None
    lines: Mapping[str, tuple[Code, ...]] | None = None
    missing: Mapping[str, Quantity] | None = None
    parcels: int | None = None
    cost: Quantity | None = None
    nothing_fits: str | None = None
    arrives: date | None = None
    removed: Mapping[Code, str] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One embedded test, and where it stands; `order` is None when it could not be read."""

    name: str
    order: SalesOrder | None
    stock: tuple[Shelf, ...]
    expect: Expected
    at: Problem
    moment: datetime = _AT


def read_case(source: Source, way: Way) -> Case:
    """Read one test; what is wrong with it is noted in the source."""
    section = Section(source, way)
    section.only(_SETTINGS)
    name = section.text("name", f"number {way[-1]}")
    given = Section(source, (*way, "order")).data
    order = checked(source, (*way, "order"), SalesOrder, {**_ORDER, **given, "lines": _lines(given)})
    stock = _stock(source, way, section)
    expect = checked(source, (*way, "expect"), Expected, Section(source, (*way, "expect")).data)
    if "expect" not in section.data:
        section.report("expect", f"a test says what it expects{did_you_mean('', Expected.model_fields)}")
    moment = checked(source, way, _When, {key: section.data[key] for key in ("at",) if key in section.data})
    spot = source.find(way)[1]
    at = Problem(source.file, spot.line, spot.column, f"test {name!r}")
    return Case(name, order, stock, expect or Expected(), at, (moment or _When()).at)


def _lines(given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - TOML
    """Return the lines with a number for each that has none."""
    lines = given.get("lines", [])
    if not isinstance(lines, list):
        return lines
    return [
        {"line_id": str(number), **each} if isinstance(each, dict) else each for number, each in enumerate(lines, 1)
    ]


def _stock(source: Source, way: Way, section: Section) -> tuple[Shelf, ...]:
    rows = section.data.get("stock", [])
    if not isinstance(rows, list):
        section.report("stock", 'stock is a list such as [{ node = "DC", sku = "MUG", quantity = 3 }]', value=True)
        return ()
    made = [checked(source, (*way, "stock", number), Shelf, row) for number, row in enumerate(rows)]
    kept: dict[tuple[str, str], Shelf] = {}
    for number, each in enumerate(made):
        if isinstance(each, Shelf) and kept.setdefault((each.node, each.sku), each) is not each:
            source.report((*way, "stock", number), f"{each.node} has {each.sku} in a row above; add its stock up")
    return tuple(kept.values())


# --- running it -------------------------------------------------------------------------------------------------------


def run_case(case: Case, policy: Policy) -> Problem | None:
    """Route the order of a test by the policy; returns how it differs from what is expected, None when it does not."""
    if case.order is None:
        return None
    asked = Asked(case.order, worth_of(case.order))
    found = tuple(_differences(case, case.order, policy.ruling(asked)))
    return (
        Problem(case.at.file, case.at.line, case.at.column, f"{case.at.message}: {'; '.join(found)}") if found else None
    )


def _differences(case: Case, order: SalesOrder, ruling: Ruling) -> Iterator[str]:
    want = case.expect
    held = any(_is_shut(step, worth_of(order)) for step in ruling.steps)
    yield from _differs("rules", want.rules, ruling.rule_set.name)
    yield from _differs("workflows", want.workflows, ruling.workflows)
    yield from _differs("held", want.held, held)
    yield from _differs("nothing_fits", want.nothing_fits, ruling.nothing_fits.then)
    question = _question(case, order)
    decision = solve(question, ruling.rules)
    yield from _of_decision(case, decision)
    yield from _of_reasons(case.expect, question, ruling.rules, decision)


def _is_shut(step: Step, worth: Decimal) -> bool:
    """Return whether a step keeps a new order back, as far as the order alone tells."""
    if isinstance(step.does, Approve):
        return worth > step.does.above
    return step.keeps_back


def _of_decision(case: Case, decision: Decision) -> Iterator[str]:
    want = case.expect
    nodes: dict[str, set[str]] = {}
    for choice in decision.choices:
        nodes.setdefault(choice.sku, set()).add(choice.node)
    used = sorted({choice.node for choice in decision.choices})
    missing: dict[str, Decimal] = {}
    for each in decision.unfilled:
        missing[each.sku] = missing.get(each.sku, Decimal(0)) + each.quantity
    yield from _differs("nodes", None if want.nodes is None else sorted(want.nodes), used)
    for sku, codes in (want.lines or {}).items():
        yield from _differs(f"lines.{sku}", sorted(codes), sorted(nodes.get(sku, ())))
    yield from _differs("missing", None if want.missing is None else dict(want.missing), missing)
    yield from _differs("parcels", want.parcels, len(used))
    yield from _differs("cost", want.cost, decision.total)


def _of_reasons(want: Expected, question: Question, rules: RoutingRules, decision: Decision) -> Iterator[str]:
    if want.arrives is not None:
        days = {each.date() for each in promises(question, rules, decision).values()}
        yield from _differs("arrives", want.arrives, max(days, default="never"))
    if want.removed is not None:
        against = {each.node: each.rule for each in explain(question, rules, decision) if each.rule}
        for code, rule in want.removed.items():
            yield from _differs(f"removed.{code}", rule, against.get(code, "none"))


def _differs(name: str, wanted: object, found: object) -> Iterator[str]:
    if wanted is not None and wanted != found:
        yield f"{name} is {_told(found)}, expected {_told(wanted)}"


def _told(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_told(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return repr(value) if isinstance(value, str) else str(value).lower()


def _question(case: Case, order: SalesOrder) -> Question:
    nodes = {row.node: _node(row) for row in case.stock}
    return Question(
        order_id="test",
        currency="USD",
        at=case.moment,
        wants=tuple(
            Want(line.line_id, line.sku, line.quantity, pick_up_node=line.pick_up_node)
            for line in order.lines
            if line.ships and line.quantity
        ),
        nodes=Network(nodes.values()),
        offers=tuple(Offer(row.node, row.sku, row.quantity, row.cost, lead_days=row.lead_days) for row in case.stock),
        country=order.ship_to.country if order.ship_to else None,
        promise_by=deadline(order.promise_by),
        service=order.service,
        calendars=True,
        distances={row.node: row.km for row in case.stock if row.km is not None},
    )


def _node(row: Shelf) -> Node:
    return Node(
        code=row.node,
        kind=row.kind,
        partner=row.node,
        address=Address(country=row.country) if row.country else None,
        costs=NodeCosts(freight_base=row.freight),
        pick_up=row.kind is NodeKind.STORE,
        hours=row.hours.changed(declared=True) if row.hours else Hours(),
    )
