"""We are a retailer's supplier by EDI, and buy by EDI ourselves: every X12 document goes once through a running daemon.

The retailer orders, changes and checks our answers as a clerk would; the supplier and the 3PL behind the same SFTP
server are robots of the sandbox. None of them shares a line with the connector.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.options import Options
from sandbox.robots.doors import FolderDoor
from sandbox.robots.x12_buyer import Buyer, Segments, Wanted
from sandbox.world import plan_world
from tests.journeys.circle import Circle

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

OPTIONS = Options(orders=2, seed=4, suppliers=1, style="x12")
ADDRESS = ("Store 12", "1 Main St", "Memphis", "TN", "38103")
CARELESS = ("--reject", "0", "--reduce", "0", "--short", "0", "--ship-after", "20")


def retailer_file(circle: Circle) -> str:
    """The retailer's mailbox is a folder of the supplier's account, which the supplier's robot does not look into."""
    (supplier,) = (
        path for path in (circle.folder / "mappings").glob("*.toml") if "x12_4010_supplier" in path.read_text()
    )
    lines = supplier.read_text("utf-8").splitlines()
    account = [line for line in lines if line.startswith(("password", "host_key", "ready"))]
    (url,) = (line.removesuffix('/"') for line in lines if line.startswith("url"))
    return "\n".join(
        [
            *("version = 1", 'extends = "x12_4010_customer"', "[partner]", 'code = "bigbox"', 'currency = "USD"'),
            *("[connection]", f'{url}/bigbox/"', *account, 'cartons = "pick_and_pack"'),
            'us = { qualifier = "ZZ", id = "CROSSDOCK" }',
            'them = { qualifier = "ZZ", id = "BIGBOX" }',
            'locations = { DC = "DC1" }',
            *("[documents.stock]", "use = false", "[documents.activity]", "use = true"),
        ]
    )


@pytest.fixture
def trade(circle: Callable[..., Circle]) -> tuple[Circle, Buyer]:
    options = ("--style", OPTIONS.style, "--suppliers", str(OPTIONS.suppliers), *CARELESS)
    ours = circle(OPTIONS.orders, OPTIONS.seed, *options)
    (account,) = (path for path in (ours.folder / "sftp").iterdir() if path.name != "dc1")
    door = FolderDoor(account / "bigbox")
    buyer = Buyer("bigbox", door, ours.folder / "desks" / "bigbox", lambda: datetime.now(UTC))
    ours.open_for_business()
    (ours.folder / "mappings" / "bigbox.toml").write_text(retailer_file(ours), "utf-8")
    ours.wait(lambda _, summary: summary["partners"] == OPTIONS.suppliers + 3)
    ours.command("connection", "live", "bigbox", "--from", "2000-01-01T00:00:00Z")
    return ours, buyer


def goods() -> tuple[str, str]:
    """One SKU that only the supplier has, and one that lies at the 3PL too, next to the stores."""
    plenty = [{offer.sku for offer in firm.offers if offer.stock >= 10} for firm in plan_world(OPTIONS).firms]
    stored, bought = plenty
    return min(bought - stored), min(stored)


def until(circle: Circle, buyer: Buyer, holds: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert circle.hub is not None
        circle.hub.check()
        told = {code: len(documents) for code, documents in buyer.told.items()}
        assert time.monotonic() < end, f"{told} {buyer.wrong} {circle.command('failed', 'list')}"
        time.sleep(0.3)
        buyer.look()


def _segments(documents: Sequence[Segments], tag: str) -> list[Sequence[str]]:
    return [segment for document in documents for segment in document if segment[0] == tag]


def quantities(documents: Sequence[Segments], tag: str, line: int, quantity: int) -> dict[str, int]:
    """How much documents say of each line together."""
    found: dict[str, int] = {}
    for each in _segments(documents, tag):
        found[each[line]] = found.get(each[line], 0) + int(each[quantity])
    return found


def kept(buyer: Buyer, number: str) -> list[dict[str, int]]:
    """What each of our 855s for an order says that we will ship, by line."""
    answers = []
    for document in buyer.of("855", number):
        numbers = [segment[1] for segment in document if segment[0] == "PO1"]
        said = [int(segment[2]) for segment in document if segment[0] == "ACK" and segment[1] in ("IA", "IQ")]
        answers.append(dict(zip(numbers, said, strict=True)))
    return answers


def test_a_retailer_orders_changes_and_is_answered_shipped_and_billed_by_x12(trade: tuple[Circle, Buyer]) -> None:
    ours, buyer = trade
    bought, stored = goods()
    buyer.change("R-3", {1: 1}, [stored])  # before its order
    until(ours, buyer, lambda: any("its order" in row["why"] for row in ours.command("failed", "list", "--waiting")))
    assert all(row["code"] != "unknown order" for row in ours.command("failed", "list"))
    buyer.order("R-3", [Wanted(stored, 3, "9.50")], ADDRESS)
    buyer.order("R-1", [Wanted(bought, 4, "7.25"), Wanted(stored, 2, "9.50")], ADDRESS)
    buyer.order("R-2", [Wanted(stored, 3, "9.50", {"12": 1, "13": 2})], ADDRESS)
    until(ours, buyer, lambda: len(kept(buyer, "R-1")) == 1)
    buyer.change("R-1", {1: 2}, [bought])
    until(ours, buyer, lambda: len(kept(buyer, "R-1")) == 2)
    assert kept(buyer, "R-1") == [{"1": 4, "2": 2}, {"1": 2, "2": 2}]

    wanted = {"R-1": {"1": 2, "2": 2}, "R-2": {"1": 3}, "R-3": {"1": 1}}
    until(ours, buyer, lambda: all(_billed(buyer, number) == lines for number, lines in wanted.items()))
    assert {number: quantities(buyer.of("856", number), "SN1", 1, 2) for number in wanted} == wanted
    assert sorted(each[4] for each in _segments(buyer.of("856", "R-2"), "N1") if each[1] == "BY") == ["12", "13"]
    marks = {number: {mark[1] for mark in _segments(buyer.of("856", number), "MAN")} for number in wanted}
    assert marks["R-2"] == {"CP"}, "the 3PL tells tracking numbers"
    assert "GM" in marks["R-1"], "the supplier's cartons have an SSCC"
    assert kept(buyer, "R-3")[-1] == {"1": 1}

    ours.sandbox.post("/stock", {"partner": "dc1", "sku": stored, "quantity": 5000})
    until(ours, buyer, lambda: "852" in buyer.told and "944" in _files(ours, "dc1"))
    until(ours, buyer, lambda: ours.command("failed", "list") == [])
    ours.wait_until_quiet()
    buyer.look()
    assert buyer.wrong == []
    assert ours.sandbox.get("/state")["unreadable"] == {}
    _look_into_the_books(ours)


def _billed(buyer: Buyer, number: str) -> dict[str, int]:
    return quantities(buyer.of("810", number), "IT1", 1, 2)


def _files(circle: Circle, account: str) -> set[str]:
    """The codes of what a partner gave out and we took."""
    done: Path = circle.folder / "sftp" / account / "out" / "done"
    texts = [path.read_text("latin-1") for path in done.glob("*.edi")]
    return {text.partition("ST*")[2][:3] for text in texts}


def _look_into_the_books(circle: Circle) -> None:
    assert circle.hub is not None
    assert circle.hub.stop() == 0
    states = circle.rows("SELECT DISTINCT state FROM delivery WHERE kind = 'purchase_order_change'")
    assert states == [("confirmed",)], "the supplier has answered our 860"
    came = {document for (document,) in circle.rows("SELECT DISTINCT document FROM message WHERE state = 'applied'")}
    assert came >= {"sales", "sales_change", "change_answer", "acknowledgement", "shipment", "invoice", "receipt"}
    assert circle.rows("SELECT count(*) FROM message WHERE state != 'applied'") == [(0,)]
    told = "SELECT DISTINCT kind FROM delivery WHERE connection = 'bigbox' AND state = 'confirmed'"
    assert {kind for (kind,) in circle.rows(told)} >= {"acknowledgement", "shipment", "invoice", "stock_push"}
