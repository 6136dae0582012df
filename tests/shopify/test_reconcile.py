"""Reconciliation: what differs between the shop and the hub is listed by day, and mended by reading it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update

from connectors.shopify.connector import ShopifyConnector
from hub.cli.main import main
from hub.composition import Hub
from hub.config import Config, load_config
from hub.contract import Profile, Rejected
from hub.model.document import Kind
from hub.services.syncing import sync
from hub.services.syncing.reconcile import Comparison, reconcile, run_job
from hub.services.syncing.schedules import Task, jobs_of, load_schedules
from hub.store import runs
from hub.store.tables import allocation, order_message, sales_order
from hub.testing import MemoryContext
from sandbox.options import Options
from sandbox.world import RunningSandbox, start
from tests.running import running
from tests.waiting import wait_until

Opener = Callable[..., ShopifyConnector]


@pytest.fixture
def shop_world(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path / "sandbox", Options(orders=5, suppliers=1, items=8)) as running:
        yield running


@pytest.fixture
def hub(shop_world: RunningSandbox) -> Iterator[Hub]:
    """A hub that has read the shop's five orders."""
    opened = Hub(Config(folder=shop_world.folder))
    opened.upgrade()
    opened.refresh()
    sync.run_here(opened.flows(), "shop", opened.flows_of("shop", frozenset({Kind.SALES_ORDER})))
    yield opened
    opened.close()


def _compare(hub: Hub, *, fix: bool = False) -> Comparison:
    return reconcile(hub.flows(), "shop", datetime.now(UTC) - timedelta(days=2), fix=fix)


def _lose_one(hub: Hub, order: str) -> None:
    """Forget an order, as a restored backup would."""
    with hub.store.write() as tx:
        mine = sales_order.c.channel_order == order
        ours = sales_order.select().where(mine).with_only_columns(sales_order.c.id).scalar_subquery()
        for of_order in (allocation, order_message):
            tx.execute(delete(of_order).where(of_order.c.order_id == ours))
        tx.execute(delete(sales_order).where(mine))


def _orders(world: RunningSandbox) -> list[str]:
    return [str(order) for order in world._site.shop.orders]


def test_nothing_differs_after_everything_was_read(hub: Hub) -> None:
    found = _compare(hub)
    assert found.differences == []
    (day,) = found.by_day()
    assert (day["orders"], day["differ"]) == (5, 0)


def test_a_lost_order_is_named_and_read_again(hub: Hub, shop_world: RunningSandbox) -> None:
    _lose_one(hub, _orders(shop_world)[2])
    (lost,) = _compare(hub).differences
    assert (lost.what, lost.theirs, lost.ours) == ("the order", "is there", "unknown")
    assert _compare(hub, fix=True).differences == []
    assert _compare(hub).differences == []


def test_a_cancellation_that_nobody_told_us_of_is_found_and_mended(hub: Hub, shop_world: RunningSandbox) -> None:
    shop_world.cancel(_orders(shop_world)[0])
    differences = _compare(hub).differences
    assert ("the order", "cancelled", "wanted") in {(each.what, each.theirs, each.ours) for each in differences}
    assert _compare(hub, fix=True).differences == []


def test_an_order_that_the_shop_does_not_list_is_named(hub: Hub, shop_world: RunningSandbox) -> None:
    gone = shop_world._site.shop.orders.pop(int(_orders(shop_world)[1]))
    shop_world._site.shop.changes += 1
    (missing,) = _compare(hub, fix=True).differences
    assert (missing.order, missing.theirs, missing.ours) == (f"#{gone.number}", "not listed", "is there")


def test_what_has_left_is_compared_by_line(hub: Hub) -> None:
    with hub.store.write() as tx:
        tx.execute(update(allocation).values(state="shipped"))
    said = {each.what.rpartition(": ")[2] for each in _compare(hub).differences}
    assert said == {"has left"}


def test_only_a_channel_that_can_count_over_is_reconciled(hub: Hub) -> None:
    supplier = next(code for code, entry in hub.directory.entries.items() if entry.connector != "shopify")
    with pytest.raises(Rejected, match="cannot be reconciled"):
        reconcile(hub.flows(), supplier, datetime.now(UTC))


def test_the_command_lists_and_mends(hub: Hub, shop_world: RunningSandbox) -> None:
    (shop_world.folder / "crossdock.toml").write_text("")
    _lose_one(hub, _orders(shop_world)[0])
    command = ["-c", str(shop_world.folder / "crossdock.toml"), "reconcile", "shopify", "--since", "2d", "--json"]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 1
    assert [each["what"] for each in json.loads(told.stdout)["differences"]] == ["the order"]
    assert CliRunner().invoke(main, [*command, "--fix"]).exit_code == 0
    assert CliRunner().invoke(main, command).exit_code == 0
    unknown = CliRunner().invoke(main, [*command[:3], "nobody"])
    assert (unknown.exit_code, "neither a partner" in unknown.output) == (1, True)


def test_beside_a_running_daemon_the_daemon_mends(hub: Hub, shop_world: RunningSandbox) -> None:
    folder = shop_world.folder
    (folder / "crossdock.toml").write_text("[web]\nport = 0\n")
    (folder / "schedules").mkdir(exist_ok=True)
    for file in (folder / "schedules").glob("*.toml"):
        file.unlink()  # so that nothing but the command makes it read
    config = load_config(folder / "crossdock.toml")
    with running(Hub(config)):
        _lose_one(hub, _orders(shop_world)[0])
        command = ["-c", str(folder / "crossdock.toml"), "reconcile", "shop", "--fix"]
        told = CliRunner().invoke(main, command)
        assert (told.exit_code, "the daemon is reading again" in told.output) == (1, True), told.output
        wait_until(lambda: _compare(hub).differences == [])


def _nightly(hub: Hub, code: str, at: datetime) -> bool:
    documents = hub.directory.entries[code].documents
    return run_job(hub.flows(), "reconciliation", code, documents, at, timedelta(days=2))


def test_the_nightly_run_mends_and_is_counted(hub: Hub, shop_world: RunningSandbox) -> None:
    _lose_one(hub, _orders(shop_world)[2])
    at = datetime.now(UTC)
    assert _nightly(hub, "shop", at)
    assert _compare(hub).differences == []
    with hub.store.read() as tx:
        mine = [row for row in runs.history(tx, "shop", "orders") if row["schedule"] == "reconciliation"]
    assert [(row["state"], row["read"], row["changed"]) for row in mine] == [("done", 5, 1)]
    assert not _nightly(hub, "shop", at), "the same tick fires once"


def test_what_the_nightly_run_cannot_mend_is_told(
    hub: Hub, shop_world: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    gone = shop_world._site.shop.orders.pop(int(_orders(shop_world)[1]))
    shop_world._site.shop.changes += 1
    _nightly(hub, "shop", datetime.now(UTC))
    (told,) = [record for record in caplog.records if record.getMessage() == "reconcile.differs"]
    assert f"#{gone.number} the order: not listed / is there" in str(vars(told))


def test_a_shop_that_is_away_fails_the_nightly_run_and_nothing_else(hub: Hub, shop_world: RunningSandbox) -> None:
    shop_world.shut("shop")
    assert not _nightly(hub, "shop", datetime.now(UTC))
    with hub.store.read() as tx:
        (failed,) = [row for row in runs.history(tx, "shop", "orders") if row["schedule"] == "reconciliation"]
    assert (failed["state"], failed["error_class"]) == ("failed", "TemporaryFailure")
    shop_world.reopen("shop")


def test_who_cannot_count_over_has_no_nightly_run(hub: Hub) -> None:
    supplier = next(code for code, entry in hub.directory.entries.items() if entry.connector != "shopify")
    assert not _nightly(hub, supplier, datetime.now(UTC))


def test_the_house_schedules_reconcile_every_night(hub: Hub) -> None:
    jobs = jobs_of(load_schedules(Path(__file__).parents[2] / "schedules"), hub.directory)
    (job,) = [job for job in jobs if job.schedule.task is Task.RECONCILE]
    assert (job.connection, [each.name for each in job.documents]) == ("shop", ["orders"])
    assert job.schedule.since == timedelta(days=2)


def test_once_a_day_a_reading_goes_back_by_days(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, context: MemoryContext
) -> None:
    (order,) = sandbox.place(1)
    settings = profile.settings.model_copy(update={"sweep_days": 60})
    shop = connect(replace(profile, settings=settings))
    (first,) = shop.fetch("orders", None)
    late = sandbox._site.shop.orders[int(order)]
    sandbox._ask(lambda: setattr(late, "updated", late.updated - timedelta(days=20)))
    sandbox._ask(lambda: setattr(sandbox._site.shop, "changes", 99))
    context.clock.advance(3600)
    (second,) = shop.fetch("orders", first.cursor)
    assert second.items == ()
    context.clock.advance(24 * 3600)
    (third,) = shop.fetch("orders", second.cursor)
    assert [json.loads(item.content)["id"] for item in third.items] == [int(order)]
