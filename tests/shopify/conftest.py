"""A shop on loopback, and connections to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.shopify.connector import PLUGIN, ShopifyConnector
from connectors.shopify.settings import ShopifySettings
from hub.contract import Profile
from hub.model.partner import Partner, Role
from hub.testing.clock import FakeClock
from hub.testing.context import MemoryContext
from sandbox.options import Options
from sandbox.world import RunningSandbox, start


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A shop without orders; place them as needed."""
    with start(tmp_path / "sandbox", Options(orders=0, suppliers=2, items=12)) as running:
        yield running


@pytest.fixture
def profile(sandbox: RunningSandbox) -> Profile:
    info = sandbox.info
    return shop_profile(
        shop_url=info["shop_url"],
        token=info["shop_token"],
        locations={info["locations"]["warehouse"]: "DC1", info["locations"]["drop_ship"]: "suppliers"},
    )


def shop_profile(**settings: object) -> Profile:
    given = {"token": "shpat_planted_secret", "read_timeout": 0.2, "connect_timeout": 1, **settings}
    partner = Partner(code="shop", role=Role.CHANNEL, currency="USD")
    return Profile(partner=partner, settings=ShopifySettings.model_validate(given), hash="1")


@pytest.fixture
def context() -> MemoryContext:
    """The hub in memory, on a clock that stands still."""
    return MemoryContext(FakeClock())


Opener = Callable[..., ShopifyConnector]


@pytest.fixture
def connect(context: MemoryContext) -> Iterator[Opener]:
    """Open connections that are closed at the end of the test."""
    opened: list[ShopifyConnector] = []

    def connect(profile: Profile, context: MemoryContext = context) -> ShopifyConnector:
        opened.append(PLUGIN.open(profile, context))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def shop(connect: Opener, profile: Profile) -> ShopifyConnector:
    """One open connection to the running shop."""
    return connect(profile)


@pytest.fixture
def make_profile() -> Callable[..., Profile]:
    """Make the profile of a shop that is not running, for replies made by hand."""
    return lambda **settings: shop_profile(**{"shop_url": "https://shop.test", **settings})
