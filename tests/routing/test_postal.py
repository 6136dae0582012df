"""Where a postal code lies."""

from __future__ import annotations

import pytest

from hub.model.place import Address, Coordinates
from hub.routing.distance import metres_between, vector
from hub.routing.postal import coordinates_of, placed, placed_node
from tests.routing.instances import a_node


@pytest.mark.parametrize(
    ("country", "code", "latitude", "longitude"),
    [
        ("US", "94107", 37.77, -122.40),
        ("US", "10001-1234", 40.75, -73.99),
        ("CA", "k1a 0b1", 45.42, -75.70),
        ("GB", "SW1A 1AA", 51.50, -0.14),
        ("GB", "M1 1AE", 53.48, -2.24),
        ("DE", "10115", 52.53, 13.38),
        ("NL", "1012 AB", 52.37, 4.90),
    ],
)
def test_a_postal_code_lies_within_fifty_kilometres_of_where_it_is(
    country: str, code: str, latitude: float, longitude: float
) -> None:
    found = coordinates_of(country, code)
    assert found is not None
    there = Coordinates(latitude=latitude, longitude=longitude)
    assert metres_between(vector(found), vector(there)) < 50_000


@pytest.mark.parametrize(
    ("country", "code"), [("US", ""), ("US", "9"), ("XX", "12345"), ("GB", "ZZ9 9ZZ"), ("US", "???")]
)
def test_a_code_that_nobody_knows_has_no_place(country: str, code: str) -> None:
    assert coordinates_of(country, code) is None


def test_what_an_address_or_a_node_says_itself_goes_first() -> None:
    own = Coordinates(latitude=1.0, longitude=2.0)
    address = Address(country="US", postal_code="94107")
    assert placed(Address(country="US", postal_code="94107", coordinates=own)) == own
    assert placed(None) is None
    assert placed_node(a_node("A", coordinates=own, address=address)).coordinates == own
    assert placed_node(a_node("A", address=address)).coordinates == placed(address)
    assert placed_node(a_node("A")).coordinates is None
