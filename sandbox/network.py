"""A world in which goods lie in all kinds of places: the own warehouse, a store, a 3PL, and suppliers.

One item in six lies in the store alone, one in six at the 3PL alone; of the rest some lie there too. So an order of
several lines often has to come from several places, and where it need not, the cheapest place differs by customer.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sandbox.plan import Firm, Kind, Offer, Place, World

_STORE = Place("Chicago", "IL", "Illinois", "60607", "US", "United States", 41.8721, -87.6578)
_THIRD = Place("Los Angeles", "CA", "California", "90012", "US", "United States", 34.0614, -118.2385)
_ALONE = 6


def as_network(world: World, seed: int) -> World:
    """Return the world with a store (CSV) and a 3PL (X12) that took over or share a part of the goods."""
    chance = Random(f"network|{seed}")
    skus = sorted({offer.sku for firm in world.firms for offer in firm.offers})
    chance.shuffle(skus)
    part = len(skus) // _ALONE
    store, third = set(skus[:part]), set(skus[part : 2 * part])
    shared = {sku for sku in skus[2 * part :] if chance.random() < 1 / 3}
    most = {offer.sku: offer for firm in world.firms for offer in firm.offers}
    firms = [_without(firm, store | third) for firm in world.firms]
    own = next(number for number, firm in enumerate(firms) if firm.kind is Kind.WAREHOUSE)
    places = [
        _place("st1", "Chicago Loop", "store", "csv", _STORE, [most[sku] for sku in sorted(store | shared)]),
        _place("tpl1", "Pacific Logistics", "3pl", "x12", _THIRD, [most[sku] for sku in sorted(third | shared)]),
    ]
    how = f"{world.placement['how']}; then one item in {_ALONE} in the store alone, one in {_ALONE} at the 3PL alone"
    return replace(world, firms=(*firms[: own + 1], *places, *firms[own + 1 :]), placement={"how": how})


def _without(firm: Firm, skus: set[str]) -> Firm:
    return replace(firm, offers=tuple(offer for offer in firm.offers if offer.sku not in skus))


def _place(code: str, name: str, role: str, style: str, place: Place, offers: list[Offer]) -> Firm:
    goods = tuple(replace(offer, supplier_sku=offer.sku, lead_days=0) for offer in offers)
    return Firm(code, name, Kind.WAREHOUSE, place, "1 Dock Street", goods, style=style, role=role)
