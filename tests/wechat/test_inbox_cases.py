"""Cases of service: who is wanted when, who gets them, and what follows when nobody answers."""

from datetime import timedelta

import pytest

from app.contexts import registry
from core.organisation.handover import service as handover
from infra import clock, database
from tests import factories as make
from tests.factories import NOON
from tests.pushes import Pushes
from tests.wechat.inbox_world import (
    HANDED_OVER,
    agent,
    answered,
    answers,
    cases,
    conversation,
    follower,
    here,
    holder,
    leaves,
    live,
    rung,
    says,
    set_parameter,
    taps,
    thread,
)
from wechat.inbox import moving, presence

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


async def test_what_no_rule_answers_opens_a_case_for_the_owner_who_hears_of_it_once(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan, "有没有红色的")
    await says(fan, "在吗")
    [case] = await cases(fan)
    row = await conversation(fan)
    assert (case["wanted"], case["answers"], case["closed_at"]) == ("no_answer", 0, None)
    assert await holder(fan) == (guide.id, guide.store_id)
    assert row["waiting_since"] == case["opened_at"]
    assert (row["unread"], row["last_number"]) == (2, 2)
    [notice] = await rung(guide)
    assert (notice["title"], notice["body"]) == ("客户在等您回复", "")
    assert notice["link"] == f"/app/staff/chat/{row['id']}"
    assert await live(guide) == [("case", 1), ("message", 2)]
    entries = await make.rows("SELECT kind, source, details FROM timeline WHERE kind LIKE 'case%'")
    assert [(one["kind"], one["source"]) for one in entries] == [("case_opened", case["id"])]
    assert "红色" not in entries[0]["details"]


async def test_an_answer_by_rule_wants_nobody_and_sets_nothing_in_an_open_case(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan, "营业时间", answer=answered())
    row = await conversation(fan)
    assert (row["case_id"], row["waiting_since"], row["unread"], row["staff_id"]) == (None, None, 0, None)
    await says(fan, "在吗")
    await answers(guide, fan)
    before = await conversation(fan)
    await says(fan, "营业时间", answer=answered())
    after = await conversation(fan)
    assert after["waiting_since"] is None
    assert (after["version"], after["case_id"]) == (before["version"], before["case_id"])
    assert [author for _, author, _ in await thread(fan)] == ["fan", "auto", "fan", "staff", "fan", "auto"]


async def test_who_asks_for_a_person_gets_one_also_by_a_menu(account):
    guide = await make.guide()
    by_word, by_menu, taps_only = [await follower(account, guide) for _ in range(3)]
    await says(by_word, "转人工", answer=HANDED_OVER)
    await taps(by_menu, HANDED_OVER)
    await taps(taps_only)
    assert [one["wanted"] for one in await cases(by_word)] == ["asked"]
    assert [one["wanted"] for one in await cases(by_menu)] == ["asked"]
    assert (await conversation(by_word))["waiting_since"] is not None
    assert await cases(taps_only) == []


async def test_who_leaves_is_waited_for_no_more_and_begins_anew(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await leaves(fan)
    [case] = await cases(fan)
    row = await conversation(fan)
    assert (case["ended"], case["closed_by_id"]) == ("left", None)
    assert (row["case_id"], row["waiting_since"], row["unread"]) == (None, None, 0)
    assert (await rung(guide))[0]["read_at"] is not None
    assert (await live(guide))[-1][0] == "case"
    await says(fan, "我又来了", at=clock.now() + timedelta(seconds=2))
    assert [one["ended"] for one in await cases(fan)] == ["left", None]


async def test_an_account_that_says_nothing_opens_no_case(db):
    account = await make.account(shadow=True)
    fan = await follower(account, await make.guide())
    await says(fan)
    assert await cases(fan) == []


@pytest.mark.parametrize("gone", ["left_at", "disabled_at"])
async def test_without_an_owner_at_work_it_waits_in_the_line_of_the_store(account, gone):
    store = await make.store()
    owner, mate, elsewhere = await make.guide(store=store), await make.guide(store=store), await make.guide()
    fan = await follower(account, owner)
    await database.execute(f"UPDATE staff SET {gone} = $2 WHERE id = $1", owner.id, clock.now())
    await here(mate, elsewhere)
    await says(fan)
    assert await holder(fan) == (None, store.id)
    assert [len(await rung(one)) for one in (owner, mate, elsewhere)] == [0, 1, 0]
    assert [len(await live(one)) for one in (owner, mate, elsewhere)] == [0, 1, 0]


async def test_the_store_of_the_first_touch_counts_when_nobody_owns_the_customer(account):
    store = await make.store()
    await make.guide(store=store)
    fan = await follower(account, store=store)
    await says(fan)
    assert await holder(fan) == (None, store.id)


async def test_the_store_rings_no_more_people_than_the_parameter_says(account):
    await set_parameter("inbox.most_rung", 2)
    store = await make.store()
    guides = [await make.guide(store=store) for _ in range(3)]
    await says(await follower(account, store=store))
    assert sorted([len(await rung(one)) for one in guides]) == [0, 1, 1]
    # Those who are there before the others.
    last = guides[2]
    await here(last, away=True)
    before = len(await rung(last))
    for _ in range(2):
        await says(await follower(account, store=store))
    assert len(await rung(last)) == before + 2


async def test_a_closed_or_empty_store_is_passed_over(account):
    closed, empty = await make.store(), await make.store()
    await make.guide(store=closed)
    fans = [await follower(account, store=store) for store in (closed, empty)]
    await database.execute("UPDATE store SET closed_at = $2 WHERE id = $1", closed.id, clock.now())
    for fan in fans:
        await says(fan)
        assert await holder(fan) == (None, None)


async def test_agents_present_share_the_cases_the_one_with_the_fewest_first(account):
    agents = [await agent() for _ in range(3)]
    away = await agent()
    await here(*agents)
    await here(away, away=True)
    fans = [await follower(account) for _ in range(6)]
    for fan in fans:
        await says(fan)
    given = [(await holder(fan))[0] for fan in fans]
    assert sorted(given) == sorted(one.id for one in agents for _ in range(2))
    assert set(given[:3]) == set(given[3:])
    # Of those with as few, whoever got one longest ago.
    assert given[:3] == given[3:]
    assert await rung(away) == []
    assert len(await rung(agents[0])) == 2


async def test_what_waits_is_given_out_when_an_agent_comes(account):
    fans = [await follower(account) for _ in range(3)]
    for fan in fans:
        await says(fan)
        assert await holder(fan) == (None, None)
    assert await presence.give_out() == 0
    guide, someone = await make.guide(), await agent()
    await here(guide)
    assert [await holder(fan) for fan in fans] == [(None, None)] * 3
    await here(someone)
    assert [await holder(fan) for fan in fans] == [(someone.id, None)] * 3
    assert len(await rung(someone)) == 3


async def test_who_was_not_seen_lately_is_not_there(account, db):
    someone = await agent()
    await here(someone)
    make.jump_to(db, NOON + 5 * MINUTE)
    fan = await follower(account)
    await says(fan)
    assert await holder(fan) == (None, None)


async def test_nobody_answers_the_owner_then_the_store_then_the_agents_once_each(account, db):
    store = await make.store()
    owner, mate, someone = await make.guide(store=store), await make.guide(store=store), await agent()
    fan = await follower(account, owner)
    await says(fan)
    seen = [await holder(fan)]
    for minutes in (9, 11, 12, 22, 23, 60):
        make.jump_to(db, NOON + minutes * MINUTE)
        await here(someone, away=minutes < 60)
        await moving.escalate_due()
        seen.append(await holder(fan))
    in_line = (None, store.id)
    with_owner = (owner.id, store.id)
    assert seen == [with_owner, with_owner, in_line, in_line, (None, None), (None, None), (someone.id, None)]
    assert [len(await rung(one)) for one in (owner, mate, someone)] == [1, 1, 1]
    # Whom it left may forget it.
    assert (await rung(owner))[0]["read_at"] is not None
    assert (await rung(mate))[0]["read_at"] is not None
    assert (await rung(someone))[0]["read_at"] is None


async def test_an_answer_stops_the_clock_and_the_next_question_starts_it_anew(account, db):
    owner = await make.guide()
    fan = await follower(account, owner)
    await says(fan)
    await answers(owner, fan)
    make.jump_to(db, NOON + 30 * MINUTE)
    assert await moving.escalate_due() == 0
    await says(fan, "还有吗")
    assert await moving.escalate_due() == 0
    make.jump_to(db, NOON + 41 * MINUTE)
    assert await moving.escalate_due() == 1
    assert await holder(fan) == (None, None)


async def test_nothing_goes_on_outside_working_hours(account, db):
    night = NOON + timedelta(hours=8, minutes=55)  # 20:55
    make.jump_to(db, night)
    owner = await make.guide()
    fan = await follower(account, owner)
    await says(fan)
    make.jump_to(db, night + timedelta(hours=11))
    assert await moving.escalate_due() == 0
    make.jump_to(db, night + timedelta(hours=12, minutes=11))  # 9:06
    assert await moving.escalate_due() == 1


async def test_without_minutes_nothing_escalates(account, db):
    await set_parameter("inbox.escalate_minutes", 0)
    fan = await follower(account, await make.guide())
    await says(fan)
    make.jump_to(db, NOON + timedelta(hours=5))
    assert await moving.escalate_due() == 0


async def test_an_agent_who_is_gone_gives_way_to_the_others_and_one_who_is_there_keeps_it(account, db):
    gone, there = await agent(), await agent()
    fans = [await follower(account) for _ in range(2)]
    await here(gone)
    await says(fans[0])
    make.jump_to(db, NOON + 3 * MINUTE)
    await here(there)
    await says(fans[1])
    make.jump_to(db, NOON + 14 * MINUTE)
    await here(there)
    await moving.escalate_due()
    assert [await holder(fan) for fan in fans] == [(there.id, None)] * 2


@pytest.mark.parametrize("gone", ["left_at", "disabled_at"])
async def test_cases_of_who_is_gone_go_on_by_the_rule(account, gone):
    store = await make.store()
    owner = await make.guide(store=store)
    await make.guide(store=store)
    fan = await follower(account, owner)
    await says(fan)
    await database.execute(f"UPDATE staff SET {gone} = $2 WHERE id = $1", owner.id, clock.now())
    assert await moving.rehome() == 1
    assert await holder(fan) == (None, store.id)
    await database.execute("UPDATE store SET closed_at = $2 WHERE id = $1", store.id, clock.now())
    assert await moving.rehome() == 1
    assert await holder(fan) == (None, None)
    assert await moving.rehome() == 0


async def test_conversations_are_handed_over_with_the_rest(account):
    leaver, heir = await make.guide(), await make.guide()
    fans = [await follower(account, leaver) for _ in range(3)]
    for fan in fans:
        await says(fan)
    held = {one.name: one.count for one in await handover.preview(leaver.id)}
    assert held["conversations"] == 3
    await handover.leave(leaver.id, heir.id, None, "")
    assert [await holder(fan) for fan in fans] == [(heir.id, heir.store_id)] * 3
    assert len(await rung(heir)) == 3


async def test_who_may_not_answer_gets_customers_but_their_cases_go_by_the_rule(account):
    leaver = await make.guide()
    manager = await make.colleague(make.RoleKey.FINANCE)
    fan = await follower(account, leaver)
    await says(fan)
    await handover.hand_over(leaver.id, manager.id, ["conversations"], "")
    assert (await holder(fan))[0] == leaver.id


async def test_a_case_without_a_word_for_a_day_ends_by_itself_unless_somebody_waits(account, db):
    guide = await make.guide()
    done, waits = await follower(account, guide), await follower(account, guide)
    await says(done)
    await says(waits)
    await answers(guide, done)
    make.jump_to(db, NOON + timedelta(hours=23))
    assert await moving.close_quiet() == 0
    make.jump_to(db, NOON + timedelta(hours=25))
    assert await moving.close_quiet() == 1
    assert [one["ended"] for one in await cases(done)] == ["quiet"]
    assert (await conversation(done))["staff_id"] == guide.id
    # As long as the window is open somebody may still answer.
    make.jump_to(db, NOON + timedelta(hours=49))
    assert await moving.close_quiet() == 1
    assert [one["ended"] for one in await cases(waits)] == ["quiet"]
    kinds = await make.rows("SELECT kind FROM timeline WHERE kind LIKE 'case%' ORDER BY occurred_at, id")
    assert [one["kind"] for one in kinds] == ["case_opened"] * 2 + ["case_closed"] * 2


async def test_a_batch_of_pushes_comes_to_the_inbox_and_a_repeated_one_once(account, http):
    guide = await make.guide()
    fans = [await follower(account, guide) for _ in range(3)]
    for fan in fans:
        pushes = Pushes(account, fan.openid)
        sealed = pushes.sealed(pushes.text("有没有红色的"))
        assert [(await sealed.send(http)).text for _ in range(2)] == ["success"] * 2
        assert (await pushes.sealed(pushes.text("在吗")).send(http)).text == "success"
    await make.settle(registry())
    for fan in fans:
        [case] = await cases(fan)
        assert (case["wanted"], case["staff_id"]) == ("no_answer", guide.id)
        assert await thread(fan) == [(1, "fan", "有没有红色的"), (2, "fan", "在吗")]
        assert (await conversation(fan))["unread"] == 2
    assert len(await rung(guide)) == 3
    assert [reason for reason, _ in await live(guide)].count("case") == 3
