"""Where a postal code lies: the middle of all codes that share its first characters, enough for zones of distance.

The table (`postal_prefixes.csv.gz`) is derived from the GeoNames postal code dump (geonames.org, CC BY 4.0): 121
countries, the mean of the exact codes by their first three characters (four in Argentina, the Netherlands and
Portugal), for Great Britain by outward code, to a hundredth of a degree. Between such middles of two United States
codes the zone differs from that between the codes themselves in about one pair of seventeen. A code that is not in it
has no place: unknown, never distance zero.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from hub.model.node import Node
from hub.model.place import Address, Coordinates

_FIRST = 3
#: Argentina, the Netherlands and Portugal are there by the four digits of a code.
_WHOLE = 4
#: The last characters of a British code name streets within its outward code.
_INWARD = 3


def placed(address: Address | None) -> Coordinates | None:
    """Return where an address is: its own coordinates, else those of its postal code; None when neither is known."""
    if address is None or address.coordinates is not None:
        return address.coordinates if address else None
    return coordinates_of(address.country, address.postal_code)


def placed_node(node: Node) -> Node:
    """Return the node with a place, where its address has one and the node itself does not say it."""
    if node.coordinates is not None:
        return node
    found = placed(node.address)
    return node if found is None else node.model_copy(update={"coordinates": found})


@cache
def coordinates_of(country: str, postal_code: str) -> Coordinates | None:
    """Return the middle of the codes that begin like this one in the country (ISO 3166, two letters)."""
    code = "".join(each for each in postal_code.upper() if each.isalnum())
    if country == "GB":
        return _table().get((country, _outward(code)))
    return _table().get((country, code[:_WHOLE])) or _table().get((country, code[:_FIRST]))


def _outward(code: str) -> str:
    return code[:-_INWARD] if len(code) > _INWARD + 1 and code[-_INWARD].isdigit() else code


@cache
def _table() -> Mapping[tuple[str, str], Coordinates]:
    packed = files("hub.routing").joinpath("postal_prefixes.csv.gz").read_bytes()
    rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))
    return {
        (row["country"], row["prefix"]): Coordinates.model_construct(
            latitude=float(row["latitude"]), longitude=float(row["longitude"])
        )
        for row in rows
    }
