"""What a changed mapping file would do to orders and offers, worked out without doing it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import DocumentSpec, Mode
from hub.model.document import Direction, Kind
from hub.model.item import CatalogueEntry
from hub.model.purchase import Acknowledgement, AcknowledgementLine, Outcome
from hub.model.stock import StockLevel
from hub.services.attention import what_if
from hub.services.attention.what_if import Change, Original
from hub.store import archive, messages

ACKS = DocumentSpec("acknowledgement", Direction.IN, Kind.ACKNOWLEDGEMENT, Mode.DELTA)
STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL, Mode.SNAPSHOT)
PRICES = DocumentSpec("catalogue", Direction.IN, Kind.CATALOGUE_ENTRY, Mode.SNAPSHOT)


@pytest.fixture
def sent(quick_world: Any) -> Any:
    """Five cups of order #1001 at acme; globex has plenty too, and costs more."""
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.deliver()
    return quick_world


def came(world: Any, document: str, content: bytes = b"as it was sent") -> Original:
    with world.store.write() as tx:
        now = world.clock.now()
        messages.receive(tx, connection="acme", document=document, key="k1", name="f.csv", content=content, now=now)
    found = world.read(lambda tx: what_if.last_original(tx, "acme", document))
    assert found is not None
    return found  # type: ignore[no-any-return]


def changes(world: Any, spec: DocumentSpec, *records: Any) -> list[Change]:
    original = came(world, spec.name)
    return what_if.changes(world.desk, world.directory.partner("acme"), spec, original.message, records)


def test_the_last_original_is_the_newest_of_its_flow_as_it_was_sent(sent: Any) -> None:
    assert sent.read(lambda tx: what_if.last_original(tx, "acme", "stock")) is None
    original = came(sent, "stock", b"A,1\n")
    assert original.content == b"A,1\n"
    assert sent.read(lambda tx: archive.load(tx, original.message.sha256)) == b"A,1\n"


def test_an_answer_that_would_be_a_rejection_shows_where_the_line_would_go_and_nothing_moves(sent: Any) -> None:
    before = sent.where()
    line = AcknowledgementLine(line_number=1, outcome=Outcome.REJECTED)
    said = Acknowledgement(order_number=sent.document("ACME"), lines=(line,))
    (change,) = changes(sent, ACKS, said)
    assert change.about == "order"
    assert "5 released at ACME" in change.was or "5 allocated at ACME" in change.was
    assert "GLOBEX" in change.becomes
    assert sent.where() == before
    assert len(sent.outgoing(Kind.PURCHASE_ORDER)) == 1


def test_an_answer_for_no_order_of_ours_would_be_parked(sent: Any) -> None:
    (change,) = changes(sent, ACKS, Acknowledgement(order_number="PO-404", outcome=Outcome.ACCEPTED))
    assert change.about == "parked"
    assert "PO-404" in change.becomes


def test_figures_that_differ_and_what_is_no_longer_listed_are_told(sent: Any) -> None:
    sent.source_of("acme", "MUG", 7, "3")
    told = changes(sent, STOCK, StockLevel(sku="CUP", quantity=Decimal(4)), StockLevel(sku="NEW", quantity=Decimal(1)))
    assert [(each.name, each.was, each.becomes) for each in told] == [
        ("CUP at ACME", "50 active", "4 active"),
        ("NEW at ACME", "", "1 active"),
        ("MUG at ACME", "7 active", "0, not listed"),
    ]


def test_a_price_that_differs_is_told_with_both(sent: Any) -> None:
    told = changes(sent, PRICES, CatalogueEntry(sku="CUP", price=Decimal("8.50")))
    assert Change("price", "CUP", "8", "8.5") in told


def test_what_is_the_same_is_no_change(sent: Any) -> None:
    assert changes(sent, STOCK, StockLevel(sku="CUP", quantity=Decimal(50))) == []
