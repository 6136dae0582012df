"""What a partner file may say about a NetSuite account."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from connectors.netsuite.auth import account_id, host_form
from hub.model.base import Quantity, SomeQuantity
from hub.model.money import Currency

#: A location whose stock and shipments the hub leaves alone.
IGNORE = "ignore"


Seconds = Annotated[float, Field(gt=0, le=900)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
#: What an order may hold beside its goods, as an item of NetSuite says it.
ChargeItem = Literal["shipping", "tax", "discount", "payment"]


class Flow(StrEnum):
    """The documents that may flow over a connection, by name."""

    LOCATIONS = "locations"
    VENDORS = "vendors"
    STOCK = "stock"
    ITEMS = "items"
    TRANSFERS = "transfers"
    ORDERS = "orders"
    DROP_SHIP_ORDERS = "drop_ship_orders"
    SHIPMENTS = "shipments"
    SHIP_ORDERS = "ship_orders"
    SALES_ORDERS = "sales_orders"
    PURCHASE_ORDERS = "purchase_orders"
    SUPPLIER_ORDERS = "supplier_orders"
    FULFILMENTS = "fulfilments"
    RECEIPTS = "receipts"
    BILLS = "bills"
    ADJUSTMENTS = "adjustments"
    TRANSFER_ORDERS = "transfer_orders"


#: Documents for which lines of NetSuite's own records are matched by SKU.
_BY_NAME = frozenset(
    {
        *(Flow.ORDERS, Flow.SALES_ORDERS, Flow.DROP_SHIP_ORDERS, Flow.TRANSFERS, Flow.PURCHASE_ORDERS),
        *(Flow.FULFILMENTS, Flow.RECEIPTS, Flow.BILLS),
    }
)


class Figure(StrEnum):
    """Which quantity of an item at a location is its stock."""

    AVAILABLE = "available"  # NetSuite has taken its open orders off
    ON_HAND = "on_hand"


class ItemKey(StrEnum):
    """Which id of an item our SKU is."""

    NAME = "name"  # Item Name/Number
    EXTERNAL_ID = "external_id"


class CustomerRule(StrEnum):
    """Whom the orders that we make belong to."""

    ONE = "one"  # all to the one that `customer` names
    EMAIL = "email"  # to the customer with the buyer's e-mail address, who is made when there is none


class ListValue(BaseModel):
    """A value of a list in NetSuite, by its internal id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id


#: What a field of every record may hold; times have a zone.
Constant = bool | Decimal | int | AwareDatetime | ListValue | tuple[ListValue, ...] | str


def _service_address(value: str) -> str:
    """Return `https://host[:port]`; plain http is for this machine only, because signatures go along."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError(f"{value!r} is not an address such as https://1234567.suitetalk.api.netsuite.com")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError(f"{value!r} would send orders in the clear; use https")
    return f"{parts.scheme}://{parts.netloc}"


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class NetSuiteSettings(BaseModel):
    """The `[connection]` table of a NetSuite account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Annotated[str, AfterValidator(account_id), Field(description="1234567, or 1234567_SB1 for a sandbox")]
    consumer_key: Annotated[SecretStr, Field(description="of the integration record, as `secret:name`")]
    consumer_secret: Annotated[SecretStr, Field(description="of the integration record, as `secret:name`")]
    token_id: Annotated[SecretStr, Field(description="of the access token, as `secret:name`")]
    token_secret: Annotated[SecretStr, Field(description="of the access token, as `secret:name`")]
    endpoint: Annotated[
        str, StringConstraints(pattern=r"^20[1-3][0-9]_[12]$"), Field(description="version of the SOAP endpoint")
    ] = "2025_2"
    url: Annotated[
        str | None,
        AfterValidator(lambda value: None if value is None else _service_address(value)),
        Field(description="the account's own SOAP address; made from the account id when absent"),
    ] = None
    wsdl_folder: Annotated[
        Path, Field(description="where `crossdock netsuite fetch-wsdl` puts the account's WSDL, a folder a version")
    ] = Path("data/netsuite")
    documents: Annotated[frozenset[Flow], Field(min_length=1, description="which documents flow here")]
    locations: Annotated[Mapping[Id, Word], Field(description="location id = our node code, or `ignore`")] = {}
    customer: Annotated[Id | None, Field(description="internal id of the customer on the orders we make")] = None
    customers: Annotated[CustomerRule, Field(description="whose orders are: `one` customer's, or found by `email`")] = (
        CustomerRule.ONE
    )
    vendors: Annotated[Mapping[Word, Id], Field(description="our supplier code = internal id of the vendor")] = {}
    vendor_stock: Annotated[
        Quantity | None, Field(description="units that a drop-ship item's vendor is taken to have; NetSuite knows none")
    ] = None
    drop_ship_location: Annotated[
        Id | None,
        Field(description="location of goods that other partners ship: they are received and fulfilled there"),
    ] = None
    currencies: Annotated[
        Mapping[Currency, Id],
        Field(description="ISO code = internal id of the currency; the account's own may be left to NetSuite"),
    ] = {}
    charge_items: Annotated[
        Mapping[ChargeItem, Id],
        Field(description="`shipping`, `tax`, `discount` or `payment` = the item whose line says it on orders"),
    ] = {}
    adjustment_account: Annotated[Id | None, Field(description="internal id of the account of adjustments")] = None
    subsidiary: Annotated[
        Id | None, Field(description="read the records of this subsidiary only, and make ours in it")
    ] = None
    unit: Annotated[Id | None, Field(description="internal id of our selling unit, said on each line that we make")] = (
        None
    )
    units: Annotated[
        Mapping[Word, SomeQuantity], Field(description="NetSuite's name of a unit = how many of ours; others are 1")
    ] = {}
    item_key: Annotated[ItemKey, Field(description="what of an item is our SKU: `name` or `external_id`")] = (
        ItemKey.NAME
    )
    prefix: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9:_.-]{0,40}$"),
        Field(description="stands before our numbers in external ids, which other integrations may use too"),
    ] = "crossdock:"
    constants: Annotated[
        Mapping[Word, Mapping[Word, Constant]],
        Field(description="record type -> field or custom field's script id -> value put on each that we make"),
    ] = {}
    stock_figure: Annotated[Figure, Field(description="`available` or `on_hand`")] = Figure.AVAILABLE
    overlap_minutes: Annotated[
        int, Field(ge=1, le=1440, description="every reading goes back this far; what comes again changes nothing")
    ] = 10
    page_size: Annotated[int, Field(ge=5, le=1000, description="records a search page")] = 200
    availability_size: Annotated[int, Field(ge=1, le=10_000, description="items a stock call")] = 1000
    concurrency: Annotated[
        int, Field(ge=1, le=50, description="calls at one time over all connections of this process to the account")
    ] = 4
    connect_timeout: Annotated[Seconds, Field(description="seconds to wait for a connection")] = 10.0
    read_timeout: Annotated[Seconds, Field(description="seconds to wait for the next bytes of a reply")] = 300.0
    max_reply_mb: Annotated[int, Field(ge=1, le=1024, description="a larger reply is refused")] = 128

    @model_validator(mode="after")
    def _flows_go_together(self) -> Self:
        if {Flow.PURCHASE_ORDERS, Flow.SUPPLIER_ORDERS} <= self.documents:
            raise ValueError(
                "purchase_orders records our orders in our own NetSuite, supplier_orders are sales of a supplier's: "
                "name one of them"
            )
        if Flow.ADJUSTMENTS in self.documents and self.adjustment_account is None:
            raise ValueError(
                "adjustments need adjustment_account, the internal id of the account that they are booked to"
            )
        named = sorted(self.documents & _BY_NAME) if self.item_key is ItemKey.EXTERNAL_ID else []
        if named:
            words = "the lines of NetSuite's own records name items by name only"
            raise ValueError(f'{words}: {", ".join(named)} need item_key = "name"')
        return self

    @property
    def base(self) -> str:
        """The account's own address."""
        return self.url or f"https://{host_form(self.account)}.suitetalk.api.netsuite.com"

    def service_at(self, base: str) -> str:
        """Return where calls go at an address."""
        return f"{base}/services/NetSuitePort_{self.endpoint}"

    @property
    def wsdl(self) -> Path:
        """Where the account's own WSDL lies."""
        return self.wsdl_folder / self.endpoint / "netsuite.wsdl"
