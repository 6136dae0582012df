"""A customer that runs SAP: it orders from the merchant, changes its mind, and reads what it is told in return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from sandbox.plan import Item, Place
from sandbox.robots import idoc
from sandbox.robots.doors import Door
from sandbox.robots.files import Unreadable
from sandbox.robots.idoc import Document, Seg

#: Its account, itself and the merchant as partner profiles name them: partner type, number, port.
CODE = "kaufhaus01"
BUYER = ("LS", "KAUFHA400", "SAPKAU")
VENDOR = ("LI", "0000047110", "XDOCK")
_UNFINISHED = (".part", ".tmp")


@dataclass(slots=True)
class Bought:
    """One order of its own: what each item asks for, and what the merchant has said and sent of it."""

    lines: dict[str, tuple[str, int]]  # item -> (SKU, quantity)
    confirmed: dict[str, Decimal] = field(default_factory=dict)
    shipped: dict[str, Decimal] = field(default_factory=dict)
    invoiced: Decimal = Decimal(0)


class SapBuyer:
    """Works the customer's account: posts ORDERS and ORDCHG, takes ORDRSP, DESADV, INVOIC and STATUS."""

    def __init__(
        self, door: Door, desk: Path, where: Place, items: Mapping[str, Item], now: Callable[[], datetime]
    ) -> None:
        self.bought: dict[str, Bought] = {}
        self.unreadable: list[str] = []
        self.statuses: list[str] = []
        self._door, self._desk, self._where, self._items, self._now = door, desk, where, items, now
        self._writes = idoc.Desk(BUYER, VENDOR)
        self._numbers, self._taken = count(4_500_000_001), count(1)

    def open(self) -> None:
        """Lay out the folders."""
        self._door.open()
        self._desk.mkdir(parents=True, exist_ok=True)

    # --- what it sends ---

    def order(self, lines: Mapping[str, int]) -> str:
        """Order so much of each SKU; returns the number of the order. Raises ValueError where it orders nothing."""
        unknown = ", ".join(sorted(lines.keys() - self._items.keys()))
        if unknown or not lines or min(lines.values()) < 1:
            raise ValueError(f"nobody sells {unknown}" if unknown else "an order needs one of each SKU at least")
        number = str(next(self._numbers))
        asked = {f"{place * 10:06}": (sku, quantity) for place, (sku, quantity) in enumerate(lines.items(), 1)}
        self.bought[number] = Bought(asked)
        segments = self._head(number, {"CURCY": "USD", "BSART": "NB", "BELNR": number})
        for item, (sku, quantity) in asked.items():
            segments += self._item(item, sku, quantity, "001")
        self._post("ORDERS", number, segments)
        return number

    def change(self, number: str, item: str, quantity: int) -> None:
        """Want another quantity of an item from now on; 0 for none of it. Raises ValueError where there is no such."""
        bought = self.bought.get(number)
        if bought is None or item not in bought.lines or quantity < 0:
            items = f"its items are {', '.join(bought.lines)}" if bought is not None else "it has no such order"
            raise ValueError(f"order {number}, item {item}, quantity {quantity}: {items}")
        sku, _ = bought.lines[item]
        bought.lines[item] = (sku, quantity)
        segments = self._head(number, {"ACTION": "002", "CURCY": "USD", "BELNR": number})
        self._post("ORDCHG", number, [*segments, *self._item(item, sku, quantity, "002" if quantity else "003")])

    def _head(self, number: str, first: dict[str, str]) -> list[Seg]:
        where = self._where
        address = {
            "PARVW": "WE", "NAME1": "Kaufhaus", "STRAS": "1 Market St", "ORT01": where.city, "PSTLZ": where.postal_code,
            "LAND1": where.country, "REGIO": where.region,
        }  # fmt: skip
        return [
            Seg("E1EDK01", first),
            Seg("E1EDK03", {"IDDAT": "012", "DATUM": f"{self._now():%Y%m%d}"}),
            Seg("E1EDKA1", address),
            Seg("E1EDK02", {"QUALF": "001", "BELNR": number}),
        ]

    def _item(self, item: str, sku: str, quantity: int, action: str) -> list[Seg]:
        price = f"{self._items[sku].price * 10:.2f}"
        fields = {"POSEX": item, "ACTION": action, "MENGE": f"{quantity}.000", "MENEE": "PCE"}
        return [
            Seg("E1EDP01", {**fields, "VPREI": price, "PEINH": "10"}),
            Seg("E1EDP19", {"QUALF": "002", "IDTNR": sku}, 2),
        ]

    def _post(self, message: str, number: str, segments: list[Seg]) -> None:
        content = self._writes.flat("ORDERS05", message, segments, self._now())
        self._door.publish(f"{message}_{number}_{self._writes.numbers}.idoc", content)

    # --- what it is told ---

    def sweep(self) -> None:
        """Take what has come."""
        for name in sorted(self._door.waiting()):
            path = self._desk / f"{next(self._taken):05d}_{name}"
            if name.endswith(_UNFINISHED) or not self._door.take(name, path):
                continue
            try:
                for document in idoc.read(path.read_bytes()):
                    self._read(document)
            except (Unreadable, ArithmeticError, KeyError) as why:
                self.unreadable.append(f"{name}: {why!r}")

    def _read(self, document: Document) -> None:
        control = document.control
        message = control.get("MESTYP", "")
        if (control.get("SNDPRN"), control.get("RCVPRN"), control.get("DIRECT")) != (VENDOR[1], BUYER[1], "2"):
            raise Unreadable(f"no partner profile for {control.get('SNDPRN')} to {control.get('RCVPRN')}")
        if message == "STATUS":
            self.statuses.append(document.value("E1STATS", "STATUS"))
            return
        readers = {"ORDRSP": self._confirmed, "DESADV": self._shipped, "INVOIC": self._invoiced}
        if message not in readers:
            raise Unreadable(f"message type {message} is not taken")
        readers[message](document)

    def _confirmed(self, document: Document) -> None:
        bought = self.bought[document.value("E1EDK02", "BELNR", QUALF="001")]
        for group in idoc.groups(document.segments, "E1EDP01"):
            scheduled = (Decimal(each.fields.get("WMENG", "0")) for each in group if each.name == "E1EDP20")
            bought.confirmed[group[0].fields["POSEX"]] = sum(scheduled, Decimal(0))

    def _shipped(self, document: Document) -> None:
        for group in idoc.groups(document.segments, "E1EDL24"):
            bought = self.bought[idoc.value(group, "E1EDL41", "BSTNR", QUALI="001")]
            item = idoc.value(group, "E1EDL41", "POSEX", QUALI="001")
            left = Decimal(group[0].fields["LFIMG"])
            bought.shipped[item] = bought.shipped.get(item, Decimal(0)) + left

    def _invoiced(self, document: Document) -> None:
        bought = self.bought[document.value("E1EDK02", "BELNR", QUALF="001")]
        bought.invoiced += Decimal(document.value("E1EDS01", "SUMME", SUMID="011"))

    def told(self) -> dict[str, object]:
        """Return what it has ordered and what came of it."""
        return {
            number: {
                "lines": {item: {"sku": sku, "quantity": quantity} for item, (sku, quantity) in each.lines.items()},
                "confirmed": {item: float(quantity) for item, quantity in each.confirmed.items()},
                "shipped": {item: float(quantity) for item, quantity in each.shipped.items()},
                "invoiced": str(each.invoiced),
            }
            for number, each in self.bought.items()
        }
