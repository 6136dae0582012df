"""The daemon's address for webhooks: proven, kept, answered; what cannot be kept is never said to be."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from pydantic import BaseModel
from sqlalchemy import func, select

from hub.contract import AccessDenied, Knock, Profile
from hub.model.document import Kind
from hub.model.money import ExchangeRates
from hub.model.partner import Partner, Role
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.store.engine import Store
from hub.store.tables import message
from hub.testing.clock import FakeClock
from hub.web import hooks
from hub.web.app import WebServer, build_app
from hub.web.bell import PAUSE, Bell

ORDERS = frozenset({Kind.SALES_ORDER})


class Nothing(BaseModel):
    """The settings of a partner that has none."""


class Bells:
    """A kind of connector whose partners sign their calls with a word."""

    def hear(self, profile: Profile, headers: Mapping[str, str], body: bytes) -> Knock:  # noqa: ARG002 - as the contract has it
        assert profile.partner.code == "shop"
        if not hmac.compare_digest(headers.get("x-word", ""), "sesame"):
            raise AccessDenied("the word is wrong", todo="learn it")
        return Knock("hooks", headers["x-event"], "orders/updated", ORDERS)


def _desk(store: Store, clock: FakeClock) -> Desk:
    return Desk(store, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")


def _served(desk: Desk, rung: list[tuple[str, frozenset[Kind]]]) -> WebServer:
    profile = Profile(partner=Partner(code="shop", role=Role.CHANNEL, currency="USD"), settings=Nothing())
    app = build_app(lambda: desk, lambda: {"ready": True})
    hooks.mount(
        app,
        lambda: desk,
        lambda code: (Bells(), profile) if code == "shop" else None,
        lambda code, kinds: rung.append((code, kinds)),
    )
    return WebServer(app, "127.0.0.1", 0)


@pytest.fixture
def rung() -> list[tuple[str, frozenset[Kind]]]:
    return []


@pytest.fixture
def call(
    store: Store, clock: FakeClock, rung: list[tuple[str, frozenset[Kind]]]
) -> Iterator[Callable[..., requests.Response]]:
    server = _served(_desk(store, clock), rung)
    base = f"http://127.0.0.1:{server.start()}"

    def call(event: str = "e1", word: str = "sesame", partner: str = "shop", body: bytes = b"{}") -> requests.Response:
        headers = {"X-Word": word, "X-Event": event}
        return requests.post(f"{base}/hooks/{partner}", data=body, headers=headers, timeout=10)

    yield call
    server.stop()


def _kept(store: Store) -> int:
    with store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(message)).scalar_one())


def test_a_proven_call_is_kept_before_it_is_answered_and_rings(
    call: Callable[..., requests.Response], store: Store, rung: list[tuple[str, frozenset[Kind]]]
) -> None:
    reply = call()
    assert (reply.status_code, reply.json()["news"], _kept(store)) == (200, True, 1)
    assert rung == [("shop", ORDERS)]


def test_the_same_event_is_kept_once_and_answered_well_each_time(
    call: Callable[..., requests.Response], store: Store, rung: list[tuple[str, frozenset[Kind]]]
) -> None:
    replies = [call(body=body) for body in (b"{}", b"{}", b'{"other": "bytes"}')]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert (_kept(store), len(rung)) == (1, 1)


def test_duplicates_at_one_moment_are_kept_once(
    call: Callable[..., requests.Response], store: Store, rung: list[tuple[str, frozenset[Kind]]]
) -> None:
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: call(), range(12)))
    assert {reply.status_code for reply in replies} == {200}
    assert (_kept(store), len(rung)) == (1, 1)


def test_what_is_not_proven_or_not_for_us_is_not_kept(call: Callable[..., requests.Response], store: Store) -> None:
    assert call(word="abracadabra").status_code == 401
    assert call(partner="nobody").status_code == 404
    assert _kept(store) == 0


def test_a_flood_in_one_body_is_not_read(
    call: Callable[..., requests.Response], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "MOST_BYTES", 1000)
    assert call(body=b"x" * 2000).status_code == 413
    assert _kept(store) == 0


def test_what_cannot_be_kept_is_asked_for_again(
    tmp_path: Path, clock: FakeClock, rung: list[tuple[str, frozenset[Kind]]]
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'without tables.db'}")
    server = _served(_desk(store, clock), rung)
    headers = {"X-Word": "sesame", "X-Event": "e1"}
    reply = requests.post(f"http://127.0.0.1:{server.start()}/hooks/shop", data=b"{}", headers=headers, timeout=10)
    server.stop()
    store.close()
    assert (reply.status_code, rung) == (503, [])


def test_a_hundred_rings_are_one_reading_and_none_is_forgotten(clock: FakeClock) -> None:
    bell = Bell(clock)
    for _ in range(100):
        bell.ring("shop", ORDERS)
    assert bell.rung() == [("shop", ORDERS)]
    bell.ring("shop", ORDERS)
    assert bell.rung() == []
    clock.advance(PAUSE)
    assert bell.rung() == [("shop", ORDERS)]
    assert bell.rung() == []
