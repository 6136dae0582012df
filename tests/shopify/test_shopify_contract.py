"""The contract kit on the Shopify connector, once for each document that goes out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.shopify.connector import PLUGIN
from connectors.shopify.holds import HANDLE
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.model.channel import Assignment, AssignmentLine, OrderHold, RequestAnswer
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.stock import StockPush, StockPushRow
from hub.testing import ConnectorContract
from hub.testing.bench import Mood
from sandbox.shop.desk import Desk
from sandbox.shop.graphql.parts import APP
from sandbox.shop.shop import Shop
from sandbox.shop.state import FulfilmentOrder
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


class HoldBench(ShopBench):
    """Even numbers hold an order, odd ones release an order that we hold."""

    outbound = "holds"

    def __init__(self, sandbox: RunningSandbox, profile: Profile) -> None:
        super().__init__(sandbox, profile)
        self._placed: dict[int, str] = {}

    def record(self, number: int) -> Record:
        if number not in self._placed:
            (self._placed[number],) = self.sandbox.place(1)
            if number % 2:
                for part in self._parts(self._placed[number]):
                    self.sandbox._ask(lambda part=part: Desk(self._shop).hold(part, "other", "", HANDLE, APP))
        return OrderHold(channel_order=self._placed[number], held=number % 2 == 0, reason="call her first")

    @property
    def _shop(self) -> Shop:
        return self.sandbox._site.shop

    def _parts(self, order: str) -> list[FulfilmentOrder]:
        return self._shop.orders[int(order)].fulfilment_orders

    def received(self, outbound: Outbound) -> int:
        told = json.loads(outbound.content)
        counts = {len(part.holds) for part in self._parts(told["order"])}
        return max(counts) if told["held"] else int(counts == {0})


class AssignmentBench(FulfilmentBench):
    """Each order's first unit goes to the suppliers, all the rest to the warehouse: something has to be split."""

    outbound = "assignments"

    def record(self, number: int) -> Record:
        whole = super().record(number)
        assert isinstance(whole, Fulfilment)
        own, suppliers = (self.sandbox.info["locations"][name] for name in ("warehouse", "drop_ship"))
        shop = self.sandbox._site.shop
        for variant in shop.variants.values():
            for location in shop.locations.values():
                level = shop.levels.get((variant.inventory_item_id, location.id))
                shop.set_level(variant, location, level.available if level else 0)
        first, *others = whole.lines
        spots = [
            (first, Decimal(1), suppliers),
            (first, first.quantity - 1, own),
            *((x, x.quantity, own) for x in others),
        ]
        lines = [
            AssignmentLine(channel_line=line.channel_line, sku="S", quantity=quantity, node="N", location=at)
            for line, quantity, at in spots
            if quantity
        ]
        return Assignment(channel_order=whole.channel_order, lines=tuple(lines))

    def received(self, outbound: Outbound) -> int:
        told = json.loads(outbound.content)
        wanted = {(row["line_item"], row["location"]): row["quantity"] for row in told["lines"]}
        shown: Counter[tuple[str, str]] = Counter()
        for part in self.sandbox._site.shop.orders[int(told["order"])].fulfilment_orders:
            for line in part.lines:
                shown[str(line.line.id), str(part.location.id)] += line.fulfillable if part.active else 0
        return int({spot: quantity for spot, quantity in shown.items() if quantity} == wanted)


class AnswerBench(ShopBench):
    """Numbers take turns: accept, reject, accept a cancellation, reject one."""

    outbound = "answers"

    def __init__(self, sandbox: RunningSandbox, profile: Profile) -> None:
        super().__init__(sandbox, profile)
        settings = self.profile.settings.model_copy(update={"fulfilment_service": True})
        self.profile = replace(self.profile, settings=settings)
        self._asked: dict[int, FulfilmentOrder] = {}

    def record(self, number: int) -> Record:
        if number not in self._asked:
            (order,) = self.sandbox.place(1)
            self._asked[number] = self.sandbox._ask(lambda: self._ask(order, cancels=number % 4 >= 2))
        part = self._asked[number]
        return RequestAnswer(
            channel_order=str(part.order_id),
            request_id=str(part.id),
            cancels=number % 4 >= 2,
            accepted=number % 2 == 0,
            reason=f"answer {number}",
        )

    def _ask(self, order: str, *, cancels: bool) -> FulfilmentOrder:
        shop = self.sandbox._site.shop
        part, desk = shop.orders[int(order)].fulfilment_orders[0], Desk(shop)
        desk.request(part)
        if cancels:
            desk.answer(part, "yes", accepts=True)
            desk.request_cancellation(part)
        return part

    def received(self, outbound: Outbound) -> int:
        told = json.loads(outbound.content)
        return self.sandbox._site.shop.parts[int(told["fulfilment_order"])].answers.count(told["reason"])


class TestFulfilments(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return FulfilmentBench(sandbox, profile)


class TestStock(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return StockBench(sandbox, profile)


class TestHolds(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return HoldBench(sandbox, profile)


class TestAssignments(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return AssignmentBench(sandbox, profile)


class TestAnswers(ConnectorContract):
    @pytest.fixture
    def bench(self, sandbox: RunningSandbox, profile: Profile) -> ShopBench:
        return AnswerBench(sandbox, profile)
