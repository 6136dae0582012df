"""A later success closes older duplicates of the same record, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hub.contract import BadRecord, DocumentSpec, Mode, RawItem
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.order import SalesOrder
from hub.model.stock import StockLevel
from hub.services.desk import Desk
from hub.services.intake import ingest
from hub.store import parking
from tests.ingest.test_ingest import ORDERS, JsonLines, an_order, desk, inlet, run

__all__ = ["desk"]
DELTA = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL, Mode.DELTA)


@dataclass
class Knowing(JsonLines):
    """The same connector, which knows of a bad line which order or SKU it is about."""

    def parse(self, _document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        for line in item.content.decode().splitlines():
            tree = json.loads(line)
            known = {name: tree[name] for name in ("order_id", "sku") if name in tree}
            try:
                yield self.kind.model_validate(tree)
            except ValueError:
                yield BadRecord("cannot be read", record=f"row of {known or 'nobody'}", known=known)


def come(desk: Desk, *contents: str, document: DocumentSpec = ORDERS, kind: type[Record] = SalesOrder) -> None:
    """Let each content come as a document of its own, one run after the other."""
    connection = "shop" if document is ORDERS else "acme"
    for content in contents:
        with desk.store.read() as tx:
            name = f"k{len(parking.search(tx, state=None, limit=1000))}{hash(content)}"
        connector = Knowing([[(name, content)]], kind=kind)
        ingest.fetch(desk, inlet(connector, document, connection), run(desk, name))


def still(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [each.record for each in parking.search(tx)]


BAD = an_order(1, lines="none")


def test_a_later_version_of_an_order_closes_the_parked_one(desk: Any) -> None:
    come(desk, BAD, an_order(2, lines="none"))
    assert len(still(desk)) == 2
    come(desk, an_order(1))
    assert still(desk) == ["row of {'order_id': '2'}"]
    with desk.store.read() as tx:
        (closed,) = parking.search(tx, state="resolved")
    assert closed.closed_why == "message 3 has it whole"


def test_one_that_comes_whole_in_the_same_page_closes_it_too(desk: Any) -> None:
    """It was looked for before the page began, when nothing was parked yet."""
    page = [("k1", BAD), ("k2", an_order(2, lines="none")), ("k3", an_order(1))]
    ingest.fetch(desk, inlet(Knowing([page]), ORDERS, "shop"), run(desk, "one page"))
    assert still(desk) == ["row of {'order_id': '2'}"]


def test_one_that_came_whole_before_it_was_bad_in_the_same_page_closes_nothing(desk: Any) -> None:
    page = [("k1", an_order(1)), ("k2", BAD)]
    ingest.fetch(desk, inlet(Knowing([page]), ORDERS, "shop"), run(desk, "one page"))
    assert still(desk) == ["row of {'order_id': '1'}"]


def test_one_that_is_bad_once_more_closes_nothing(desk: Any) -> None:
    come(desk, BAD, an_order(1, lines="nothing"))
    assert len(still(desk)) == 2


@pytest.mark.parametrize("beside", ['{"lines": []}', BAD.replace("shop", "shops")])
def test_where_nobody_can_tell_it_stays(desk: Any, beside: str) -> None:
    come(desk, BAD, f"{an_order(1)}\n{beside}")
    assert len(still(desk)) == 2


def test_a_newer_figure_of_a_delta_closes_the_parked_row(desk: Any) -> None:
    rows = ['{"sku": "A", "quantity": "many"}', '{"sku": "B", "quantity": "many"}']
    come(desk, "\n".join(rows), document=DELTA, kind=StockLevel)
    assert len(still(desk)) == 2
    come(desk, '{"sku": "A", "quantity": 4}', document=DELTA, kind=StockLevel)
    assert still(desk) == ["row of {'sku': 'B'}"]
