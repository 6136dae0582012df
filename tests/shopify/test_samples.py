"""A table over the vendor's sample payloads: what of each is read, and what is parked and where."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from connectors.shopify.parcel import FulfilmentOrder
from connectors.shopify.places import unmapped
from connectors.shopify.routed import Routed
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import read_order
from hub.contract import BadRecord
from hub.model.order import SalesOrder

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "shopify"
KINDS = ("order", "order_part", "fulfillment_order", "refund", "location", "inventory_level")
SETTINGS = ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t"})

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples beside the repository are not here")

Tree = Mapping[str, object]


@cache
def _files() -> tuple[tuple[str, str], ...]:
    """Return (kind, file) of every sample of these kinds."""
    if not SAMPLES.exists():
        return ()
    with (SAMPLES / "index.csv").open(encoding="utf-8") as index:
        return tuple((row["kind"], row["file"]) for row in csv.DictReader(index) if row["kind"] in KINDS)


def _trees(tree: object) -> Iterator[Tree]:
    """Yield every object in a payload, outer ones first; what stands in a request is ours, not the shop's."""
    if isinstance(tree, dict):
        yield tree
        tree = [value for name, value in tree.items() if name != "request"]
    if isinstance(tree, list):
        for each in tree:
            yield from _trees(each)


def _kind(tree: Tree) -> str:
    """Return what an object of the shop is, by the fields that it has; empty for what carries no meaning for us."""
    if "line_items" in tree and ("financial_status" in tree or "order_number" in tree):
        return "order"
    if "line_items" in tree and ("assigned_location_id" in tree or "request_status" in tree):
        return "fulfilment order"
    if "refund_line_items" in tree and "order_id" in tree:
        return "refund"
    if "legacy" in tree and "active" in tree:
        return "location"
    if "inventory_item_id" in tree and "location_id" in tree and "available" in tree:
        return "level"
    return ""


def _outcome(kind: str, tree: Tree) -> str:
    """Return `read`, or `parked` with a place; anything else is a fault."""
    return _READERS[kind](tree)


def _order(tree: Tree) -> str:
    found = read_order(json.dumps(tree).encode(), "shop", SETTINGS)
    if isinstance(found, BadRecord):
        assert found.record, found
        assert found.field, found
        return "parked"
    assert isinstance(found, SalesOrder)
    return "read"


def _fulfilment_order(tree: Tree) -> str:
    order = FulfilmentOrder.read(tree)
    assert order.id, tree
    assert order.status, tree
    assert isinstance(Routed.of([tree]).hold, str)
    return "read"


def _location(tree: Tree) -> str:
    assert bool(unmapped([tree], SETTINGS)) == (tree["active"] is not False)
    return "read"


def _level(tree: Tree) -> str:
    assert isinstance(tree["available"], int | None), tree
    return "read"


def _refund(tree: Tree) -> str:
    """A refund counts as part of its order: what it takes back is wanted no more."""
    lines = tree["refund_line_items"]
    assert isinstance(lines, list)
    order = {"id": tree["order_id"], "refunds": [tree], "line_items": _refunded(lines)}
    found = read_order(json.dumps(order | _REST).encode(), "shop", SETTINGS)
    assert isinstance(found, SalesOrder), found
    assert {line.quantity for line in found.lines} <= {1}
    return "read"


_REST = {"name": "#1", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "currency": "USD"}


def _refunded(lines: list[Tree]) -> list[Tree]:
    """Return the lines that a refund is about, as an order of API versions without `current_quantity` has them."""
    sums: Counter[object] = Counter()
    for line in lines:
        sums[line["line_item_id"]] += int(str(line["quantity"]))
    return [{"id": each, "quantity": taken + 1, "price": "1.00"} for each, taken in sums.items()]


_READERS: Mapping[str, Callable[[Tree], str]] = {
    "order": _order,
    "fulfilment order": _fulfilment_order,
    "refund": _refund,
    "location": _location,
    "level": _level,
}


@pytest.mark.parametrize(("kind", "file"), _files(), ids=lambda value: str(value).rpartition("/")[2])
def test_every_payload_is_read_or_parked_with_its_place(kind: str, file: str) -> None:
    for tree in _trees(json.loads((SAMPLES / file).read_bytes())):
        found = _kind(tree)
        if found:
            assert _outcome(found, tree) in {"read", "parked"}, (kind, file)


def test_the_table_says_how_many_are_read_and_parked() -> None:
    table: Counter[tuple[str, str]] = Counter()
    for _, file in _files():
        for tree in _trees(json.loads((SAMPLES / file).read_bytes())):
            if found := _kind(tree):
                table[found, _outcome(found, tree)] += 1
    # the four orders that are parked are request bodies and schemas that repeat "example string"
    assert dict(table) == {
        ("order", "read"): 75,
        ("order", "parked"): 4,
        ("fulfilment order", "read"): 44,
        ("refund", "read"): 52,
        ("location", "read"): 9,
        ("level", "read"): 13,
    }
