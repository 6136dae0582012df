"""An order shows the originals that made or changed it, noted in the transaction that applies them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from hub.contract import BadRecord, Connector, DocumentSpec, RawItem
from hub.model.base import Record
from hub.model.document import RECORDS, Direction, Kind
from hub.services import explain
from hub.services.intake import ingest
from hub.services.intake.ingest import Counts
from hub.services.intake.keeping import Inlet
from hub.store import archive, messages, originals
from hub.store.tables import delivery


class Partner:
    """A connector that reads lines of JSON; `torn` is a bad one."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def parse(self, _document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        for line in item.content.splitlines():
            if line == b"torn":
                yield BadRecord("it is torn", record="a line", code="torn")
            else:
                yield RECORDS[self.kind].model_validate_json(line)


def comes(world: Any, partner: str, kind: Kind, *contents: str) -> Counts:
    """Let a partner send some documents of a kind in one page."""
    spec = DocumentSpec(f"{kind.value}s", Direction.IN, kind)
    inlet = Inlet(partner, cast("Connector", Partner(kind)), spec, "h")
    with world.store.write() as tx:
        now = world.clock.now()
        received = [
            messages.receive(
                tx, connection=partner, document=spec.name, key=content, name="", content=content.encode(), now=now
            )
            for content in contents
        ]
        rows = messages.by_ids(tx, [each.id for each in received])
    return ingest.apply_messages(world.desk, inlet, rows)


def said(world: Any, number: str, **fields: Any) -> str:
    return str(world.made(number, lines={"L1": ("CUP", 1)}, **fields).model_dump_json())


def shown(world: Any, number: str = "1") -> list[Mapping[str, Any]]:
    told = world.read(lambda tx: explain.show(tx, world.desk, world.id_of(number)))
    return [{name: each[name] for name in ("connection", "document", "state")} for each in told["messages"]]


def test_the_order_the_answers_and_the_receipt_for_what_was_sent_are_shown(world: Any) -> None:
    world.source_of("acme", "CUP", 500)
    comes(world, "shop", Kind.SALES_ORDER, *(said(world, str(number)) for number in range(3)))
    document = world.document("ACME", "1")
    world.deliver()
    with world.store.write() as tx:
        tx.execute(delivery.update().where(delivery.c.key == document).values(transmission="PO 17"))
    receipt = '{"group": "PO", "number": "0017", "verdict": "accepted"}'
    comes(world, "acme", Kind.FUNCTIONAL_ACKNOWLEDGEMENT, receipt)
    comes(world, "acme", Kind.ACKNOWLEDGEMENT, f'{{"order_number": "{document}", "outcome": "accepted"}}')
    shipment = (
        f'{{"order_number": "{document}", "shipment_number": "S1", "lines": [{{"line_number": 1, "quantity": 1}}]}}'
    )
    comes(world, "acme", Kind.SHIPMENT, shipment)
    assert [(each["connection"], each["document"]) for each in shown(world)] == [
        ("shop", "sales_orders"),
        ("acme", "functional_acknowledgements"),
        ("acme", "acknowledgements"),
        ("acme", "shipments"),
    ]
    assert len(shown(world, "2")) == 1, "what is about another order is not shown"
    comes(world, "acme", Kind.FUNCTIONAL_ACKNOWLEDGEMENT, '{"number": "000000017", "verdict": "accepted"}')
    assert len(shown(world)) == 5, "a word on the interchange is one on the order in it"


def test_a_document_about_many_orders_is_shown_with_each_of_them_and_a_bad_record_with_none(world: Any) -> None:
    world.source_of("acme", "CUP", 500)
    counts = comes(world, "shop", Kind.SALES_ORDER, "\n".join((said(world, "1"), "torn", said(world, "2"))))
    assert (counts.changed, counts.parked) == (2, 1)
    assert len(shown(world, "1")) == len(shown(world, "2")) == 1


def test_a_record_that_is_refused_made_nothing_of_any_order(world: Any) -> None:
    world.source_of("acme", "CUP", 500)
    comes(world, "shop", Kind.SALES_ORDER, said(world, "1"))
    document = world.document("ACME", "1")
    assert comes(
        world, "other", Kind.ACKNOWLEDGEMENT, f'{{"order_number": "{document}", "outcome": "accepted"}}'
    ).parked
    assert len(shown(world)) == 1


def test_an_original_that_is_applied_again_is_shown_once(world: Any) -> None:
    world.source_of("acme", "CUP", 500)
    comes(world, "shop", Kind.SALES_ORDER, said(world, "1"))
    comes(world, "shop", Kind.SALES_ORDER, said(world, "1"))
    assert len(shown(world)) == 1


def test_the_link_outlives_the_bytes(world: Any) -> None:
    world.source_of("acme", "CUP", 500)
    comes(world, "shop", Kind.SALES_ORDER, said(world, "1"))
    (row,) = world.read(lambda tx: originals.of_order(tx, world.id_of("1")))
    world.clock.advance(60)
    with world.store.write() as tx:
        assert archive.expire(tx, world.clock.now()) >= 1
    with pytest.raises(archive.ContentGone):
        world.read(lambda tx: archive.load(tx, row.sha256))
    assert len(shown(world)) == 1
