"""Nodes and items: put, looked up, and not written again when nothing differs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from hub.model.item import Item, ItemFlag
from hub.model.node import Node, NodeCosts, NodeKind
from hub.store import items, nodes
from hub.store.engine import Store
from hub.store.tables import item as item_table

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def node(code: str = "EAST", partner: str = "own", **more: object) -> Node:
    return Node(code=code, partner=partner, kind=NodeKind.WAREHOUSE, **more)


def test_a_node_comes_back_as_it_was_declared(store: Store) -> None:
    declared = node(costs=NodeCosts(per_order=Decimal("1.25")), handles=frozenset({ItemFlag.HAZMAT}))
    with store.write() as tx:
        assert nodes.put(tx, declared, NOW)
        assert nodes.get(tx, "EAST") == declared
        assert nodes.get(tx, "WEST") is None


def test_a_node_is_written_again_only_when_it_differs(store: Store) -> None:
    with store.write() as tx:
        nodes.put(tx, node(), NOW)
        assert not nodes.put(tx, node(), LATER)
        assert nodes.put(tx, node(name="East"), LATER)
        assert nodes.get(tx, "EAST") == node(name="East")


def test_nodes_are_listed_by_code_and_by_partner(store: Store) -> None:
    with store.write() as tx:
        for each in (node("WEST"), node("EAST"), node("ACME", "acme")):
            nodes.put(tx, each, NOW)
        assert [each.code for each in nodes.every(tx)] == ["ACME", "EAST", "WEST"]
        assert [each.code for each in nodes.every(tx, "own")] == ["EAST", "WEST"]


def test_a_node_that_its_file_no_longer_names_goes_out_of_use(store: Store) -> None:
    with store.write() as tx:
        for each in (node("WEST"), node("EAST"), node("ACME", "acme")):
            nodes.put(tx, each, NOW)
        assert nodes.retire(tx, "own", ["EAST"], LATER) == 1
        assert nodes.retire(tx, "own", ["EAST"], LATER) == 0
        assert [each.code for each in nodes.every(tx) if each.active] == ["ACME", "EAST"]


def test_an_item_is_put_and_found(store: Store) -> None:
    lamp = Item(sku="A", name="Lamp", weight_g=Decimal("250.5"), flags=frozenset({ItemFlag.FRAGILE}))
    with store.write() as tx:
        assert items.put(tx, lamp, NOW)
        assert not items.put(tx, lamp, LATER)
        assert items.put(tx, lamp.changed(active=False), LATER)
        assert items.of_skus(tx, ["A", "B", "A"]) == {"A": lamp.changed(active=False)}
        assert items.get(tx, "B") is None


def test_learning_adds_what_is_unknown_and_overwrites_nothing(store: Store) -> None:
    known = Item(sku="A", name="Lamp")
    with store.write() as tx:
        items.put(tx, known, NOW)
        told = [Item(sku="B"), Item(sku="A", name="other", weight_g=Decimal(5))]
        assert items.learn(tx, told, LATER) == 2
        assert items.learn(tx, told, LATER) == 0
        assert items.get(tx, "A") == Item(sku="A", name="Lamp", weight_g=Decimal(5))
        assert items.learn(tx, [], LATER) == 0


def test_more_items_than_one_statement_names(store: Store) -> None:
    many = [Item(sku=f"S{number}") for number in range(1200)]
    with store.write() as tx:
        assert items.learn(tx, many, NOW) == 1200
        assert len(items.of_skus(tx, [each.sku for each in many])) == 1200
        assert len(tx.execute(select(item_table.c.sku)).all()) == 1200
