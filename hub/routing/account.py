"""Writing a plan down: every line with its cost parts, which add up to the total to the last micro-unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hub.model.decision import Choice, CostParts, Decision, Unfilled
from hub.routing.frozen import input_hash
from hub.routing.plan import Part, Plan, excesses, worth
from hub.routing.problem import Want
from hub.routing.scene import Scene
from hub.routing.shortage import reason
from hub.routing.tariff import MICRO, amount, units

#: The canonical model holds amounts below this.
_LARGEST = 10**15 * MICRO


class Costs(NamedTuple):
    """The parts of a cost in micro-units, named as in the decision."""

    item: int
    handling: int
    freight: int
    duty: int
    split: int
    lateness: int


@dataclass(frozen=True, slots=True)
class Row:
    """A quantity (nano-units) of one want in one part of the plan."""

    want: Want
    part: int
    nanos: int


def written(scene: Scene, plan: Plan) -> Decision:
    """Return the plan as the decision that is stored; shared costs are spread over the lines by quantity."""
    problem = scene.problem
    rows = _rows(plan.parts)
    costs = costs_of(scene, plan.parts, rows)
    total = sum(map(sum, costs))
    if total >= _LARGEST:
        raise ValueError(
            f"order {problem.order_id}: its landed cost of {amount(total):.0f} is no price; check the offers"
        )
    places = {want.line_id: place for place, want in enumerate(problem.wants)}
    chosen = sorted(
        zip(rows, costs, strict=True),
        key=lambda each: (places[each[0].want.line_id], plan.parts[each[0].part].code),
    )
    return Decision(
        order_id=problem.order_id,
        decided_at=problem.at,
        rules_hash=scene.rules.hash,
        input_hash=input_hash(problem),
        currency=problem.currency,
        choices=tuple(_choice(row, plan.parts[row.part], cost) for row, cost in chosen),
        unfilled=_unfilled(scene, plan, rows),
        total=amount(total),
        optimal=plan.optimal,
        bound=_bound(scene, plan),
        method=plan.method,
    )


def _bound(scene: Scene, plan: Plan) -> Decimal | None:
    """Return the proven bound; none where the units' worth to other orders was weighed, which nobody pays."""
    if plan.optimal or plan.bound is None or worth(scene, plan.parts):
        return None
    return amount(max(0, plan.bound))


def costs_of(scene: Scene, parts: Sequence[Part], rows: Sequence[Row]) -> list[Costs]:
    """Return the cost of each row, what is shared spread over those that share it."""
    columns = {name: [0] * len(rows) for name in Costs._fields}
    parcels: dict[tuple[str, bool], list[int]] = {}
    members: list[list[int]] = [[] for _ in parts]
    for index, row in enumerate(rows):
        members[row.part].append(index)
        part = parts[row.part]
        parcels.setdefault((part.code, part.good.pick_up_node is None), []).append(index)
    for part, sharing in zip(parts, members, strict=True):
        costs = scene.parts(part.good, *scene.at(part.good, part.code), part.nanos)
        for name in ("item", "handling", "freight", "duty", "lateness"):
            _spread(columns[name], getattr(costs, name), rows, sharing)
    more = excesses(scene, parts)
    for (code, sent), sharing in parcels.items():
        site = scene.site(code)
        _spread(columns["handling"], site.tariff.handling, rows, sharing)
        _spread(columns["freight"], site.freight + more.get(code, 0) if sent else 0, rows, sharing)
    shipped = [sharing for (_, sent), sharing in parcels.items() if sent]
    splits = scene.terms.split * max(0, len(shipped) - 1)
    _spread(columns["split"], splits, rows, sorted(index for sharing in shipped for index in sharing))
    return [Costs(*each) for each in zip(*columns.values(), strict=True)]


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Cut a whole number in proportion to the weights; the largest remainders take what is left, first to last."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % whole))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _spread(column: list[int], total: int, rows: Sequence[Row], members: Sequence[int]) -> None:
    if total:
        for index, each in zip(members, share(total, [rows[index].nanos for index in members]), strict=True):
            column[index] += each


def _rows(parts: Sequence[Part]) -> list[Row]:
    """Return the parts by want: the parts of a good, by node, fill its wants in the order of the lines."""
    open_wants: dict[int, list[tuple[Want, int]]] = {}
    rows = []
    for number in sorted(range(len(parts)), key=lambda each: parts[each].code):
        part = parts[number]
        waiting = open_wants.setdefault(id(part.good), [(want, want.nanos) for want in part.good.wants])
        left = part.nanos
        while left:
            want, missing = waiting.pop(0)
            used = min(left, missing)
            rows.append(Row(want, number, used))
            left -= used
            if used < missing:
                waiting.insert(0, (want, missing - used))
    return rows


def _choice(row: Row, part: Part, costs: Costs) -> Choice:
    return Choice(
        line_id=row.want.line_id,
        sku=row.want.sku,
        quantity=units(row.nanos),
        node=part.code,
        costs=CostParts(**{name: amount(value) for name, value in costs._asdict().items() if value}),
    )


def _unfilled(scene: Scene, plan: Plan, rows: Iterable[Row]) -> tuple[Unfilled, ...]:
    """Return what each want lacks, in the order of the lines."""
    lefts = {want.line_id: left for left in plan.left for want in left.good.wants}
    if not lefts:
        return ()
    filled: dict[str, int] = {}
    for row in rows:
        filled[row.want.line_id] = filled.get(row.want.line_id, 0) + row.nanos
    missing = [(want, want.nanos - filled.get(want.line_id, 0)) for want in scene.problem.wants]
    return tuple(
        Unfilled(line_id=want.line_id, sku=want.sku, quantity=units(nanos), reason=reason(scene, lefts[want.line_id]))
        for want, nanos in missing
        if nanos
    )
