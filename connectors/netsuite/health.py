"""Is this account fit for its flows: login, permissions, endpoint, clock, concurrency, locations; each with a cure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from connectors.netsuite.gate import Gate
from connectors.netsuite.gateway import Gateway, Governance, Reader, Wanted
from connectors.netsuite.settings import Flow, NetSuiteSettings
from hub.clock import Clock
from hub.contract import ConnectorError, Health, Point, TemporaryFailure

#: An endpoint is worth a word when it is older than this many releases; Oracle supports about six.
_OLD_RELEASES = 5
#: Clocks that differ by more than this are worth a word; NetSuite refuses a passport some minutes off.
_TOLERATED_SKEW = timedelta(seconds=60)
#: The last SOAP endpoint that Oracle plans; from 2028.2 on there is none at all.
LAST_ENDPOINT, SOAP_ENDS = "2025_2", date(2028, 8, 1)
_LOOKED_AT = {
    Flow.LOCATIONS: "Location",
    Flow.VENDORS: "Vendor",
    Flow.TRANSFERS: "TransferOrder",
    Flow.TRANSFER_ORDERS: "TransferOrder",
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
_PERMIT = "give the token's role these permissions"
_TURN_ON = "turn the feature on in NetSuite: Setup > Company > Enable Features (stock needs Multi-Location Inventory)"
#: The points that are told in one sentence too.
_TOLD = frozenset({"concurrency", "locations"})
_BY_CUSTOMER = frozenset({Flow.SHIP_ORDERS, Flow.SALES_ORDERS, Flow.SUPPLIER_ORDERS})


class Doctor:
    """What `crossdock connection check` asks of one account."""

    def __init__(self, gateway: Gateway, reader: Reader, settings: NetSuiteSettings, gate: Gate, clock: Clock) -> None:
        self._gateway, self._reader, self._settings, self._gate, self._clock = gateway, reader, settings, gate, clock

    def check(self) -> Health:
        """Return whether every flow can work, point by point; never raises for an account that refuses us."""
        settings = self._settings
        try:
            skew = self._gateway.now() - self._clock.now()
            login = Point(
                "login", ok=True, sentence=f"account {settings.account} answers at endpoint {settings.endpoint}"
            )
            flows = tuple(self._flows())
            refused = [each for each in flows if not each.ok]
            if refused:
                todo = "; ".join(dict.fromkeys(each.todo for each in refused))
                return Health(ok=False, sentence=_said(refused), todo=todo, points=(login, *flows))
            rest = tuple(self._rest(skew))
        except ConnectorError as error:
            return Health(ok=False, sentence=" ".join(error.what.split()), todo=error.todo)
        todo = "; ".join(each.todo for each in rest if each.todo)
        said = f"NetSuite {_said([login, *(each for each in rest if each.name in _TOLD)])}"
        return Health(ok=True, sentence=said, todo=todo, points=(login, *flows, *rest))

    def _flows(self) -> Iterator[Point]:
        """Yield whether this role may see the records of each flow, and whether stock is a feature of the account."""
        for type_ in sorted({_LOOKED_AT[flow] for flow in self._settings.documents}):
            needing = sorted(flow for flow in self._settings.documents if _LOOKED_AT[flow] == type_)
            yield _tried(", ".join(needing), type_, self._sees)
        if Flow.STOCK in self._settings.documents:
            yield _tried(Flow.STOCK.value, "stock of items by location", self._tells_stock)

    def _rest(self, skew: timedelta) -> Iterator[Point]:
        """Yield what does not stop a flow and is worth a word all the same; `todo` says what to do about it."""
        yield Point("concurrency", ok=True, sentence=_share(self._governance(), self._gate))
        domain = self._domain()
        todo = f'set url = "{domain}": NetSuite says that the account lives there' if domain else ""
        yield Point("host", ok=True, sentence=domain or self._settings.base, todo=todo)
        unmapped = list(self._unmapped())
        said = f"{len(self._settings.locations)} locations mapped"
        said += f", {len(unmapped)} not mapped: {', '.join(unmapped)}" if unmapped else ""
        todo = f'add to [connection.locations] an id = "NODE" or "ignore" for {", ".join(unmapped)}' if unmapped else ""
        yield Point("locations", ok=True, sentence=said, todo=todo)
        seconds, off = skew.total_seconds(), abs(skew) > _TOLERATED_SKEW
        todo = f"set this machine's clock: NetSuite's is {seconds:+.0f} s from it" if off else ""
        yield Point("clock", ok=True, sentence=f"NetSuite's clock is {seconds:+.0f} s from ours", todo=todo)
        yield Point("endpoint", ok=True, sentence=self._settings.endpoint, todo="; ".join(self._old_endpoint()))
        yield self._unknown_codes()
        yield from self._nobody()

    def _unknown_codes(self) -> Point:
        """Tell how often NetSuite has answered with what the table of codes does not know, by code."""
        counts = sorted(self._gateway.unknown_codes().items(), key=lambda each: (-each[1], each[0]))
        said = ", ".join(f"{code} {count}" for code, count in counts)
        todo = f"report these codes, whose meaning is not known yet: {said}" if said else ""
        return Point("codes", ok=True, sentence=f"unknown codes so far: {said or 'none'}", todo=todo)

    def _old_endpoint(self) -> Iterator[str]:
        today, endpoint = self._clock.now().date(), self._settings.endpoint
        if _releases_between(endpoint, today) > _OLD_RELEASES:
            yield f"set endpoint to {LAST_ENDPOINT} and fetch its WSDL: {endpoint} is old"
        if today >= date(2027, 1, 1) and endpoint != LAST_ENDPOINT:
            yield f"set endpoint to {LAST_ENDPOINT}: with 2027.1 no other is supported, and SOAP ends with 2028.2"

    def _nobody(self) -> Iterator[Point]:
        if self._settings.customer is None and self._settings.documents & _BY_CUSTOMER:
            todo = "set customer to the internal id of the customer that the orders we make belong to"
            yield Point("customer", ok=True, sentence="no customer is named", todo=todo)

    def _sees(self, type_: str) -> None:
        self._gateway.search(Wanted(type_, size=5, beyond=2**62))

    def _tells_stock(self, _: str) -> None:
        """Ask for the stock of one item: that needs a feature of its own (Multi-Location Inventory)."""
        items = self._gateway.search(Wanted("Item", size=5)).records
        if items:
            self._gateway.availability([items[0].id])

    def learn_limits(self) -> None:
        """Ask once in this process how many calls the account grants us, and keep within that."""
        if not self._gate.asked:
            self._governance()

    def _governance(self) -> Governance:
        """Return the account's limits, and keep within the part that is ours; a role may not see them."""
        self._gate.asked = True
        try:
            limits = self._gateway.governance()
        except ConnectorError:
            return Governance(None, None)
        granted = limits.integration or limits.account
        if granted:
            self._gate.limit(granted)
        return limits

    def _domain(self) -> str:
        """Return where NetSuite says that the account lives, empty when that is where we call or nobody says."""
        try:
            found = self._gateway.domain()
        except ConnectorError:
            return ""
        return "" if found == self._settings.base else found

    def _unmapped(self) -> Iterator[str]:
        if Flow.LOCATIONS in self._settings.documents:
            return  # every one of them is a node by itself
        for each in self._gateway.search(Wanted("Location", size=self._settings.page_size)).records:
            fields = self._reader.record(each.content).fields
            if each.id not in self._settings.locations and fields.get("isInactive") != "true":
                yield f"{fields.get('name', '?')} ({each.id})"


def _tried(flows: str, what: str, look: Callable[[str], None]) -> Point:
    """Return whether flows get what they need, and the cure when a look at it is refused."""
    try:
        look(what)
    except TemporaryFailure:
        raise
    except ConnectorError as error:
        feature = error.code.endswith("FEATURE_UNAVAILABLE")
        said = f"{flows}: {' '.join(error.what.split())}"
        return Point(flows, ok=False, sentence=said, todo=_TURN_ON if feature else _PERMIT)
    return Point(flows, ok=True, sentence=f"{flows}: {what} can be seen")


def _said(points: Iterable[Point]) -> str:
    return "; ".join(each.sentence for each in points)


def _share(limits: Governance, gate: Gate) -> str:
    granted = limits.integration or limits.account
    whose = "of our integration" if limits.integration else "of the whole account"
    return f"at most {gate.width} calls at a time" + (f" of {granted} {whose}" if granted else "")


def _releases_between(endpoint: str, today: date) -> int:
    year, half = (int(part) for part in endpoint.split("_"))
    return 2 * (today.year - year) + (1 if today.month < 8 else 2) - half
