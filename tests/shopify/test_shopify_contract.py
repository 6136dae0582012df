"""The contract kit on the Shopify connector, once for each document that goes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.shopify.connector import PLUGIN
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.stock import StockPush, StockPushRow
from hub.testing import ConnectorContract
from hub.testing.bench import Mood
from sandbox.world import RunningSandbox


class ShopBench:
    """The sandbox's shop as the kit wants it; its own limits are not what is tested here."""

    plugin = PLUGIN
    inbound = "orders"
    several_pages = 5
    moods = frozenset(Mood)

    def __init__(self, sandbox: RunningSandbox, profile: Profile) -> None:
        self.sandbox = sandbox
        settings = profile.settings.model_copy(update={"page_size": 2})
        self.profile = replace(profile, settings=settings)
        self.secrets: Mapping[str, str] = {"token": sandbox.info["shop_token"]}

    def place(self, count: int) -> None:
        self.sandbox.place(count)

    def place_bad(self) -> int:
        _, bad, _ = self.sandbox.place(3)
        order = self.sandbox._site.shop.orders[int(bad)]
        order.lines[0].current = -1
        return 2

    def set_mood(self, mood: Mood) -> None:
        self.sandbox.mood("shop", mood.value, for_calls=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.sandbox.calm()


class FulfilmentBench(ShopBench):
    outbound = "fulfilments"

    def __init__(self, sandbox: RunningSandbox, profile: Profile) -> None:
        super().__init__(sandbox, profile)
        self._placed: dict[int, list[dict[str, object]]] = {}

    def record(self, number: int) -> Record:
        if number not in self._placed:
            (order,) = self.sandbox.place(1)
            self._placed[number] = [row for row in self.sandbox.audit()["placed"] if row["order"] == order]
        rows = self._placed[number]
        return Fulfilment(
            fulfilment_id=f"F{number}",
            channel_order=str(rows[0]["order"]),
            node="ACME01",
            location=self.sandbox.info["locations"]["drop_ship"],
            carrier="UPS",
            tracking=f"1Z{number:08}",
            lines=tuple(
                FulfilmentLine(channel_line=str(row["line"]), quantity=Decimal(str(row["quantity"]))) for row in rows
            ),
        )

    def received(self, outbound: Outbound) -> int:
        order = json.loads(outbound.content)["order"]
        rows = [row for row in self.sandbox.audit()["fulfilled"] if row["order"] == order]
        return len({row["fulfilment"] for row in rows})


class StockBench(ShopBench):
    outbound = "stock"

    def record(self, number: int) -> Record:
        variants = self.sandbox._site.shop.variants
        skus = sorted(sku for sku, variant in variants.items() if variant.item.ships)[:3]
        location = self.sandbox.info["locations"]["warehouse"]
        return StockPush(
            rows=tuple(StockPushRow(sku=sku, location=location, quantity=Decimal(1000 + number)) for sku in skus)
        )

    def received(self, outbound: Outbound) -> int:
        return int(all(self._shows(**row) for row in json.loads(outbound.content)["rows"]))

    def _shows(self, sku: str, location: str, available: int) -> bool:
        shop = self.sandbox._site.shop
        level = shop.levels.get((shop.variants[sku].inventory_item_id, int(location)))
        return level is not None and level.available == available


class TestFulfilments(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return FulfilmentBench(sandbox, profile)


class TestStock(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return StockBench(sandbox, profile)
