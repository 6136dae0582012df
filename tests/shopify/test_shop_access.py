"""The token of a call: lasting, or of a day and renewed in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.settings import ShopifySettings
from hub.contract import AccessDenied, Profile, TemporaryFailure
from hub.testing import FakeClock, MemoryContext
from sandbox.options import Options
from sandbox.world import RunningSandbox, start

Opener = Callable[..., ShopifyConnector]
HOUR = 3600
ASKED = "POST /admin/oauth/access_token"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def context(clock: FakeClock) -> MemoryContext:
    return MemoryContext(clock)


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Iterator[RunningSandbox]:
    """A shop whose tokens die by the clock that the hub reads."""
    with start(tmp_path / "sandbox", Options(orders=0, suppliers=2, items=6), clock) as running:
        yield running


@pytest.fixture
def profile(sandbox: RunningSandbox, profile: Profile) -> Profile:
    info = sandbox.info
    given = {"token": None, "client_id": info["shop_client_id"], "client_secret": info["shop_client_secret"]}
    kept = {"shop_url": profile.settings.shop_url, "locations": profile.settings.locations}
    return replace(profile, settings=ShopifySettings.model_validate({**kept, **given}))


def _asked(sandbox: RunningSandbox) -> int:
    return sandbox.calls("shop").get("shop", {}).get(ASKED, 0)


def test_one_token_serves_every_connection_until_it_is_old(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    for _ in range(3):
        assert connect(profile).check().ok
    assert _asked(sandbox) == 1


def test_a_token_is_renewed_before_it_dies(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, clock: FakeClock
) -> None:
    shop = connect(profile)
    assert shop.check().ok
    clock.advance(22 * HOUR)
    assert shop.check().ok
    assert _asked(sandbox) == 1
    clock.advance(1.5 * HOUR)
    assert shop.check().ok
    assert _asked(sandbox) == 2


def test_a_token_that_lives_is_used_on_while_no_new_one_can_be_had(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, clock: FakeClock
) -> None:
    shop = connect(profile)
    assert shop.check().ok
    clock.advance(23.5 * HOUR)
    sandbox.mood("shop", "unavailable", on=ASKED)
    assert shop.check().ok
    clock.advance(HOUR)
    with pytest.raises(TemporaryFailure):
        list(shop.fetch("orders", None))


def test_a_token_that_the_shop_refuses_is_replaced_once(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    shop = connect(profile)
    assert shop.check().ok
    sandbox._site.access.revoke()
    assert list(shop.fetch("orders", None))
    assert _asked(sandbox) == 2
    sandbox.mood("shop", "locked_out", on="GET /orders.json")
    with pytest.raises(AccessDenied):
        list(shop.fetch("orders", None))
    assert _asked(sandbox) == 3


def test_another_connections_new_token_is_taken_over(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    first, second = connect(profile), connect(profile)
    assert first.check().ok
    assert second.check().ok
    sandbox._site.access.revoke()
    assert first.check().ok
    assert second.check().ok
    assert _asked(sandbox) == 2


def test_wrong_credentials_are_named_and_never_shown(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    given = {"client_id": "nobody", "client_secret": "planted-secret", "shop_url": sandbox.info["shop_url"]}
    shop = connect(replace(profile, settings=ShopifySettings.model_validate(given)))
    health = shop.check()
    assert not health.ok
    assert "client_id and client_secret" in health.todo
    with pytest.raises(AccessDenied) as caught:
        list(shop.fetch("orders", None))
    assert "planted-secret" not in f"{caught.value} {caught.value.extract} {health}"


@pytest.mark.parametrize(
    "given",
    [{}, {"client_id": "a"}, {"client_secret": "s"}, {"token": "t", "client_id": "a", "client_secret": "s"}],
)
def test_there_is_one_way_to_log_in(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="client_id"):
        ShopifySettings.model_validate({"shop_url": "https://shop.test", **given})
