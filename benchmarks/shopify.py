"""Shopify's pace and our translation: `python -m benchmarks.shopify [ROWS] [ORDERS]`.

Stock rows are pushed and orders read against the sandbox's shop with the Standard plan's real buckets, both empty at
the start, on a clock that only waiting moves: what is measured is how close the pace comes to the least that the bucket
allows (at most 1.1 times that, with nobody told to slow down). Canonicalising is measured beside `json.loads` of the
same bytes, which is the floor.
"""
# ruff: noqa: SLF001 - the sandbox is filled from inside

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.shopify.connector import PLUGIN
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import read_order
from hub.contract import Outbound, Pace, Profile
from hub.delivery.limits import AccountLimiter
from hub.model.partner import Partner, Role
from hub.testing.clock import FakeClock
from hub.testing.context import MemoryContext
from sandbox.options import Bucket, Options
from sandbox.plan import Item
from sandbox.shop.state import Location
from sandbox.world import RunningSandbox, start

CALLS, POINTS = Bucket(40, 2.0), Bucket(2000, 100.0)
LOCATIONS, A_CALL = 3, 250


@contextmanager
def shop(orders: int = 0) -> Iterator[tuple[RunningSandbox, FakeClock]]:
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as name:
        options = Options(orders=orders, suppliers=1, items=20, bucket=CALLS, points=POINTS)
        with start(Path(name), options, clock) as running:
            yield running, clock


def opened(running: RunningSandbox, clock: FakeClock) -> tuple[Profile, MemoryContext]:
    locations = dict.fromkeys(map(str, running._site.shop.locations), "DC1")
    given = {"shop_url": running.info["shop_url"], "token": running.info["shop_token"], "locations": locations}
    partner = Partner(code="shop", role=Role.CHANNEL, currency="USD")
    profile = Profile(partner=partner, settings=ShopifySettings.model_validate(given))
    return profile, MemoryContext(clock, AccountLimiter(clock, PLUGIN.about.pace))


def stocked(running: RunningSandbox, count: int) -> tuple[list[str], list[int]]:
    """Give the shop a third location and so many SKUs, each with 5 at every location."""
    world = running._site.shop
    first = next(iter(world.locations.values()))
    world.open_location(Location(world.new_id(), "Third", first.place, first.street))
    like = next(iter(world.variants.values())).item
    skus = [f"BENCH-{number:06}" for number in range(count)]
    for sku in skus:
        variant = world.list_item(Item(sku, sku, like.weight_g, like.price))
        for location in world.locations.values():
            world.set_level(variant, location, 5)
    return skus, list(world.locations)


def push(rows: int) -> None:
    """Push so many changed rows, A_CALL to a document as the hub does it."""
    with shop() as (running, clock):
        skus, locations = running._ask(lambda: stocked(running, rows // LOCATIONS))
        profile, context = opened(running, clock)
        connector = PLUGIN.open(profile, context)
        cells = [(sku, location) for location in locations for sku in skus]
        send(connector, "warm", cells[:1], 5, 6)  # the products are read now, and locations checked
        points = context.limiter.part("graphql", Pace(POINTS.per_second, POINTS.capacity))
        running._ask(lambda: running._site.points.pour(running._site.points.room))
        points.observe(POINTS.capacity, POINTS.capacity)
        began, real = clock.monotonic(), time.perf_counter()
        before = running.calls("shop")["shop"]["POST /graphql.json setQuantities"]
        for number in range(1, len(cells), A_CALL):
            send(connector, f"stock:{number}", cells[number : number + A_CALL], 5, 7)
        calls = running.calls("shop")["shop"]["POST /graphql.json setQuantities"] - before
        took, least = clock.monotonic() - began, calls * 10 / POINTS.per_second
        connector.close()
        print(
            f"push: {len(cells):,} rows, {LOCATIONS} locations: {calls} calls, {took:.1f} s of the shop's time,"
            f" {took / least:.3f} x the least ({least:.1f} s); {running.state()['throttled']} throttled;"
            f" {time.perf_counter() - real:.1f} s of ours"
        )


def send(connector: object, key: str, cells: list[tuple[str, int]], was: int, figure: int) -> None:
    rows = [{"sku": sku, "location": str(at), "available": figure, "was": was} for sku, at in cells]
    connector.send(Outbound("stock", key, json.dumps({"rows": rows}).encode()))  # type: ignore[attr-defined]


def read(count: int) -> bytes:
    """Read so many orders page by page; returns the last one's bytes."""
    with shop(count) as (running, clock):
        profile, context = opened(running, clock)
        connector = PLUGIN.open(profile, context)
        running._ask(lambda: running._site.bucket.pour(running._site.bucket.room))
        context.limiter.observe(CALLS.capacity, CALLS.capacity)
        began, real, orders, content = clock.monotonic(), time.perf_counter(), 0, b""
        for page in connector.fetch("orders", None):
            orders += len(page.items)
            content = page.items[-1].content if page.items else content
        calls = running.calls("shop")["shop"]["GET /orders.json"]
        took, least = clock.monotonic() - began, calls / CALLS.per_second
        connector.close()
        print(
            f"read: {orders:,} orders: {calls} calls, {took:.1f} s of the shop's time, {took / least:.3f} x the least"
            f" ({least:.1f} s); {running.state()['throttled']} throttled; {time.perf_counter() - real:.1f} s of ours"
        )
        return content


def canonicalise(content: bytes, seconds: float = 2.0) -> None:
    settings = ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t"})
    rates = []
    for work in (lambda: json.loads(content), lambda: read_order(content, "shop", settings)):
        done, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            work()
            done += 1
        rates.append(done / seconds)
    floor, ours = rates
    print(
        f"canonicalise: {ours:,.0f} orders/s of {len(content)} bytes, json.loads {floor:,.0f}/s: {ours / floor:.2f} x"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    orders = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    push(rows)
    canonicalise(read(orders))


if __name__ == "__main__":
    main()
