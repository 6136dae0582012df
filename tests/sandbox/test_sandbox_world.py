"""The whole sandbox: what it writes, its control API, and orders that go round by hand."""

from __future__ import annotations

import csv
import io
import json
import signal
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.auditor import AuditReport, audit_from_json
from sandbox.options import Options
from sandbox.plan import Kind
from sandbox.robots.files import PURCHASE_HEADER, SHIP_ORDER_HEADER
from sandbox.world import RunningSandbox, plan_world
from tests.sandbox.clients import LogIn, Run, ShopClient


class Control:
    """The control API, asked the plain way."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.session = requests.Session()
        self.base = sandbox.info["control_url"]

    def get(self, path: str) -> Any:
        reply = self.session.get(f"{self.base}{path}", timeout=5)
        reply.raise_for_status()
        return reply.json()

    def post(self, path: str, **body: object) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=body, timeout=5)


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[Control]:
    client = Control(sandbox)
    with client.session:
        yield client


# --- the world ---


def test_the_same_seed_plans_the_same_world() -> None:
    first, second = (plan_world(Options(orders=30, seed=11)) for _ in range(2))
    other = plan_world(Options(orders=30, seed=12))
    assert first.firms == second.firms != other.firms
    assert [next(first.orders) for _ in range(50)] == [next(second.orders) for _ in range(50)]


def test_many_lines_have_several_sources_and_every_line_has_one() -> None:
    world = plan_world(Options(orders=100, seed=5))
    stocks = {item: [o.stock for firm in world.firms for o in firm.offers if o.sku == item] for item in world.items}
    lines = [line for _ in range(100) for line in next(world.orders).lines if world.items[line.sku].ships]
    counts = [sum(stock >= line.quantity for stock in stocks[line.sku]) for line in lines]
    assert min(counts) >= 1
    share = sum(count >= 3 for count in counts) / len(counts)
    assert world.placement["share_with_3_or_more_sources"] == pytest.approx(share, abs=0.0001)
    assert share >= 0.3


def test_one_source_alone_could_fill_all_orders_of_an_item() -> None:
    world = plan_world(Options(orders=80, seed=5))
    demand: dict[str, int] = {}
    for _ in range(80):
        for line in next(world.orders).lines:
            demand[line.sku] = demand.get(line.sku, 0) + line.quantity
    assert all(offer.stock >= demand.get(offer.sku, 0) for firm in world.firms for offer in firm.offers)


def test_a_world_may_have_no_supplier_or_hundreds() -> None:
    assert [firm.kind for firm in plan_world(Options(suppliers=0)).firms] == [Kind.WAREHOUSE]
    many = plan_world(Options(suppliers=300, items=400)).firms
    assert len({firm.code for firm in many}) == 301


# --- what it writes ---


def test_every_partner_has_a_mapping_file_that_names_it(sandbox: RunningSandbox) -> None:
    files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (sandbox.folder / "mappings").iterdir()}
    assert set(files) == {"shop", "dc1", "acme01", "borealis01"}
    assert all(file["partner"]["code"] == code for code, file in files.items())
    assert files["shop"]["connection"]["shop_url"] == sandbox.info["shop_url"]
    assert set(files["shop"]["connection"]["locations"].values()) == {"DC1", "suppliers"}
    assert files["acme01"]["connection"]["url"] == f"sftp://acme01@127.0.0.1:{sandbox.info['sftp_port']}/"
    assert files["acme01"]["nodes"]["ACME01"]["coordinates"]["latitude"] > 20
    assert (files["acme01"]["extends"], files["dc1"]["extends"]) == ("csv_supplier", "csv_warehouse")


def test_secrets_are_for_the_owner_only_and_named_as_the_files_name_them(sandbox: RunningSandbox) -> None:
    folder = sandbox.folder / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert (folder / "shop_token").read_text() == sandbox.info["shop_token"]
    assert (folder / "acme01_password").read_text() == sandbox.info["passwords"]["acme01"]


def test_sandbox_json_says_what_the_running_sandbox_says(sandbox: RunningSandbox) -> None:
    path = sandbox.folder / "sandbox.json"
    assert json.loads(path.read_text("utf-8")) == sandbox.info
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sandbox_started_again_keeps_its_key_and_secrets_and_forgets_old_files(run: Run) -> None:
    first = run()
    (first.folder / "sftp" / "acme01" / "in" / "PO_OLD.csv").write_text("old")
    first.close()
    again = run(shop_port=int(first.info["shop_url"].rpartition(":")[2]), sftp_port=first.info["sftp_port"])
    for name in ("shop_url", "sftp_port", "host_key", "shop_token", "passwords"):
        assert again.info[name] == first.info[name]
    assert list((again.folder / "sftp" / "acme01" / "in").iterdir()) == []


# --- the control API ---


def test_the_state_counts_orders_and_says_when_all_is_quiet(control: Control) -> None:
    state = control.get("/state")
    assert state["orders_placed"] == 3
    assert (state["settled"], state["files_waiting"], state["throttled"]) == (True, 0, 0)


def test_orders_can_be_placed_and_cancelled(control: Control, shop: ShopClient) -> None:
    (order,) = control.post("/orders", n=1).json()["orders"]
    assert control.post("/cancel", order=order).status_code == 200
    assert shop.get(f"/orders/{order}.json").json()["order"]["cancelled_at"]
    assert [row["quantity"] for row in control.get("/audit")["placed"] if row["order"] == order] != []
    assert {row["quantity"] for row in control.get("/audit")["placed"] if row["order"] == order} == {0}


def test_an_order_can_name_its_lines_even_of_what_nobody_has(control: Control, shop: ShopClient) -> None:
    (order,) = control.post("/orders", lines={"NOBODY-HAS-IT": 2, "SKU-0001": 1}).json()["orders"]
    lines = shop.get(f"/orders/{order}.json").json()["order"]["line_items"]
    assert {line["sku"]: line["quantity"] for line in lines} == {"NOBODY-HAS-IT": 2, "SKU-0001": 1}
    assert sum(len(part["line_items"]) for part in shop.parts(order)) == 2


def test_moods_can_be_set_and_calmed(control: Control, shop: ShopClient) -> None:
    reply = control.post("/moods", partner="shop", mood="unavailable", for_calls=5, on="GET /shop.json")
    assert reply.json()["moods"] == [{"partner": "shop", "mood": "unavailable", "on": "GET /shop.json", "left": 5}]
    assert shop.get("/shop.json").status_code == 503
    assert control.post("/calm").json() == {"moods": []}
    assert shop.get("/shop.json").status_code == 200


def test_stock_can_be_counted_again(control: Control, sandbox: RunningSandbox) -> None:
    path = sandbox.folder / "sftp" / "acme01" / "out" / "inventory.csv"
    sku = path.read_text().splitlines()[1].split(",")[0]
    control.post("/stock", partner="acme01", sku=sku, quantity=4711)
    sandbox.wait(lambda _: "4711" in path.read_text(), 5)


def test_doors_can_be_shut_and_reopened(control: Control, shop: ShopClient) -> None:
    assert control.post("/shut", door="shop").status_code == 200
    with pytest.raises(requests.ConnectionError):
        shop.get("/shop.json")
    assert control.post("/reopen", door="shop").status_code == 200
    assert shop.get("/shop.json").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/moods", {"partner": "shop", "mood": "gloomy"}),
        ("/moods", {"partner": "shop", "mood": "busy", "calls": 3}),
        ("/moods", {"partner": "shop", "mood": "busy", "share": 0}),
        ("/tamper", {"action": "remove"}),
        ("/tamper", {"action": "burn"}),
        ("/cancel", {}),
        ("/stock", {"partner": "nobody", "sku": "A", "quantity": 1}),
        ("/orders", {"n": "many"}),
        ("/shut", {"door": "window"}),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_what_is_wrong(
    control: Control, path: str, body: dict[str, object]
) -> None:
    reply = control.post(path, **body)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_an_unknown_call_lists_the_known_ones(control: Control) -> None:
    reply = control.post("/nothing")
    assert reply.status_code == 404
    assert "GET /audit" in reply.json()["error"]


# --- all the way round, by hand ---


def _send(log_in: LogIn, account: str, number: str, rows: list[dict[str, Any]]) -> None:
    """Send an order file the way any partner's customer would."""
    header, prefix = (SHIP_ORDER_HEADER, "SO") if account == "dc1" else (PURCHASE_HEADER, "PO")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="x", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({"PO": number, "Line": position, **row} for position, row in enumerate(rows, start=1))
    with log_in(account) as client:
        with client.open(f"/in/{number}.part", "w") as stream:
            stream.write(text.getvalue())
        client.posix_rename(f"/in/{number}.part", f"/in/{prefix}_{number}.csv")


def _send_everything(sandbox: RunningSandbox, log_in: LogIn) -> None:
    """Send each line of each order to some firm that has the item, one file a line."""
    firms = {offer.sku: firm.code for firm in sandbox._site.world.firms for offer in firm.offers}
    for number, row in enumerate(sandbox.audit()["placed"], start=1):
        line = {"Item": row["sku"], "Qty": row["quantity"], "Order": row["order"], "Order Line": row["line"]}
        _send(log_in, firms[row["sku"]], f"N{number}", [line])


def _fulfil_everything(shop: ShopClient) -> None:
    for order in shop.get("/orders.json", status="any").json()["orders"]:
        for part in shop.parts(order["id"]):
            assert shop.fulfil((part["id"], None)).status_code == 201


def _audited(sandbox: RunningSandbox) -> AuditReport:
    return audit_from_json(sandbox.audit(), [])


def test_orders_that_went_all_the_way_are_neither_lost_nor_duplicated(
    sandbox: RunningSandbox, shop: ShopClient, log_in: LogIn
) -> None:
    before = _audited(sandbox)
    assert (before.lost, before.duplicated) == (before.lines, 0)
    _send_everything(sandbox, log_in)
    sandbox.wait(lambda state: state["settled"])
    assert _audited(sandbox).unfulfilled == before.lines
    _fulfil_everything(shop)
    after = _audited(sandbox)
    assert (after.lost, after.duplicated) == (0, 0)
    assert after.purchase_orders == after.shipments == after.lines
    assert after.fulfilments >= after.orders == 3


def test_one_order_removed_and_another_copied_by_hand_are_one_lost_and_one_duplicated(
    sandbox: RunningSandbox, shop: ShopClient, log_in: LogIn, control: Control
) -> None:
    _send_everything(sandbox, log_in)
    sandbox.wait(lambda state: state["settled"])
    _fulfil_everything(shop)
    removed = control.post("/tamper", action="remove").json()["po"]
    copied = control.post("/tamper", action="copy").json()["po"]
    assert removed != copied
    report = _audited(sandbox)
    assert (report.lost, report.duplicated) == (1, 1)


def test_the_same_file_sent_again_after_it_was_taken_is_seen_as_duplicated(
    sandbox: RunningSandbox, shop: ShopClient, log_in: LogIn
) -> None:
    _send_everything(sandbox, log_in)
    sandbox.wait(lambda state: state["settled"])
    _fulfil_everything(shop)
    _send_everything(sandbox, log_in)
    sandbox.wait(lambda state: state["settled"])
    report = _audited(sandbox)
    assert (report.lost, report.duplicated) == (0, report.lines)


def test_an_answer_stays_waiting_until_somebody_takes_it(sandbox: RunningSandbox, log_in: LogIn) -> None:
    _send_everything(sandbox, log_in)
    state = sandbox.wait(lambda state: state["settled"])
    assert state["files_waiting"] == 2 * len(sandbox.audit()["placed"])
    for account in sandbox.info["passwords"]:
        with log_in(account) as client:
            for name in client.listdir("/out"):
                if name.startswith(("ACK_", "SHIP_")):
                    client.rename(f"/out/{name}", f"/out/done/{name}")
    assert sandbox.state()["files_waiting"] == 0


def test_a_file_nobody_can_read_is_named_in_the_state(sandbox: RunningSandbox, log_in: LogIn) -> None:
    _send(log_in, "acme01", "N1", [{"Item": "SKU-0001", "Qty": "none"}])
    state = sandbox.wait(lambda state: state["unreadable"])
    assert "Qty 'none'" in state["unreadable"]["acme01"][0]


def test_orders_trickle_in_at_the_rate_asked_for(run: Run) -> None:
    sandbox = run(orders=4, rate=40.0)
    state = sandbox.wait(lambda state: state["orders_to_come"] == 0)
    assert state["orders_placed"] == 4


def test_waiting_for_what_never_comes_says_where_it_stands(sandbox: RunningSandbox) -> None:
    with pytest.raises(TimeoutError, match="orders_placed"):
        sandbox.wait(lambda state: state["orders_placed"] == 99, timeout=0.05)


# --- as a process ---


def test_it_runs_as_a_process_and_ends_when_told(tmp_path: Path) -> None:
    arguments = ["--folder", str(tmp_path / "sandbox"), "--orders", "2", "--seed", "3", "--suppliers", "1"]
    with subprocess.Popen([sys.executable, "-m", "sandbox", *arguments], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert b"sandbox ready" in process.stdout.readline()
            info = json.loads((tmp_path / "sandbox" / "sandbox.json").read_text("utf-8"))
            assert info["pid"] == process.pid
            assert requests.get(f"{info['control_url']}/state", timeout=5).json()["orders_placed"] == 2
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
