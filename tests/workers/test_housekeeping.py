"""What is old goes, hour by hour."""

from datetime import timedelta

from infra import clock, database, live, parameters, partitions
from infra.live import LiveEvent
from tests import factories as make
from workers.tasks import housekeep


async def test_live_events_go_after_their_days(db):
    now = clock.now()
    for days in (9, 3):
        make.jump_to(db, now - timedelta(days=days))
        await partitions._create(partitions.LIVE_EVENT, clock.now().date())
        async with database.transaction() as connection:
            await live.publish(connection, [LiveEvent("a", f"{days} days ago", {})])
    make.jump(db)
    await housekeep()
    assert await make.rows("SELECT kind FROM live_event") == [{"kind": "3 days ago"}]
    await parameters.change("live.kept_days", 2, expected_version=0, by="test")
    await housekeep()
    assert await make.rows("SELECT kind FROM live_event") == []
    assert await make.rows("SELECT last_seq FROM live_topic") == [{"last_seq": 2}]
