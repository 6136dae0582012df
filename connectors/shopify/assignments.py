"""Where the hub sends an order's goods from becomes where the shop has them assigned: by moving fulfilment orders.

A fulfilment order whose lines come from several places is split by that: a move of some of its lines leaves the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.shopify.parcel import NO_PARTS, FulfilmentOrder
from connectors.shopify.parts import Parts
from hub.contract import Absent, Finding, Found, Outbound, Receipt, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.model.channel import Assignment

_LOG = EventLog(__name__)
_READY = frozenset({"open", "in_progress", "scheduled"})
#: More moves than this an order never needs: its fulfilment orders change while we move them.
_MOST_MOVES = 40

#: A line of the shop's order at a location.
Spot = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The neutral document: how much of each line comes from which location, and the SKU of each line."""

    order: str
    spots: Mapping[Spot, int]
    skus: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Assignment) -> Wanted:
        """Return the document for a canonical assignment; parts of a unit are left off, as the shop counts none."""
        spots: dict[Spot, int] = {}
        for line in record.lines:
            spot = line.channel_line, line.location
            spots[spot] = spots.get(spot, 0) + int(line.quantity)
        return cls(record.channel_order, spots, {line.channel_line: line.sku for line in record.lines})

    def write(self) -> bytes:
        """Return the document as bytes."""
        lines = [
            {"line_item": line, "sku": self.skus.get(line, ""), "location": location, "quantity": quantity}
            for (line, location), quantity in self.spots.items()
        ]
        return json.dumps({"order": self.order, "lines": lines}, ensure_ascii=False, indent=1).encode()

    @classmethod
    def read(cls, content: bytes) -> Wanted:
        """Return the document that `write` wrote."""
        tree = json.loads(content)
        spots = {(row["line_item"], row["location"]): row["quantity"] for row in tree["lines"]}
        return cls(tree["order"], spots, {row["line_item"]: row["sku"] for row in tree["lines"]})


@dataclass(frozen=True, slots=True)
class Move:
    """Quantities of one fulfilment order, by the ids of its lines, that belong at another location."""

    order: FulfilmentOrder
    location: str
    rows: Mapping[str, int]

    @property
    def lines(self) -> frozenset[str]:
        """The lines of the shop's order that it moves."""
        return frozenset(line.line for line in self.order.lines if line.id in self.rows)


def plan(spots: Mapping[Spot, int], orders: Iterable[FulfilmentOrder]) -> tuple[Move, ...]:
    """Return the moves after which each line is assigned where it comes from, as far as the shop lets go of it.

    What stands at the right place stays; what nobody wants anywhere (lines that the hub has not routed) stays too.
    """
    ready = [order for order in orders if order.status in _READY]
    left, over = dict(spots), []
    for order in ready:
        for line in order.lines:
            kept = min(line.open, left.get((line.line, order.location), 0))
            left[line.line, order.location] = left.get((line.line, order.location), 0) - kept
            over.append((order, line, line.open - kept))
    moves: dict[tuple[str, str], Move] = {}
    for order, line, spare in over:
        free = spare if order.movable else 0
        for spot in [spot for spot, lacking in left.items() if spot[0] == line.line and lacking > 0]:
            taken = min(free, left[spot])
            if taken:
                known = moves.get((order.id, spot[1]), Move(order, spot[1], {}))
                moves[order.id, spot[1]] = Move(order, spot[1], {**known.rows, line.id: taken})
                left[spot], free = left[spot] - taken, free - taken
    return tuple(moves.values())


class Assignments:
    """The `assignments` document of one shop; each try begins with what the shop shows, so it may be repeated."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def send(self, outbound: Outbound) -> Receipt:
        """Move until everything is assigned where it comes from; what the shop will not move stays where it is."""
        wanted = Wanted.read(outbound.content)
        done: list[Move] = []
        refused: dict[Spot, str] = {}
        for _ in range(_MOST_MOVES):
            open_moves = [move for move in self._moves(wanted) if (move.order.id, move.location) not in refused]
            if not open_moves:
                return _receipt(wanted, done, refused)
            self._make(wanted, open_moves[0], done, refused)
        said = f"the fulfilment orders of order {wanted.order} change faster than they can be moved"
        raise TemporaryFailure(said, todo="nothing, when it passes", code="moves unclear")

    def find(self, outbound: Outbound) -> Finding:
        """Say whether everything is assigned where it comes from."""
        wanted = Wanted.read(outbound.content)
        return Absent() if self._moves(wanted) else Found(_receipt(wanted, (), {}))

    def _moves(self, wanted: Wanted) -> tuple[Move, ...]:
        orders = self._parts.of_order(wanted.order)
        if not orders:
            said = f"order {wanted.order} has no fulfilment orders yet"
            raise TemporaryFailure(said, todo=NO_PARTS, code="no FO yet")
        return plan(wanted.spots, orders)

    def _make(self, wanted: Wanted, move: Move, done: list[Move], refused: dict[Spot, str]) -> None:
        rows = [{"id": int(line), "quantity": quantity} for line, quantity in move.rows.items()]
        try:
            self._parts.move(move.order.id, move.location, rows)
        except Rejected as refusal:
            _LOG.info("shopify_not_moved", order=wanted.order, location=move.location, said=refusal.what)
            refused[move.order.id, move.location] = refusal.what
        else:
            done.append(move)


def _receipt(wanted: Wanted, done: Sequence[Move], refused: Mapping[Spot, str]) -> Receipt:
    """Say what was moved; both places show another stock than they were told now."""
    changed = {
        (place, sku)
        for move in done
        for place in (move.order.location, move.location)
        for line in move.lines
        if (sku := wanted.skus.get(line, ""))
    }
    words = [f"{len(done)} moved" if done else "nothing to move"]
    words += [f"{part} not moved to {location}: {said}" for (part, location), said in refused.items()]
    return Receipt(reply="; ".join(words), confirmed=True, untaken=tuple(sorted(changed)))
