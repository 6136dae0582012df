"""A retailer that buys from us by EDI: it orders (850), changes (860), and checks our answers as a clerk would.

Its mailbox is a folder behind a server, as those of the other robots; it takes what lies there when it is told to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from sandbox.robots import x12
from sandbox.robots.doors import Door
from sandbox.robots.files import Unreadable
from sandbox.robots.x12_style import HUB, identity

Segments = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of an order: what, how many, at what price; `stores` says how much each store gets of it."""

    sku: str
    quantity: int
    price: str
    stores: Mapping[str, int] = field(default_factory=dict)


class Buyer:
    """Orders in the name of one firm; `told` holds what we have told it, by the code of the set."""

    def __init__(self, code: str, door: Door, desk: Path, now: Callable[[], datetime]) -> None:
        self.told: dict[str, list[x12.Document]] = {}
        self.wrong: list[str] = []
        self._desk, self._door, self._folder, self._now = x12.Desk(identity(code), HUB), door, desk, now
        self._taken, self._files = count(1), count(1)
        door.open()
        desk.mkdir(parents=True, exist_ok=True)

    # --- what it wants ---

    def order(self, number: str, lines: Sequence[Wanted], address: Sequence[str]) -> None:
        """Send an 850; `address` is name, street, city, region and postal code."""
        name, street, city, region, postal_code = address
        body = [f"BEG*00*SA*{number}**{self._now():%Y%m%d}", f"N1*ST*{name}", f"N3*{street}"]
        body.append(f"N4*{city}*{region}*{postal_code}*US")
        for place, line in enumerate(lines, start=1):
            body.append(f"PO1*{place}*{line.quantity}*EA*{line.price}**VN*{line.sku}")
            if line.stores:
                body.append("SDQ*EA*92*" + "*".join(f"{store}*{n}" for store, n in line.stores.items()))
        self._send("850", [*body, f"CTT*{len(lines)}"])

    def change(self, number: str, quantities: Mapping[int, int], skus: Sequence[str], store: str = "") -> None:
        """Send an 860 without a number of its own, with the whole new quantity of each line; 0 deletes it."""
        body = [f"BCH*04*SA*{number}***{self._now():%Y%m%d}"]
        for line, quantity in quantities.items():
            what = "CA" if quantity else "DI"
            body.append(f"POC*{line}*{what}*{quantity}**EA*1**VN*{skus[line - 1]}")
            body += [f"SDQ*EA*92*{store}*{quantity}"] if store else []
        self._send("860", [*body, f"CTT*{len(quantities)}"])

    def _send(self, code: str, body: Sequence[str]) -> None:
        self._door.publish(f"{code}_{next(self._files):04d}.edi", self._desk.envelope(code, [body], self._now()))

    # --- what it is told ---

    def look(self) -> None:
        """Take what lies in the mailbox; what can be read is answered with a 997, what cannot is noted in `wrong`."""
        for name in sorted(self._door.waiting()):
            path = self._folder / f"{next(self._taken):05d}_{name}"
            if not name.endswith(".edi") or not self._door.take(name, path):
                continue
            try:
                read = self._read(path)
            except Unreadable as why:
                self.wrong.append(f"{name}: {why}")
                continue
            for group in read.groups:
                self._keep(name, group)

    def _read(self, path: Path) -> x12.Interchange:
        read = x12.read(path.read_bytes())
        if (read.sender, read.receiver) != (HUB, self._desk.us):
            raise Unreadable(f"it is from {read.sender} for {read.receiver}")
        return read

    def _keep(self, name: str, group: x12.Group) -> None:
        refused = []
        for document in group.documents:
            self.told.setdefault(document.code, []).append(document)
            try:
                _CHECKS.get(document.code, _nothing)(document.segments)
            except Unreadable as why:
                self.wrong.append(f"{name}: {why}")
                refused.append(document.control)
        if group.code != "FA":
            self._send("997", x12.functional_acknowledgement(group, refused))

    def of(self, code: str, number: str) -> list[Segments]:
        """Return the documents with this code that name an order of ours by its number."""
        place = {"855": ("BAK", 3), "856": ("PRF", 1), "810": ("BIG", 4)}[code]
        found = (each for each in self.told.get(code, ()) if _named(each.segments, *place) == number)
        return [each.segments for each in found]


# --- what a careful clerk looks at -----------------------------------------------------------------------------------


def _nothing(_segments: Segments) -> None:
    """Take it as it is."""


def _named(segments: Segments, tag: str, at: int) -> str:
    return next((each[at] for each in segments if each[0] == tag and len(each) > at), "")


def _check_notice(segments: Segments) -> None:
    """Every level has a parent that came before it, every item lies in a carton, every SSCC has its check digit."""
    kinds: dict[str, tuple[str, str]] = {"": ("", "")}
    for each in segments:
        if each[0] == "HL":
            if each[2] not in kinds or each[1] in kinds:
                raise Unreadable(f"856: HL {each[1]} stands under {each[2]!r}")
            kinds[each[1]] = (each[3], kinds[each[2]][0])
        elif each[0] == "MAN" and each[1] == "GM":
            digits = each[2].removeprefix("00")
            if len(each[2]) != len("00") + 18 or x12.check_digit(digits[:-1]) != digits[-1]:
                raise Unreadable(f"856: {each[2]} is no SSCC")
    wrong = [number for number, (kind, parent) in kinds.items() if kind == "I" and parent != "P"]
    if wrong or not any(kind == "I" for kind, _ in kinds.values()):
        raise Unreadable(f"856: items {wrong} lie in no carton")


def _check_invoice(segments: Segments) -> None:
    """Its total is the sum of its lines, to the cent."""
    lines = [Decimal(each[2]) * Decimal(each[4]) for each in segments if each[0] == "IT1"]
    total = _named(segments, "TDS", 1)
    if not lines or int(total) != round(sum(lines) * 100):
        raise Unreadable(f"810: the lines add up to {sum(lines)}, and TDS01 is {total}")


_CHECKS: Mapping[str, Callable[[Segments], None]] = {"856": _check_notice, "810": _check_invoice}
