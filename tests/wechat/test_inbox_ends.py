"""Cases that end by themselves, and those that go on: nobody's case is closed before they had it."""

from datetime import timedelta
from uuid import UUID

import pytest

from core.customers.privacy import erasing
from core.organisation.handover import queries as handover_queries
from core.organisation.handover import service as handover
from core.permissions.rules import RoleKey
from infra import audit, database
from tests import factories as make
from tests.factories import NOON
from tests.wechat.inbox_world import (
    HANDED_OVER,
    agent,
    answers,
    cases,
    conversation,
    follower,
    here,
    holder,
    id_of,
    leaves,
    live,
    rung,
    says,
    set_parameter,
    taps,
    version,
)
from wechat.inbox import moving, service
from wechat.inbox.schemas import AssignIn

HOUR = timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


async def test_an_old_conversation_that_is_handed_over_stays_with_who_got_it(account, db):
    guide, mate = await make.guide(), await agent()
    fan = await follower(account, guide)
    await says(fan)
    await answers(guide, fan)
    await service.close(guide, await id_of(fan), await version(fan))
    make.jump_to(db, NOON + 3 * DAY)
    admin = await make.admin()
    await service.assign(admin, await id_of(fan), AssignIn(version=await version(fan), staff_id=mate.id))
    assert await moving.close_quiet() == 0
    assert await holder(fan) == (mate.id, None)
    assert (await rung(mate))[0]["read_at"] is None
    make.jump_to(db, NOON + 3 * DAY + 25 * HOUR)
    assert await moving.close_quiet() == 1


async def test_an_old_case_that_is_opened_again_stays_open(account, db):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await answers(guide, fan)
    make.jump_to(db, NOON + 2 * DAY)
    assert await moving.close_quiet() == 1
    await service.reopen(guide, await id_of(fan), await version(fan))
    assert await moving.close_quiet() == 0
    # As long as ever since somebody was given it.
    make.jump_to(db, NOON + 3 * DAY)
    await service.assign(guide, await id_of(fan), AssignIn(version=await version(fan)))
    make.jump_to(db, NOON + 3 * DAY + 2 * HOUR)
    assert await moving.close_quiet() == 0


async def test_who_asks_by_the_menu_for_a_person_is_waited_for_however_long_they_were_silent(account, db):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await answers(guide, fan)
    make.jump_to(db, NOON + 3 * DAY)
    await moving.close_quiet()
    await database.execute("UPDATE conversation SET last_at = $1", NOON)
    await taps(fan, HANDED_OVER)
    await database.execute("UPDATE conversation SET last_at = $1", NOON)
    assert await moving.close_quiet() == 0
    make.jump_to(db, NOON + 4 * DAY + HOUR)
    assert await moving.close_quiet() == 0
    make.jump_to(db, NOON + 5 * DAY + HOUR)
    assert await moving.close_quiet() == 1


async def test_who_was_closed_unanswered_by_mistake_waits_again_and_goes_on_to_the_next_line(account, db):
    guide = await make.guide()
    answered, not_answered = await follower(account, guide), await follower(account, guide)
    for fan in (answered, not_answered):
        await says(fan)
    await answers(guide, answered)
    for fan in (answered, not_answered):
        await service.close(guide, await id_of(fan), await version(fan))
    make.jump_to(db, NOON + HOUR)
    for fan in (answered, not_answered):
        await service.reopen(guide, await id_of(fan), await version(fan))
    assert (await conversation(answered))["waiting_since"] is None
    assert (await conversation(not_answered))["waiting_since"] == (await cases(not_answered))[0]["opened_at"]
    make.jump_to(db, NOON + HOUR + timedelta(minutes=11))
    assert await moving.escalate_due() == 1
    assert await holder(not_answered) == (None, None)


async def test_nobody_waits_in_a_case_opened_again_who_left(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await leaves(fan)
    await service.reopen(guide, await id_of(fan), await version(fan))
    assert (await conversation(fan))["waiting_since"] is None
    assert (await cases(fan))[0]["escalate_at"] is None


async def test_after_an_outage_the_colleague_has_as_long_as_ever(account, db):
    guide = await make.guide()
    new, known = await follower(account, guide), await follower(account, guide)
    await says(known)
    await answers(guide, known)
    make.jump_to(db, NOON + HOUR)
    for fan in (new, known):
        await says(fan, at=NOON + timedelta(minutes=10))
    assert await moving.escalate_due() == 0
    assert (await conversation(new))["waiting_since"] == NOON + timedelta(minutes=10)
    make.jump_to(db, NOON + HOUR + timedelta(minutes=11))
    assert await moving.escalate_due() == 2


async def test_it_goes_on_within_working_hours_only_also_when_the_job_is_late(account, db):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    make.jump_to(db, NOON + 10 * HOUR)  # 22:00, nobody looked since noon
    assert await moving.escalate_due() == 0
    assert await holder(fan) == (guide.id, guide.store_id)
    make.jump_to(db, NOON + 21 * HOUR + timedelta(minutes=1))  # 9:01
    assert await moving.escalate_due() == 1


async def test_nobody_waits_for_an_answer_who_was_forgotten(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    customer = UUID(int=(await make.customer_of(fan.openid, account.app_id))["id"].int)
    conversation_id = await id_of(fan)
    with audit.acting_as("test"):
        await erasing.forget_at_request(await make.admin(), customer)
    [row] = await make.rows("SELECT * FROM conversation WHERE id = $1", conversation_id)
    [case] = await make.rows("SELECT * FROM service_case WHERE conversation_id = $1", conversation_id)
    assert (row["case_id"], row["waiting_since"], row["unread"], case["ended"]) == (None, None, 0, "left")
    assert (await rung(guide))[0]["read_at"] is not None
    assert (await live(guide))[-1][0] == "case"


@pytest.mark.parametrize("silent", ["shadow = true", "disabled_at = created_at"])
async def test_in_an_account_that_fell_silent_nobody_is_waited_for(account, silent):
    someone, guide = await agent(), await make.guide()
    await here(someone)
    fan = await follower(account, guide)
    await says(fan)
    assert await moving.close_quiet() == 0
    await database.execute(f"UPDATE wechat_account SET {silent} WHERE id = $1", account.id)
    assert await moving.close_quiet() == 1
    [case] = await cases(fan)
    assert (case["ended"], case["closed_by_id"]) == ("quiet", None)
    assert (await rung(guide))[0]["read_at"] is not None
    assert (await conversation(fan))["waiting_since"] is None


async def test_a_line_where_nobody_can_answer_any_more_is_left_also_without_escalation(account):
    await set_parameter("inbox.escalate_minutes", 0)
    store = await make.store()
    mate, owner = await make.guide(store=store), await make.guide()
    in_line, owned = await follower(account, store=store), await follower(account, owner)
    for fan in (in_line, owned):
        await says(fan)
    assert await moving.rehome() == 0
    # At work still, but not to answer fans.
    await database.execute("UPDATE staff SET left_at = $2 WHERE id = $1", mate.id, NOON)
    await database.execute(
        "UPDATE staff SET role_id = (SELECT id FROM role WHERE key = 'finance') WHERE id = $1", owner.id
    )
    assert await moving.rehome() == 2
    assert [await holder(fan) for fan in (in_line, owned)] == [(None, None)] * 2
    assert await moving.rehome() == 0


async def test_what_comes_back_to_the_giver_was_not_handed_over(account):
    owner, clerk = await make.guide(), await make.colleague(RoleKey.FINANCE)
    fan = await follower(account, owner)
    await says(fan)
    made = await handover.hand_over(owner.id, clerk.id, ["conversations"], "")
    assert (await handover_queries.one(made)).parts == {"conversations": 0}
    assert await holder(fan) == (owner.id, owner.store_id)
    # Nor is anybody rung for it, or told that it has moved.
    assert len(await rung(owner)) == 1
    assert [reason for reason, _ in await live(owner)] == ["case"]
