"""One partner behind one account: takes order files, acknowledges, ships, invoices, and keeps its stock file true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from hub.clock import Clock
from sandbox.moods import Mood, Moods
from sandbox.options import Behaviour
from sandbox.plan import Firm, Item, Kind
from sandbox.robots import files
from sandbox.robots.book import Book, Holding
from sandbox.robots.doors import Door
from sandbox.robots.style import Amending, Receipting, Receiving, style_of

_CARRIERS = ("UPS", "FedEx", "DHL", "USPS")
_UNFINISHED = (".part", ".tmp", ".partial", ".filepart")
#: So often a change of an order that has not come yet is looked at again, each time after so many seconds.
_PATIENCE, _PAUSE = 20, 0.5
_PICKY = frozenset({Mood.PICKY})

Later = Callable[[float, Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Yard:
    """What all robots share: time, moods, the book, and a way to do something later."""

    clock: Clock
    moods: Moods
    book: Book
    later: Later
    behaviour: Behaviour
    items: Mapping[str, Item]
    currency: str
    seed: int


class Robot:
    """Works one firm's account; files come and go through its `door`, and `desk` is a folder that nobody else sees."""

    def __init__(self, firm: Firm, door: Door, desk: Path, yard: Yard) -> None:
        self.firm = firm
        self.stock = {offer.sku: offer.stock for offer in firm.offers}
        self.pending = 0
        self.unreadable: list[str] = []
        self._yard = yard
        self._header = files.PURCHASE_HEADER if firm.kind is Kind.SUPPLIER else files.SHIP_ORDER_HEADER
        self._prefix = "PO_" if firm.kind is Kind.SUPPLIER else "SO_"
        self._style = style_of(firm, yard.clock.now)
        # in X12 and in SAP a 3PL has no document to say what it will ship: it says what it shipped
        self._answers = firm.style not in ("x12", "sap") or firm.kind is Kind.SUPPLIER
        self._door, self._desk = door, desk
        self._taken, self._parcels, self._invoices, self._receipts = count(1), count(1), count(1), count(1)
        self._noticed: set[str] = set()
        self._restocking = False

    # --- files that come ---

    def open(self) -> None:
        """Lay out the folders and write the first stock and catalogue files."""
        self._door.open()
        self._desk.mkdir(parents=True, exist_ok=True)
        if self.firm.kind is Kind.SUPPLIER:
            self._write_catalogue()
        self._write_stock()

    def notice(self, name: str) -> None:
        """Hear of a file in the inbox; it is taken a little later."""
        if name in self._noticed or not self._is_order(name):
            return
        self._noticed.add(name)
        self._soon(self._yard.behaviour.reaction, f"take|{name}", lambda: self._take(name))

    def sweep(self) -> None:
        """Look for order files that nobody told about."""
        for name in self._door.waiting():
            self.notice(name)

    @property
    def inbox(self) -> int:
        """Return how many order files wait to be taken."""
        return sum(self._is_order(name) for name in self._door.waiting())

    @property
    def unread(self) -> int:
        """Return how many answers nobody has taken yet."""
        return self._door.unread()

    @property
    def settled(self) -> bool:
        """Say whether there is nothing left to answer or to ship."""
        return not self.pending and not self.inbox

    def _is_order(self, name: str) -> bool:
        return name.startswith(self._prefix) and name.endswith(self._style.ending) and not name.endswith(_UNFINISHED)

    def _take(self, name: str) -> None:
        self._noticed.discard(name)
        path = self._desk / f"{next(self._taken):05d}_{name}"
        if not self._door.take(name, path):
            return
        content = path.read_bytes()
        try:
            changes = self._style.read_change(content) if isinstance(self._style, Amending) else []
            lines = [] if changes else self._style.read_order(content, self._header)
        except files.Unreadable as why:
            self.unreadable.append(f"{name}: {why}")
            self._confirm(path, readable=False)
            return
        self._confirm(path, readable=True)
        if changes:
            self._amend(changes, self._style.change_answer if isinstance(self._style, Amending) else "")
        if not lines:
            return
        holdings, fresh = self._yard.book.enter(self.firm.code, lines)
        if fresh:  # the same number again is work already under way: it stands in the book twice and ships once
            self._decide(holdings)

    def _confirm(self, path: Path, *, readable: bool) -> None:
        if isinstance(self._style, Receipting):
            receipt = self._style.receipt(path.read_bytes(), readable=readable)
            if receipt is not None:
                self._door.publish(f"ACK_{path.stem}_{self._style.receipt_name}{self._style.ending}", receipt)

    # --- answers ---

    def _decide(self, holdings: list[Holding]) -> None:
        picky = self._yard.moods.meet(self.firm.code, f"order {holdings[0].asked.po}", _PICKY) is not None
        answers = [self._answer(holding, picky=picky) for holding in holdings]
        number = holdings[0].asked.po
        self._soon(self._yard.behaviour.reaction, f"ack|{number}", lambda: self._acknowledge(number, answers))
        kept = [holding for holding in holdings if holding.held]
        if kept:
            self._plan_parcels(number, kept)
        self._restock()

    def _answer(self, holding: Holding, *, picky: bool) -> tuple[object, ...]:
        """Decide about one line: how much of it is kept, and the row that says so."""
        asked, chance = holding.asked, self._chance(f"{holding.asked.po}|{holding.asked.line}")
        behaviour, on_hand = self._yard.behaviour, self.stock.get(holding.asked.sku, 0)
        status, reason = "A", ""
        if not self._answers:
            return asked.po, asked.line, asked.sku, status, holding.held, "", reason
        if picky or asked.sku not in self.stock:
            holding.held, status, reason = 0, "R", "not sold to you" if picky else "unknown item"
        elif chance.random() < behaviour.reject or not on_hand:
            holding.held, status, reason = 0, "R", "out of stock"
        elif on_hand < asked.quantity or (asked.quantity > 1 and chance.random() < behaviour.reduce):
            holding.held, status, reason = min(on_hand, max(1, asked.quantity // 2)), "C", "only some left"
        elif chance.random() < behaviour.backorder:
            status, reason = "B", "coming in next week"
        self._off_the_shelf(holding, lost=asked.quantity - holding.held)
        ship_by = (self._yard.clock.now() + timedelta(days=1)).date() if holding.held else ""
        return asked.po, asked.line, asked.sku, status, holding.held, ship_by, reason

    def _off_the_shelf(self, holding: Holding, lost: int) -> None:
        """Take what is promised, and what turned out not to be there, off the figure that is shown.

        A supplier shows what is available, which falls at once; our own warehouse what lies there, until it leaves.
        """
        promised = holding.held if self.firm.kind is Kind.SUPPLIER else 0
        if holding.asked.sku in self.stock:
            self.stock[holding.asked.sku] = max(0, self.stock[holding.asked.sku] - promised - lost)

    def _acknowledge(self, number: str, answers: list[tuple[object, ...]]) -> None:
        if self._answers:
            self._publish(f"ACK_{number}", "acknowledgement", files.ACKNOWLEDGEMENT_HEADER, answers)

    def _amend(self, changes: list[files.ChangedLine], answer: str, patience: int = _PATIENCE) -> None:
        """Do as a change says as far as nothing has left yet, and answer with what each line has now."""
        number = changes[0].po
        held = self._yard.book.of(self.firm.code, number)
        if not held and patience:  # it may come before its order
            self._later(_PAUSE, lambda: self._amend(changes, answer, patience - 1))
            return
        asked = {change.line: change.quantity for change in changes}
        whole = {each.asked.line: asked[""] for each in held} if "" in asked else asked
        if not held or whole.keys() - {each.asked.line for each in held}:
            self.unreadable.append(f"change of {number}: it has {len(held)} lines, and lines {sorted(whole)} are meant")
            return
        picky = self._yard.moods.meet(self.firm.code, f"change {number}", _PICKY) is not None
        chosen = [each for each in held if each.asked.line in whole]
        answers = [self._amended(each, whole[each.asked.line], picky=picky) for each in chosen]
        self._soon(
            self._yard.behaviour.reaction,
            f"change|{number}",
            lambda: self._publish(f"ACK_{number}_C", answer, files.ACKNOWLEDGEMENT_HEADER, answers),
        )
        self._restock()

    def _amended(self, holding: Holding, quantity: int, *, picky: bool) -> tuple[object, ...]:
        asked, freed = holding.asked, 0 if holding.shipped or picky else max(0, holding.held - quantity)
        holding.held -= freed
        self.stock[asked.sku] = self.stock.get(asked.sku, 0) + freed
        status = "R" if not holding.held else "C" if freed else "A"
        reason = "as you asked" if holding.held == quantity else files.NOT_DONE
        ship_by = self._yard.clock.now().date() if holding.held else ""
        return asked.po, asked.line, asked.sku, status, holding.held, ship_by, reason

    # --- parcels ---

    def _plan_parcels(self, number: str, holdings: list[Holding]) -> None:
        chance, behaviour = self._chance(f"parcels|{number}"), self._yard.behaviour
        half = len(holdings) // 2 if len(holdings) > 1 and chance.random() < behaviour.two_parcels else 0
        after = behaviour.reaction * 1.5 + behaviour.ship_after
        for turn, group in enumerate((holdings[half:], holdings[:half]), start=1):
            if group:
                self._soon(after * turn, f"ship|{number}|{turn}", partial(self._ship, number, group))

    def _ship(self, number: str, planned: list[Holding]) -> None:
        holdings = [each for each in planned if each.held]
        if not holdings:  # all of it was taken back
            return
        now, parcel = files.stamp(self._yard.clock.now()), next(self._parcels)
        shipment = f"{self.firm.node}-{parcel:05d}"
        chance = self._chance(f"parcel|{shipment}")
        carrier, tracking = chance.choice(_CARRIERS), f"1Z{chance.randrange(10**16):016d}"
        shorts = [self._pack(holding, shipment) for holding in holdings]
        parcel_said = (carrier, tracking) if any(holding.shipped for holding in holdings) else ("", "")
        rows = [
            (each.asked.po, each.asked.line, each.asked.sku, each.shipped, short, shipment, *parcel_said, now)
            for each, short in zip(holdings, shorts, strict=True)
        ]
        self._publish(f"SHIP_{number}_{parcel:05d}", "shipment", files.SHIPMENT_HEADER, rows)
        if self.firm.invoices and any(holding.shipped for holding in holdings):
            self._invoice(number, holdings)
        self._restock()

    def _invoice(self, number: str, holdings: list[Holding]) -> None:
        """Bill what was shipped at the prices of the catalogue."""
        name = f"{self.firm.node}-R{next(self._invoices):05d}"
        prices = {offer.sku: offer.price for offer in self.firm.offers}
        sold = [(each.asked.line, each.asked.sku, each.shipped, prices[each.asked.sku]) for each in holdings]
        total = sum((shipped * price for _, _, shipped, price in sold), Decimal(0))
        today = self._yard.clock.now().date()
        rows = [
            (name, number, today, self._yard.currency, line, sku, shipped, f"{price:.2f}", f"{total:.2f}")
            for line, sku, shipped, price in sold
            if shipped
        ]
        self._publish(f"INV_{name}", "invoice", files.INVOICE_HEADER, rows)

    def _pack(self, holding: Holding, shipment: str) -> int:
        """Put what is there of a line into the parcel; returns how much is missing and given up."""
        short = self._short(holding)
        if not self._answers:
            short = max(short, holding.held - self.stock.get(holding.asked.sku, 0))
        holding.held -= short
        holding.shipped = holding.held
        holding.shipments = (shipment,) if holding.shipped else ()
        if self.firm.kind is Kind.WAREHOUSE:
            self.stock[holding.asked.sku] = max(0, self.stock[holding.asked.sku] - holding.shipped - short)
        return short

    def _short(self, holding: Holding) -> int:
        chance = self._chance(f"short|{holding.asked.po}|{holding.asked.line}")
        return chance.randint(1, holding.held) if chance.random() < self._yard.behaviour.short else 0

    # --- stock ---

    def set_stock(self, sku: str, quantity: int) -> None:
        """Count again: from now on this much is there; a place that tells receipts has received what is more."""
        more = quantity - self.stock.get(sku, 0)
        self.stock[sku] = quantity
        if more > 0 and isinstance(self._style, Receiving) and self._style.receives:
            name = f"{self.firm.node}-G{next(self._receipts):05d}"
            self._publish(f"RCV_{name}", "receipt", files.RECEIPT_HEADER, [(name, sku, more)])
        self._restock()

    def _restock(self) -> None:
        if not self._restocking:
            self._restocking = True
            self._later(self._yard.behaviour.restock_after, self._write_stock)

    def _write_stock(self) -> None:
        # whatever lay in the inbox at `now` is netted: a figure must never be newer than the orders it knows of
        self._restocking = False
        now = files.stamp(self._yard.clock.now())
        for name in sorted(filter(self._is_order, self._door.waiting())):
            self._take(name)
        rows = [(sku, quantity, "EA", "A", now) for sku, quantity in self.stock.items()]
        self._publish("inventory", "stock", files.STOCK_HEADER, rows)

    def _write_catalogue(self) -> None:
        items, currency = self._yard.items, self._yard.currency
        rows = [
            (each.sku, each.supplier_sku, items[each.sku].name, f"{each.price:.2f}", currency, each.minimum,
             each.lead_days, items[each.sku].weight_g)
            for each in self.firm.offers
        ]  # fmt: skip
        self._publish("catalogue", "catalogue", files.CATALOGUE_HEADER, rows)

    def _publish(self, name: str, document: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self._door.publish(f"{name}{self._style.ending}", self._style.write(document, header, rows))

    # --- time and chance ---

    def _chance(self, what: str) -> Random:
        return Random(f"{self._yard.seed}|{self.firm.code}|{what}")

    def _soon(self, seconds: float, what: str, work: Callable[[], None]) -> None:
        self._later(seconds * self._chance(what).uniform(0.5, 1.5), work)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self.pending += 1

        def run() -> None:
            self.pending -= 1
            work()

        self._yard.later(seconds, run)
