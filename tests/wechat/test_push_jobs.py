"""Raw pushes, their replies and their keys are forgotten after their days, but not before they were handled."""

import pytest

from app.contexts import registry
from infra import parameters, partitions
from tests import factories as make
from tests.pushes import Pushes
from wechat.pushes import jobs


@pytest.fixture(autouse=True)
async def _partitions_of_today(db):
    yield
    db.clock_file.unlink(missing_ok=True)
    await partitions.ensure()


async def test_pushes_and_keys_past_their_days_are_dropped_and_customers_stay(http, db):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.follow()).send(http)
    await make.settle(registry())
    make.jump(db, days=29)
    await jobs.drop_old()
    assert await make.count("push") == await make.count("push_key") == 1
    make.jump(db, days=32)
    await partitions.ensure()
    await fan.sealed(fan.text("你好")).send(http)
    await make.settle(registry())
    await jobs.drop_old()
    assert await make.count("push") == await make.count("push_key") == 1
    assert len(await make.rows("SELECT 1 FROM timeline WHERE kind IN ('follow', 'message')")) == 2


async def test_a_push_that_waits_for_its_handler_is_kept(http, db):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.follow()).send(http)
    make.jump(db, days=60)
    await jobs.drop_old()
    assert await make.count("push") == await make.count("push_key") == 1


async def test_the_days_are_a_parameter(http, db):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.follow()).send(http)
    await make.settle(registry())
    await parameters.change("wechat.push_kept_days", 1, expected_version=0, by="test")
    make.jump(db, days=3)
    await jobs.drop_old()
    assert await make.count("push") == await make.count("push_key") == 0
