"""One order all the way round over SFTP: mapping file, files connector, the sandbox's robots and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from hub.contract import BadRecord, Connector, Outbound
from hub.mapping.partner_file import PartnerFile, load
from hub.model.place import Address
from hub.model.purchase import Acknowledgement, PurchaseLine, PurchaseOrder
from hub.model.shipment import Shipment
from hub.model.stock import StockLevel
from hub.testing.clock import START
from hub.testing.context import MemoryContext, MemoryNumbers
from hub.testing.drive import read_all
from sandbox.options import Behaviour, Options
from sandbox.world import RunningSandbox, start
from tests.waiting import wait_until

EXACT = Behaviour(reject=0, reduce=0, short=0, two_parcels=0, reaction=0.01, ship_after=0.01, sweep_every=0.1)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Options(orders=1, suppliers=2, items=12, behaviour=EXACT)) as running:
        yield running


def partner_file(sandbox: RunningSandbox, code: str, repository: Path) -> PartnerFile:
    def secret(name: str) -> str | None:
        return (sandbox.folder / "secrets" / name).read_text()

    models = {"files": PLUGIN.about.settings}
    house = repository / "mappings"
    return load(sandbox.folder / f"mappings/{code}.toml", house=house, settings_models=models, secrets=secret)


@pytest.fixture
def connector(sandbox: RunningSandbox, repository: Path) -> Iterator[Connector]:
    opened = PLUGIN.open(partner_file(sandbox, "acme01", repository).profile(), MemoryContext())
    yield opened
    opened.close()


def records(connector: Connector, document: str) -> list[Any]:
    """Every record that waits, or a failure if one could not be read."""
    found = [each for item in read_all(connector, document)[0] for each in connector.parse(document, item)]
    assert not [each for each in found if isinstance(each, BadRecord)]
    return found


def wait_for(connector: Connector, document: str) -> Any:
    return wait_until(lambda: records(connector, document), told=lambda: f"no {document} came")[0]


def an_order(sandbox: RunningSandbox, sku: str) -> PurchaseOrder:
    line = PurchaseLine(line_number=1, sku=sku, quantity="1", unit_cost="9.50", channel_line="77")
    return PurchaseOrder(
        number="PO-000001",
        node="ACME01",
        supplier="acme01",
        currency=sandbox.info["currency"],
        order_id="1",
        channel="shop",
        channel_order="55",
        channel_number="#1001",
        ordered_at=START,
        ship_to=Address(name="Ann", street="1 Elm St", city="Austin", region="TX", postal_code="73301", country="US"),
        lines=(line,),
    )


def test_an_order_goes_out_and_its_answers_come_back(sandbox: RunningSandbox, connector: Connector) -> None:
    assert connector.check().ok
    stock = records(connector, "stock")
    assert stock
    assert all(isinstance(level, StockLevel) for level in stock)
    assert {level.sku for level in stock} == {entry.sku for entry in records(connector, "catalogue")}

    sku = next(level.sku for level in stock if level.quantity >= 1)
    form = connector.render("order", an_order(sandbox, sku), MemoryNumbers())
    outbound = Outbound(document="order", key="PO-000001", content=form.content, name=form.name)
    assert connector.send(outbound).reference == "/in/PO_PO-000001.csv"

    acknowledgement: Acknowledgement = wait_for(connector, "acknowledgement")
    assert acknowledgement.order_number == "PO-000001"
    assert acknowledgement.lines[0].quantity == 1
    shipment: Shipment = wait_for(connector, "shipment")
    assert shipment.order_number == "PO-000001"
    assert shipment.lines[0].quantity == 1
    (held,) = sandbox.audit()["held"]
    assert (held["order"], held["line"], held["quantity"]) == ("55", "77", 1)
