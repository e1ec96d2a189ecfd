"""One customer, whatever the order of arrival; and with a number given out again, nobody gets what is another's."""

import random
from itertools import permutations

import pytest

from tests.core.linking_world import (
    TWO,
    arrive,
    counting,
    follow,
    forget_everybody,
    login,
    name_of,
    owner_of,
    people,
    proof,
    purchase,
    row,
)


@pytest.fixture
async def counted(db):
    async with counting():
        yield


# One person's six doors.
DOORS = (
    lambda: follow("甲"),
    lambda: arrive(login("甲")),
    lambda: arrive(proof("甲")),
    lambda: arrive(purchase()),
    lambda: arrive(row("王小明")),
    lambda: follow("甲", TWO, 5),
)


async def _one_group(orders):
    for order in orders:
        await forget_everybody()
        for door in order:
            await DOORS[door]()
        assert await people() == [{"identities": 3, "touches": 2, "arrivals": 4, "counted": 4}], order


async def test_at54_any_order_of_arrival_gives_one_customer_and_the_same_sums(counted):
    await _one_group(random.Random(7).sample(list(permutations(range(6))), 8))


@pytest.mark.prove
async def test_at54_every_order_of_arrival_gives_one_customer_and_the_same_sums(counted):
    await _one_group(permutations(range(6)))


def _story():
    """The first person proves the number and buys; later it is somebody else's. An old table knows both names."""
    first = {"proof": proof("甲", 1), "bought": purchase(2), "table": row("王小明", 9)}
    second = {"proof": proof("乙", 5), "bought": purchase(6), "table": row("李小红", 9)}
    return first, second


async def _nobody_gets_anothers(orders):
    for order in orders:
        await forget_everybody()
        first, second = _story()
        told = [(first, name) for name in first] + [(second, name) for name in second]
        for place in order:
            whose, name = told[place]
            await arrive(whose[name])
        one, other = await owner_of(first["proof"]), await owner_of(second["proof"])
        assert one != other
        for name in ("bought", "table"):
            assert await owner_of(first[name]) != other, (order, name)
            assert await owner_of(second[name]) != one, (order, name)
        assert await owner_of(first["bought"]) == one, order
        assert await owner_of(second["bought"]) == other, order
        assert (await name_of(one), await name_of(other)) in NAMES, order
        assert sum(line["counted"] for line in await people()) == 6


# What the tables say of them, as far as anybody can tell.
NAMES = {(None, None), ("王小明", None), (None, "李小红"), ("王小明", "李小红")}
ORDERS = [order for order in permutations(range(6)) if order.index(0) < order.index(3)]


async def test_behaviour12_with_a_number_given_out_again_nobody_gets_what_is_anothers(counted):
    await _nobody_gets_anothers(random.Random(7).sample(ORDERS, 10))


@pytest.mark.prove
async def test_behaviour12_in_every_order_nobody_gets_what_is_anothers(counted):
    await _nobody_gets_anothers(ORDERS)
