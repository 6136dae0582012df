"""Catalogue feeds: the newest word of a supplier on each SKU, and items learned on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord, Mode
from hub.model.item import CatalogueEntry, Item, PriceBreak
from hub.services.desk import Desk
from hub.services.inventory import catalogue as catalogue_service
from hub.services.inventory.feed import FeedResult
from hub.store import catalogue, items
from hub.testing.clock import FakeClock

EARLY = datetime(2026, 11, 20, 5, tzinfo=UTC)
LATE = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)


class Catalogue:
    """Applies catalogues of one partner and looks at what came of them."""

    def __init__(self, desk: Desk, feeding: Any) -> None:
        self.desk, self.feeding = desk, feeding

    def apply(
        self, *records: CatalogueEntry | BadRecord, at: datetime | None = None, mode: Mode = Mode.SNAPSHOT
    ) -> FeedResult:
        source = replace(self.feeding.source(at), document="catalogue", mode=mode)
        return catalogue_service.apply_feed(self.desk, source, iter(records))

    def get(self, sku: str) -> CatalogueEntry:
        with self.desk.store.read() as tx:
            found = catalogue.get(tx, "acme", sku)
        assert found is not None
        return found

    def prices(self) -> dict[str, Decimal]:
        """Prices of what is offered."""
        with self.desk.store.read() as tx:
            found = catalogue.entries(tx, list("ABCD"))
        return {sku: entry.price for (_, sku), entry in found.items() if entry.active}

    def item(self, sku: str) -> Item | None:
        with self.desk.store.read() as tx:
            return items.get(tx, sku)


@pytest.fixture
def supplier(desk: Desk, feeding: Any) -> Catalogue:
    return Catalogue(desk, feeding)


def entry(sku: str, price: str, **more: Any) -> CatalogueEntry:
    return CatalogueEntry(sku=sku, price=Decimal(price), **more)


def bad(**known: str) -> BadRecord:
    return BadRecord("no price", record="row 7", field="price", known=known)


def test_an_entry_is_kept_whole(supplier: Catalogue) -> None:
    breaks = (PriceBreak(minimum=Decimal(10), price=Decimal("4.50")),)
    given = entry("A", "5.00", supplier_sku="X-1", currency="EUR", breaks=breaks, minimum=Decimal(2), lead_days=3)
    assert supplier.apply(given).changed == 1
    assert supplier.get("A") == given


def test_the_same_again_changes_nothing_and_a_new_price_does(supplier: Catalogue, clock: FakeClock) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"))
    clock.advance(60)
    assert supplier.apply(entry("A", "5.00"), entry("B", "7")).changed == 1
    assert supplier.prices() == {"A": 5, "B": 7}


@pytest.mark.parametrize("mode", list(Mode))
def test_an_older_word_never_wins(supplier: Catalogue, mode: Mode) -> None:
    supplier.apply(entry("A", "5"), at=EARLY, mode=mode)
    supplier.apply(entry("A", "5"), at=LATE, mode=mode)  # unchanged, but said again
    supplier.apply(entry("A", "4"), at=EARLY.replace(minute=10), mode=mode)
    assert supplier.prices() == {"A": 5}


def test_of_two_rows_for_one_sku_the_newer_counts_and_else_the_last(supplier: Catalogue) -> None:
    supplier.apply(entry("A", "1", as_of=LATE), entry("A", "2", as_of=EARLY), entry("B", "1"), entry("B", "2"))
    assert supplier.prices() == {"A": 1, "B": 2}


def test_what_a_snapshot_does_not_name_is_no_longer_offered(supplier: Catalogue, clock: FakeClock) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"))
    clock.advance(60)
    assert supplier.apply(entry("A", "5")).changed == 1
    assert supplier.prices() == {"A": 5}
    assert supplier.get("B").price == 6
    clock.advance(60)
    assert supplier.apply(entry("A", "5")).changed == 0
    assert supplier.apply(entry("B", "6"), entry("A", "5")).changed == 1
    assert supplier.prices() == {"A": 5, "B": 6}


def test_a_delta_takes_nothing_out(supplier: Catalogue) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"))
    supplier.apply(entry("C", "7"), mode=Mode.DELTA)
    assert supplier.prices() == {"A": 5, "B": 6, "C": 7}


def test_an_older_snapshot_takes_nothing_out(supplier: Catalogue) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"), at=LATE)
    supplier.apply(entry("A", "5"), at=EARLY)
    assert supplier.prices() == {"A": 5, "B": 6}


def test_an_unreadable_row_keeps_its_entry(supplier: Catalogue, clock: FakeClock) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"), entry("C", "7"))
    clock.advance(60)
    result = supplier.apply(bad(sku="A"), entry("B", "6"))
    assert (result.read, result.changed, len(result.parked)) == (2, 1, 1)
    assert supplier.prices() == {"A": 5, "B": 6}


def test_a_row_that_names_nothing_lets_everything_stand(supplier: Catalogue, clock: FakeClock) -> None:
    supplier.apply(entry("A", "5"), entry("B", "6"))
    clock.advance(60)
    supplier.apply(bad(), entry("B", "8"))
    assert supplier.prices() == {"A": 5, "B": 8}
    assert supplier.feeding.feeds()[-1] == ("suspended", 2, 1, 1)


def test_an_empty_catalogue_takes_nothing_out(supplier: Catalogue) -> None:
    supplier.apply(entry("A", "5"))
    assert supplier.apply().parked[0].what == "the catalogue holds no row at all; the old one stands"
    assert supplier.prices() == {"A": 5}


def test_a_catalogue_that_breaks_off_is_marked_as_failed(supplier: Catalogue, desk: Desk) -> None:
    def breaks() -> Any:
        yield entry("A", "5")
        raise OSError("the parser broke")

    with pytest.raises(OSError, match="the parser broke"):
        catalogue_service.apply_feed(desk, supplier.feeding.source(), breaks())
    assert supplier.feeding.feeds()[-1][0] == "failed"


def test_more_entries_than_one_transaction_holds(supplier: Catalogue, desk: Desk, clock: FakeClock) -> None:
    supplier.apply(*(entry(f"S{number:04}", "1") for number in range(2500)))
    clock.advance(60)
    assert supplier.apply(*(entry(f"S{number:04}", "2") for number in range(0, 2500, 2))).changed == 2500
    with desk.store.read() as tx:
        found = catalogue.entries(tx, [f"S{number:04}" for number in range(2500)])
    assert sum(each.active for each in found.values()) == 1250


# --- items -----------------------------------------------------------------------------------------------------------


def test_an_unknown_item_is_learned_from_the_catalogue(supplier: Catalogue) -> None:
    supplier.apply(entry("A", "5", name="Lamp", weight_g=Decimal(250), gtin="4006381333931"))
    assert supplier.item("A") == Item(sku="A", name="Lamp", weight_g=Decimal(250), gtin="4006381333931")


def test_a_known_item_keeps_what_is_known_and_learns_the_rest(supplier: Catalogue, desk: Desk) -> None:
    with desk.store.write() as tx:
        items.put(tx, Item(sku="A", name="Our lamp"), desk.clock.now())
    supplier.apply(entry("A", "5", name="LAMP 40W", weight_g=Decimal(250)))
    assert supplier.item("A") == Item(sku="A", name="Our lamp", weight_g=Decimal(250))
    supplier.apply(entry("A", "5", name="LAMP 60W", weight_g=Decimal(999)))
    assert supplier.item("A") == Item(sku="A", name="Our lamp", weight_g=Decimal(250))
