"""The audit log: it only grows, each row gets its place in the chain, and whatever is taken out is noticed."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest

from core.audit import checking, service
from core.audit.checking import Anchor, BadAnchor, Fault, check
from core.audit.rules import GENESIS, next_hash
from infra import alerts, audit, database, parameters, partitions, redis
from tests import factories as make
from tests.core.audit_world import noted, tamper
from tests.simulator.harness import until


@pytest.fixture
async def partitions_as_before(db):
    """Whatever a jump of the clock makes is gone afterwards."""
    before = {kind: await partitions._starts(kind) for kind in partitions.ALL}
    yield
    for kind in partitions.ALL:
        for start in await partitions._starts(kind) - before[kind]:
            await database.execute(f"DROP TABLE {partitions._name(kind, start)}")


async def sealed(count=5):
    await noted(count)
    await service.seal()


async def fault():
    verdict = await check()
    return verdict.fault, verdict.place


async def test_every_row_gets_one_place_without_gaps_and_the_chain_holds(db):
    await sealed(7)
    await noted(3)
    assert await service.seal() == 3
    assert [row["seq"] for row in await make.rows("SELECT seq FROM audit_chain ORDER BY seq")] == list(range(1, 11))
    assert await make.count("audit_unsealed") == 0
    verdict = await check()
    assert (verdict.intact, verdict.rows, verdict.head.seq, verdict.since) == (True, 10, 10, 0)
    assert await service.seal() == 0


async def test_an_empty_log_is_whole(db):
    verdict = await check()
    assert (verdict.intact, verdict.rows, str(verdict.head)) == (True, 0, f"0:{'0' * 64}")


async def test_the_hash_is_that_of_the_documented_form(db):
    await sealed(2)
    rows = await make.rows("SELECT a.*, a.details::text AS details FROM audit a ORDER BY id")
    chain = await make.rows("SELECT hash FROM audit_chain ORDER BY seq")
    first = next_hash(GENESIS, rows[0])
    assert [place["hash"] for place in chain] == [first, next_hash(first, rows[1])]


async def test_parallel_sealing_makes_one_chain(db, monkeypatch):
    monkeypatch.setattr(service, "_BATCH", 3)
    await noted(40)
    outside = [asyncio.create_task(service.seal()) for _ in range(4)]
    assert sum(await asyncio.gather(*outside)) == 40
    assert (await check()).intact


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_chain SET hash = ''",
        "DELETE FROM audit_chain",
        "TRUNCATE audit_chain",
    ],
)
async def test_the_application_can_neither_change_nor_remove_a_row(db, sql):
    await sealed()
    with pytest.raises(asyncpg.RestrictViolationError, match="only grows"):
        await database.execute(sql)
    assert (await check()).intact


@pytest.mark.parametrize("column", ["actor", "action", "subject_kind", "subject_id", "request_id", "address"])
async def test_a_changed_row_is_noticed(db, column):
    await sealed()
    await tamper(f"UPDATE audit SET {column} = 'x' WHERE subject_id = '2'")
    assert await fault() == (Fault.CHANGED, "3")


async def test_changed_details_are_noticed(db):
    await sealed()
    await tamper("UPDATE audit SET details = '{}' WHERE subject_id = '4'")
    assert await fault() == (Fault.CHANGED, "5")


async def test_a_row_moved_in_time_is_noticed(db):
    await sealed()
    await tamper("UPDATE audit SET created_at = created_at - interval '1 second' WHERE subject_id = '0'")
    assert await fault() == (Fault.REMOVED, "1")


async def test_a_removed_row_is_noticed(db):
    await sealed()
    await tamper("DELETE FROM audit WHERE subject_id = '1'")
    assert await fault() == (Fault.REMOVED, "2")


async def test_a_row_removed_together_with_its_place_is_noticed(db):
    await sealed()
    await tamper("DELETE FROM audit_chain WHERE seq = 4")
    await tamper("DELETE FROM audit WHERE subject_id = '3'")
    assert await fault() == (Fault.GAP, "4")


async def test_a_removed_first_place_is_noticed(db):
    await sealed()
    await tamper("DELETE FROM audit_chain WHERE seq = 1")
    assert await fault() == (Fault.GAP, "1")


async def test_a_row_removed_before_it_was_sealed_is_noticed_and_stops_nobody(db):
    await noted()
    await tamper("DELETE FROM audit WHERE subject_id = '0'")
    assert await service.seal() == 4
    assert (await fault())[0] is Fault.LOST


async def test_a_row_that_never_waited_for_its_place_is_noticed(db):
    await noted()
    await tamper("DELETE FROM audit_unsealed WHERE audit_id = (SELECT id FROM audit WHERE subject_id = '2')")
    await service.seal()
    (row,) = await make.rows("SELECT id FROM audit WHERE subject_id = '2'")
    assert await fault() == (Fault.UNCHAINED, str(row["id"]))


async def test_an_end_cut_off_cleanly_is_noticed_by_an_anchor(db):
    await sealed()
    anchor = await checking.head()
    await tamper("DELETE FROM audit_chain WHERE seq > 3")
    await tamper("DELETE FROM audit WHERE subject_id IN ('3', '4')")
    assert (await check()).intact
    verdict = await check(anchors=[Anchor.of(str(anchor))])
    assert (verdict.fault, verdict.place) == (Fault.ANCHOR, "5")


async def test_an_anchor_goes_on_holding_while_the_chain_grows(db):
    await sealed()
    anchor = await checking.head()
    await sealed()
    assert (await check(anchors=[anchor, Anchor(0, GENESIS)])).intact


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "0" * 64, "5:" + "g" * 64, "-1:" + "0" * 64, "9" * 19 + ":"])
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(BadAnchor):
        Anchor.of(text)


async def test_the_newest_places_can_be_checked_alone(db):
    await sealed(10)
    assert [(v := await check(newest=4)).since, v.rows, v.intact] == [6, 4, True]
    await tamper("UPDATE audit SET actor = 'x' WHERE subject_id = '2'")
    assert (await check(newest=4)).intact
    await tamper("UPDATE audit SET actor = 'x' WHERE subject_id = '8'")
    assert (await check(newest=4)).place == "9"


async def test_the_daily_check_writes_down_what_it_found_and_alerts(db):
    await sealed()
    await checking.check_all()
    assert await alerts.listed() == []
    await tamper("DELETE FROM audit WHERE subject_id = '1'")
    await checking.check_all()
    (alert,) = await alerts.listed()
    assert (alert["kind"], "row_removed" in alert["message"]) == ("audit.broken", True)
    found = await make.rows(
        "SELECT details ->> 'fault' AS fault FROM audit WHERE action = 'audit.verified' ORDER BY id"
    )
    assert [row["fault"] for row in found] == [None, "row_removed"]


async def test_the_hourly_anchor_notices_an_end_that_is_gone(db):
    await checking.drop_anchor()
    await sealed()
    await checking.drop_anchor()
    await checking.drop_anchor()
    assert await alerts.listed() == []
    await tamper("DELETE FROM audit_chain WHERE seq > 3")
    await tamper("DELETE FROM audit WHERE subject_id IN ('3', '4')")
    assert (await checking.check_all()).fault is Fault.ANCHOR
    await checking.drop_anchor()
    (alert,) = await alerts.listed()
    assert (alert["kind"], alert["count"]) == ("audit.broken", 2)


async def test_without_redis_the_check_goes_on(db):
    await redis.client().flushdb()
    await sealed()
    assert (await checking.check_all()).intact


async def test_what_is_older_than_kept_is_dropped_and_the_chain_still_holds(db, partitions_as_before):
    make.jump_to(db, datetime(2020, 2, 3, tzinfo=UTC))
    await partitions.ensure()
    await sealed(3)
    make.jump_to(db, datetime(2026, 6, 2, tzinfo=UTC))
    await partitions.ensure()
    await sealed(2)
    assert await service.drop_old() >= 1
    assert await make.rows("SELECT 1 FROM audit WHERE created_at < '2021-01-01'") == []
    await service.seal()
    verdict = await check()
    assert (verdict.intact, verdict.rows, verdict.dropped) == (True, 6, 3)
    await tamper("DELETE FROM audit_chain WHERE seq = 2")
    assert await fault() == (Fault.GAP, "2")


async def test_a_check_that_begins_while_months_are_dropped_finds_no_fault(db, partitions_as_before):
    make.jump_to(db, datetime(2020, 2, 3, tzinfo=UTC))
    await partitions.ensure()
    await sealed(3)
    make.jump_to(db, datetime(2026, 6, 2, tzinfo=UTC))
    await partitions.ensure()
    await sealed(2)
    dropped = asyncio.Event()

    async def looks():
        await dropped.wait()
        return await check()

    looking = asyncio.create_task(looks())
    async with database.transaction():
        await service.drop_old()
        dropped.set()
        await until(make.somebody_waits)
    verdict = await looking
    assert (verdict.fault, verdict.dropped) == (None, 3)


async def test_rows_younger_than_the_drop_may_not_be_missing(db, partitions_as_before):
    make.jump_to(db, datetime(2020, 2, 3, tzinfo=UTC))
    await partitions.ensure()
    await sealed(3)
    make.jump_to(db, datetime(2025, 3, 3, tzinfo=UTC))
    await sealed(2)
    await service.drop_old()
    await service.seal()
    await tamper("DELETE FROM audit WHERE created_at > '2025-03-01' AND subject_id = '0'")
    assert await fault() == (Fault.REMOVED, "4")


async def test_a_shorter_time_is_a_parameter(db, partitions_as_before):
    make.jump_to(db, datetime(2020, 2, 3, tzinfo=UTC))
    await partitions.ensure()
    await sealed(1)
    make.jump_to(db, datetime(2020, 9, 3, tzinfo=UTC))
    assert await service.drop_old() == 0
    await parameters.change("audit.kept_months", 6, expected_version=0, by="test")
    assert await service.drop_old() == 1


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 7, 4), 60, date(2021, 7, 1)),
    ],
)
def test_months_are_counted_back_to_their_first_day(day, months, first):
    assert service._months_back(day, months) == first


async def test_rows_survive_the_move_into_their_partition(db, partitions_as_before):
    make.jump(db, days=400)
    await sealed(3)
    before = (await check()).head
    await partitions.ensure()
    verdict = await check()
    assert (verdict.intact, verdict.head) == (True, before)
    place = await database.fetch_one("SELECT tableoid::regclass::text AS name FROM audit LIMIT 1")
    assert place["name"] != "audit_default"


async def fail_after_noting():
    async with database.transaction():
        await noted()
        raise RuntimeError


async def test_a_note_of_a_transaction_that_fails_is_not_there(db):
    with pytest.raises(RuntimeError):
        await fail_after_noting()
    assert (await make.count("audit"), await make.count("audit_unsealed")) == (0, 0)


async def test_who_acts_is_known_to_the_task(db):
    with audit.acting_as("cli"):
        await noted(1)
    await noted(1)
    assert [row["actor"] for row in await make.rows("SELECT actor FROM audit ORDER BY id")] == ["cli", "system"]
