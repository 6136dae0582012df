"""Distances over the globe against known ones, and against the textbook formula."""

from __future__ import annotations

from math import asin, cos, pi, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.place import Coordinates
from hub.routing.distance import metres_between, vector

RADIUS_M = 6_371_008.8
places = st.builds(Coordinates, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))


def metres(a: Coordinates, b: Coordinates) -> int:
    return metres_between(vector(a), vector(b))


def haversine(a: Coordinates, b: Coordinates) -> float:
    low, high = radians(a.latitude), radians(b.latitude)
    turn = radians(b.longitude - a.longitude)
    half = sin((high - low) / 2) ** 2 + cos(low) * cos(high) * sin(turn / 2) ** 2
    return 2 * RADIUS_M * asin(sqrt(min(1.0, half)))


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((40.7128, -74.0060), (34.0522, -118.2437), 3936),  # New York, Los Angeles
        ((52.5200, 13.4050), (48.1351, 11.5820), 504),  # Berlin, Munich
        ((-23.5505, -46.6333), (-22.9068, -43.1729), 361),  # Sao Paulo, Rio de Janeiro
        ((51.5, 179.9), (51.5, -179.9), 14),  # over the date line
        ((0.0, 0.0), (0.0, 180.0), 20015),  # half way round
    ],
)
def test_known_distances(a: tuple[float, float], b: tuple[float, float], km: int) -> None:
    here, there = (Coordinates(latitude=each[0], longitude=each[1]) for each in (a, b))
    assert round(metres(here, there) / 1000) == pytest.approx(km, abs=1)


@given(places, places)
def test_it_is_the_haversine_distance_to_the_metre(a: Coordinates, b: Coordinates) -> None:
    near_antipodes = haversine(a, b) > 0.999 * pi * RADIUS_M
    assert metres(a, b) == pytest.approx(haversine(a, b), abs=500 if near_antipodes else 1)


@given(places, places)
def test_it_is_the_same_both_ways_and_nothing_to_itself(a: Coordinates, b: Coordinates) -> None:
    assert metres(a, b) == metres(b, a)
    assert metres(a, a) == 0
