"""An order to a supplier on SAP is sent, acknowledged, shipped and invoiced, over a real OpenSSH server."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.options import Options
from sandbox.plan import World
from sandbox.robots.sap_buyer import CODE
from sandbox.world import plan_world
from tests.files.openssh_server import WHY_NOT, OpenSsh, make_keys
from tests.journeys.circle import Circle
from tests.journeys.test_kills import expect_each_line_once, kill_everywhere, start_live
from tests.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

#: Two suppliers and a 3PL, all of them on SAP.
SAP = ("--style", "sap", "--suppliers", "2")
#: One supplier and a 3PL that do as they are told, slowly enough for a change of mind, and a customer.
CALM = (
    "--style", "sap", "--suppliers", "1", "--buyer", "--ship-after", "45", "--reject", "0", "--reduce", "0",
    "--short", "0",
)  # fmt: skip
BOUNDARIES = tuple(
    f"sap.{name}" for name in ("claimed", "rendered", "before_bytes", "bytes_sent", "staged", "replied", "committed")
)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[OpenSsh]:
    if WHY_NOT:
        pytest.skip(WHY_NOT)
    (tmp_path / "keys").mkdir()
    server = OpenSsh(tmp_path / "ssh", make_keys(tmp_path / "keys"))
    yield server
    server.stop()


def by_openssh(circle: Circle, server: OpenSsh) -> None:
    """Let the partners' folders be reached over OpenSSH instead of the sandbox's own server."""
    (circle.folder / "secrets" / "sap_key").write_text(server.private_key())
    (circle.folder / "secrets" / "sap_key").chmod(0o600)
    for path in (circle.folder / "mappings").glob("*.toml"):
        text = path.read_text("utf-8")
        home = (circle.folder / "sftp" / path.stem).absolute()
        text = re.sub(
            r"^url = \"sftp://.*$", f'url = "sftp://root@127.0.0.1:{server.port}{home}/"', text, flags=re.MULTILINE
        )
        text = re.sub(r"^password = .*$", 'ssh_key = "secret:sap_key"', text, flags=re.MULTILINE)
        text = re.sub(r"^host_key = .*$", f'host_key = "{server.fingerprint()}"', text, flags=re.MULTILINE)
        path.write_text(text, "utf-8")


def numbers_taken(circle: Circle) -> Counter[tuple[str, bytes]]:
    """Count the IDoc numbers of what the partners took."""
    taken = [*(circle.folder / "desks").glob("*/*.idoc")]
    return Counter((path.parent.name, path.read_bytes()[13:29]) for path in taken)


def test_an_order_is_sent_acknowledged_shipped_and_invoiced_over_openssh(
    circle: Callable[..., Circle], sshd: OpenSsh
) -> None:
    ours = circle(12, 5, *SAP)
    by_openssh(ours, sshd)
    ours.open_for_business()
    ours.wait_until_quiet(240)
    report = ours.audit()
    assert (report.orders, report.lost, report.duplicated) == (12, 0, 0), report.as_text()
    assert ours.sandbox.get("/state")["unreadable"] == {}
    assert ours.hub is not None
    ours.hub.stop()
    sent = dict(
        ours.rows("SELECT kind, count(*) FROM delivery WHERE kind IN ('purchase_order', 'ship_order') GROUP BY kind")
    )
    assert sent.keys() == {"purchase_order", "ship_order"}
    assert ours.rows("SELECT count(*) FROM delivery WHERE kind = 'purchase_order' AND state != 'confirmed'") == [(0,)]
    came = ours.rows("SELECT DISTINCT document FROM message WHERE connection = 'acme01' AND state = 'applied'")
    assert {document for (document,) in came} == {
        "mailbox", "verdicts", "stock", "catalogue", "acknowledgement", "shipment", "invoice",
    }  # fmt: skip
    bought = dict(ours.rows("SELECT number, state FROM purchase WHERE partner IN ('acme01', 'borealis01')"))
    invoiced = ours.rows("SELECT count(*) FROM invoice WHERE partner IN ('acme01', 'borealis01')")
    assert set(bought.values()) <= {"invoiced", "rejected"}, bought
    assert invoiced[0][0] >= sum(state == "invoiced" for state in bought.values()) > 0
    assert set(numbers_taken(ours).values()) == {1}
    assert (sshd.home / "sshd.log").read_text().count("Accepted publickey") >= 3


def test_a_kill_at_every_boundary_sends_each_idoc_once(circle: Callable[..., Circle]) -> None:
    ours = circle(8, 6, *SAP)
    start_live(ours)
    struck = kill_everywhere(ours, times=1, seed=6, boundaries=BOUNDARIES)
    assert set(struck.elements()) == set(BOUNDARIES), f"not every boundary was struck: {struck}"
    expect_each_line_once(ours)
    assert set(numbers_taken(ours).values()) == {1}


def test_replies_lost_by_partners_on_sap_lose_nothing_and_send_nothing_twice(circle: Callable[..., Circle]) -> None:
    ours = circle(16, 8, *SAP)
    start_live(ours)
    ours.sandbox.post("/moods", {"partner": "*", "mood": "lost_reply", "share": 0.25, "seed": 8})
    ours.start_hub().wait_until_ready()
    ours.wait(lambda state, summary: summary["orders"] >= state["orders_placed"])
    time.sleep(6)
    ours.sandbox.post("/calm", {"partner": "*"})
    ours.wait_until_quiet(180)
    report = ours.audit()
    assert (report.lost, report.duplicated) == (0, 0), report.as_text()
    assert set(numbers_taken(ours).values()) == {1}


def most_of(world: World, code: str, *, but: str = "") -> str:
    """Return the SKU that a partner has most of, of those that another one has not."""
    stock = {firm.code: {offer.sku: offer.stock for offer in firm.offers} for firm in world.firms}
    return max(stock[code].keys() - stock.get(but, {}).keys(), key=lambda sku: stock[code][sku])


def held_by(circle: Circle, code: str) -> list[dict[str, object]]:
    return [row for row in circle.sandbox.get("/audit")["held"] if row["partner"] == code]


def with_shpord(circle: Circle, code: str) -> None:
    """Let the 3PL be one that takes SHPORD and confirms with SHPCON."""
    path = circle.folder / "mappings" / f"{code}.toml"
    said = """
[documents.order.fields]
"EDI_DC40.MESTYP" = { value = "SHPORD" }
[documents.shipment]
root = "SHPCON"
"""
    path.write_text(path.read_text("utf-8") + said, "utf-8")


def test_orders_are_taken_back_and_a_customer_on_sap_is_served_over_openssh(
    circle: Callable[..., Circle], sshd: OpenSsh
) -> None:
    """ORDCHG and SHPORD out, SHPCON in; for the customer ORDERS and ORDCHG in, ORDRSP, DESADV and INVOIC out."""
    ours, world = circle(1, 11, *CALM), plan_world(Options(orders=1, seed=11, suppliers=1, style="sap"))
    by_openssh(ours, sshd)
    supplier, warehouse = (firm.code for firm in sorted(world.firms, key=lambda each: each.kind))
    with_shpord(ours, warehouse)
    theirs, own = most_of(world, supplier, but=warehouse), most_of(world, warehouse)
    ours.sandbox.post("/stock", {"partner": supplier, "sku": own, "quantity": 0})
    time.sleep(3)  # until its stock file says so
    buyer, aside = ours.folder / "mappings" / f"{CODE}.toml", ours.folder / "buyer.toml"
    buyer.rename(aside)  # it has no stock to wait for
    ours.open_for_business()
    partners = ours.hub.summary()["partners"] if ours.hub is not None else 0
    aside.rename(buyer)
    ours.wait(lambda _, summary: summary["partners"] > partners)
    ours.go_live()

    (order,) = ours.sandbox.post("/orders", {"lines": {theirs: 2}})["orders"]
    wait_until(lambda: any(row["order"] == order for row in held_by(ours, supplier)), 150)
    ours.sandbox.post("/cancel", {"order": order})
    wait_until(lambda: [row["quantity"] for row in held_by(ours, supplier) if row["order"] == order] == [0], 150)

    number = ours.sandbox.post("/buy", {"lines": {theirs: 5, own: 3}})["order"]

    def told() -> dict[str, dict[str, float]]:
        answer: dict[str, dict[str, float]] = ours.sandbox.get("/bought")["orders"][number]
        return answer

    wait_until(lambda: told()["confirmed"] == {"000010": 5, "000020": 3}, 150)
    ours.sandbox.post("/amend", {"order": number, "item": "000010", "quantity": 2})
    wait_until(lambda: [row["quantity"] for row in held_by(ours, supplier) if row["order"] == number] == [2], 150)
    wait_until(lambda: told()["shipped"] == {"000010": 2, "000020": 3}, 150)
    prices = {sku: item.price for sku, item in world.items.items()}
    wait_until(lambda: Decimal(str(told()["invoiced"])) == 2 * prices[theirs] + 3 * prices[own], 150)
    assert ours.sandbox.get("/state")["unreadable"] == {}
    assert ours.sandbox.get("/bought")["unreadable"] == []
    assert set(ours.sandbox.get("/bought")["statuses"]) <= {"16"}
    assert ours.hub is not None
    ours.hub.stop()
    changes = ours.rows("SELECT state, count(*) FROM delivery WHERE kind = 'purchase_order_change' GROUP BY state")
    assert changes == [("confirmed", 2)]
    kinds = {path.read_text("utf-8")[99:129].strip() for path in (ours.folder / "desks" / warehouse).glob("*.idoc")}
    assert "SHPORD" in kinds
    assert "WHSORD" not in kinds


@pytest.mark.soak
def test_a_partner_that_refuses_every_line_says_so_and_nothing_is_lost(circle: Callable[..., Circle]) -> None:
    ours = circle(6, 9, *SAP)
    ours.sandbox.post("/moods", {"partner": "acme01", "mood": "picky"})
    ours.open_for_business()
    ours.wait_until_quiet(180)
    report = ours.audit()
    assert (report.lost, report.duplicated) == (0, 0), report.as_text()
    held = [row for row in ours.sandbox.get("/audit")["held"] if row["partner"] == "acme01"]
    assert all(row["quantity"] == 0 for row in held)
