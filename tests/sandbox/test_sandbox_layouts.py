"""The sandbox's files and the hub's house templates are written apart; here they meet."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import paramiko
import pytest

from connectors.files.settings import FilesSettings
from connectors.shopify.settings import ShopifySettings
from hub.contract import BadRecord, Translator
from hub.mapping.house import house_folder
from hub.mapping.partner_file import PartnerFile, load
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.place import Address
from hub.model.purchase import FulfillmentOrder, Outcome, PurchaseLine, PurchaseOrder
from sandbox.robots.csv_style import CsvStyle
from sandbox.robots.files import PURCHASE_HEADER, SHIP_ORDER_HEADER
from sandbox.world import RunningSandbox
from tests.sandbox.clients import LogIn, ShopClient

_SETTINGS = {"files": FilesSettings, "shopify": ShopifySettings}


def _partner(sandbox: RunningSandbox, code: str) -> PartnerFile:
    return load(
        sandbox.folder / "mappings" / f"{code}.toml",
        house=house_folder(),
        settings_models=_SETTINGS,
        secrets=lambda name: (sandbox.folder / "secrets" / name).read_text("utf-8"),
    )


def _translator(file: PartnerFile) -> Translator:
    translator = file.profile().translator
    assert translator is not None
    return translator


def _document(translator: Translator, kind: Kind, direction: Direction) -> str:
    return next(each.name for each in translator.documents() if (each.kind, each.direction) == (kind, direction))


def _read(translator: Translator, kind: Kind, content: bytes) -> list[Any]:
    records = list(translator.parse(_document(translator, kind, Direction.IN), content))
    assert [record for record in records if isinstance(record, BadRecord)] == []
    return records


def _order(kind: type[FulfillmentOrder], order: dict[str, Any], **more: object) -> Record:
    line = order["line_items"][0]
    return kind(
        number="N-1",
        node="ACME01",
        order_id="O-1",
        channel="shop",
        channel_order=str(order["id"]),
        channel_number=order["name"],
        ordered_at=datetime(2026, 11, 20, tzinfo=UTC),
        ship_to=Address(
            name='Ana "A." Ångström, Jr.', street="1 Main\nStreet", city="Chicago", postal_code="60607", country="US"
        ),
        lines=(
            PurchaseLine(line_number=1, sku=line["sku"], quantity=Decimal("2.00"), channel_line=str(line["id"])),
            PurchaseLine(line_number=2, sku="OTHER", quantity=Decimal(1), unit_cost=Decimal("9.9"), channel_line="7"),
        ),
        **more,
    )


def _bytes_of(client: paramiko.SFTPClient, path: str) -> bytes:
    with client.open(path) as stream:
        return stream.read()


def test_every_file_of_the_sandbox_is_one_that_the_hub_takes(sandbox: RunningSandbox) -> None:
    files = [_partner(sandbox, path.stem) for path in (sandbox.folder / "mappings").glob("*.toml")]
    assert {file.partner.code for file in files} == set(sandbox.info["partners"])
    assert [failure for file in files for failure in file.run_tests()] == []
    assert {node.code for file in files for node in file.partner.nodes} == {"DC1", "ACME01", "BOREALIS01"}
    assert all(node.coordinates and node.address for file in files for node in file.partner.nodes)


@pytest.mark.parametrize(
    ("code", "kind", "model", "header", "more"),
    [
        ("acme01", Kind.PURCHASE_ORDER, PurchaseOrder, PURCHASE_HEADER, {"supplier": "acme01", "currency": "USD"}),
        ("dc1", Kind.SHIP_ORDER, FulfillmentOrder, SHIP_ORDER_HEADER, {}),
    ],
)
def test_robots_read_what_the_hub_writes(
    sandbox: RunningSandbox,
    shop: ShopClient,
    code: str,
    kind: Kind,
    model: type[FulfillmentOrder],
    header: tuple[str, ...],
    more: dict[str, object],
) -> None:
    order = shop.get("/orders.json").json()["orders"][0]
    translator = _translator(_partner(sandbox, code))
    document, record = _document(translator, kind, Direction.OUT), _order(model, order, **more)
    assert Path(translator.file_name(document, record)).name == ("SO_N-1.csv" if code == "dc1" else "PO_N-1.csv")
    first, second = CsvStyle().read_order(translator.render(document, record), header)
    assert (first.po, first.line, first.sku, first.quantity) == ("N-1", "1", order["line_items"][0]["sku"], 2)
    assert (first.order, first.order_line) == (str(order["id"]), str(order["line_items"][0]["id"]))
    assert (second.sku, second.quantity, second.order_line) == ("OTHER", 1, "7")


def test_the_hub_reads_what_robots_write(sandbox: RunningSandbox, shop: ShopClient, log_in: LogIn) -> None:
    translator = _translator(_partner(sandbox, "acme01"))
    offer = next(firm for firm in sandbox._site.world.firms if firm.code == "acme01").offers[0]
    order = shop.get("/orders.json").json()["orders"][0]
    order["line_items"][0]["sku"] = offer.sku
    record = _order(PurchaseOrder, order, supplier="acme01", currency="USD")
    with log_in("acme01") as client:
        with client.open("/in/PO_N-1.csv", "w") as stream:
            stream.write(translator.render(_document(translator, Kind.PURCHASE_ORDER, Direction.OUT), record))
        sandbox.wait(lambda state: state["settled"] and state["lines_shipped"] == 1)
        names = [name for name in client.listdir("/out") if name.endswith(".csv")]
        files = {name.partition("_")[0]: _bytes_of(client, f"/out/{name}") for name in names}
    (answer,) = _read(translator, Kind.ACKNOWLEDGEMENT, files["ACK"])
    assert [(line.outcome, line.quantity) for line in answer.lines] == [(Outcome.ACCEPTED, 2), (Outcome.REJECTED, 0)]
    (shipment,) = _read(translator, Kind.SHIPMENT, files["SHIP"])
    assert (shipment.order_number, shipment.shipment_number) == ("N-1", "ACME01-00001")
    assert [(line.line_number, line.quantity, line.short) for line in shipment.lines] == [(1, 2, 0)]
    levels = {level.sku: level.quantity for level in _read(translator, Kind.STOCK_LEVEL, files["inventory.csv"])}
    assert levels[offer.sku] == offer.stock - 2
    prices = {entry.sku: entry.price for entry in _read(translator, Kind.CATALOGUE_ENTRY, files["catalogue.csv"])}
    assert prices[offer.sku] == offer.price
