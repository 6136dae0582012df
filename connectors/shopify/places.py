"""Every active location of the shop must be spoken of before stock is pushed: one forgotten would go on selling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import mappings
from connectors.shopify.settings import ShopifySettings
from hub.contract import Context, Rejected

_KEY = "locations_mapped"
#: So long it is believed that no location was opened in the shop.
_BELIEVED = timedelta(hours=1)


def unmapped(locations: Iterable[Mapping[str, object]], settings: ShopifySettings) -> list[str]:
    """Return the active locations that the partner file does not speak of, as `name (id)`."""
    return [
        f"{each.get('name')} ({each.get('id')})"
        for each in locations
        if each.get("active") is not False and str(each.get("id")) not in settings.locations
    ]


def how_to_map(names: Iterable[str]) -> str:
    """Return what a person does about locations that nobody mapped."""
    return f'add to [connection.locations] an id = "NODE", "suppliers" or "ignore" for {", ".join(names)}'


def all_locations(client: ShopClient, *, urgent: bool = True) -> tuple[Mapping[str, object], ...]:
    """Return the shop's locations; it gives them all on one page."""
    tree = client.get("locations.json", urgent=urgent).json()
    return mappings(tree.get("locations")) if isinstance(tree, dict) else ()


class Places:
    """The locations of one shop."""

    def __init__(self, client: ShopClient, settings: ShopifySettings, context: Context) -> None:
        self._client, self._settings, self._context = client, settings, context

    def require_mapped(self) -> None:
        """Raise Rejected, naming them, while an active location is neither mapped nor ignored."""
        if self._was_well():
            return
        missing = unmapped(all_locations(self._client, urgent=False), self._settings)
        if missing:
            raise Rejected(
                f"stock is not pushed while {len(missing)} active locations are not mapped: {', '.join(missing)}",
                todo=how_to_map(missing),
                code="locations",
            )
        self._context.remember(_KEY, f"{self._fingerprint()} {self._context.clock.now().isoformat()}")

    def _was_well(self) -> bool:
        mark, _, at = (self._context.recall(_KEY) or "").partition(" ")
        return mark == self._fingerprint() and self._context.clock.now() - datetime.fromisoformat(at) < _BELIEVED

    def _fingerprint(self) -> str:
        return sha256(repr(sorted(self._settings.locations.items())).encode()).hexdigest()[:16]
