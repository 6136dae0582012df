"""Distances over the globe: the haversine formula on unit vectors, in whole metres."""

from __future__ import annotations

from math import asin, cos, dist, radians, sin

from hub.model.place import Coordinates

#: Twice the mean radius of the earth in metres (IUGG R1 = 6,371,008.8 m).
DIAMETER_M = 2 * 6_371_008.8

Vector = tuple[float, float, float]


def vector(place: Coordinates) -> Vector:
    """Return the point as a unit vector from the earth's centre, worked out once for each place."""
    latitude, longitude = radians(place.latitude), radians(place.longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def metres_between(a: Vector, b: Vector) -> int:
    """Return the great-circle distance in metres; half the chord is the square root of the haversine."""
    chord = dist(a, b)
    return round(DIAMETER_M * asin(chord / 2 if chord < 2 else 1.0))
