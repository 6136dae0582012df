"""Which inventory items our SKUs are: read in bulk, remembered, and gone on with after whatever broke off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from connectors.shopify.connector import ShopifyConnector
from hub.contract import AccessDenied, Outbound, Profile, Rejected, TemporaryFailure
from hub.model.stock import StockPush, StockPushRow
from hub.testing import Crash, MemoryContext, MemoryNumbers
from sandbox.plan import Item
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
BASE = "https://shop.test/admin/api/2026-07/"
FILE = "https://files.test/answer.jsonl"


def _document(shop: ShopifyConnector, *rows: tuple[str, str, int]) -> Outbound:
    told = tuple(StockPushRow(sku=sku, location=at, quantity=Decimal(figure)) for sku, at, figure in rows)
    return Outbound("stock", "stock:1", shop.render("stock", StockPush(rows=told), MemoryNumbers()).content)


class Bulk:
    """A shop's bulk queries by hand: what each run brings, and which queries were run."""

    def __init__(self) -> None:
        self.rows: list[tuple[str | None, int]] = []
        self.run: list[str] = []
        self.status = ["COMPLETED"]
        self.error: str | None = None
        self.gone = 0
        responses.add_callback(responses.POST, f"{BASE}graphql.json", self._answer)
        responses.get(f"{BASE}locations.json", json={"locations": []})
        responses.add_callback(responses.GET, FILE, self._file)

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or b"{}")
        data: dict[str, Any]
        if asked["operationName"] == "runBulk":
            self.run.append(asked["variables"]["query"])
            data = {"bulkOperationRunQuery": {"bulkOperation": {"id": "gid://shopify/BulkOperation/1"}}}
        else:
            status = self.status.pop(0) if len(self.status) > 1 else self.status[0]
            data = {
                "node": {"id": "gid://shopify/BulkOperation/1", "status": status, "url": FILE, "errorCode": self.error}
            }
        return 200, {}, json.dumps({"data": data})

    def _file(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert "X-Shopify-Access-Token" not in request.headers
        if self.gone:
            return self.gone, {}, "<?xml version='1.0'?><Error><Code>ExpiredToken</Code></Error>"
        lines = [
            {
                "id": "gid://shopify/ProductVariant/1",
                "sku": sku,
                "inventoryItem": {"id": f"gid://x/InventoryItem/{item}"},
            }
            for sku, item in self.rows
        ]
        return 200, {}, "\n".join(map(json.dumps, lines))


@pytest.fixture
def by_hand(connect: Opener, make_profile: ProfileMaker) -> ShopifyConnector:
    return connect(make_profile(stock_over="rest"))


def _sets() -> list[dict[str, Any]]:
    calls = [call.request for call in responses.calls if str(call.request.url).endswith("set.json")]
    return [json.loads(request.body or b"{}") for request in calls]


@responses.activate
def test_a_sku_sold_as_several_variants_is_set_at_all_of_them(by_hand: ShopifyConnector) -> None:
    Bulk().rows = [("A", 11), ("A", 12), (None, 13), (" ", 14)]
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    by_hand.send(_document(by_hand, ("A", "5", 3)))
    assert _sets() == [{"location_id": 5, "inventory_item_id": item, "available": 3} for item in (11, 12)]


@responses.activate
def test_an_unknown_sku_has_the_changed_variants_read_but_not_too_often(
    connect: Opener, make_profile: ProfileMaker, context: MemoryContext
) -> None:
    bulk = Bulk()
    bulk.rows = [("A", 11)]
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    shop = connect(make_profile(stock_over="rest", sku_minutes=15))
    for _ in range(3):
        shop.send(_document(shop, ("NEW", "5", 3)))
    assert len(bulk.run) == 1
    assert "updated_at" not in bulk.run[0]
    context.clock.advance(timedelta(minutes=15).total_seconds())
    shop.send(_document(shop, ("NEW", "5", 3)))
    assert len(bulk.run) == 2
    assert "updated_at:>='2026-11-20T05:50:00Z'" in bulk.run[1]


@responses.activate
def test_an_item_that_is_gone_is_looked_for_again(
    connect: Opener, make_profile: ProfileMaker, context: MemoryContext
) -> None:
    bulk = Bulk()
    bulk.rows = [("A", 11), ("B", 12)]
    gone = {"location_id": 5, "inventory_item_id": 11, "available": 3}
    responses.post(
        f"{BASE}inventory_levels/set.json", status=404, json={"errors": "Not Found"},
        match=[responses.matchers.json_params_matcher(gone)],
    )  # fmt: skip
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    shop = connect(make_profile(stock_over="rest"))
    assert shop.send(_document(shop, ("A", "5", 3), ("B", "5", 3))).reply.startswith("1 set; 1 refused: A at 5")
    bulk.rows = [("A", 21)]
    context.clock.advance(3600)
    assert shop.send(_document(shop, ("A", "5", 3), ("B", "5", 3))).reply == "2 set"
    assert len(bulk.run) == 2


@responses.activate
def test_many_skus_are_remembered_compactly(by_hand: ShopifyConnector, context: MemoryContext) -> None:
    Bulk().rows = [(f"SKU-{number:06}", 44_000_000_000 + number) for number in range(20_000)]
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    by_hand.send(_document(by_hand, ("SKU-000007", "5", 3)))
    assert len(context.state["sku_map"]) < 20_000 * 10


@responses.activate
def test_a_bulk_query_that_failed_is_begun_again(by_hand: ShopifyConnector) -> None:
    bulk = Bulk()
    bulk.rows, bulk.status = [("A", 11)], ["RUNNING", "FAILED", "COMPLETED"]
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    with pytest.raises(TemporaryFailure, match="ended as FAILED"):
        by_hand.send(_document(by_hand, ("A", "5", 3)))
    assert by_hand.send(_document(by_hand, ("A", "5", 3))).reply == "1 set"
    assert len(bulk.run) == 2


@responses.activate
@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_an_answer_whose_address_has_expired_pauses_nobody_and_is_asked_for_again(
    by_hand: ShopifyConnector, status: int
) -> None:
    bulk = Bulk()
    bulk.rows, bulk.gone = [("A", 11)], status
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    with pytest.raises(TemporaryFailure, match="is there no more"):
        by_hand.send(_document(by_hand, ("A", "5", 7)))
    bulk.gone = 0
    by_hand.send(_document(by_hand, ("A", "5", 7)))
    assert len(bulk.run) == 2


@responses.activate
def test_a_bulk_query_that_a_scope_forbids_is_not_begun_again_and_again(by_hand: ShopifyConnector) -> None:
    bulk = Bulk()
    bulk.status, bulk.error = ["FAILED"], "ACCESS_DENIED"
    with pytest.raises(AccessDenied) as caught:
        by_hand.send(_document(by_hand, ("A", "5", 7)))
    assert "read_products" in caught.value.todo


@responses.activate
def test_a_bulk_query_that_takes_long_is_waited_for_by_the_next_try(by_hand: ShopifyConnector) -> None:
    bulk = Bulk()
    bulk.rows, bulk.status = [("A", 11)], ["RUNNING"]
    responses.post(f"{BASE}inventory_levels/set.json", json={})
    with pytest.raises(TemporaryFailure, match="still reading"):
        by_hand.send(_document(by_hand, ("A", "5", 3)))
    bulk.status = ["COMPLETED"]
    assert by_hand.send(_document(by_hand, ("A", "5", 3))).reply == "1 set"
    assert len(bulk.run) == 1


# --- against the sandbox's shop --------------------------------------------------------------------------------------


@pytest.fixture
def profile(profile: Profile) -> Profile:
    """Nothing hangs here, so a busy machine may take its time."""
    return replace(profile, settings=profile.settings.model_copy(update={"read_timeout": 10.0}))


@pytest.fixture
def seen(sandbox: RunningSandbox) -> SimpleNamespace:
    shop = sandbox._site.shop
    sku = min(sku for sku, each in shop.variants.items() if each.item.ships)
    own = sandbox.info["locations"]["warehouse"]
    return SimpleNamespace(sku=sku, own=own, runs=lambda: sandbox.calls("shop")["shop"]["POST /graphql.json runBulk"])


def test_a_start_whose_reply_was_lost_is_found_again(
    sandbox: RunningSandbox, shop: ShopifyConnector, seen: SimpleNamespace
) -> None:
    sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /graphql.json runBulk")
    document = _document(shop, (seen.sku, seen.own, 4))
    with pytest.raises(TemporaryFailure):
        shop.send(document)
    assert shop.send(document).reply == "1 set"
    assert seen.runs() == 1
    assert len(sandbox._site.bulk.operations) == 1


def test_a_crash_at_any_instant_goes_on_with_the_same_bulk_query(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, context: MemoryContext, seen: SimpleNamespace
) -> None:
    document = _document(connect(profile), (seen.sku, seen.own, 4))
    remember, written = context.remember, 0

    def dying(key: str, value: str) -> None:
        nonlocal written
        remember(key, value)
        written += key in {"bulk_query", "sku_map"}
        if key in {"bulk_query", "sku_map"} and written in dies:
            dies.discard(written)
            raise Crash(key)

    context.remember = dying  # type: ignore[method-assign]
    dies = {1, 2, 3}
    for _ in range(6):
        try:
            assert connect(profile).send(document).reply == "1 set"
            break
        except Crash:
            continue
    else:
        pytest.fail("it never came through")
    assert not dies
    assert len(sandbox._site.bulk.operations) == 1


def test_somebody_elses_bulk_query_is_waited_for(
    sandbox: RunningSandbox, shop: ShopifyConnector, seen: SimpleNamespace
) -> None:
    bulk = sandbox._site.bulk
    other = sandbox._ask(lambda: bulk.run({"query": "{ productVariants { edges { node { id } } } }"}))
    with pytest.raises(TemporaryFailure, match="already in progress"):
        shop.send(_document(shop, (seen.sku, seen.own, 4)))
    (running,) = bulk.operations.values()
    running.looks = 99
    assert other["userErrors"] == []
    assert shop.send(_document(shop, (seen.sku, seen.own, 4))).reply == "1 set"


def test_an_item_listed_later_is_found_by_what_changed_since(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext, seen: SimpleNamespace
) -> None:
    assert "unknown" in shop.send(_document(shop, ("LATE-1", seen.own, 4))).reply
    context.clock.advance(3600)
    sandbox._ask(lambda: sandbox._site.shop.list_item(Item("LATE-1", "Late", 100, Decimal(5))))
    assert shop.send(_document(shop, ("LATE-1", seen.own, 4))).reply == "1 set"


def test_a_token_never_goes_where_the_answer_lies(shop: ShopifyConnector, seen: SimpleNamespace) -> None:
    """The sandbox keeps answers at another host and refuses whoever brings a token along."""
    assert shop.send(_document(shop, (seen.sku, seen.own, 4))).reply == "1 set"


@responses.activate
def test_an_answer_in_the_clear_is_not_fetched(by_hand: ShopifyConnector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__name__ + ".FILE", "http://files.test/answer.jsonl")
    Bulk().rows = [("A", 11)]
    with pytest.raises(Exception, match="not proven by TLS"):
        by_hand.send(_document(by_hand, ("A", "5", 3)))


@responses.activate
def test_a_shop_that_refuses_the_query_is_heard(by_hand: ShopifyConnector) -> None:
    error = {"code": "INVALID", "field": None, "message": "Bulk queries must contain at least one connection."}
    data = {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [error]}}
    responses.post(f"{BASE}graphql.json", json={"data": data})
    responses.get(f"{BASE}locations.json", json={"locations": []})
    with pytest.raises(Rejected, match="at least one connection"):
        by_hand.send(_document(by_hand, ("A", "5", 3)))
