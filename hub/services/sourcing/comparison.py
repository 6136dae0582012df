"""Two ways of routing the same orders side by side: cost, parcels, splits, dates and sources, by order and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.model.number import plain
from hub.routing.promise import promises
from hub.services.sourcing.replay import Decided, Pair

_DAY = timedelta(days=1)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Side:
    """One way of routing one order; `expected` is when the last of it comes, None when nothing does.

    `cost` is money: goods, handling, freight and duty. What rules count for a split or a late day is `penalties`, which
    is no measure across rules that count differently.
    """

    cost: Decimal
    penalties: Decimal
    parcels: int
    missing: Decimal
    expected: datetime | None
    late: bool
    rule_set: str
    units: dict[str, Decimal]
    kinds: dict[str, str]

    @classmethod
    def of(cls, decided: Decided) -> Side:
        """Return what a decision comes to."""
        decision, problem = decided.decision, decided.problem
        units: dict[str, Decimal] = {}
        for choice in decision.choices:
            units[choice.node] = units.get(choice.node, Decimal(0)) + choice.quantity
        expected = max(promises(problem, decided.rules, decision).values(), default=None)
        penalties = sum((each.costs.split + each.costs.lateness for each in decision.choices), Decimal(0))
        return cls(
            cost=decision.total - penalties,
            penalties=penalties,
            parcels=len(units),
            missing=sum((each.quantity for each in decision.unfilled), Decimal(0)),
            expected=expected,
            late=bool(expected and problem.promise_by and expected > problem.promise_by),
            rule_set=decided.rule_set,
            units=units,
            kinds={code: problem.nodes.by_code[code].kind.value for code in units},
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "cost": plain(self.cost),
            "penalties": plain(self.penalties),
            "parcels": self.parcels,
            "missing": plain(self.missing),
            "expected": self.expected.isoformat() if self.expected else None,
            "late": self.late,
            "rules": self.rule_set,
            "nodes": {code: plain(units) for code, units in sorted(self.units.items())},
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One routing of an order, both ways."""

    order: str
    at: datetime
    was: Side
    becomes: Side
    order_id: str = ""

    @property
    def saved(self) -> Decimal:
        """Return what the new way costs less; negative when it costs more, zero when it does not send as much."""
        return self.was.cost - self.becomes.cost if self.was.missing == self.becomes.missing else Decimal(0)

    @property
    def moved(self) -> bool:
        """Return whether anything comes from elsewhere."""
        return self.was.units != self.becomes.units

    @property
    def later_days(self) -> Decimal:
        """Return by how many days the customer gets it later; negative when sooner, zero when either way is unknown."""
        if self.was.expected is None or self.becomes.expected is None:
            return Decimal(0)
        seconds = int((self.becomes.expected - self.was.expected).total_seconds())
        return (Decimal(seconds) / 86_400).quantize(_CENT)


@dataclass(slots=True)
class Sum:
    """One way of routing in all."""

    cost: Decimal = Decimal(0)
    penalties: Decimal = Decimal(0)
    parcels: int = 0
    split: int = 0
    missing: Decimal = Decimal(0)
    late: int = 0
    days: timedelta = timedelta(0)
    promised: int = 0
    nodes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    waits: Counter[int] = field(default_factory=Counter)

    def add(self, at: datetime, side: Side) -> None:
        """Take up one order."""
        self.cost += side.cost
        self.penalties += side.penalties
        self.parcels += side.parcels
        self.split += side.parcels > 1
        self.missing += side.missing
        self.late += side.late
        self.sizes[side.parcels] += 1
        for code, units in side.units.items():
            self.nodes[code] += int(units)
            self.kinds[side.kinds[code]] += int(units)
        if side.expected is not None:
            self.days += side.expected - at
            self.promised += 1
            self.waits[-(-(side.expected - at) // _DAY)] += 1

    @property
    def mean_days(self) -> Decimal:
        """Return how many days a customer waits on average."""
        if not self.promised:
            return Decimal(0)
        return (Decimal(int(self.days.total_seconds())) / self.promised / 86_400).quantize(_CENT)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "cost": plain(self.cost),
            "penalties": plain(self.penalties),
            "parcels": self.parcels,
            "orders_split": self.split,
            "units_missing": plain(self.missing),
            "orders_late": self.late,
            "mean_days": plain(self.mean_days),
            "units_by_kind": dict(sorted(self.kinds.items())),
            "units_by_node": dict(sorted(self.nodes.items())),
        }


@dataclass(slots=True)
class Comparison:
    """All rows, and both ways in all."""

    currency: str
    rows: list[Row] = field(default_factory=list)
    was: Sum = field(default_factory=Sum)
    becomes: Sum = field(default_factory=Sum)

    @classmethod
    def of(cls, pairs: Iterable[Pair], currency: str) -> Comparison:
        """Return the comparison of these routings."""
        made = cls(currency)
        for pair in pairs:
            at = pair.was.problem.at
            was, becomes = Side.of(pair.was), Side.of(pair.becomes)
            row = Row(pair.order.number, at, was, becomes, pair.was.problem.order_id)
            made.rows.append(row)
            made.was.add(at, row.was)
            made.becomes.add(at, row.becomes)
        return made

    @property
    def moved(self) -> list[Row]:
        """Return the rows in which anything changes: those that send more or less, then by the difference of cost."""
        changed = [row for row in self.rows if row.moved or row.saved or row.later_days]
        return sorted(changed, key=lambda row: (row.was.missing == row.becomes.missing, -abs(row.saved), row.order))

    @property
    def alike(self) -> int:
        """Return how many orders both ways send as much of; only these say what is saved."""
        return sum(row.was.missing == row.becomes.missing for row in self.rows)

    @property
    def saved(self) -> Decimal:
        """Return what the new way costs less on the orders of which both send as much."""
        return sum((row.saved for row in self.rows), Decimal(0))

    @property
    def saved_percent(self) -> Decimal:
        """Return the same in percent of what these orders cost before."""
        before = sum((row.was.cost for row in self.rows if row.was.missing == row.becomes.missing), Decimal(0))
        return (self.saved * 100 / before).quantize(_CENT) + 0 if before else Decimal(0)  # no -0.00

    def figures(self) -> tuple[tuple[str, Decimal | int, Decimal | int], ...]:
        """Return what both ways come to: in words, as it was, as it would be."""
        was, becomes = self.was, self.becomes
        return (
            (f"goods, handling, freight and duty, {self.currency}", was.cost, becomes.cost),
            ("what the rules count for splits and delay", was.penalties, becomes.penalties),
            ("parcels", was.parcels, becomes.parcels),
            ("orders in more than one parcel", was.split, becomes.split),
            ("units without a source", was.missing, becomes.missing),
            ("orders later than promised", was.late, becomes.late),
            ("mean days to the customer", was.mean_days, becomes.mean_days),
        )

    def as_json(self, most: int | None = None) -> dict[str, Any]:
        """Return it as plain values, with the rows that change."""
        rows = self.moved if most is None else self.moved[:most]
        return {
            "orders": len(self.rows),
            "orders_changed": len(self.moved),
            "currency": self.currency,
            "orders_alike": self.alike,
            "saved": plain(self.saved),
            "saved_percent": plain(self.saved_percent),
            "was": self.was.as_json(),
            "becomes": self.becomes.as_json(),
            "figures": [
                {"figure": name, "was": plain(Decimal(was)), "becomes": plain(Decimal(becomes))}
                for name, was, becomes in self.figures()
            ],
            "changes": [
                {
                    "order": row.order,
                    "id": row.order_id,
                    "saved": plain(row.saved),
                    "later_days": plain(row.later_days),
                    "was": row.was.as_json(),
                    "becomes": row.becomes.as_json(),
                }
                for row in rows
            ],
        }
