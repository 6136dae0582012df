"""The shop's API, asked by a plain HTTP client."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from sandbox.options import Bucket
from sandbox.shop import versions
from sandbox.world import RunningSandbox
from tests.sandbox.clients import Connect, Document, Run, ShopClient

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "shopify" / "api_pairs"


def _all_pages(shop: ShopClient, path: str, **query: object) -> list[Document]:
    reply = shop.get(path, **query)
    rows = next(iter(reply.json().values()))
    while "next" in reply.links:
        reply = shop.session.get(reply.links["next"]["url"], timeout=5)
        rows += next(iter(reply.json().values()))
    return rows


def _one_line(shop: ShopClient) -> tuple[Document, Document]:
    """Return an order with a line of two or more pieces, and its first fulfilment order."""
    for order in shop.get("/orders.json", status="any").json()["orders"]:
        parts = shop.parts(order["id"])
        if len(parts) == 1 and any(line["quantity"] > 1 for line in parts[0]["line_items"]):
            return order, parts[0]
    raise AssertionError("the seed has no such order")


def test_following_next_links_gives_every_order_exactly_once(run: Run, shop_of: Connect) -> None:
    shop = shop_of(run(orders=23))
    orders = _all_pages(shop, "/orders.json", status="any", limit=5, order="updated_at asc")
    assert len({order["id"] for order in orders}) == len(orders) == 23
    keys = [(order["updated_at"], order["id"]) for order in orders]
    assert keys == sorted(keys)


def test_the_last_page_has_no_next_link_and_the_second_leads_back(run: Run, shop_of: Connect) -> None:
    shop = shop_of(run(orders=4))
    first = shop.get("/orders.json", status="any", limit=3, order="id asc")
    second = shop.session.get(first.links["next"]["url"], timeout=5)
    assert "previous" not in first.links
    assert "next" not in second.links
    back = shop.session.get(second.links["previous"]["url"], timeout=5)
    assert back.json() == first.json()


def test_an_order_that_changes_while_paging_turns_up_again(run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=4)
    shop = shop_of(sandbox)
    first = shop.get("/orders.json", status="any", limit=2, order="updated_at asc")
    changed = first.json()["orders"][0]["id"]
    sandbox._site.shop._clock = _Later()
    shop.fulfil((shop.parts(changed)[0]["id"], None))
    rest = shop.session.get(first.links["next"]["url"], timeout=5).json()["orders"]
    rest += _all_pages(
        shop, "/orders.json", status="any", updated_at_min=rest[-1]["updated_at"], order="updated_at asc"
    )
    assert changed in {order["id"] for order in rest}


class _Later:
    """A clock that is five seconds ahead."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=5)


def test_a_filter_beside_page_info_is_refused(run: Run, shop_of: Connect) -> None:
    shop = shop_of(run(orders=4))
    link = shop.get("/orders.json", status="any", limit=1).links["next"]["url"]
    reply = shop.session.get(link, params={"status": "any"}, timeout=5)
    assert reply.status_code == 400
    assert reply.json() == {"errors": {"status": "status cannot be passed when page_info is present."}}


def test_a_made_up_page_info_is_refused(shop: ShopClient) -> None:
    assert shop.get("/orders.json", page_info="nonsense").json() == {"errors": {"page_info": "Invalid value."}}


@pytest.mark.parametrize("limit", ["0", "251", "many"])
def test_a_page_size_outside_1_to_250_is_refused(shop: ShopClient, limit: str) -> None:
    assert shop.get("/orders.json", limit=limit).status_code == 400


def test_cancelled_orders_are_missed_unless_any_status_is_asked_for(sandbox: RunningSandbox, shop: ShopClient) -> None:
    gone = shop.get("/orders.json", status="any").json()["orders"][0]
    sandbox.cancel(str(gone["id"]))
    assert gone["id"] not in {order["id"] for order in shop.get("/orders.json").json()["orders"]}
    seen = shop.get(f"/orders/{gone['id']}.json").json()["order"]
    assert seen["cancelled_at"] is not None
    assert [line["current_quantity"] for line in seen["line_items"] if line["requires_shipping"]] == [
        0 for line in gone["line_items"] if line["requires_shipping"]
    ]
    assert {order["id"] for order in _all_pages(shop, "/orders.json", status="cancelled")} == {gone["id"]}


def test_updated_at_min_leaves_out_what_is_older(shop: ShopClient) -> None:
    assert shop.get("/orders.json", status="any", updated_at_min="2100-01-01T00:00:00Z").json()["orders"] == []
    assert len(shop.get("/orders.json", status="any", updated_at_min="2000-01-01T00:00:00-05:00").json()["orders"]) == 3


def test_orders_can_be_counted_and_chosen_by_id(shop: ShopClient) -> None:
    first, second, third = (order["id"] for order in shop.get("/orders.json", order="id asc").json()["orders"])
    assert shop.get("/orders/count.json", status="any").json() == {"count": 3}
    assert [each["id"] for each in shop.get("/orders.json", ids=f"{third},{first}").json()["orders"]] == [third, first]
    assert [each["id"] for each in shop.get("/orders.json", since_id=second).json()["orders"]] == [third]
    assert shop.get("/orders.json", created_at_max="2000-01-01T00:00:00Z").json()["orders"] == []


@pytest.mark.parametrize(
    "query", [{"updated_at_min": "yesterday"}, {"order": "price asc"}, {"order": "id up"}, {"ids": "1,x"}]
)
def test_a_filter_that_makes_no_sense_is_refused(shop: ShopClient, query: dict[str, str]) -> None:
    assert shop.get("/orders.json", **query).status_code == 400


@pytest.mark.parametrize("path", ["/orders/1.json", "/fulfillment_orders/1.json", "/nothing.json", "/orders/x.json"])
def test_what_is_not_there_is_not_found(shop: ShopClient, path: str) -> None:
    reply = shop.get(path)
    assert (reply.status_code, reply.json()) == (404, {"errors": "Not Found"})


def test_fields_cut_an_order_down(shop: ShopClient) -> None:
    orders = shop.get("/orders.json", status="any", fields="id,updated_at", limit=1).json()["orders"]
    assert [set(order) for order in orders] == [{"id", "updated_at"}]


def test_a_wrong_token_is_refused(sandbox: RunningSandbox) -> None:
    reply = requests.get(
        f"{sandbox.info['shop_url']}/admin/api/2026-07/shop.json",
        headers={"X-Shopify-Access-Token": "shpat_wrong"},
        timeout=5,
    )
    assert reply.status_code == 401


def test_a_full_bucket_answers_429_and_says_when_to_come_back(run: Run, shop_of: Connect) -> None:
    sandbox = run(bucket=Bucket(capacity=3, per_second=0.01))
    shop = shop_of(sandbox)
    limits = [shop.get("/shop.json").headers["X-Shopify-Shop-Api-Call-Limit"] for _ in range(3)]
    refused = shop.get("/shop.json")
    assert limits == ["1/3", "2/3", "3/3"]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2.0")
    assert sandbox.state()["throttled"] == 1


def test_ids_are_too_large_for_a_float(shop: ShopClient) -> None:
    order = shop.get("/orders.json", status="any").json()["orders"][0]
    assert order["id"] > 2**53
    assert all(line["id"] > 2**53 for line in order["line_items"])


def test_products_that_have_not_changed_since_are_left_out(shop: ShopClient) -> None:
    assert shop.get("/products.json", updated_at_min="2100-01-01T00:00:00Z").json()["products"] == []
    assert len(shop.get("/products.json", updated_at_min="2000-01-01T00:00:00Z").json()["products"]) == 13


def test_a_product_lists_its_variants(shop: ShopClient) -> None:
    product = shop.get("/products.json", limit=1, fields="id,variants").json()["products"][0]
    assert set(product) == {"id", "variants"}
    assert shop.get(f"/products/{product['id']}/variants.json").json()["variants"] == product["variants"]
    assert shop.get("/products/1/variants.json").status_code == 404


def test_cancelling_shows_the_stock_as_available_again(sandbox: RunningSandbox, shop: ShopClient) -> None:
    def shown() -> dict[tuple[int, int], int]:
        rows = [
            row
            for location in sandbox.info["locations"].values()
            for row in _all_pages(shop, "/inventory_levels.json", location_ids=location)
        ]
        return {(row["inventory_item_id"], row["location_id"]): row["available"] for row in rows}

    before = shown()
    order = sandbox.place(1)[0]
    assert shown() != before
    sandbox.cancel(order)
    assert shown() == before


def test_an_order_is_taken_off_the_stock_of_the_location_it_is_assigned_to(
    sandbox: RunningSandbox, shop: ShopClient
) -> None:
    location = int(sandbox.info["locations"]["warehouse"])
    variants = {
        variant["sku"]: variant["inventory_item_id"]
        for product in _all_pages(shop, "/products.json", limit=5)
        for variant in product["variants"]
    }

    def shown() -> dict[int, int]:
        rows = _all_pages(shop, "/inventory_levels.json", location_ids=location, limit=4)
        return {row["inventory_item_id"]: row["available"] for row in rows}

    before = shown()
    order = sandbox.place(1)[0]
    after = shown()
    moved = {
        line["inventory_item_id"]: line["quantity"]
        for part in shop.parts(order)
        if part["assigned_location_id"] == location
        for line in part["line_items"]
    }
    assert {item: before[item] - after[item] for item in before if before[item] != after[item]} == moved
    assert set(moved) <= set(variants.values())


def test_shipping_a_fulfilment_order_closes_it_and_fulfils_the_order(shop: ShopClient) -> None:
    order, part = _one_line(shop)
    reply = shop.fulfil((part["id"], None), number="1Z1", company="UPS")
    assert reply.status_code == 201
    assert reply.json()["fulfillment"]["tracking_numbers"] == ["1Z1"]
    seen = shop.get(f"/orders/{order['id']}.json").json()["order"]
    assert seen["fulfillment_status"] == "fulfilled"
    assert seen["closed_at"] == reply.json()["fulfillment"]["created_at"]
    assert order["id"] not in {each["id"] for each in shop.get("/orders.json").json()["orders"]}
    assert [each["id"] for each in shop.get("/orders.json", status="closed").json()["orders"]] == [order["id"]]
    assert [line["fulfillable_quantity"] for line in seen["line_items"]] == [0] * len(seen["line_items"])
    assert shop.parts(order["id"])[0]["status"] == "closed"
    listed = shop.get(f"/fulfillment_orders/{part['id']}/fulfillments.json").json()["fulfillments"]
    assert listed == shop.get(f"/orders/{order['id']}/fulfillments.json").json()["fulfillments"]
    assert [each["id"] for each in listed] == [reply.json()["fulfillment"]["id"]]


def test_shipping_twice_is_refused(shop: ShopClient) -> None:
    _, part = _one_line(shop)
    shop.fulfil((part["id"], None))
    again = shop.fulfil((part["id"], None))
    assert again.status_code == 422
    assert "unfulfillable status= closed" in again.json()["errors"][0]


def test_a_part_of_a_line_leaves_the_rest_open(shop: ShopClient) -> None:
    order, part = _one_line(shop)
    line = next(line for line in part["line_items"] if line["quantity"] > 1)
    assert shop.fulfil((part["id"], [(line["id"], 1)])).status_code == 201
    again = shop.parts(order["id"])[0]
    assert again["status"] == "in_progress"
    rest = {each["id"]: each["fulfillable_quantity"] for each in again["line_items"]}
    assert rest[line["id"]] == line["quantity"] - 1
    assert shop.get(f"/orders/{order['id']}.json").json()["order"]["fulfillment_status"] == "partial"


@pytest.mark.parametrize("quantity", [0, -1, 99])
def test_a_quantity_that_is_not_open_is_refused_and_nothing_changes(shop: ShopClient, quantity: int) -> None:
    order, part = _one_line(shop)
    reply = shop.fulfil((part["id"], [(part["line_items"][0]["id"], quantity)]))
    assert reply.json() == {"errors": ["Invalid fulfillment order line item quantity requested."]}
    assert shop.parts(order["id"]) == [part]


def test_one_request_may_hold_one_location_only(run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=30)
    shop = shop_of(sandbox)
    parts = next(parts for order in _all_pages(shop, "/orders.json") if len(parts := shop.parts(order["id"])) == 2)
    reply = shop.fulfil(*((part["id"], None) for part in parts))
    assert reply.json() == {"errors": ["All fulfillment orders must be assigned to a single location"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"fulfillment": {}}, 422),
        ({"fulfillment": {"line_items_by_fulfillment_order": [{"fulfillment_order_id": 5}]}}, 422),
        ({"fulfillment": {"line_items_by_fulfillment_order": [{}]}}, 422),
    ],
)
def test_a_fulfilment_that_makes_no_sense_is_refused(shop: ShopClient, body: Document, status: int) -> None:
    assert shop.post("/fulfillments.json", body).status_code == status


def _move(
    shop: ShopClient, part: Document, location: str, lines: list[tuple[int, int]] | None = None
) -> requests.Response:
    body = {"new_location_id": int(location)}
    if lines is not None:
        body["fulfillment_order_line_items"] = [{"id": line, "quantity": quantity} for line, quantity in lines]
    return shop.post(f"/fulfillment_orders/{part['id']}/move.json", {"fulfillment_order": body})


def _movable(shop: ShopClient, sandbox: RunningSandbox) -> tuple[Document, Document, str]:
    """Return an order whose only fulfilment order stands in the warehouse and can move to drop ship."""
    locations = sandbox.info["locations"]
    for order in _all_pages(shop, "/orders.json"):
        parts = shop.parts(order["id"])
        if len(parts) == 1 and str(parts[0]["assigned_location_id"]) == locations["warehouse"]:
            return order, parts[0], locations["drop_ship"]
    raise AssertionError("the seed has no such order")


def test_moving_all_of_a_fulfilment_order_keeps_its_id(run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=30)
    shop = shop_of(sandbox)
    order, part, target = _movable(shop, sandbox)
    moved = _move(shop, part, target).json()["moved_fulfillment_order"]
    assert (moved["id"], str(moved["assigned_location_id"])) == (part["id"], target)
    assert [each["id"] for each in shop.parts(order["id"])] == [part["id"]]


def test_moving_some_lines_splits_and_moving_the_rest_merges_into_a_new_one(run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=60)
    shop = shop_of(sandbox)
    locations = sandbox.info["locations"]
    order, part = next(
        (order, parts[0])
        for order in _all_pages(shop, "/orders.json", limit=250)
        if len(parts := shop.parts(order["id"])) == 1
        and str(parts[0]["assigned_location_id"]) == locations["warehouse"]
        and len(parts[0]["line_items"]) > 1
    )
    first, *rest = part["line_items"]
    split = _move(shop, part, locations["drop_ship"], [(first["id"], first["quantity"])]).json()
    assert split["moved_fulfillment_order"]["id"] != part["id"]
    assert [line["id"] for line in split["original_fulfillment_order"]["line_items"]] == [line["id"] for line in rest]
    merged = _move(shop, part, locations["drop_ship"]).json()["moved_fulfillment_order"]
    states = {each["id"]: each["status"] for each in shop.parts(order["id"])}
    assert states == {part["id"]: "closed", split["moved_fulfillment_order"]["id"]: "closed", merged["id"]: "open"}
    assert {line["line_item_id"]: line["quantity"] for line in merged["line_items"]} == {
        line["line_item_id"]: line["quantity"] for line in part["line_items"]
    }


def test_a_location_that_does_not_stock_the_item_gets_nothing(run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=40)
    shop = shop_of(sandbox)
    warehouse = sandbox.info["locations"]["warehouse"]
    levels = _all_pages(shop, "/inventory_levels.json", location_ids=warehouse)
    stocked = {row["inventory_item_id"] for row in levels}
    part = next(
        part
        for order in _all_pages(shop, "/orders.json")
        for part in shop.parts(order["id"])
        if any(line["inventory_item_id"] not in stocked for line in part["line_items"])
    )
    reply = _move(shop, part, warehouse)
    assert reply.status_code == 422
    assert shop.get(f"/fulfillment_orders/{part['id']}.json").json()["fulfillment_order"] == part


def test_a_level_can_be_set_and_read(sandbox: RunningSandbox, shop: ShopClient) -> None:
    location = int(sandbox.info["locations"]["drop_ship"])
    level = shop.get("/inventory_levels.json", location_ids=location).json()["inventory_levels"][0]
    wanted = {"location_id": location, "inventory_item_id": level["inventory_item_id"], "available": 42}
    assert shop.post("/inventory_levels/set.json", wanted).json()["inventory_level"]["available"] == 42
    query = {"inventory_item_ids": level["inventory_item_id"], "location_ids": location}
    assert [row["available"] for row in shop.get("/inventory_levels.json", **query).json()["inventory_levels"]] == [42]


def test_a_level_of_an_unknown_item_is_not_found(sandbox: RunningSandbox, shop: ShopClient) -> None:
    wanted = {"location_id": int(sandbox.info["locations"]["drop_ship"]), "inventory_item_id": 1, "available": 1}
    assert shop.post("/inventory_levels/set.json", wanted).status_code == 404


def test_inventory_items_come_by_id(shop: ShopClient) -> None:
    variant = shop.get("/products.json", limit=1).json()["products"][0]["variants"][0]
    items = shop.get("/inventory_items.json", ids=variant["inventory_item_id"]).json()["inventory_items"]
    assert [item["sku"] for item in items] == [variant["sku"]]


def test_a_gift_card_is_in_the_order_and_in_no_fulfilment_order(run: Run, shop_of: Connect) -> None:
    shop = shop_of(run(orders=150))
    order, card = next(
        (order, line)
        for order in _all_pages(shop, "/orders.json", limit=250)
        for line in order["line_items"]
        if line["gift_card"]
    )
    assert card["requires_shipping"] is False
    assert card["id"] not in {line["line_item_id"] for part in shop.parts(order["id"]) for line in part["line_items"]}


def test_the_token_knows_its_scopes_and_the_shop_its_currency(sandbox: RunningSandbox, shop: ShopClient) -> None:
    scopes = shop.session.get(f"{sandbox.info['shop_url']}/admin/oauth/access_scopes.json", timeout=5).json()
    assert {"handle": "write_fulfillments"} in scopes["access_scopes"]
    assert shop.get("/shop.json").json()["shop"]["currency"] == "USD"


@pytest.mark.parametrize(
    ("sample", "path", "into"),
    [
        ("order/2026_07_order_01.json", "/orders.json?status=any", ("orders", 0)),
        ("order/2026_07_order_01.json", "/orders.json?status=any", ("orders", 0, "line_items", 0)),
        ("order/2026_07_order_01.json", "/orders.json?status=any", ("orders", 0, "shipping_address")),
        ("order/2026_07_order_01.json", "/orders.json?status=any", ("orders", 0, "shipping_lines", 0)),
        (
            "fulfillment_order/2026_07_fulfillment_order_01.json",
            "/orders/{order}/fulfillment_orders.json",
            ("fulfillment_orders", 0),
        ),
        (
            "fulfillment_order/2026_07_fulfillment_order_01.json",
            "/orders/{order}/fulfillment_orders.json",
            ("fulfillment_orders", 0, "line_items", 0),
        ),
        ("location/2026_07_location_01.json", "/locations.json", ("locations", 0)),
        (
            "inventory_level/2026_07_inventory_level_02.json",
            "/inventory_levels.json?location_ids={location}",
            ("inventory_levels", 0),
        ),
        ("fulfillment/2026_07_fulfillment_01.json", "/orders/{order}/fulfillments.json", ("fulfillments", 0)),
    ],
)
def test_every_field_of_a_real_payload_is_there(
    sandbox: RunningSandbox, shop: ShopClient, sample: str, path: str, into: tuple[str | int, ...]
) -> None:
    if not _SAMPLES.exists():
        pytest.skip("the real payloads are not here")
    order = shop.get("/orders.json", status="any").json()["orders"][0]["id"]
    shop.fulfil((shop.parts(order)[0]["id"], None))
    real = json.loads((_SAMPLES / sample).read_text())["response"]
    ours = shop.get(path.format(order=order, location=sandbox.info["locations"]["drop_ship"])).json()
    for step in into:
        real, ours = real[step], ours[step]
    assert set(real) - set(ours) == set()


# --- moods ---


@pytest.mark.parametrize(("mood", "status"), [("busy", 429), ("unavailable", 503), ("locked_out", 401), ("picky", 422)])
def test_a_mood_answers_for_so_many_calls(sandbox: RunningSandbox, shop: ShopClient, mood: str, status: int) -> None:
    sandbox.mood("shop", mood, for_calls=2)
    assert [shop.get("/shop.json").status_code for _ in range(3)] == [status, status, 200]


def test_a_lost_reply_does_the_work(sandbox: RunningSandbox, shop: ShopClient) -> None:
    order, part = _one_line(shop)
    sandbox.mood("shop", "lost_reply", for_calls=1)
    with pytest.raises(requests.ConnectionError):
        shop.fulfil((part["id"], None))
    assert len(shop.get(f"/orders/{order['id']}/fulfillments.json").json()["fulfillments"]) == 1


def test_a_lost_reply_leaves_reads_alone_unless_it_names_them(sandbox: RunningSandbox, shop: ShopClient) -> None:
    sandbox.mood("shop", "lost_reply", for_calls=1)
    assert shop.get("/shop.json").status_code == 200
    sandbox.mood("shop", "lost_reply", on="GET /shop.json")
    with pytest.raises(requests.ConnectionError):
        shop.get("/shop.json")


def test_a_shop_that_is_down_does_nothing(sandbox: RunningSandbox, shop: ShopClient) -> None:
    order, part = _one_line(shop)
    sandbox.mood("shop", "down", for_calls=1, on="POST /fulfillments.json")
    with pytest.raises(requests.ConnectionError):
        shop.fulfil((part["id"], None))
    assert shop.get(f"/orders/{order['id']}/fulfillments.json").json()["fulfillments"] == []


def test_a_shop_that_hangs_never_answers_and_can_still_be_closed(sandbox: RunningSandbox, shop: ShopClient) -> None:
    sandbox.mood("shop", "hang", for_calls=1)
    with pytest.raises(requests.ReadTimeout):
        shop.session.get(f"{shop.base}/shop.json", timeout=0.1)
    assert shop.get("/shop.json").status_code == 200


def test_a_slow_shop_answers_later(sandbox: RunningSandbox, shop: ShopClient) -> None:
    sandbox.mood("shop", "slow", for_calls=1, seconds=0.2)
    with pytest.raises(requests.ReadTimeout):
        shop.session.get(f"{shop.base}/shop.json", timeout=0.05)


def test_a_share_of_calls_is_the_same_for_the_same_seed(sandbox: RunningSandbox, shop: ShopClient) -> None:
    def run_of(seed: int) -> list[int]:
        sandbox.mood("shop", "unavailable", share=0.5, seed=seed)
        codes = [shop.get("/shop.json").status_code for _ in range(30)]
        sandbox.calm("shop")
        return codes

    first, second, other = run_of(1), run_of(1), run_of(2)
    assert first == second != other
    assert {200, 503} == set(first)


def test_a_shop_that_is_shut_refuses_connections_and_reopens_where_it_was(
    sandbox: RunningSandbox, shop: ShopClient
) -> None:
    sandbox.shut("shop")
    with pytest.raises(requests.ConnectionError):
        shop.get("/shop.json")
    sandbox.reopen("shop")
    assert shop.get("/shop.json").status_code == 200


def test_every_call_is_counted_under_its_own_name(sandbox: RunningSandbox, shop: ShopClient) -> None:
    order, _ = _one_line(shop)
    before = sandbox.calls("shop")["shop"]["GET /orders/{id}/fulfillment_orders.json"]
    shop.parts(order["id"])
    assert sandbox.calls("shop")["shop"]["GET /orders/{id}/fulfillment_orders.json"] == before + 1


def test_hundreds_of_calls_from_several_threads_are_all_served(sandbox: RunningSandbox, shop_of: Connect) -> None:
    codes: list[int] = []

    def ask(client: ShopClient) -> None:
        codes.extend(client.get("/shop.json").status_code for _ in range(25))

    threads = [threading.Thread(target=ask, args=(shop_of(sandbox),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 200


@pytest.mark.parametrize(("asked", "served"), [("2026-07", "2026-07"), ("2025-10", "2025-10"), ("2023-04", "2025-07")])
def test_a_retired_version_falls_forward_to_the_oldest_served(asked: str, served: str) -> None:
    assert versions.about(asked, "/orders.json") == {"X-Shopify-API-Version": served}
    assert "X-Shopify-API-Deprecated-Reason" in versions.about(asked, "/products/7/variants.json")
