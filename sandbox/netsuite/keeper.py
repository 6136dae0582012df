"""The merchant's own NetSuite in a sandbox: the account that keeps its books, and the hub's file of it."""

from __future__ import annotations

from pathlib import Path

from hub.clock import Clock
from sandbox.netsuite.books import Books
from sandbox.netsuite.envelope import Namespaces
from sandbox.netsuite.service import Service
from sandbox.netsuite.wsdl import documents
from sandbox.plan import Kind, World
from sandbox.web import WebServer

ENDPOINT = "2025_2"
#: What the hub is to tell the account, and what comes of it there.
_DOCUMENTS = ("sales_orders", "purchase_orders", "receipts", "fulfilments", "bills")
_RECORDS = {
    "sales_orders": "SalesOrder",
    "purchase_orders": "PurchaseOrder",
    "receipts": "ItemReceipt",
    "fulfilments": "ItemFulfillment",
    "bills": "VendorBill",
    "customers": "Customer",
}


class BooksKeeper:
    """An account with a location for each place of ours, a vendor for each supplier, and every item."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._currency, self._service = world.currency, Service(clock)
        self._web = WebServer(self._service.handle)
        self._elsewhere, self._locations = _fill(self._service.books, world)

    async def start(self, port: int) -> int:
        """Listen; returns the port."""
        return await self._web.start(port)

    async def close(self) -> None:
        """Stop listening."""
        await self._web.close()

    def counts(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        return {name: len(self._service.books.of(type_)) for name, type_ in _RECORDS.items()}

    def write_files(self, folder: Path, port: int) -> None:
        """Write the partner file, its secrets, and the WSDL where `crossdock netsuite fetch-wsdl` would put it."""
        for path, text in documents(ENDPOINT).items():
            file = folder / "netsuite" / ENDPOINT / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        access = self._service.access
        for name in ("consumer_key", "consumer_secret", "token", "token_secret"):
            secret = folder / "secrets" / f"erp_{name}"
            secret.touch(mode=0o600)
            secret.write_text(getattr(access, name), encoding="utf-8")
        (folder / "mappings" / "erp.toml").write_text(self._partner_file(folder, port), encoding="utf-8")

    def _partner_file(self, folder: Path, port: int) -> str:
        places = "\n".join(f'"{id_}" = "{node}"' for id_, node in self._locations.items())
        return f"""# The merchant's own NetSuite. Written when the sandbox started.
version = 1

[partner]
code = "erp"
name = "Our NetSuite"
role = "warehouse"
currency = "{self._currency}"

[partner.agreement]
acknowledges = false

[connection]
connector = "netsuite"
account = "{self._service.access.account}"
url = "http://127.0.0.1:{port}"
endpoint = "{ENDPOINT}"
wsdl_folder = '{folder / "netsuite"}'
consumer_key = "secret:erp_consumer_key"
consumer_secret = "secret:erp_consumer_secret"
token_id = "secret:erp_token"
token_secret = "secret:erp_token_secret"
documents = [{", ".join(f'"{each}"' for each in _DOCUMENTS)}]
customer = "77"
customers = "email"
drop_ship_location = "{self._elsewhere}"

[connection.locations]
{places}
"""


def _fill(books: Books, world: World) -> tuple[str, dict[str, str]]:
    """Make the master records; returns the location of goods that suppliers ship, and our node of each other one."""
    items = {sku: books.add_item(sku) for sku in world.items}
    locations: dict[str, str] = {}
    for firm in world.firms:
        if firm.kind is Kind.SUPPLIER:
            books.add_vendor(firm.code.upper(), firm.name, Namespaces(ENDPOINT), external_id=firm.code)
            continue
        location = books.add_location(firm.name)
        locations[location.id] = firm.node
        for offer in firm.offers:
            books.set_level(items[offer.sku].id, location.id, str(offer.stock))
    return books.add_location("Drop ship").id, locations
