"""How fast NetSuite's bulk messages are read and written, beside zeep and beside bare lxml, in one run.

`python -m benchmarks.netsuite --wsdl FOLDER/netsuite.wsdl [--rows N] [--zeep-rows N] [--orders N]`. The WSDL is the
account's own, as `crossdock netsuite fetch-wsdl` stores it. Stock is one reply of N rows; zeep reads a smaller one,
because it takes minutes for all, and is compared by rows a second. The floor parses the same bytes with lxml and asks
for four texts a row. Orders are one `upsertList` with three lines and three custom fields an order, from plain values
to bytes; both messages hold the same elements with the same texts, which is checked first. Processor time, the best of
several.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

from connectors.netsuite.compose import Node, envelope
from connectors.netsuite.schema import Schema
from connectors.netsuite.soap_reader import SoapReader

_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def stock_reply(version: str, rows: int) -> bytes:
    """Return the response element of getItemAvailability with so many rows, five locations an item."""
    core, messages = (f"urn:{part}_{version}.platform.webservices.netsuite.com" for part in ("core", "messages"))
    row = (
        '<c:itemAvailability><c:item internalId="{0}" type="inventoryItem"><c:name>SKU-{0:07d}</c:name></c:item>'
        "<c:lastQtyAvailableChange>2026-11-20T06:00:00.000-08:00</c:lastQtyAvailableChange>"
        '<c:locationId internalId="{1}" type="location"><c:name>Warehouse {1}</c:name></c:locationId>'
        "<c:quantityOnHand>{2}.0</c:quantityOnHand><c:onHandValueMli>129.36</c:onHandValueMli>"
        "<c:reorderPoint>50.0</c:reorderPoint><c:quantityOnOrder>0.0</c:quantityOnOrder>"
        "<c:quantityCommitted>0.0</c:quantityCommitted><c:quantityAvailable>{2}.0</c:quantityAvailable>"
        "</c:itemAvailability>"
    )
    body = "".join(row.format(number // 5, number % 5 + 1, number % 1000) for number in range(rows))
    return (
        f'<getItemAvailabilityResponse xmlns="{messages}" xmlns:c="{core}"><c:getItemAvailabilityResult>'
        f'<c:status isSuccess="true"/><c:itemAvailabilityList>{body}</c:itemAvailabilityList>'
        f"</c:getItemAvailabilityResult></getItemAvailabilityResponse>"
    ).encode()


def floor(content: bytes, version: str) -> list[tuple[Any, ...]]:
    """Read the rows with nothing but lxml."""
    core = f"{{urn:core_{version}.platform.webservices.netsuite.com}}"
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True))
    return [
        (
            row.find(f"{core}item").get("internalId"),
            row.findtext(f"{core}item/{core}name"),
            row.find(f"{core}locationId").get("internalId"),
            row.findtext(f"{core}quantityOnHand"),
            row.findtext(f"{core}quantityAvailable"),
        )
        for row in root.iter(f"{core}itemAvailability")
    ]


def order(number: int) -> dict[str, Any]:
    """Return the plain values of one sales order."""
    lines = [
        {"item": {"internalId": str(number + each)}, "quantity": "2", "rate": "9.95", "location": {"internalId": "3"}}
        for each in range(3)
    ]
    return {
        "externalId": f"crossdock:FO-{number}",
        "entity": {"internalId": "77"},
        "otherRefNum": f"#{number}",
        "memo": "shop order",
        "shippingAddress": {"country": "_unitedStates", "addr1": "1 Main St", "city": "Reno", "zip": "89501"},
        "itemList": {"replaceAll": True, "item": lines},
        "custom": [(f"custbody_{each}", f"value {each}") for each in range(3)],
    }


def ours(schema: Schema, orders: list[dict[str, Any]]) -> bytes:
    """Write the orders as the connector does."""
    records = []
    for each in orders:
        plain = {name: value for name, value in each.items() if name != "custom"}
        custom = [Node("StringCustomFieldRef", {"scriptId": name, "value": value}) for name, value in each["custom"]]
        records.append(Node("SalesOrder", {**plain, "customFieldList": {"customField": custom}}))
    return envelope(schema, "upsertList", {"record": records}, None, {})


def zeeps(client: Any, service: Any, version: str, orders: list[dict[str, Any]]) -> bytes:  # noqa: ANN401 - zeep has no types
    """Write the orders as zeep does."""
    sale = client.get_type(f"{{urn:sales_{version}.transactions.webservices.netsuite.com}}SalesOrder")
    custom = client.get_type(f"{{urn:core_{version}.platform.webservices.netsuite.com}}StringCustomFieldRef")
    records = []
    for each in orders:
        plain = {name: value for name, value in each.items() if name != "custom"}
        fields = [custom(scriptId=name, value=value) for name, value in each["custom"]]
        records.append(sale(**plain, customFieldList={"customField": fields}))
    return bytes(etree.tostring(client.create_message(service, "upsertList", record=records)))


def told(content: bytes) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Return every element of the body in order: its full name, its text, its attributes without prefixes."""
    root = etree.fromstring(content)
    body = next(each for each in root if each.tag.endswith("}Body"))
    return [
        (
            each.tag,
            (each.text or "").strip(),
            tuple(sorted((name, value.rpartition(":")[2]) for name, value in each.attrib.items() if value)),
        )
        for each in body.iter()
    ]


def best(work: Callable[[], object], runs: int) -> float:
    """Return the least processor time of several runs, in seconds."""
    spent = []
    for _ in range(runs):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def read_stock(wsdl: Path, rows: int, zeep_rows: int, runs: int) -> dict[str, float]:
    """Compare how stock is read; rows a second."""
    client = zeep.Client(str(wsdl))
    version = next(iter(client.wsdl.bindings)).partition("_")[2][:6]
    content, small = stock_reply(version, rows), stock_reply(version, zeep_rows)
    levels = SoapReader().levels
    if [tuple(each) for each in levels(small)] != floor(small, version):
        raise SystemExit("the connector and the floor read different rows")
    operation = next(iter(client.wsdl.bindings.values())).get("getItemAvailability")
    said = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{small.decode()}</e:Body></e:Envelope>'
    whole = etree.fromstring(said.encode(), etree.XMLParser(huge_tree=True))
    seconds = {
        "ours": best(lambda: sum(1 for _ in levels(content)), runs) / rows,
        "bare lxml": best(lambda: floor(content, version), runs) / rows,
        "zeep": best(lambda: operation.process_reply(whole), 1) / zeep_rows,
    }
    return {name: round(1 / each) for name, each in seconds.items()}


def write_orders(wsdl: Path, count: int, runs: int) -> dict[str, float]:
    """Compare how orders are written; orders a second."""
    client, schema = zeep.Client(str(wsdl)), Schema(wsdl)
    version = next(iter(client.wsdl.bindings)).partition("_")[2][:6]
    orders = [order(number) for number in range(count)]
    service = client.create_service(next(iter(client.wsdl.bindings)), "https://account.invalid/")
    if told(ours(schema, orders)) != told(zeeps(client, service, version, orders)):
        raise SystemExit("the connector and zeep write different messages")
    seconds = {
        "ours": best(lambda: ours(schema, orders), runs),
        "zeep": best(lambda: zeeps(client, service, version, orders), runs),
    }
    return {name: round(count / each) for name, each in seconds.items()}


def main() -> None:
    """Run both comparisons and print them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wsdl", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--zeep-rows", type=int, default=5000)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    stock = read_stock(options.wsdl, options.rows, options.zeep_rows, options.runs)
    orders = write_orders(options.wsdl, options.orders, options.runs)
    print(json.dumps({"stock rows a second": stock, "orders a second": orders}, indent=2))
    floors = stock["bare lxml"] / stock["ours"]
    print(f"stock: {stock['ours'] / stock['zeep']:.1f} x zeep, {floors:.2f} x the floor's time")
    print(f"orders: {orders['ours'] / orders['zeep']:.1f} x zeep")


if __name__ == "__main__":
    main()
