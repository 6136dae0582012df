"""The shop's own rate limit: with the hub's limiter and the shop's real bucket nobody is ever told 429."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.shopify.connector import PLUGIN
from hub.contract import Outbound, Profile
from hub.delivery.limits import AccountLimiter
from hub.model.stock import StockPush, StockPushRow
from hub.testing import FakeClock, MemoryContext, MemoryNumbers
from sandbox.options import Bucket, Options
from sandbox.world import RunningSandbox, start

ProfileMaker = Callable[..., Profile]
STANDARD, PLUS = Bucket(40, 2.0), Bucket(400, 20.0)


@pytest.fixture(params=[STANDARD, PLUS], ids=["standard", "plus"])
def paced(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningSandbox]:
    """A shop whose bucket leaks on the same hand-moved clock on which the limiter waits."""
    options = Options(orders=0, suppliers=1, items=6, bucket=request.param)
    with start(tmp_path / "sandbox", options, FakeClock()) as running:
        yield running


def _ignored(sandbox: RunningSandbox) -> dict[str, str]:
    return dict.fromkeys(sandbox.info["locations"].values(), "ignore")


def _profile(sandbox: RunningSandbox, make_profile: ProfileMaker) -> Profile:
    return make_profile(
        shop_url=sandbox.info["shop_url"],
        token=sandbox.info["shop_token"],
        page_size=2,
        read_timeout=5,
        stock_over="rest",
        locations=_ignored(sandbox),
    )


def _context(sandbox: RunningSandbox) -> MemoryContext:
    clock = sandbox._site.clock
    return MemoryContext(clock, AccountLimiter(clock, PLUGIN.about.pace))


def _together(*jobs: Callable[[], object]) -> None:
    """Run the jobs at once, each in a thread of its own, and pass the first error on."""
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def _pushes(sandbox: RunningSandbox, profile: Profile, context: MemoryContext, name: str, calls: int) -> None:
    """Push stock in a thread's own connection, one row after the other."""
    shop = PLUGIN.open(profile, context)
    skus = [sku for sku, variant in sandbox._site.shop.variants.items() if variant.item.ships]
    location = sandbox.info["locations"]["warehouse"]
    rows = tuple(StockPushRow(sku=skus[each % len(skus)], location=location, quantity=each) for each in range(calls))
    form = shop.render("stock", StockPush(rows=rows), MemoryNumbers())
    shop.send(Outbound("stock", name, form.content))
    shop.close()


def _reads(profile: Profile, context: MemoryContext, times: int) -> None:
    shop = PLUGIN.open(profile, context)
    for _ in range(times):
        list(shop.fetch("orders", None))
    shop.close()


def test_four_threads_push_and_read_without_a_single_429(paced: RunningSandbox, make_profile: ProfileMaker) -> None:
    profile, context = _profile(paced, make_profile), _context(paced)
    paced.place(6)
    each = int(_capacity(paced) * 0.6)
    _together(
        lambda: _pushes(paced, profile, context, "one", each),
        lambda: _pushes(paced, profile, context, "two", each),
        lambda: _pushes(paced, profile, context, "three", each),
        lambda: _reads(profile, context, each // 3),
    )
    assert paced.state()["throttled"] == 0
    assert sum(paced.calls("shop")["shop"].values()) > 2 * _capacity(paced)


def test_a_bucket_that_somebody_else_filled_is_noticed_before_it_runs_over(
    paced: RunningSandbox, make_profile: ProfileMaker
) -> None:
    profile, context = _profile(paced, make_profile), _context(paced)
    bucket = paced._site.bucket
    bucket._level = _capacity(paced) - 1.0
    _together(*(lambda: _reads(profile, context, 5) for _ in range(4)))
    assert paced.state()["throttled"] == 0


def test_what_is_urgent_finds_room_while_stock_is_pushed(paced: RunningSandbox, make_profile: ProfileMaker) -> None:
    profile, context = _profile(paced, make_profile), _context(paced)
    _pushes(paced, profile, context, "stock", _capacity(paced) + 10)
    before = context.clock.monotonic()
    _reads(profile, context, 3)
    assert context.clock.monotonic() == before


def _capacity(sandbox: RunningSandbox) -> int:
    return sandbox._site.options.bucket.capacity
