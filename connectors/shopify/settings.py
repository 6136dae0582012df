"""What a partner file may say about a Shopify shop."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from hub.model.base import Moment

#: A location that shows what our suppliers have, and one that the hub leaves alone.
SUPPLIERS, IGNORE = "suppliers", "ignore"


def _shop_address(value: str) -> str:
    """Return `https://host[:port]`; plain http is for this machine only, because the token goes along."""
    parts = urlsplit(value if "://" in value else f"https://{value}")
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError(f"{value!r} is not a shop's address such as https://my-shop.myshopify.com")
    if parts.scheme == "http" and not loopback(host):
        raise ValueError(f"{value!r} would send the token in the clear; use https")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


Seconds = Annotated[float, Field(gt=0, le=3600)]


class ShopifySettings(BaseModel):
    """The `[connection]` table of a shop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop_url: Annotated[str, AfterValidator(_shop_address), Field(description="https://my-shop.myshopify.com")]
    token: Annotated[
        SecretStr | None, Field(description="lasting Admin API access token of an older custom app, as `secret:name`")
    ] = None
    client_id: Annotated[
        str, Field(description="the app's client id; with its secret the hub gets tokens of a day by itself")
    ] = ""
    client_secret: Annotated[
        SecretStr | None,
        Field(description="the app's client secret, as `secret:name`; it also proves that webhooks are the shop's"),
    ] = None
    old_client_secret: Annotated[
        SecretStr | None, Field(description="the secret before a rotation; webhooks signed with it are still taken")
    ] = None
    api_version: Annotated[
        str,
        StringConstraints(pattern=r"^(\d{4}-(01|04|07|10)|unstable)$"),
        Field(description="quarterly version of the Admin API; each is served for at least a year"),
    ] = "2026-07"
    locations: Annotated[
        Mapping[Annotated[str, StringConstraints(pattern=r"^\d+$")], Annotated[str, StringConstraints(min_length=1)]],
        Field(description="the shop's location id = our node code, `suppliers`, or `ignore`"),
    ] = {}
    start_at: Annotated[
        Moment | None, Field(description="the first read takes orders updated since then; everything when absent")
    ] = None
    overlap_minutes: Annotated[
        int, Field(ge=2, le=1440, description="orders that appear in the shop's list this late are still seen")
    ] = 5
    sweep_days: Annotated[
        int, Field(ge=1, le=60, description="once a day a reading goes back so far, for what a list left out")
    ] = 2
    page_size: Annotated[int, Field(ge=1, le=250, description="orders a call")] = 250
    order_fields: Annotated[
        Literal["all", "needed"],
        Field(
            description="`all` keeps each order whole, to be mapped anew later; `needed` asks for what is read of it"
        ),
    ] = "all"
    fulfilment_orders: Annotated[
        Literal["in doubt", "always"],
        Field(description="when an order's fulfilment orders are read with it, a call each: `in doubt` or `always`"),
    ] = "in doubt"
    ask_risk: Annotated[
        bool,
        Field(description="ask how likely a fraud open orders are, for workflows with `risk`; a call for 100 of them"),
    ] = False
    hold_unpaid: Annotated[bool, Field(description="hold orders until they are paid in full")] = False
    move_fulfilments: Annotated[
        bool,
        Field(description="move fulfilment orders to the location that ships, when routed and again before fulfilling"),
    ] = True
    tell_promise: Annotated[
        bool,
        Field(
            description="write the promised day into the order's metafield `crossdock.promised_at`; needs write_orders"
        ),
    ] = False
    fulfilment_service: Annotated[
        bool,
        Field(description="the app is a fulfilment service: only what the merchant requests is shipped, and answered"),
    ] = False
    stock_over: Annotated[
        Literal["graphql", "rest"],
        Field(
            description="how stock is set: `graphql` (250 a call, compared first) or `rest` (one a call, the last wins)"
        ),
    ] = "graphql"
    webhook_url: Annotated[
        str,
        StringConstraints(pattern=r"^(https://.+|http://(127\.0\.0\.1|localhost)[:/].*)?$"),
        Field(description="the address under which the shop reaches this hub; with it webhooks are subscribed to"),
    ] = ""
    sku_minutes: Annotated[
        int, Field(ge=1, le=1440, description="for unknown SKUs the changed variants are read again at most this often")
    ] = 15
    connect_timeout: Annotated[Seconds, Field(description="seconds to wait for a connection")] = 10.0
    read_timeout: Annotated[Seconds, Field(description="seconds to wait for the next bytes of a reply")] = 60.0
    max_reply_mb: Annotated[int, Field(ge=1, le=1024, description="a larger reply is refused")] = 64

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.token is None and not (self.client_id and self.client_secret):
            raise ValueError("give a token, or client_id and client_secret")
        if self.token is not None and self.client_id:
            raise ValueError("give a token or a client_id, not both")
        return self

    @property
    def compares(self) -> bool:
        """Whether stock is set over GraphQL, compared first; before 2026-01 the API could not, as it is done here."""
        return self.stock_over == "graphql" and self.api_version >= "2026-01"

    @property
    def moves(self) -> bool:
        """Whether fulfilment orders are moved to where the goods come from; a fulfilment service may not."""
        return self.move_fulfilments and not self.fulfilment_service

    def location_of(self, node: str) -> str:
        """Return the location that stands for the node, empty when none does."""
        return next((location for location, code in self.locations.items() if code == node), "")

    def is_ours(self, location: str) -> bool:
        """Say whether something of ours ships from a location of the shop."""
        return self.locations.get(location, IGNORE) != IGNORE

    def node_at(self, location: str) -> str | None:
        """Return our node at a location, None when it is not mapped to one."""
        code = self.locations.get(location)
        return None if code in {SUPPLIERS, IGNORE} else code
