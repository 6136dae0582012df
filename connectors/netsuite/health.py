"""Is this account fit for its flows: login, permissions, endpoint, clock, concurrency, locations; each with a cure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.netsuite import soap
from connectors.netsuite.gate import Gate
from connectors.netsuite.gateway import Gateway, Governance, Wanted
from connectors.netsuite.settings import Flow, NetSuiteSettings
from connectors.netsuite.wire import TOLERATED_SKEW, SoapWire
from hub.clock import Clock
from hub.contract import ConnectorError, Health, TemporaryFailure

#: An endpoint is worth a word when it is older than this many releases; Oracle supports about six.
_OLD_RELEASES = 5
#: The last SOAP endpoint that Oracle plans; from 2028.2 on there is none at all.
LAST_ENDPOINT, SOAP_ENDS = "2025_2", date(2028, 8, 1)
_LOOKED_AT = {
    Flow.LOCATIONS: "Location",
    Flow.VENDORS: "Vendor",
    Flow.TRANSFERS: "TransferOrder",
    Flow.DROP_SHIP_ORDERS: "SalesOrder",
    Flow.ADJUSTMENTS: "InventoryAdjustment",
    Flow.ORDERS: "SalesOrder",
    Flow.SHIPMENTS: "ItemFulfillment",
    Flow.ITEMS: "Item",
    Flow.STOCK: "Item",
    Flow.SHIP_ORDERS: "SalesOrder",
    Flow.SALES_ORDERS: "SalesOrder",
    Flow.SUPPLIER_ORDERS: "SalesOrder",
    Flow.PURCHASE_ORDERS: "PurchaseOrder",
    Flow.FULFILMENTS: "ItemFulfillment",
    Flow.RECEIPTS: "ItemReceipt",
    Flow.BILLS: "VendorBill",
}
_BY_CUSTOMER = frozenset({Flow.SHIP_ORDERS, Flow.SALES_ORDERS, Flow.SUPPLIER_ORDERS})


class Doctor:
    """What `crossdock connection check` asks of one account."""

    def __init__(self, gateway: Gateway, wire: SoapWire, settings: NetSuiteSettings, gate: Gate, clock: Clock) -> None:
        self._gateway, self._wire, self._settings, self._gate, self._clock = gateway, wire, settings, gate, clock

    def check(self) -> Health:
        """Return whether every flow can work; never raises for an account that is away or refuses us."""
        try:
            self._gateway.now()
            refused = list(self._refused())
            if refused:
                return Health(ok=False, sentence="; ".join(refused), todo="give the token's role these permissions")
            limits = self._governance()
            unmapped = list(self._unmapped())
        except ConnectorError as error:
            return Health(ok=False, sentence=" ".join(error.what.split()), todo=error.todo)
        sentence = (
            f"NetSuite account {self._settings.account} answers at endpoint {self._settings.endpoint}"
            f"; {_share(limits, self._gate)}; {len(self._settings.locations)} locations mapped"
        )
        sentence += f", {len(unmapped)} not mapped: {', '.join(unmapped)}" if unmapped else ""
        return Health(ok=True, sentence=sentence, todo="; ".join(self._todos(unmapped)))

    def _refused(self) -> Iterator[str]:
        """Yield the flows whose records this role may not see."""
        for type_ in sorted({_LOOKED_AT[flow] for flow in self._settings.documents}):
            try:
                self._gateway.search(Wanted(type_, size=5, beyond=2**62))
            except TemporaryFailure:
                raise
            except ConnectorError as error:
                needing = sorted(flow for flow in self._settings.documents if _LOOKED_AT[flow] == type_)
                yield f"{', '.join(needing)}: {' '.join(error.what.split())}"

    def _governance(self) -> Governance:
        """Return the account's limits, and keep within the part that is ours; a role may not see them."""
        try:
            limits = self._gateway.governance()
        except ConnectorError:
            return Governance(None, None)
        granted = limits.integration or limits.account
        if granted:
            self._gate.limit(granted)
        return limits

    def _unmapped(self) -> Iterator[str]:
        for each in self._gateway.search(Wanted("Location", size=self._settings.page_size)).records:
            fields = soap.record(each.content).fields
            if each.id not in self._settings.locations and fields.get("isInactive") != "true":
                yield f"{fields.get('name', '?')} ({each.id})"

    def _todos(self, unmapped: list[str]) -> Iterator[str]:
        if unmapped:
            yield f'add to [connection.locations] an id = "NODE" or "ignore" for {", ".join(unmapped)}'
        if abs(self._wire.skew) > TOLERATED_SKEW:
            seconds = self._wire.skew.total_seconds()
            yield f"set this machine's clock: NetSuite's is {seconds:+.0f} s from it"
        today = self._clock.now().date()
        if _releases_between(self._settings.endpoint, today) > _OLD_RELEASES:
            yield f"set endpoint to {LAST_ENDPOINT} and fetch its WSDL: {self._settings.endpoint} is old"
        if today >= date(2027, 1, 1) and self._settings.endpoint != LAST_ENDPOINT:
            yield f"set endpoint to {LAST_ENDPOINT}: with 2027.1 no other is supported, and SOAP ends with 2028.2"
        if self._settings.customer is None and self._settings.documents & _BY_CUSTOMER:
            yield "set customer to the internal id of the customer that the orders we make belong to"


def _share(limits: Governance, gate: Gate) -> str:
    granted = limits.integration or limits.account
    whose = "of our integration" if limits.integration else "of the whole account"
    return f"at most {gate.width} calls at a time" + (f" of {granted} {whose}" if granted else "")


def _releases_between(endpoint: str, today: date) -> int:
    year, half = (int(part) for part in endpoint.split("_"))
    return 2 * (today.year - year) + (1 if today.month < 8 else 2) - half
