"""Sessions that are dear to open are kept for the next poll: one a partner, not for ever, and not too many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import BaseModel

from hub.contract import About, Profile, TemporaryFailure
from hub.delivery.links import Links
from hub.model.partner import Partner, Role
from hub.store.engine import Store
from hub.testing.clock import FakeClock
from tests.delivery.world import FakePartner, FakePlugin


class NoSettings(BaseModel):
    pass


@pytest.fixture
def partners() -> dict[str, FakePartner]:
    return {code: FakePartner() for code in ("acme", "bolt", "cork")}


@pytest.fixture
def links(sqlite_store: Store, clock: FakeClock, partners: dict[str, FakePartner]) -> Callable[..., Links]:
    def make(keep_idle: float = 600, most_kept: int = 200) -> Links:
        plugin = FakePlugin(About("fake", "", NoSettings, keep_idle=keep_idle), partners)
        profiles = {code: Profile(Partner(code=code, role=Role.SUPPLIER), NoSettings()) for code in partners}
        return Links(sqlite_store, {"fake": plugin}, profiles.get, clock, most_kept=most_kept)

    return make


def test_a_poll_finds_the_session_of_the_last_one_and_hears_how_old_it_is(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links()
    ages = []
    for _ in range(3):
        with kept.resume("acme") as (_connector, idle):
            ages.append(idle)
        clock.advance(300)
        kept.tidy()
    assert ages == [0, 300, 300]
    assert partners["acme"].opened == 1


def test_whoever_cannot_begin_once_more_gets_a_session_that_is_fresh(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links()
    with kept.use("acme"):
        pass
    clock.advance(300)
    with kept.use("acme"):
        pass
    assert (partners["acme"].opened, partners["acme"].closed) == (2, 1)


def test_a_kept_session_is_closed_at_last(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links(keep_idle=600)
    with kept.use("acme"):
        pass
    clock.advance(599)
    assert kept.tidy() == 0
    clock.advance(1)
    assert kept.tidy() == 1
    assert partners["acme"].closed == 1


def test_only_one_session_a_partner_is_kept(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links()
    with kept.use("acme"), kept.use("acme"), kept.use("acme"):
        pass
    clock.advance(30)
    assert kept.tidy() == 2
    assert partners["acme"].closed == 2


def test_the_oldest_are_closed_when_there_are_too_many(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links(most_kept=2)
    for code in partners:
        with kept.use(code):
            pass
        clock.advance(1)
    assert kept.tidy() == 1
    assert {code: each.closed for code, each in partners.items()} == {"acme": 1, "bolt": 0, "cork": 0}


def test_a_kind_that_does_not_ask_for_it_is_closed_soon(links: Callable[..., Links], clock: FakeClock) -> None:
    kept = links(keep_idle=0)
    with kept.use("acme"):
        pass
    clock.advance(30)
    assert kept.tidy() == 1


def test_a_session_that_was_found_dead_is_not_kept(
    links: Callable[..., Links], clock: FakeClock, partners: dict[str, FakePartner]
) -> None:
    kept = links()
    with kept.use("acme"):
        pass
    clock.advance(300)
    with pytest.raises(TemporaryFailure), kept.resume("acme"):
        raise TemporaryFailure("the line was cut long ago")
    assert partners["acme"].closed == 1
