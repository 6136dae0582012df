"""The first order goes all the way round: shop, hub, partners and back, through the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.circle import Circle
from tests.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
HISTORY = Path(__file__).resolve().parents[3] / "shared" / "samples" / "orders" / "olist"
SUMMARY = {
    "orders",
    "lines",
    "purchase_orders_sent",
    "shipments",
    "fulfilments_written",
    "stock_rows",
    "parked",
    "lost",
    "duplicated",
    "seconds",
}


def test_the_demo_runs_once_and_prints_one_summary(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub.cli", "demo", "--orders", "60", "--seed", "7", "--exit", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert set(summary) >= SUMMARY
    assert (summary["orders"], summary["lost"], summary["duplicated"], summary["throttled"]) == (60, 0, 0, 0)
    assert summary["purchase_orders_sent"] > 0
    assert summary["fulfilments_written"] > 0
    assert summary["stock_rows"] > 0
    assert summary["sales_orders_in_the_books"] == 60
    assert all(summary[f"{name}_in_the_books"] for name in ("purchase_orders", "receipts", "fulfilments", "bills"))
    assert set(summary["routed_from"]["units"]) == {"own warehouse", "store", "3PL", "suppliers"}
    assert summary["routed_from"]["orders_split"] > 0
    assert any("not proven" in words or "proven:" in words for words in summary["routed_from"]["example"])


def test_ctrl_c_drains_the_demo_and_exits_0(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub.cli", "demo", "--orders", "20", "--folder", str(tmp_path / "demo")]
    # in a shell that starts it beside itself Ctrl-C is ignored, until somebody says otherwise
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = tmp_path / "demo" / "data" / "daemon.address"
    wait_until(address.exists)
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=90)
    assert child.returncode == 0, errors


def test_the_auditor_sees_what_is_removed_and_what_is_copied(circle: Callable[..., Circle]) -> None:
    ours = circle(12, 11)
    ours.open_for_business()
    ours.wait_until_quiet()
    assert (ours.audit().lost, ours.audit().duplicated) == (0, 0), ours.audit().as_text()
    removed = ours.sandbox.post("/tamper", {"action": "remove"})["po"]
    copied = ours.sandbox.post("/tamper", {"action": "copy"})["po"]
    assert removed != copied
    report = ours.audit()
    assert (report.lost, report.duplicated) == (1, 1), report.as_text()


def test_a_connection_that_observes_sends_nothing_until_it_is_live(circle: Callable[..., Circle]) -> None:
    ours = circle(8, 12)
    ours.start_hub().wait_until_ready()
    ours.wait(lambda state, summary: summary["orders"] >= state["orders_placed"])
    time.sleep(3)
    assert ours.sandbox.get("/audit")["held"] == []
    ours.go_live()
    ours.wait_until_quiet()
    assert ours.sandbox.get("/audit")["held"]
    assert (ours.audit().lost, ours.audit().duplicated) == (0, 0), ours.audit().as_text()


def test_a_decision_is_explained_by_node(circle: Callable[..., Circle]) -> None:
    ours = circle(6, 13)
    ours.open_for_business()
    ours.wait_until_quiet()
    listed = ours.command("order", "list")
    explained = ours.command("order", "explain", listed[0]["number"])
    assert explained["lines"]
    assert all(line["sources"] and line["others"] for line in explained["lines"])


def test_a_new_mapping_file_comes_up_while_the_daemon_runs_and_a_broken_one_does_not(
    circle: Callable[..., Circle],
) -> None:
    ours = circle(2, 14)
    ours.start_hub().wait_until_ready()
    acme = ours.folder / "mappings" / "newcomer.toml"
    text = next(
        path for path in sorted((ours.folder / "mappings").glob("*.toml")) if "csv_supplier" in path.read_text()
    )
    known = text.read_text("utf-8")
    code = text.stem
    acme.write_text(
        known.replace(f'code = "{code}"', 'code = "newcomer"').replace(f"nodes.{code.upper()}", "nodes.NEWCOMER")
    )
    wait_until(lambda: "newcomer" in {row["code"] for row in ours.command("connection", "list")})
    (newcomer,) = [row for row in ours.command("connection", "list") if row["code"] == "newcomer"]
    assert newcomer["mode"] == "observe"
    acme.write_text("version = 1\n[partner\n")
    time.sleep(4)
    assert ours.hub is not None
    assert ours.hub.summary()["partners"] == len(list((ours.folder / "mappings").glob("*.toml")))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_thousand_real_orders_go_round_without_one_lost_or_twice(tmp_path: Path) -> None:
    if not HISTORY.is_dir():
        pytest.skip("no order history beside the checkout")
    command = [sys.executable, "-m", "hub.cli", "demo", "--history", str(HISTORY), "--exit", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=1700, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    print(json.dumps(summary))
    assert summary["orders"] >= 1000
    assert (summary["lost"], summary["duplicated"], summary["throttled"]) == (0, 0, 0)
    assert summary["placement"]["share_with_3_or_more_sources"] >= 0.3
