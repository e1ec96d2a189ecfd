"""Codes: a row for every account and target, issued by the platform, tried again, given up, and never twice."""

import asyncio

import asyncpg
import pytest

from app.contexts import registry
from infra import clock, database
from tests import factories as make
from wechat.accounts import service as accounts
from wechat.accounts.rules import Kind
from wechat.codes import issuing, queries, service
from wechat.codes.jobs import JOBS
from wechat.codes.queries import CodeFilter
from wechat.codes.rules import CodeState
from wechat.platform import qrcodes

SECRET = make.SECRET


async def _known_to(platform, account):
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret=SECRET, name=account.name)


async def _codes():
    return await queries.page(CodeFilter(), None, 1000)


async def _people():
    """One of each target, and the account is there."""
    store = await make.store()
    return [store, await make.guide(store=store), await make.channel()]


async def test_every_official_account_gets_a_code_of_every_target_whichever_came_first(http):
    one = await make.account(1)
    first = await _people()
    await make.settle(registry())
    two, mini = await make.account(2), await make.account(3, kind=Kind.MINI)
    await make.settle(registry())
    second = await _people()
    await make.settle(registry())
    pairs = [(code.app_id, code.target_id) for code in await _codes()]
    expected = {(account.app_id, target.id) for account in (one, two) for target in first + second}
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected
    assert mini.app_id not in {app_id for app_id, _ in pairs}
    assert {code.state for code in await _codes()} == {CodeState.PENDING}


async def test_parallel_handlers_make_each_row_once(db):
    await make.account(1)
    await make.account(2)
    await _people()
    made = await asyncio.gather(*(service.add_missing() for _ in range(8)))
    assert sum(made) == len(await _codes()) == 6


async def test_who_left_and_what_closed_gets_no_new_code(http):
    store, guide, channel = await _people()
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=boss)
    await http.post(f"/staff/v1/stores/{store.id}/close", headers=boss)
    await make.account()
    await make.settle(registry())
    assert [code.target_id for code in await _codes()] == [channel.id]


async def test_scene_keys_are_opaque_distinct_and_short(db):
    await make.account()
    for _ in range(30):
        await make.channel()
    await service.add_missing()
    keys = [row["key"] for row in await make.rows("SELECT key FROM wechat_code")]
    assert len(set(keys)) == 30
    assert all(len(key) == 12 and key.isalnum() and key.islower() for key in keys if not key.isdecimal())


async def test_the_platform_issues_every_waiting_code_once(platform):
    account = await make.account()
    await _known_to(platform, account)
    await _people()
    await service.add_missing()
    issued = await asyncio.gather(*(issuing.issue_due() for _ in range(4)))
    assert sum(issued) == 3
    codes = await _codes()
    assert {code.state for code in codes} == {CodeState.ISSUED}
    assert len({code.url for code in codes}) == len({code.ticket for code in codes}) == 3
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["calls"]["qrcode_create"], stats["token_fetches"]) == (3, 1)


async def test_an_issued_code_carries_its_scene_back_to_the_target(platform, http):
    account, guide = await make.account(), await make.guide()
    await _known_to(platform, account)
    await service.add_missing()
    await issuing.issue_due()
    code = next(code for code in await _codes() if code.target_id == guide.id)
    made = await qrcodes.create_permanent(account, await make.key_of(code))
    assert made == (code.ticket, code.url)


async def test_a_refused_code_waits_longer_each_time_and_is_given_up_in_the_end(platform, db):
    await make.account()  # unknown to the platform: errcode 40013
    await make.channel()
    await service.add_missing()
    waits = []
    for attempt in range(1, 21):
        assert await issuing.issue_due() == 0
        row = (await make.rows("SELECT state, attempts, next_at, error FROM wechat_code"))[0]
        assert (row["attempts"], row["error"].split()[0]) == (attempt, "40013")
        waits.append((row["next_at"] - clock.now()).total_seconds())
        assert row["state"] == ("failed" if attempt == 20 else "pending")
        make.jump_to(db, row["next_at"])
    assert waits == sorted(waits) or max(waits) > 3590
    assert 1 <= waits[0] <= 2
    assert max(waits) <= 3600
    make.jump(db, days=30)
    await issuing.issue_due()
    assert (await make.rows("SELECT attempts FROM wechat_code"))[0]["attempts"] == 20


async def test_a_code_is_not_asked_for_again_before_its_time(platform, db):
    account = await make.account()
    await make.channel()
    await service.add_missing()
    assert await issuing.issue_due() == 0
    await _known_to(platform, account)
    assert await issuing.issue_due() == 0
    make.jump(db, seconds=63)
    assert await issuing.issue_due() == 1
    assert (await make.rows("SELECT error FROM wechat_code"))[0]["error"] is None


async def test_one_refused_account_does_not_hold_up_another(platform):
    known, unknown = await make.account(1), await make.account(2)
    await _known_to(platform, known)
    await _people()
    await service.add_missing()
    assert await issuing.issue_due() == 3
    assert {(code.app_id, code.state) for code in await _codes()} == {
        (known.app_id, CodeState.ISSUED),
        (unknown.app_id, CodeState.PENDING),
    }


async def test_a_code_of_an_account_just_added_is_issued_in_the_same_run(platform):
    known = await make.account(1)
    await make.channel()
    added = await accounts.add_account(
        app_id="wx2222", original_id="gh_2222", kind=Kind.OFFICIAL, mode=known.mode, name="二号",
        secret=SECRET, token=make.TOKEN, aes_key=make.AES_KEY,
    )  # fmt: skip
    for account in (known, added):
        await _known_to(platform, account)
    await service.add_missing()
    assert await issuing.issue_due() == 2


async def test_a_claim_of_a_process_that_died_is_taken_over_after_its_lease(platform, db):
    await _known_to(platform, await make.account())
    await make.channel()
    await service.add_missing()
    await database.fetch(issuing._CLAIM_WAITING, clock.now(), clock.now() + issuing._LEASE, 10)
    assert await issuing.issue_due() == 0
    make.jump(db, seconds=61)
    assert await issuing.issue_due() == 1


async def test_the_database_refuses_a_code_of_no_target_or_of_two(db):
    account, store, channel = await make.account(), await make.store(), await make.channel()
    for targets in ((None, None), (store.id, channel.id)):
        with pytest.raises(asyncpg.CheckViolationError):
            await database.execute(
                """INSERT INTO wechat_code
                (id, account_id, key, store_id, channel_id, state, attempts, next_at, created_at)
                VALUES ($1, $1, 'k', $2, $3, 'pending', 0, $4, $4)""",
                account.id,
                *targets,
                clock.now(),
            )


async def test_a_code_whose_event_nobody_understood_is_made_within_the_hour(db):
    await make.account(1)
    people = await _people()
    await database.execute("DELETE FROM outbox")
    [job] = [job for job in JOBS if job.name == "wechat.codes.add_missing"]
    await job.run()
    assert {code.target_id for code in await _codes()} == {target.id for target in people}
