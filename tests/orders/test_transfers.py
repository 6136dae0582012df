"""Goods that a person wants at another node of one partner: ordered there once, and refused where nobody moves them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model.document import Kind
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner, Role
from hub.services.requests import Refused
from hub.services.verbs import Verbs
from hub.store import deliveries


@pytest.fixture
def erp(quick_world: Any) -> Any:
    """A world with an ERP of two nodes, and a supplier."""
    nodes = tuple(Node(code=code, kind=NodeKind.WAREHOUSE, partner="erp") for code in ("EAST", "WEST"))
    quick_world.directory.known["erp"] = Partner(code="erp", role=Role.WAREHOUSE, nodes=nodes)
    quick_world.directory.out["erp", Kind.TRANSFER_ORDER] = "transfer_orders"
    quick_world.source_of("acme", "CUP", 5)
    return quick_world


def move(world: Any, source: str, target: str, **quantities: str) -> Any:
    verbs = Verbs(lambda _code, _kinds: 0, lambda: None, done="done")
    asked = {"from": source, "to": target, "lines": quantities, "expected": "2026-12-01T00:00:00+00:00", "note": ""}
    return verbs.table()["stock.transfer"](world.desk, asked, "ann")


def test_a_transfer_is_one_delivery_to_who_has_both_nodes(erp: Any) -> None:
    first, second = move(erp, "EAST", "WEST", CUP="3", POT="1.5"), move(erp, "WEST", "EAST", CUP="1")
    assert (first["partner"], first["number"] != second["number"]) == ("erp", True)
    with erp.store.read() as tx:
        row = deliveries.by_key(tx, "erp", first["number"])
    assert (row.document, row.record.source, row.record.target) == ("transfer_orders", "EAST", "WEST")
    assert [(line.sku, line.quantity) for line in row.record.lines] == [("CUP", Decimal(3)), ("POT", Decimal("1.5"))]


@pytest.mark.parametrize(
    ("nodes", "quantity", "words"),
    [
        (("EAST", "NOWHERE"), "1", "no node NOWHERE"),
        (("EAST", "EAST"), "1", "is where the goods are"),
        (("EAST", "ACME"), "1", "nobody who has both takes transfer orders"),
        (("EAST", "WEST"), "0", "quantity: must be more than zero"),
    ],
)
def test_what_nobody_can_move_is_refused(erp: Any, nodes: tuple[str, str], quantity: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        move(erp, *nodes, CUP=quantity)
    with erp.store.read() as tx:
        assert deliveries.search(tx, kind=Kind.TRANSFER_ORDER) == []
