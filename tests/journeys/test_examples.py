"""The circle closes whatever the suppliers write and however it travels: one example of each kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.circle import Circle

pytestmark = [pytest.mark.journey, pytest.mark.timeout(500)]

KINDS = {
    "acme01": ("csv_supplier", "sftp://"),
    "borealis01": ("json_supplier", "https://"),
    "cascade01": ("xml_supplier", "sftp://"),
    "dovetail01": ("fixed_supplier", "file://"),
    "evergreen01": ("xlsx_supplier", "imaps://"),
    "foundry01": ("x12_4010_supplier", "sftp://"),
    "dc1": ("x12_3pl", "sftp://"),
}
SUPPLIERS = str(len(KINDS) - 1)


def test_the_circle_closes_with_suppliers_of_every_kind(circle: Callable[..., Circle]) -> None:
    ours = circle(32, 3, "--examples", "--suppliers", SUPPLIERS)
    for code, (template, scheme) in KINDS.items():
        text = (ours.folder / "mappings" / f"{code}.toml").read_text("utf-8")
        assert f'extends = "{template}"' in text
        assert f'url = "{scheme}' in text
    ours.open_for_business()
    ours.wait_until_quiet()
    report = ours.audit()
    assert (report.orders, report.lost, report.duplicated) == (32, 0, 0)
    held = {row["partner"] for row in ours.sandbox.get("/audit")["held"] if row["shipped"]}
    assert held >= set(KINDS)
    assert ours.sandbox.get("/state")["unreadable"] == {}
    checked = {code: ours.command("connection", "check", code) for code in KINDS}
    assert {code: said["ok"] for code, said in checked.items()} == dict.fromkeys(KINDS, True), checked
    assert ours.hub is not None
    ours.hub.stop()
    invoiced = dict(ours.rows("SELECT partner, count(*) FROM invoice GROUP BY partner"))
    assert invoiced.keys() == {"acme01", "foundry01"}


def test_an_x12_order_comes_back_as_997_855_856_and_810(circle: Callable[..., Circle]) -> None:
    ours = circle(12, 5, "--examples", "--suppliers", SUPPLIERS)
    ours.open_for_business()
    ours.wait_until_quiet()
    assert ours.hub is not None
    ours.hub.stop()
    sent = "SELECT key FROM delivery WHERE connection = 'foundry01' AND kind = 'purchase_order' AND state = 'confirmed'"
    numbers = {number for (number,) in ours.rows(sent)}
    assert numbers
    came = "SELECT DISTINCT document FROM message WHERE connection = 'foundry01' AND state = 'applied'"
    assert {document for (document,) in ours.rows(came)} == {
        "mailbox", "verdicts", "stock", "catalogue", "acknowledgement", "shipment", "invoice",
    }  # fmt: skip
    invoiced = ours.rows("SELECT number FROM purchase WHERE partner = 'foundry01' AND state = 'invoiced'")
    assert {number for (number,) in invoiced} == numbers
    told = ours.rows("SELECT count(*) FROM delivery WHERE connection = 'foundry01' AND document = 'verdict'")
    assert told[0][0] >= 2 + 3 * len(numbers)  # stock and catalogue, and what answered each order
    answered = {path.name for path in (ours.folder / "sftp" / "foundry01" / "out" / "done").glob("*_997.edi")}
    assert len(answered) >= len(numbers)
