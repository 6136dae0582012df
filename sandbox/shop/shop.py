"""The shop itself: it takes orders, assigns them to locations, moves and ships fulfilment orders, keeps stock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from hub.clock import Clock
from sandbox.plan import Item, LinePlan, OrderPlan
from sandbox.shop.state import (
    Fulfilment,
    FulfilmentOrder,
    FulfilmentOrderLine,
    Level,
    Location,
    Order,
    OrderLine,
    Variant,
)

#: One more than a float can count to exactly: whoever reads an id as a float shows it.
_FIRST_ID = 2**53 + 1


class Refused(Exception):
    """The shop will not do it; the text is what its API answers."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """How a parcel can be followed."""

    company: str | None = None
    number: str | None = None
    url: str | None = None


class Shop:
    """All that the shop knows; `own` and `drop_ship` are its two locations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # ids start where the clock stands, so that a sandbox started again never hands out an old one
        self._ids = count(_FIRST_ID + int(clock.now().timestamp()) * 10_000)
        self._numbers = count(1001)
        self.opened = clock.now().replace(microsecond=0)
        self.locations: dict[int, Location] = {}
        self.variants: dict[str, Variant] = {}
        self.by_inventory_item: dict[int, Variant] = {}
        self.levels: dict[tuple[int, int], Level] = {}
        self.orders: dict[int, Order] = {}
        self.parts: dict[int, FulfilmentOrder] = {}
        self.changes = 0
        self.watchers: list[Callable[[str, Order], None]] = []

    def _changed(self, topic: str, order: Order) -> None:
        """Take note that an order changed, and tell who watches."""
        self.changes += 1
        for watch in self.watchers:
            watch(topic, order)

    def touch(self, part: FulfilmentOrder, topic: str) -> None:
        """Take note that a fulfilment order changed, and tell who watches; the order itself is as it was."""
        part.updated = self._now()
        self._changed(topic, self.orders[part.order_id])

    # --- what it is stocked with ---

    def new_id(self) -> int:
        """Return an id that was never used."""
        return next(self._ids)

    def open_location(self, location: Location) -> None:
        """Add a location; the first one is where the shop ships from when it can."""
        self.locations[location.id] = location

    def list_item(self, item: Item) -> Variant:
        """Offer an item for sale."""
        variant = Variant(self.new_id(), self.new_id(), self.new_id(), item, self._now())
        self.variants[item.sku] = variant
        self.by_inventory_item[variant.inventory_item_id] = variant
        return variant

    def set_level(self, variant: Variant, location: Location, available: int) -> Level:
        """Set what a location shows as available."""
        level = Level(available, self._now())
        self.levels[variant.inventory_item_id, location.id] = level
        return level

    # --- orders ---

    def place(self, plan: OrderPlan) -> Order:
        """Take an order: assign its lines to locations and take them off the stock that is shown."""
        now = self._now()
        lines = [self._line(line) for line in plan.lines]
        order = Order(self.new_id(), next(self._numbers), self.new_id(), plan, lines, now, now)
        for _ in range(3):  # ids that the documents derive from the customer's
            self.new_id()
        for location, group in self._assigned(lines).items():
            self._open_part(order, self.locations[location], [(line, line.current) for line in group])
        self.orders[order.id] = order
        self._changed("orders/create", order)
        return order

    def _line(self, plan: LinePlan) -> OrderLine:
        variant = self.variants[plan.sku]
        return OrderLine(self.new_id(), variant, plan, plan.quantity, plan.quantity if variant.item.ships else 0)

    def _assigned(self, lines: Iterable[OrderLine]) -> Mapping[int, list[OrderLine]]:
        first, *others = self.locations
        groups: dict[int, list[OrderLine]] = {}
        for line in lines:
            if line.fulfillable:
                own = self._available(line.variant, first) >= line.fulfillable or not others
                location = first if own else others[0]
                groups.setdefault(location, []).append(line)
                self._take(line.variant, location, line.fulfillable)
        return groups

    def _available(self, variant: Variant, location: int) -> int:
        level = self.levels.get((variant.inventory_item_id, location))
        return level.available if level else 0

    def _take(self, variant: Variant, location: int, quantity: int) -> None:
        level = self.levels.setdefault((variant.inventory_item_id, location), Level(0, self._now()))
        level.available -= quantity
        level.updated = self._now()

    def cancel(self, order: Order) -> None:
        """Cancel what has not shipped yet, and show it as available again."""
        now = self._now()
        for part in order.fulfilment_orders:
            if part.active or part.holds:
                part.status, part.updated = "cancelled", now
                part.holds.clear()
                for left in part.open_lines:
                    self._take(left.line.variant, part.location.id, -left.fulfillable)
                    left.fulfillable = 0
        for line in order.lines:
            line.current -= line.fulfillable
            line.fulfillable = 0
        order.cancelled = order.updated = now
        self._changed("orders/cancelled", order)

    # --- fulfilment orders ---

    def _open_part(
        self, order: Order, location: Location, quantities: Iterable[tuple[OrderLine, int]]
    ) -> FulfilmentOrder:
        now = self._now()
        lines = [FulfilmentOrderLine(self.new_id(), line, quantity, quantity) for line, quantity in quantities]
        part = FulfilmentOrder(self.new_id(), order.id, location, lines, now, now)
        self.new_id()  # its delivery method's
        order.fulfilment_orders.append(part)
        self.parts[part.id] = part
        return part

    def reopen(self, part: FulfilmentOrder, quantities: Iterable[tuple[OrderLine, int]]) -> FulfilmentOrder:
        """Put quantities of a fulfilment order that is over into a new one at the same location."""
        return self._open_part(self.orders[part.order_id], part.location, quantities)

    def move(self, part: FulfilmentOrder, location: Location, quantities: Mapping[int, int] | None) -> FulfilmentOrder:
        """Assign all of a fulfilment order, or these quantities by line id, to another location.

        As the API describes it: all of one untouched keeps its id; a subset, or the rest of one that partly shipped,
        goes to a new one; and where the other location already has an active one both become a new one.
        """
        chosen = self._chosen(part, quantities)
        for line, _ in chosen:
            if (line.line.variant.inventory_item_id, location.id) not in self.levels:
                raise Refused("The destination location does not stock the requested inventory item.")
        order = self.orders[part.order_id]
        for line, quantity in chosen:
            self._take(line.line.variant, part.location.id, -quantity)
            self._take(line.line.variant, location.id, quantity)
        return self._moved(order, part, location, chosen)

    def _moved(
        self,
        order: Order,
        part: FulfilmentOrder,
        location: Location,
        chosen: list[tuple[FulfilmentOrderLine, int]],
    ) -> FulfilmentOrder:
        now = self._now()
        order.updated = part.updated = now
        self.changes += 1
        other = next((each for each in order.fulfilment_orders if each.active and each.location == location), None)
        untouched = all(line.quantity == line.fulfillable for line in part.lines)
        whole = untouched and {(line.id, line.quantity) for line in part.lines} == {(x.id, n) for x, n in chosen}
        if whole and other is None:
            part.location = location
            return part
        quantities = [(line.line, quantity) for line, quantity in chosen]
        for line, quantity in chosen:
            line.quantity -= quantity
            line.fulfillable -= quantity
        part.lines = [line for line in part.lines if line.quantity]
        _close_if_done(part)
        if other is not None and other is not part:
            quantities = [(line.line, line.fulfillable) for line in other.open_lines] + quantities
            other.status, other.updated = "closed", now
        return self._open_part(order, location, quantities)

    def _chosen(
        self, part: FulfilmentOrder, quantities: Mapping[int, int] | None
    ) -> list[tuple[FulfilmentOrderLine, int]]:
        if not part.active:
            raise Refused(f"Fulfillment order {part.id} has an unfulfillable status= {part.status}.")
        if quantities is None:
            return [(line, line.fulfillable) for line in part.open_lines]
        lines = {line.id: line for line in part.lines}
        for line_id, quantity in quantities.items():
            if line_id not in lines:
                raise Refused(f"Fulfillment order line item {line_id} does not exist.")
            if not 0 < quantity <= lines[line_id].fulfillable:
                raise Refused("Invalid fulfillment order line item quantity requested.")
        return [(lines[line_id], quantity) for line_id, quantity in quantities.items()]

    def ship(self, wanted: Mapping[int, Mapping[int, int] | None], tracking: Tracking) -> Fulfilment:
        """Ship quantities by fulfilment order and line (None: all that is open); nothing happens if any is refused."""
        parts = [self._part(part_id) for part_id in wanted]
        if len({part.location.id for part in parts}) > 1:
            raise Refused("All fulfillment orders must be assigned to a single location")
        if len({part.order_id for part in parts}) > 1:
            raise Refused("All fulfillment orders must belong to a single order")
        chosen = {part.id: self._chosen(part, wanted[part.id]) for part in parts}
        return self._shipped(self.orders[parts[0].order_id], parts, chosen, tracking)

    def _part(self, part_id: int) -> FulfilmentOrder:
        part = self.parts.get(part_id)
        if part is None:
            raise Refused(f"Fulfillment order {part_id} does not exist.")
        return part

    def _shipped(
        self,
        order: Order,
        parts: list[FulfilmentOrder],
        chosen: Mapping[int, list[tuple[FulfilmentOrderLine, int]]],
        tracking: Tracking,
    ) -> Fulfilment:
        now = self._now()
        for part in parts:
            for line, quantity in chosen[part.id]:
                line.fulfillable -= quantity
                line.line.fulfillable -= quantity
            part.status, part.updated = "in_progress", now
            _close_if_done(part)
        fulfilment = Fulfilment(
            id=self.new_id(),
            name=f"#{order.number}.{len(order.fulfilments) + 1}",
            order_id=order.id,
            location_id=parts[0].location.id,
            lines=tuple((line.line, quantity) for part in parts for line, quantity in chosen[part.id]),
            parts=tuple(part.id for part in parts),
            created=now,
            company=tracking.company,
            number=tracking.number,
            url=tracking.url,
        )
        order.fulfilments.append(fulfilment)
        order.updated = now
        self._changed("orders/updated", order)
        return fulfilment

    # --- what the auditor asks ---

    def placed_lines(self) -> Iterator[dict[str, object]]:
        """Yield every line that has to reach a partner, with what was ordered and what is left of it."""
        for order in self.orders.values():
            for line in order.lines:
                if line.variant.item.ships:
                    yield {
                        "order": str(order.id),
                        "line": str(line.id),
                        "sku": line.variant.item.sku,
                        "ordered": line.plan.quantity,
                        "quantity": line.current,
                    }

    def fulfilled_lines(self) -> Iterator[dict[str, object]]:
        """Yield every quantity that the shop was told has left."""
        for order in self.orders.values():
            for fulfilment in order.fulfilments:
                for line, quantity in fulfilment.lines:
                    yield {
                        "order": str(order.id),
                        "line": str(line.id),
                        "quantity": quantity,
                        "fulfilment": str(fulfilment.id),
                        "tracking": fulfilment.number,
                    }

    def _now(self) -> datetime:
        """Return the shop's time, which knows no fractions of a second."""
        return self._clock.now().replace(microsecond=0)


def _close_if_done(part: FulfilmentOrder) -> None:
    if not part.open_lines:
        part.status = "closed"
