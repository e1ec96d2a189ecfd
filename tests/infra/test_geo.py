"""WGS-84 and GCJ-02: known pairs, a round trip within a millimetre, and no shift outside China."""

from math import cos, hypot, radians

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.geo import Datum, Position, to_gcj02, to_wgs84

METRES_PER_DEGREE = 111_320


def _apart(one, other):
    """Metres between two positions that are close to each other."""
    north = (one[0] - other[0]) * METRES_PER_DEGREE
    return hypot(north, (one[1] - other[1]) * METRES_PER_DEGREE * cos(radians(one[0])))


# Pairs (WGS-84, GCJ-02) as published converters give them, to the digits printed there.
@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ],
)
def test_known_pairs(wgs84, gcj02):
    assert _apart(to_gcj02(*wgs84), gcj02) < 0.001
    assert _apart(wgs84, gcj02) > 50
    assert _apart(to_wgs84(*gcj02), wgs84) < 0.001


# In the west of Qinghai the shift is hardly 20 metres.
@example(37.1, 96.6)
@given(st.floats(18.2, 53.5), st.floats(73.6, 134.7))
def test_there_and_back_is_within_a_millimetre_all_over_china(latitude, longitude):
    here = latitude, longitude
    assert _apart(to_wgs84(*to_gcj02(*here)), here) < 0.001
    assert _apart(to_gcj02(*to_wgs84(*here)), here) < 0.001
    assert _apart(to_gcj02(*here), here) < 1200


@pytest.mark.parametrize(
    "there", [(35.68, 139.77), (51.5, -0.13), (-33.9, 151.2), (40.7, -74.0), (0.0, 0.0), (90, 180)]
)
def test_outside_china_nothing_is_shifted(there):
    assert to_gcj02(*there) == to_wgs84(*there) == there


@given(st.floats(-90, 90), st.floats(-180, 180), st.sampled_from(Datum))
def test_a_position_is_given_back_as_it_came(latitude, longitude, datum):
    position = Position.given(latitude, longitude, datum)
    near_the_edge = min(abs(latitude - edge) for edge in (0.8293, 55.8271)) < 0.05
    near_the_edge |= min(abs(longitude - edge) for edge in (72.004, 137.8347)) < 0.05
    assert near_the_edge or _apart((position.latitude, position.longitude), (latitude, longitude)) < 0.001
