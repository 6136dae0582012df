"""The auditor: compares what the shop asked with what the partners hold and what the shop was told; pure.

It never opens the hub's database. Lines are compared by the shop's own order and line ids and by quantity, never by
purchase order number, so a purchase order that was sent twice under two numbers is seen as well as a resent one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str]


class Verdict(StrEnum):
    """What is wrong with a line; the first two are found at the partners, the others between partners and shop."""

    LOST = "lost"  # partners hold less than was ordered, and nobody says why
    DUPLICATED = "duplicated"  # partners hold more than was ever ordered, or something that was not
    UNFULFILLED = "unfulfilled"  # left the partner and the shop was not told
    DOUBLE_FULFILLED = "double_fulfilled"  # the shop was told more than left


@dataclass(frozen=True, slots=True)
class Finding:
    """One line that is not right, with every quantity that was compared."""

    order: str
    line: str
    sku: str
    verdict: Verdict
    placed: Decimal
    held: Decimal
    shipped: Decimal
    fulfilled: Decimal
    excused: Decimal


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the auditor says. Every line has at most one verdict: `lost` and `duplicated` count lines.

    `lost` includes `unfulfilled`, `duplicated` includes `double_fulfilled`: goods that the shop was never told of, or
    told of twice. `excused` are the lines of which a part stands in the hub's list of failures.
    """

    orders: int
    lines: int
    purchase_orders: int
    shipments: int
    fulfilments: int
    lost: int
    duplicated: int
    unfulfilled: int
    double_fulfilled: int
    excused: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        plain = asdict(self)
        plain["findings"] = [
            {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(each).items()}
            for each in self.findings
        ]
        return plain

    def as_text(self, most: int = 50) -> str:
        """Return the report for a person, with the first findings."""
        head = (
            f"{self.lines} lines of {self.orders} orders: {self.lost} lost, {self.duplicated} duplicated, "
            f"{self.excused} explained by the list of failures "
            f"({self.purchase_orders} orders at partners, {self.shipments} shipments, {self.fulfilments} fulfilments)"
        )
        rows = [
            f"{each.verdict}: order {each.order} line {each.line} ({each.sku}): placed {each.placed}, "
            f"held {each.held}, shipped {each.shipped}, fulfilled {each.fulfilled}, excused {each.excused}"
            for each in self.findings[:most]
        ]
        more = [f"... and {len(self.findings) - most} more"] if len(self.findings) > most else []
        return "\n".join([head, *rows, *more])


def audit(
    placed: Sequence[Row], held: Sequence[Row], fulfilled: Sequence[Row], excused: Iterable[Row] = ()
) -> AuditReport:
    """Compare line by line.

    `placed`: order, line, sku, ordered, quantity (what is left of it after cancellations); `held`: partner, document,
    order, line, sku, quantity, shipped, shipments; `fulfilled`: order, line, quantity, fulfilment; `excused`: order,
    line and a quantity, or none for the whole line.
    """
    lines = {_key(row): row for row in placed}
    right = [row for row in held if _is_for(row, lines)]
    sums = _Sums(_sum(right, "quantity"), _sum(right, "shipped"), _sum(fulfilled, "quantity"), _excuses(excused, lines))
    judged = [finding for key, row in lines.items() if (finding := _judge(key, row, sums)) is not None]
    stray = [_stray(row) for row in held if not _is_for(row, lines) and _quantity(row["quantity"])]
    findings = (*judged, *stray)
    verdicts = [finding.verdict for finding in findings]
    return AuditReport(
        orders=len({order for order, _ in lines}),
        lines=len(lines),
        purchase_orders=len({(row["partner"], row["document"]) for row in held}),
        shipments=len({(row["partner"], number) for row in held for number in row.get("shipments", ())}),
        fulfilments=len({row["fulfilment"] for row in fulfilled}),
        lost=verdicts.count(Verdict.LOST) + verdicts.count(Verdict.UNFULFILLED),
        duplicated=verdicts.count(Verdict.DUPLICATED) + verdicts.count(Verdict.DOUBLE_FULFILLED),
        unfulfilled=verdicts.count(Verdict.UNFULFILLED),
        double_fulfilled=verdicts.count(Verdict.DOUBLE_FULFILLED),
        excused=len(sums.excused),
        findings=findings,
    )


def audit_from_json(facts: Mapping[str, Sequence[Row]], failed: Iterable[Row]) -> AuditReport:
    """Audit what the sandbox's `/audit` said against what `crossdock failed list --json` lists."""
    portions: dict[Key, Decimal] = {}
    excused: list[Row] = []
    for failure in failed:
        for row in failure.get("lines", ()):
            if failure.get("kind") == "line" and row.get("quantity") is not None:
                # each is a portion of its own: two that lack a source for the same reason explain both
                portions[_key(row)] = portions.get(_key(row), Decimal(0)) + _quantity(row["quantity"])
            else:
                excused.append(row)
    excused += [{"order": order, "line": line, "quantity": part} for (order, line), part in portions.items()]
    return audit(facts["placed"], facts["held"], facts["fulfilled"], excused)


@dataclass(frozen=True, slots=True)
class _Sums:
    held: Mapping[Key, Decimal]
    shipped: Mapping[Key, Decimal]
    fulfilled: Mapping[Key, Decimal]
    excused: Mapping[Key, Decimal]


def _judge(key: Key, row: Row, sums: _Sums) -> Finding | None:
    """Return what is wrong with a placed line, the partners' side first."""
    ordered, placed = _quantity(row["ordered"]), _quantity(row["quantity"])
    held, shipped, fulfilled, excused = (
        each.get(key, Decimal(0)) for each in (sums.held, sums.shipped, sums.fulfilled, sums.excused)
    )
    verdict: Verdict | None = None
    if held > ordered:
        verdict = Verdict.DUPLICATED
    elif held + excused < placed:
        verdict = Verdict.LOST
    elif fulfilled > shipped:
        verdict = Verdict.DOUBLE_FULFILLED
    elif fulfilled + excused < shipped:
        verdict = Verdict.UNFULFILLED
    if verdict is None:
        return None
    return Finding(*key, str(row["sku"]), verdict, placed, held, shipped, fulfilled, excused)


def _stray(row: Row) -> Finding:
    """Return the finding for something that a partner holds and nobody ordered."""
    held, shipped, none = _quantity(row["quantity"]), _quantity(row["shipped"]), Decimal(0)
    return Finding(*_key(row), str(row["sku"]), Verdict.DUPLICATED, none, held, shipped, none, none)


def _is_for(row: Row, lines: Mapping[Key, Row]) -> bool:
    """Say whether a partner's row is for a line that was placed, and for the same item."""
    placed = lines.get(_key(row))
    return placed is not None and placed["sku"] == row["sku"]


def _key(row: Row) -> Key:
    return str(row["order"]), str(row["line"])


def _quantity(value: object) -> Decimal:
    return Decimal(str(value))


def _sum(rows: Iterable[Row], name: str) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = {}
    for row in rows:
        sums[_key(row)] = sums.get(_key(row), Decimal(0)) + _quantity(row[name])
    return sums


def _excuses(excused: Iterable[Row], lines: Mapping[Key, Row]) -> dict[Key, Decimal]:
    """Return how much of each line is explained; a line that is listed twice is explained once, by the larger part.

    A row without a line explains the whole order: one that the hub could not read.
    """
    parts: dict[Key, Decimal] = {}
    for row in excused:
        for key in [_key(row)] if row.get("line") else [key for key in lines if key[0] == str(row["order"])]:
            if key not in lines:
                continue
            whole = _quantity(lines[key]["quantity"])
            part = whole if row.get("quantity") is None else min(whole, _quantity(row["quantity"]))
            parts[key] = max(parts.get(key, Decimal(0)), part)
    return parts
