"""Robots, worked by hand: time passes when the test says so."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.moods import Mood, Moods
from sandbox.options import Behaviour
from sandbox.plan import Firm, Item, Kind, Offer, Place
from sandbox.robots.book import Book
from sandbox.robots.doors import FolderDoor
from sandbox.robots.files import PURCHASE_HEADER, SHIP_ORDER_HEADER, OrderedLine
from sandbox.robots.robot import Robot, Yard
from sandbox.robots.sap_buyer import SapBuyer

_PLACE = Place("Chicago", "IL", "Illinois", "60607", "US", "United States", 41.9, -87.7)
_CERTAIN = Behaviour(0, 0, 0, 0, 0)
_START = datetime(2026, 11, 20, 6, 0, 0, 700_000, tzinfo=UTC)


@dataclass
class Time:
    """A clock and a calendar of what is planned."""

    at: datetime = _START
    plans: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - _START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        self.plans.append((self.at + timedelta(seconds=seconds), len(self.plans), work))

    def run(self) -> None:
        """Let everything that is planned happen, in its order."""
        while self.plans:
            first = min(self.plans, key=lambda plan: plan[:2])
            self.plans.remove(first)
            self.at = max(self.at, first[0])
            first[2]()


@dataclass
class Desk:
    """One robot and everything around it."""

    robot: Robot
    home: Path
    time: Time
    moods: Moods
    book: Book

    def send(self, name: str, *rows: dict[str, str]) -> None:
        header = SHIP_ORDER_HEADER if self.robot.firm.kind is Kind.WAREHOUSE else PURCHASE_HEADER
        with (self.home / "in" / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, header, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        self.robot.notice(name)

    def read(self, pattern: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for path in sorted((self.home / "out").glob(pattern)):
            with path.open(newline="", encoding="utf-8") as stream:
                rows += csv.DictReader(stream)
        return rows

    def stock(self) -> dict[str, str]:
        return {row["Item"]: row["Qty Avail"] for row in self.read("inventory.csv")}


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> MakeDesk:
    def make(behaviour: Behaviour = _CERTAIN, kind: Kind = Kind.SUPPLIER, name: str = "acme") -> Desk:
        time, moods, book = Time(), Moods(), Book()
        items = {sku: Item(sku, f"Thing {sku}", 250, Decimal("9.90")) for sku in ("A", "B", "C")}
        offers = tuple(Offer(sku, f"X-{sku}", Decimal("4.50"), 10, lead_days=2) for sku in items)
        yard = Yard(time, moods, book, time.later, behaviour, items, "USD", 7)
        home = tmp_path / name
        firm = Firm(name, "Acme", kind, _PLACE, "1 Street", offers)
        robot = Robot(firm, FolderDoor(home), tmp_path / f"{name}-desk", yard)
        robot.open()
        return Desk(robot, home, time, moods, book)

    return make


def _row(line: int = 1, item: str = "A", quantity: object = 2, po: str = "P1", **more: str) -> dict[str, str]:
    return {
        "PO": po,
        "Line": str(line),
        "Item": item,
        "Supplier Item": f"X-{item}",
        "Qty": str(quantity),
        "Price": "4.50",
        "Currency": "USD",
        "Order": "900",
        "Order Line": f"9{line:02d}",
        "Ordered At": "2026-11-20T06:00:00Z",
        "Name": 'Ana "A." Ångström, Jr.',
        "Street": "1 Main Street",
        "City": "Chicago",
        "Postal Code": "60607",
        "Country": "US",
    } | more


def test_an_order_is_taken_held_acknowledged_and_shipped(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row(quantity=3))
    acme.time.run()
    assert list((acme.home / "in").iterdir()) == []
    assert [holding.row() for holding in acme.book.holdings] == [
        {
            "partner": "acme",
            "document": "P1",
            "order": "900",
            "line": "901",
            "sku": "A",
            "quantity": 3,
            "shipped": 3,
            "shipments": ["ACME-00001"],
        }
    ]
    (answer,) = acme.read("ACK_*.csv")
    assert {name: answer[name] for name in ("PO", "Line", "Item", "Status", "Qty", "Ship Date")} == {
        "PO": "P1",
        "Line": "1",
        "Item": "A",
        "Status": "A",
        "Qty": "3",
        "Ship Date": "2026-11-21",
    }
    (parcel,) = acme.read("SHIP_*.csv")
    assert (parcel["Shipped"], parcel["Short"], parcel["Shipment"]) == ("3", "0", "ACME-00001")
    assert parcel["Tracking"]
    assert acme.robot.settled


def test_the_first_files_have_the_agreed_headers(desk: MakeDesk) -> None:
    acme = desk()
    assert acme.read("inventory.csv")[0] == {
        "Item": "A",
        "Qty Avail": "10",
        "UOM": "EA",
        "Status": "A",
        "Updated": "2026-11-20T06:00:00Z",
    }
    assert acme.read("catalogue.csv")[0] == {
        "Item": "A",
        "Supplier Item": "X-A",
        "Description": "Thing A",
        "Price": "4.50",
        "Currency": "USD",
        "Min Qty": "1",
        "Lead Days": "2",
        "Weight g": "250",
    }


@pytest.mark.parametrize("name", ["PO_P1.csv.part", ".PO_P1.csv", "SO_P1.csv", "readme.txt", "PO_P1.csv.tmp"])
def test_an_unfinished_or_foreign_file_is_left_alone(desk: MakeDesk, name: str) -> None:
    acme = desk()
    acme.send(name, _row())
    acme.robot.sweep()
    acme.time.run()
    assert [path.name for path in (acme.home / "in").iterdir()] == [name]
    assert acme.book.holdings == []


def test_a_file_that_nobody_told_of_is_found_by_the_sweep(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row())
    acme.time.plans.clear()
    acme.robot._noticed.clear()
    assert not acme.robot.settled
    acme.robot.sweep()
    acme.time.run()
    assert acme.robot.inbox == 0
    assert len(acme.book.holdings) == 1


def test_a_rejected_line_is_given_up_and_never_ships(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, reject=1.0))
    acme.send("PO_P1.csv", _row())
    acme.time.run()
    assert [(row["Status"], row["Qty"], bool(row["Reason"])) for row in acme.read("ACK_*.csv")] == [("R", "0", True)]
    assert acme.read("SHIP_*.csv") == []
    assert [holding.held for holding in acme.book.holdings] == [0]


def test_a_reduced_line_ships_what_was_promised(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, reduce=1.0))
    acme.send("PO_P1.csv", _row(quantity=5), _row(line=2, item="B", quantity=1))
    acme.time.run()
    assert [(row["Status"], row["Qty"]) for row in acme.read("ACK_*.csv")] == [("C", "2"), ("A", "1")]
    assert [row["Shipped"] for row in acme.read("SHIP_*.csv")] == ["2", "1"]
    assert [holding.held for holding in acme.book.holdings] == [2, 1]


def test_a_short_line_gives_up_what_it_does_not_ship(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, short=1.0))
    acme.send("PO_P1.csv", _row(quantity=5))
    acme.time.run()
    (parcel,) = acme.read("SHIP_*.csv")
    shipped, short = int(parcel["Shipped"]), int(parcel["Short"])
    assert short > 0
    assert shipped + short == 5
    assert [(holding.held, holding.shipped) for holding in acme.book.holdings] == [(shipped, shipped)]


def test_a_line_that_is_short_altogether_has_no_parcel(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, short=1.0))
    acme.send("PO_P1.csv", _row(quantity=1))
    acme.time.run()
    (parcel,) = acme.read("SHIP_*.csv")
    assert (parcel["Shipped"], parcel["Short"]) == ("0", "1")
    assert (parcel["Shipment"], parcel["Carrier"], parcel["Tracking"]) == ("ACME-00001", "", "")
    assert acme.book.holdings[0].row()["shipments"] == []


def test_a_backordered_line_is_held_and_ships_later(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, backorder=1.0))
    acme.send("PO_P1.csv", _row())
    acme.time.run()
    assert [(row["Status"], row["Qty"]) for row in acme.read("ACK_*.csv")] == [("B", "2")]
    assert [holding.shipped for holding in acme.book.holdings] == [2]


def test_an_order_may_leave_in_two_parcels(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, two_parcels=1.0))
    acme.send("PO_P1.csv", _row(line=1), _row(line=2, item="B"), _row(line=3, item="C"))
    acme.time.run()
    parcels = {row["Line"]: row["Shipment"] for row in acme.read("SHIP_*.csv")}
    assert set(parcels) == {"1", "2", "3"}
    assert len(set(parcels.values())) == 2


def test_more_than_there_is_gets_what_there_is(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row(quantity=99))
    acme.send("PO_P2.csv", _row(quantity=1, po="P2"))
    acme.time.run()
    held = {holding.asked.po: holding.held for holding in acme.book.holdings}
    assert sum(held.values()) == 10
    assert acme.stock()["A"] == "0"


def test_an_item_it_does_not_have_is_rejected(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row(item="Z"))
    acme.time.run()
    assert [row["Reason"] for row in acme.read("ACK_*.csv")] == ["unknown item"]


def test_a_picky_partner_rejects_every_line_while_the_mood_lasts(desk: MakeDesk) -> None:
    acme = desk()
    acme.moods.cast("acme", Mood.PICKY, for_calls=1)
    acme.send("PO_P1.csv", _row(), _row(line=2, item="B"))
    acme.time.run()
    acme.send("PO_P2.csv", _row(po="P2"))
    acme.time.run()
    assert [row["Status"] for row in acme.read("ACK_*.csv")] == ["R", "R", "A"]


def test_the_same_number_again_is_held_twice_and_ships_once(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row())
    acme.time.run()
    acme.send("PO_P1.csv", _row())
    acme.time.run()
    assert [(holding.held, holding.shipped) for holding in acme.book.holdings] == [(2, 2), (2, 0)]
    assert len(acme.read("SHIP_*.csv")) == 1


def test_a_file_overwritten_before_it_was_taken_counts_once(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row())
    acme.send("PO_P1.csv", _row())
    acme.time.run()
    assert len(acme.book.holdings) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"Qty": "0"},
        {"Qty": "two"},
        {"Qty": "-1"},
        {"Qty": "1.5"},
        {"Order Line": ""},
        {"Street": " "},
        {"Country": ""},
    ],
)
def test_an_order_a_clerk_could_not_work_with_is_held_by_nobody(desk: MakeDesk, broken: dict[str, str]) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row(**broken))
    acme.time.run()
    assert acme.book.holdings == []
    assert len(acme.robot.unreadable) == 1


@pytest.mark.parametrize("content", [b"", b"PO,Line\r\nP1,1\r\n", b"\xff\xfe", ",".join(PURCHASE_HEADER).encode()])
def test_a_file_of_another_shape_is_unreadable(desk: MakeDesk, content: bytes) -> None:
    acme = desk()
    (acme.home / "in" / "PO_P1.csv").write_bytes(content)
    acme.robot.sweep()
    acme.time.run()
    assert len(acme.robot.unreadable) == 1


def test_a_supplier_shows_less_once_it_has_the_order(desk: MakeDesk) -> None:
    acme = desk()
    acme.send("PO_P1.csv", _row(quantity=3))
    acme.time.run()
    assert acme.stock() == {"A": "7", "B": "10", "C": "10"}


def test_a_rejected_quantity_is_not_shown_any_more(desk: MakeDesk) -> None:
    acme = desk(replace(_CERTAIN, reject=1.0))
    acme.send("PO_P1.csv", _row(quantity=3))
    acme.time.run()
    assert acme.stock()["A"] == "7"


def test_the_own_warehouse_shows_what_lies_there_until_it_leaves(desk: MakeDesk) -> None:
    depot = desk(replace(_CERTAIN, ship_after=100.0), Kind.WAREHOUSE, "dc1")
    depot.send("SO_S1.csv", _row(po="S1", quantity=3))
    for _ in range(3):  # taken, acknowledged, counted; the parcel is still to come
        first = min(depot.time.plans, key=lambda plan: plan[:2])
        depot.time.plans.remove(first)
        first[2]()
    assert depot.book.holdings[0].held == 3
    assert depot.stock()["A"] == "10"
    depot.time.run()
    assert depot.stock()["A"] == "7"


def test_a_stock_file_nets_every_order_that_lay_there_when_it_was_dated(desk: MakeDesk) -> None:
    acme = desk()
    acme.robot.set_stock("B", 5)
    acme.send("PO_P1.csv", _row(quantity=4))
    write_stock = acme.time.plans[0][2]
    acme.time.plans.clear()
    write_stock()
    assert acme.stock() == {"A": "6", "B": "5", "C": "10"}


def test_a_stock_file_is_dated_to_the_second_and_never_ahead(desk: MakeDesk) -> None:
    acme = desk()
    assert {row["Updated"] for row in acme.read("inventory.csv")} == {"2026-11-20T06:00:00Z"}


def test_the_same_seed_decides_the_same(desk: MakeDesk) -> None:
    behaviour = Behaviour(reject=0.3, reduce=0.3, short=0.3, two_parcels=0.3)
    rows = [_row(line=number, item="ABC"[number % 3], quantity=2) for number in range(1, 9)]
    first, second = desk(behaviour), desk(behaviour, name="again")
    second.robot.firm = replace(second.robot.firm, code="acme")
    for each in (first, second):
        each.send("PO_P1.csv", *rows)
        each.time.run()
    assert first.read("ACK_*.csv") == second.read("ACK_*.csv")
    assert {row["Status"] for row in first.read("ACK_*.csv")} > {"A"}
    assert [each.held for each in first.book.holdings] == [each.held for each in second.book.holdings]


def test_a_clerk_can_lose_an_order_and_copy_another() -> None:
    book = Book()
    for number in ("P1", "P2"):
        book.enter("acme", [OrderedLine(number, "1", "A", 1, "900", number)])
    book.enter("acme", [OrderedLine("P3", str(line), "A", 1, "901", f"3{line}") for line in (1, 2)])
    assert book.single_line_numbers() == ["P1", "P2"]
    assert book.remove("P1") == 1
    assert book.copy("P2") == 1
    assert book.remove("P9") == 0
    assert [holding.asked.po for holding in book.holdings] == ["P2", "P3", "P3", "P2"]


# --- the customer that runs SAP ---


@pytest.fixture
def buyer(tmp_path: Path) -> SapBuyer:
    """A customer that knows one item."""
    items = {"A": Item("A", "Thing A", 250, Decimal("9.90"))}
    made = SapBuyer(FolderDoor(tmp_path / "home"), tmp_path / "desk", _PLACE, items, Time().now)
    made.open()
    return made


@pytest.mark.parametrize(
    ("lines", "why"),
    [({"A": 1, "NOPE": 2}, "nobody sells NOPE"), ({}, "one of each SKU"), ({"A": 0}, "one of each SKU")],
)
def test_an_order_that_cannot_be_written_is_not_counted_as_bought(
    buyer: SapBuyer, tmp_path: Path, lines: dict[str, int], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        buyer.order(lines)
    assert buyer.told() == {}
    assert list((tmp_path / "home" / "out").glob("*.idoc")) == []


@pytest.mark.parametrize(
    ("number", "item", "quantity", "why"),
    [
        ("1", "000010", 1, "no such order"),
        ("4500000001", "000020", 1, "its items are 000010"),
        ("4500000001", "000010", -1, "-1"),
    ],
)
def test_a_change_of_what_was_never_bought_changes_nothing(
    buyer: SapBuyer, number: str, item: str, quantity: int, why: str
) -> None:
    buyer.order({"A": 3})
    before = buyer.told()
    with pytest.raises(ValueError, match=why):
        buyer.change(number, item, quantity)
    assert buyer.told() == before
