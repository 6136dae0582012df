"""What a partner said longer ago than agreed is not sold from, and is again as soon as the partner speaks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.contract import Mode
from hub.model.document import Kind
from hub.services.desk import Desk
from hub.services.inventory import fresh, stock_push
from hub.services.sourcing import supply
from hub.store import published
from hub.testing.clock import FakeClock

HOUR = 3600


@pytest.fixture(autouse=True)
def acme_sends_stock(directory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the supplier have a stock document, and agree on one figure a day."""

    def inbound(partner: str, kind: Kind) -> str | None:
        return "stock" if (partner, kind) == ("acme", Kind.STOCK_LEVEL) else None

    monkeypatch.setattr(directory, "inbound", inbound)
    directory.agree("acme", stock_hours=24)


def promised(desk: Desk, sku: str, node: str = "ACME") -> tuple[Decimal, str]:
    with desk.store.read() as tx:
        found = fresh.promised(tx, desk, [sku], desk.clock.now())
    return found.available[node, sku], found.withheld.get((node, sku), "")


def test_a_figure_is_sold_from_for_as_long_as_was_agreed_and_then_withheld(
    desk: Desk, feeding: Any, clock: FakeClock
) -> None:
    feeding.apply(feeding.figure("A", 5))
    clock.advance(24 * HOUR)
    assert promised(desk, "A") == (5, "")
    clock.advance(1)
    assert promised(desk, "A") == (
        0,
        "its figure is of 2026-11-20 06:00 UTC, older than the 24 hours agreed with acme",
    )


def test_a_partner_may_be_sold_from_whatever_the_age(
    desk: Desk, feeding: Any, clock: FakeClock, directory: Any
) -> None:
    directory.agree("acme", stock_hours=24, sell_stale=True)
    feeding.apply(feeding.figure("A", 5))
    clock.advance(1000 * HOUR)
    assert promised(desk, "A") == (5, "")


def test_nobody_owes_a_figure_who_sends_no_stock_document(desk: Desk, feeding: Any, clock: FakeClock) -> None:
    feeding.of("own", Mode.DELTA).apply(feeding.figure("A", 5, "EAST"))
    clock.advance(1000 * HOUR)
    assert promised(desk, "A", "EAST") == (5, "")


def test_a_snapshot_that_changes_nothing_keeps_every_figure_fresh(desk: Desk, feeding: Any, clock: FakeClock) -> None:
    for _ in range(3):
        feeding.apply(feeding.figure("A", 5))
        clock.advance(20 * HOUR)
    assert promised(desk, "A") == (5, "")


def test_a_delta_says_that_what_it_does_not_name_is_as_it_was(desk: Desk, feeding: Any, clock: FakeClock) -> None:
    delta = feeding.of("acme", Mode.DELTA)
    delta.apply(feeding.figure("A", 5), feeding.figure("B", 3))
    for _ in range(3):
        clock.advance(20 * HOUR)
        delta.apply(feeding.figure("B", 2))
    assert promised(desk, "A") == (5, "")
    clock.advance(25 * HOUR)
    assert promised(desk, "A")[0] == 0


def test_a_figure_that_its_partner_itself_calls_old_is_old(desk: Desk, feeding: Any, clock: FakeClock) -> None:
    long_ago = clock.now() - timedelta(days=5)
    feeding.apply(feeding.figure("A", 5, as_of=long_ago))
    assert promised(desk, "A") == (0, "its figure is of 2026-11-15 06:00 UTC, older than the 24 hours agreed with acme")


def test_a_document_that_could_not_be_applied_whole_is_no_word(desk: Desk, feeding: Any, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5))
    clock.advance(25 * HOUR)
    feeding.apply(feeding.bad())
    assert promised(desk, "A")[0] == 0


def test_an_order_is_not_routed_to_stale_stock_and_is_told_why(
    desk: Desk, feeding: Any, clock: FakeClock, directory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "outbound", lambda _partner, kind: kind.value)
    feeding.apply(feeding.figure("A", 5))
    clock.advance(25 * HOUR)
    with desk.store.write() as tx:
        known = supply.gather(tx, desk, ["A"], clock.now())
    assert known.knows("A")
    ((rule, detail),) = {(each.rule, each.detail) for each in known.barred("A")}
    assert rule == "stale stock"
    assert detail.startswith("its figure is of 2026-11-20 06:00 UTC")


def test_a_channel_shows_none_of_it_and_all_of_it_when_the_partner_is_back(
    desk: Desk, feeding: Any, clock: FakeClock
) -> None:
    def shown() -> dict[tuple[str, str], Decimal]:
        clock.advance(15 * 60 + 1)
        stock_push.plan(desk, "shop", clock.now())
        with desk.store.read() as tx:
            return published.figures(tx, "shop", ["A"])

    feeding.apply(feeding.figure("A", 5))
    assert shown() == {("A", "loc-2"): 5}
    clock.advance(25 * HOUR)
    assert shown() == {("A", "loc-2"): 0}
    feeding.apply(feeding.figure("A", 5))
    assert shown() == {("A", "loc-2"): 5}


def test_a_partner_that_is_back_makes_news_of_figures_that_did_not_change(feeding: Any, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5))
    before = feeding.row("A").updated_at
    clock.advance(20 * HOUR)
    feeding.apply(feeding.figure("A", 5))
    assert feeding.row("A").updated_at == before
    clock.advance(25 * HOUR)
    feeding.apply(feeding.figure("A", 5))
    assert feeding.row("A").updated_at == clock.now()
