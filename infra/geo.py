"""Positions: WGS-84, as receivers and the world give them, and GCJ-02, the shifted one of Chinese maps.

The shift is a published series of sines over the ellipsoid of Krasovsky 1940, applied inside a box around China.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import cos, pi, radians, sin, sqrt

_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323  # squared
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_ROUNDS = 10  # three give 0.2 mm


class Datum(StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in WGS-84 degrees; `datum` is the one it came in."""

    wgs84_latitude: float
    wgs84_longitude: float
    datum: Datum

    @classmethod
    def given(cls, latitude: float, longitude: float, datum: Datum) -> "Position":
        """From degrees of `datum`."""
        if datum is Datum.GCJ02:
            latitude, longitude = to_wgs84(latitude, longitude)
        return cls(latitude, longitude, datum)

    @property
    def latitude(self) -> float:
        """Degrees in the datum it came in."""
        return self._as_given()[0]

    @property
    def longitude(self) -> float:
        """Degrees in the datum it came in."""
        return self._as_given()[1]

    def _as_given(self) -> tuple[float, float]:
        wgs84 = self.wgs84_latitude, self.wgs84_longitude
        return to_gcj02(*wgs84) if self.datum is Datum.GCJ02 else wgs84


def to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """(latitude, longitude) in GCJ-02 of WGS-84 degrees; outside the box around China the same."""
    if not (_SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST):
        return latitude, longitude
    north, east = _shift(latitude, longitude)
    return latitude + north, longitude + east


def to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """The other way, by fixed-point iteration: the position that the shift leads from to here."""
    there = latitude, longitude
    for _ in range(_ROUNDS):
        here = to_gcj02(*there)
        there = there[0] + latitude - here[0], there[1] + longitude - here[1]
    return there


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    """Degrees north and east by which GCJ-02 differs at a position."""
    x, y = longitude - 105.0, latitude - 35.0
    common = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (common + _waves(y, 20.0, 40.0) + 160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (common + _waves(x, 20.0, 40.0) + 150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    angle = radians(latitude)
    bulge = 1.0 - _ECCENTRICITY * sin(angle) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY) / (bulge * sqrt(bulge)) * pi / 180.0
    parallel = _AXIS / sqrt(bulge) * cos(angle) * pi / 180.0
    return north / meridian, east / parallel


def _waves(value: float, whole: float, third: float) -> float:
    return whole * sin(value * pi) + third * sin(value / 3.0 * pi)
