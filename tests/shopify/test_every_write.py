"""Every write of the connector, one by one: its reply is lost, or we die at any instant of it; it is done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from connectors.shopify.connector import PLUGIN, ShopifyConnector
from connectors.shopify.hooks import TOPICS
from hub.contract import Found, Outbound, OutcomeUnknown, Profile, TemporaryFailure
from hub.model.base import Record
from hub.model.channel import Assignment, AssignmentLine, OrderHold, RequestAnswer
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.stock import StockPush, StockPushRow
from hub.testing import Crash, FakeClock, MemoryContext, MemoryNumbers
from sandbox.shop.desk import Desk
from sandbox.shop.graphql.parts import APP
from sandbox.shop.state import FulfilmentOrder, Order
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]


class Dying(MemoryContext):
    """A process that dies when it passes its n-th instant: a checkpoint, a note, something remembered."""

    def __init__(self, dies_at: int = 0) -> None:
        super().__init__(FakeClock())
        self.left = dies_at

    def _passes(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crash(name)

    def checkpoint(self, name: str) -> None:
        super().checkpoint(name)
        self._passes(name)

    def note(self, key: str, text: str) -> None:
        super().note(key, text)
        self._passes("noted")

    def remember(self, key: str, value: str) -> None:
        super().remember(key, value)
        self._passes("remembered")


class Scene:
    """A shop with one order of two units of one line, all at the warehouse, and something to do about it."""

    def __init__(self, sandbox: RunningSandbox, profile: Profile) -> None:
        self.sandbox, self.shop = sandbox, sandbox._site.shop
        self.own, self.suppliers = (sandbox.info["locations"][name] for name in ("warehouse", "drop_ship"))
        self.sku = min(sku for sku, each in self.shop.variants.items() if each.item.ships)
        self.profile, self.patience = profile, 10.0
        self.order = sandbox._ask(self._arrange)

    def _arrange(self) -> Order:
        variant = self.shop.variants[self.sku]
        for location in self.shop.locations.values():
            self.shop.set_level(variant, location, 50)
        return self.sandbox._site.place_lines({self.sku: 2})

    @property
    def parts(self) -> list[FulfilmentOrder]:
        return self.order.fulfilment_orders

    def spots(self) -> dict[str, int]:
        """Return how much is open at each location."""
        sums = {self.own: 0, self.suppliers: 0}
        for part in self.parts:
            sums[str(part.location.id)] += sum(line.fulfillable for line in part.lines) if part.active else 0
        return sums

    def level(self) -> int:
        return self.shop.levels[self.shop.variants[self.sku].inventory_item_id, int(self.own)].available

    # --- what can be written ---

    def fulfilment(self, location: str) -> Record:
        lines = (FulfilmentLine(channel_line=str(self.order.lines[0].id), quantity=Decimal(2)),)
        return Fulfilment(
            fulfilment_id="F1", channel_order=str(self.order.id), node="N", location=location, tracking="1Z9",
            lines=lines,
        )  # fmt: skip

    def assignment(self, **quantities: int) -> Record:
        places = {"own": self.own, "suppliers": self.suppliers}
        line = str(self.order.lines[0].id)
        lines = [
            AssignmentLine(channel_line=line, sku=self.sku, quantity=Decimal(left), node="N", location=places[name])
            for name, left in quantities.items()
        ]
        return Assignment(channel_order=str(self.order.id), lines=tuple(lines))

    def hold(self, *, held: bool) -> Record:
        if not held:
            self._desk(lambda desk: desk.hold(self.parts[0], "other", "", "crossdock", APP))
        return OrderHold(channel_order=str(self.order.id), held=held, reason="call her")

    def answer(self, *, cancels: bool, accepted: bool) -> Record:
        part = self.parts[0]
        self._desk(lambda desk: desk.request(part))
        if cancels:
            self._desk(lambda desk: desk.answer(part, "taken", accepts=True))
            self._desk(lambda desk: desk.request_cancellation(part))
            part.answers.clear()
        return RequestAnswer(
            channel_order=str(self.order.id), request_id=str(part.id), cancels=cancels, accepted=accepted, reason="r"
        )

    def push(self, was: int | None) -> Record:
        known = None if was is None else Decimal(was)
        return StockPush(rows=(StockPushRow(sku=self.sku, location=self.own, quantity=Decimal(77), was=known),))

    def unstocked(self) -> Record:
        del self.shop.levels[self.shop.variants[self.sku].inventory_item_id, int(self.own)]
        return self.push(None)

    def _desk(self, work: Callable[[Desk], object]) -> None:
        self.sandbox._ask(lambda: work(Desk(self.shop)))

    def answers(self) -> int:
        return sum(len(part.answers) for part in self.parts)


@dataclass(frozen=True)
class Write:
    """One write: the call that makes it, the document it belongs to, and how often it was done."""

    call: str
    document: str
    record: Callable[[Scene], Record]
    done: Callable[[Scene], int]
    settings: tuple[tuple[str, object], ...] = ()


WRITES = {
    "fulfil": Write(
        "POST /fulfillments.json", "fulfilments", lambda s: s.fulfilment(s.own), lambda s: len(s.order.fulfilments)
    ),
    "move before fulfilling": Write(
        "POST /fulfillment_orders/{id}/move.json",
        "fulfilments",
        lambda s: s.fulfilment(s.suppliers),
        lambda s: sum(each.location_id == int(s.suppliers) for each in s.order.fulfilments),
    ),
    "move": Write(
        "POST /fulfillment_orders/{id}/move.json",
        "assignments",
        lambda s: s.assignment(suppliers=2),
        lambda s: int(s.spots() == {s.own: 0, s.suppliers: 2}),
    ),
    "split": Write(
        "POST /fulfillment_orders/{id}/move.json",
        "assignments",
        lambda s: s.assignment(own=1, suppliers=1),
        lambda s: int(s.spots() == {s.own: 1, s.suppliers: 1}),
    ),
    "hold": Write("POST /graphql.json hold", "holds", lambda s: s.hold(held=True), lambda s: len(s.parts[0].holds)),
    "release": Write(
        "POST /graphql.json release", "holds", lambda s: s.hold(held=False), lambda s: int(s.parts[0].status == "open")
    ),
    "accept": Write(
        "POST /fulfillment_orders/{id}/fulfillment_request/accept.json",
        "answers",
        lambda s: s.answer(cancels=False, accepted=True),
        lambda s: s.answers() * (s.parts[0].request == "accepted"),
    ),
    "reject": Write(
        "POST /fulfillment_orders/{id}/fulfillment_request/reject.json",
        "answers",
        lambda s: s.answer(cancels=False, accepted=False),
        lambda s: s.answers() * (s.parts[0].request == "rejected"),
    ),
    "accept a cancellation": Write(
        "POST /fulfillment_orders/{id}/cancellation_request/accept.json",
        "answers",
        lambda s: s.answer(cancels=True, accepted=True),
        lambda s: s.answers() * (s.parts[0].request == "cancellation_accepted"),
    ),
    "reject a cancellation": Write(
        "POST /fulfillment_orders/{id}/cancellation_request/reject.json",
        "answers",
        lambda s: s.answer(cancels=True, accepted=False),
        lambda s: s.answers() * (s.parts[0].request == "cancellation_rejected"),
    ),
    "set stock": Write(
        "POST /graphql.json setQuantities", "stock", lambda s: s.push(s.level()), lambda s: int(s.level() == 77)
    ),
    "set stock by REST": Write(
        "POST /inventory_levels/set.json",
        "stock",
        lambda s: s.push(None),
        lambda s: int(s.level() == 77),
        (("stock_over", "rest"),),
    ),
    "stock somewhere new": Write(
        "POST /graphql.json activate", "stock", lambda s: s.unstocked(), lambda s: int(s.level() == 77)
    ),
    "start a bulk query": Write(
        "POST /graphql.json runBulk",
        "stock",
        lambda s: s.push(None),
        lambda s: len(s.sandbox._site.bulk.operations) * (s.level() == 77),
    ),
}


def _opened(scene: Scene, write: Write, context: MemoryContext) -> ShopifyConnector:
    settings = scene.profile.settings.model_copy(update={**dict(write.settings), "read_timeout": scene.patience})
    return PLUGIN.open(replace(scene.profile, settings=settings), context)


def _document(scene: Scene, write: Write) -> Outbound:
    connector = _opened(scene, write, MemoryContext(FakeClock()))
    content = connector.render(write.document, write.record(scene), MemoryNumbers()).content
    connector.close()
    return Outbound(write.document, "key-1", content)


def _deliver(scene: Scene, write: Write, outbound: Outbound, context: MemoryContext) -> int:
    """Send as the hub does: again after a passing failure, after asking when in doubt; returns how often it died."""
    died, doubt = 0, False
    for _ in range(8):
        connector = _opened(scene, write, context)
        noted = replace(outbound, note=context.notes.get(outbound.key))
        try:
            if not (doubt and isinstance(connector.find(noted), Found)):
                connector.send(noted)
        except Crash:
            died, doubt = died + 1, True
        except OutcomeUnknown:
            doubt = True
        except TemporaryFailure:
            pass
        else:
            return died
        finally:
            connector.close()
    raise AssertionError("it did not get through")


@pytest.fixture
def scene(sandbox: RunningSandbox, profile: Profile) -> Scene:
    return Scene(sandbox, profile)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("mood", ["lost_reply", "down", "hang"])
def test_a_write_whose_call_goes_wrong_is_done_once(scene: Scene, name: str, mood: str) -> None:
    write = WRITES[name]
    outbound = _document(scene, write)
    scene.patience = 0.5 if mood == "hang" else 10.0
    scene.sandbox.mood("shop", mood, for_calls=1, on=write.call)
    context = MemoryContext(FakeClock())
    connector = _opened(scene, write, context)
    try:
        connector.send(outbound)
    except (TemporaryFailure, OutcomeUnknown):
        _deliver(scene, write, outbound, context)
    finally:
        connector.close()
    assert write.done(scene) == 1
    made = scene.sandbox.calls("shop")["shop"][write.call]
    assert made >= (1 if mood == "lost_reply" else 2), "what was not done has to be called again"


@pytest.mark.parametrize("name", WRITES)
def test_a_write_during_which_we_die_is_done_once(sandbox: RunningSandbox, profile: Profile, name: str) -> None:
    """Dies at the first instant, then (with a fresh order) at the second, and so on, until it passes them all."""
    write, died = WRITES[name], 0
    for instant in range(1, 60):
        scene = Scene(sandbox, profile)
        sandbox._site.bulk.operations.clear()
        outbound = replace(_document(scene, write), key=f"key-{instant}")
        deaths = _deliver(scene, write, outbound, Dying(instant))
        assert write.done(scene) == 1, f"instant {instant}"
        died += deaths
        if not deaths:
            break
    assert died >= 2, "a call has an instant before its bytes and one after them"
    assert instant == died + 1, "the last one passed them all"


# --- subscriptions ---------------------------------------------------------------------------------------------------


def _topics(sandbox: RunningSandbox) -> list[str]:
    return sorted(each.topic for each in sandbox._site.webhooks.subscriptions.values())


@pytest.mark.parametrize("mood", ["lost_reply", "down", "hang", "unavailable"])
def test_subscriptions_are_made_once_whatever_gets_lost(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, mood: str
) -> None:
    patience = 0.5 if mood == "hang" else 10.0
    settings = profile.settings.model_copy(update={"webhook_url": "http://localhost:9/", "read_timeout": patience})
    shop = connect(replace(profile, settings=settings))
    sandbox.mood("shop", mood, share=0.4, seed=3, on="POST /webhooks.json")
    for _ in range(6):
        list(shop.fetch("orders", None))
    sandbox.calm()
    list(shop.fetch("orders", None))
    assert _topics(sandbox) == sorted(TOPICS)


def test_a_death_while_subscribing_is_made_good(sandbox: RunningSandbox, profile: Profile) -> None:
    settings = profile.settings.model_copy(update={"webhook_url": "http://localhost:9/", "read_timeout": 10.0})
    for instant in range(1, 200, 5):
        dying = Dying(instant)
        shop = PLUGIN.open(replace(profile, settings=settings), dying)
        try:
            list(shop.fetch("orders", None))
        except Crash:
            continue
        finally:
            shop.close()
        break
    assert _topics(sandbox) == sorted(TOPICS)
