"""Can we log in at a shop and do our work: in one sentence, with what is missing by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import mappings
from connectors.shopify.places import all_locations, how_to_map, unmapped
from connectors.shopify.settings import IGNORE, ShopifySettings
from hub.contract import AccessDenied, ConnectorError, Health, Point, Rejected

#: What each scope is for; a write scope includes its read scope. One of the fulfilment scopes is enough.
_NEEDED = {
    "read_orders": "reading orders",
    "read_products": "finding the items of our SKUs",
    "read_locations": "naming locations",
    "write_inventory": "setting stock",
}
_FULFILS = (
    "write_merchant_managed_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)

#: Seconds between the shop's clock and ours that nobody has to look at.
_TOLERATED_SKEW = 120


def check(client: ShopClient, settings: ShopifySettings) -> Health:
    """Return whether the shop lets us work, and what its clock shows; never raises for one that is away or refuses."""
    found = _asked(client, settings)
    shop = Point("shop", ok=found.ok, sentence=found.sentence, todo=found.todo)
    return replace(found, points=(shop, *_clocks(client)))


def _clocks(client: ShopClient) -> Iterable[Point]:
    """Compare clocks by the last reply, whose Date counts whole seconds."""
    if client.ahead is None:
        return
    seconds = round(client.ahead.total_seconds())
    off = abs(seconds) > _TOLERATED_SKEW
    words = f"the shop's is {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}" if seconds else "it shows our time"
    yield Point("clocks", ok=not off, sentence=words, todo="set our clock by the network (NTP)" if off else "")


def _asked(client: ShopClient, settings: ShopifySettings) -> Health:
    try:
        shop = _object(client, "shop.json", "shop")
        scopes = _scopes(client)
        # without the scope for them the locations cannot be asked for, and the scope is what is to be said
        known = not scopes or "read_locations" in _granted(scopes)
        locations = all_locations(client) if known else ()
    except ConnectorError as error:
        return Health(ok=False, sentence=error.what, todo=_no_shop(error, settings))
    name = f"{shop.get('name') or settings.shop_url} answers ({shop.get('currency')}, API {client.served_version})"
    missing = [*_missing(scopes, settings), *_missing_for(locations, scopes, settings)] if scopes else []
    if missing:
        todo = f"grant the app {', '.join(missing)}, then install it again"
        return Health(ok=False, sentence=f"{name}, but the app may not do everything it must", todo=todo)
    places, gone = unmapped(locations, settings), list(_not_there(locations, settings))
    sentence = f"{name}; {len(settings.locations)} locations mapped"
    sentence += f", {len(places)} not mapped: {', '.join(places)}; stock is not pushed" if places else ""
    sentence += f", {len(gone)} mapped that the shop has not or has closed: {', '.join(gone)}" if gone else ""
    todos = [*_of_places(places, gone), *_remarks(client, settings, scopes)]
    return Health(ok=True, sentence=sentence, todo="; ".join(todos))


def _no_shop(error: ConnectorError, settings: ShopifySettings) -> str:
    """Return what to do; under an address that nobody has, the answer is that there is nothing."""
    if error.code != "http 404":
        return error.todo
    return f"check shop_url: {settings.shop_url} is no shop; it is the address that ends in .myshopify.com"


def _of_places(places: list[str], gone: list[str]) -> Iterable[str]:
    if places:
        yield how_to_map(places)
    if gone:
        yield f"take out of [connection.locations], or open again in the shop: {', '.join(gone)}"


def _not_there(locations: Iterable[Mapping[str, object]], settings: ShopifySettings) -> Iterable[str]:
    """Yield what is mapped and is no active location of the shop."""
    active = {str(each.get("id")) for each in locations if each.get("active") is not False}
    mapped = ((id_, code) for id_, code in settings.locations.items() if code != IGNORE)
    yield from (f"{id_} ({code})" for id_, code in mapped if id_ not in active)


def _remarks(client: ShopClient, settings: ShopifySettings, scopes: frozenset[str]) -> Iterable[str]:
    if scopes and "read_all_orders" not in scopes:
        yield "orders older than 60 days are invisible without the scope read_all_orders"
    if client.served_version != settings.api_version:
        yield f"the shop serves API {client.served_version} instead of {settings.api_version}; set api_version"


def _scopes(client: ShopClient) -> frozenset[str]:
    """Return the scopes that the token has; none when the shop does not tell."""
    try:
        reply = client.get("/admin/oauth/access_scopes.json").json()
    except Rejected:
        return frozenset()
    rows = mappings(reply.get("access_scopes")) if isinstance(reply, dict) else ()
    return frozenset(str(row.get("handle")) for row in rows)


def _granted(scopes: frozenset[str]) -> frozenset[str]:
    """Return the scopes with those that they include."""
    return scopes | {scope.replace("write_", "read_", 1) for scope in scopes if scope.startswith("write_")}


def _missing_for(
    locations: Iterable[Mapping[str, object]], scopes: frozenset[str], settings: ShopifySettings
) -> Iterable[str]:
    """Yield the scope without which the shop hides the fulfilment orders of a location that we ship from.

    A location that a fulfilment service brought is `legacy`; the others are the merchant's own.
    """
    ours = [each for each in locations if settings.is_ours(str(each.get("id")))]
    own = [str(each.get("name")) for each in ours if each.get("legacy") is False]
    if own and not settings.fulfilment_service and _FULFILS[0] not in scopes and scopes & set(_FULFILS):
        yield f"{_FULFILS[0]} (for fulfilments at {', '.join(own)})"
    served = [str(each.get("name")) for each in ours if each.get("legacy") is True]
    if served and not scopes & set(_FULFILS[1:]):
        yield f"{_FULFILS[2]} (for fulfilments at {', '.join(served)}, a fulfilment service's)"


def _missing(scopes: frozenset[str], settings: ShopifySettings) -> Iterable[str]:
    granted = _granted(scopes)
    yield from (f"{scope} (for {what})" for scope, what in _NEEDED.items() if scope not in granted)
    if settings.tell_promise and "write_orders" not in granted:
        yield "write_orders (for telling the promised day)"
    if settings.fulfilment_service and _FULFILS[1] not in granted:
        yield f"{_FULFILS[1]} (for answering requests as a fulfilment service)"
    elif not granted & set(_FULFILS):
        yield f"{_FULFILS[0]} (for fulfilments)"


def _object(client: ShopClient, path: str, name: str) -> Mapping[str, object]:
    tree = client.get(path).json()
    value = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(value, dict):
        raise AccessDenied(f"{path} is not what a shop answers", todo="check shop_url", code="not a shop")
    return value
