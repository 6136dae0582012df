"""Whatever a partner sends or does: it is told by partner, document, record and field, and the rest goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.circle import Circle

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
SHIP_HEADER = b"PO,Line,Item,Shipped,Short,Shipment,Carrier,Tracking,Shipped At\n"
STOCK_HEADER = "Item,Qty Avail,UOM,Status,Updated\n"


def drop(circle: Circle, partner: str, name: str, content: bytes) -> None:
    """Let a partner write a file as its server would: whole, then under its name."""
    folder = circle.folder / "sftp" / partner / "out"
    hidden = folder / f"{name}.part"
    hidden.write_bytes(content)
    hidden.rename(folder / name)


def suppliers(circle: Circle) -> list[str]:
    return sorted(path.stem for path in (circle.folder / "mappings").glob("*.toml") if path.stem not in ("shop", "dc1"))


def wait_for_words(circle: Circle, partner: str, *words: str) -> None:
    """Wait until a record of the partner was parked with all these words, whatever became of it since.

    A newer and whole stock file resolves what an older one had parked, so the list of open failures may be too late.
    """
    said = "SELECT connection, document, record, field, error, todo FROM parked_record"
    until = time.monotonic() + 60
    while True:
        found = [" | ".join(row) for row in circle.rows(said) if row[0] == partner]
        if any(all(word in text for word in words) for text in found):
            return
        assert time.monotonic() < until, f"nobody said {words}; said was {found}"
        time.sleep(0.5)


def test_bad_files_are_told_and_everybody_else_goes_on(circle: Callable[..., Circle]) -> None:
    ours = circle(5, 21)
    ours.open_for_business()
    a, b, c, d, *_ = suppliers(ours)
    drop(ours, a, "inventory_1.csv", b"Itm,Qty Avail,UOM,Status,Updated\nSKU-0001,5,EA,A,2026-11-20T06:00:00Z\n")
    rows = "".join(
        f"SKU-000{n},{text},EA,A,2099-01-01T00:00:00Z\n" for n, text in enumerate(["NaN", "1E+2000000", "-5", "7"])
    )
    drop(ours, b, "inventory_1.csv", (STOCK_HEADER + rows).encode())
    drop(ours, c, "inventory_1.csv", STOCK_HEADER.encode() + b"SKU-\xff\xfe,5,EA,A,2026-11-20T06:00:00Z\n")
    drop(
        ours,
        d,
        "SHIP_bad.csv",
        SHIP_HEADER + b"PO999999,1,X,1,0,S1,UPS,1Z,2026-11-20T06:00:00Z\n",
    )
    ours.command("stock", "sync")
    wait_for_words(ours, a, "'Item'", "stock")
    wait_for_words(ours, b, "row 2", "'NaN'")
    wait_for_words(ours, b, "row 3", "1E+2000000")
    wait_for_words(ours, b, "row 4", "-5")
    wait_for_words(ours, c, "row 2")
    wait_for_words(ours, d, "PO999999")
    (open_one,) = [each for each in ours.command("failed", "list") if each["partner"] == d]
    assert (open_one["kind"], open_one["document"]) == ("record", "shipment")
    assert ours.command("failed", "show", open_one["id"])["raw"] or open_one["error"]
    ours.wait_until_quiet()
    assert (ours.audit().lost, ours.audit().duplicated) == (0, 0), ours.audit().as_text()


def test_a_partner_that_hangs_holds_nobody_up(circle: Callable[..., Circle]) -> None:
    ours = circle(1, 22)
    for path in (ours.folder / "mappings").glob("*.toml"):
        if path.stem != "shop":
            text = path.read_text("utf-8").replace(
                "[connection]\n", "[connection]\ntimeouts = { reply = 2, connect = 2, banner = 2, auth = 2 }\n", 1
            )
            path.write_text(text, "utf-8")
    ours.open_for_business()
    slow = suppliers(ours)[0]
    ours.sandbox.post("/moods", {"partner": slow, "mood": "hang"})
    ours.sandbox.post("/orders", {"n": 6})

    def others_are_done(state: Any, summary: Any) -> bool:
        return bool(
            summary["orders"] >= state["orders_placed"]
            and summary["connections_down"] >= 1
            and summary["shipments"] >= 3
        )

    ours.wait(others_are_done)
    ours.sandbox.post("/calm", {"partner": slow})
    ours.wait_until_quiet(180)
    assert (ours.audit().lost, ours.audit().duplicated) == (0, 0), ours.audit().as_text()


def test_a_location_that_is_not_mapped_is_named(circle: Callable[..., Circle]) -> None:
    ours = circle(1, 23)
    shop = ours.folder / "mappings" / "shop.toml"
    mapped = [line for line in shop.read_text("utf-8").splitlines() if '= "suppliers"' not in line]
    shop.write_text("\n".join(mapped) + "\n", "utf-8")
    ours.open_for_business()
    checked = ours.command("connection", "check", "shop", codes=(0, 1))
    assert "Drop ship" in f"{checked['sentence']} {checked['todo']}"


def test_a_second_daemon_is_refused_with_words(circle: Callable[..., Circle]) -> None:
    ours = circle(1, 24)
    first = ours.start_hub()
    first.wait_until_ready()
    second = ours.second_hub()
    assert second.wait(60) == 1
    assert "already works on" in second.log.read_text("utf-8")
    assert first.summary()["ready"]
