"""What colleagues do with conversations: answers and what stands against them, taking, handing over, closing."""

from datetime import timedelta

import pytest

from core.permissions.rules import RoleKey
from infra import clock, database
from infra.errors import DomainError
from tests import factories as make
from tests.factories import NOON
from tests.wechat.inbox_world import (
    agent,
    answered,
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
    sent,
    thread,
    version,
)
from wechat.conversations import words
from wechat.inbox import replying, service
from wechat.inbox.schemas import AssignIn, ReplyIn
from wechat.outbound.contents import ImageContent

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    words.forget()
    return await make.account()


async def refused(work):
    with pytest.raises(DomainError) as caught:
        await work
    return caught.value


async def test_an_answer_is_in_the_thread_and_the_ledger_and_nobody_waits_any_more(account, db):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan, "有没有红色的")
    make.jump_to(db, NOON + MINUTE)
    assert await answers(guide, fan, "有的") == 2
    row, [case] = await conversation(fan), await cases(fan)
    assert await thread(fan) == [(1, "fan", "有没有红色的"), (2, "staff", "有的")]
    assert await sent(fan) == ["有的"]
    assert (row["waiting_since"], row["unread"], row["last_author"]) == (None, 0, "staff")
    assert (case["answers"], case["answered_by_id"]) == (1, guide.id)
    assert abs(case["answered_at"] - case["opened_at"] - MINUTE) < MINUTE / 2
    assert (await rung(guide))[0]["read_at"] is not None
    [record] = await make.rows("SELECT staff_id, kind FROM sales_record")
    assert (record["staff_id"], record["kind"]) == (guide.id, "chat")
    await answers(guide, fan, "要几件？")
    assert (await cases(fan))[0]["answers"] == 2
    assert await make.count("sales_record") == 1


async def test_who_answers_out_of_a_line_has_it(account):
    store = await make.store()
    guide, mate = await make.guide(store=store), await make.guide(store=store)
    fan = await follower(account, store=store)
    await says(fan)
    before = await version(fan)
    await answers(guide, fan)
    assert await holder(fan) == (guide.id, store.id)
    assert await version(fan) > before
    assert (await rung(mate))[0]["read_at"] is not None
    assert await make.count("sales_record") == 0


async def test_an_answer_to_who_asked_nothing_begins_a_case_that_nobody_waited_for(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await service.close(guide, await id_of(fan), await version(fan))
    await answers(guide, fan, "想起一件事")
    assert [(one["wanted"], one["answers"]) for one in await cases(fan)] == [("no_answer", 0), ("begun", 1)]
    assert len(await rung(guide)) == 1


async def test_when_a_colleague_has_answered_since_the_second_is_told(account):
    owner, other = await make.guide(), await agent("客服01")
    fan = await follower(account, owner)
    await says(fan)
    await answers(other, fan, "我来", anyway=True)
    error = await refused(answers(owner, fan, "在的", seen=1))
    assert (error.code, error.status) == ("answered_meanwhile", 409)
    assert (error.details["staff"], error.details["number"]) == ("客服01", 2)
    error = await refused(answers(owner, fan, "在的", seen=2))
    assert (error.code, error.details["staff_id"]) == ("served_by_other", str(other.id))
    assert await sent(fan) == ["我来"]
    assert await answers(owner, fan, "在的", seen=1, anyway=True) == 3
    assert (await holder(fan))[0] == owner.id


async def test_behaviour_7_what_the_window_lets_through_no_more_is_refused_before_it_is_tried(account, db):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    for number in range(5):
        await answers(guide, fan, f"第 {number} 句")
    error = await refused(answers(guide, fan, "第六句"))
    assert (error.code, error.details["left"]) == ("window_used_up", 0)
    assert error.details["until"]
    assert error.details["what_remains"] == ["wait_for_fan"]
    make.jump_to(db, NOON + timedelta(hours=49))
    error = await refused(answers(guide, fan, "第六句"))
    assert (error.code, error.details["until"]) == ("window_shut", None)
    assert len(await sent(fan)) == 5
    assert len(await thread(fan)) == 6


async def test_who_left_is_blocked_or_in_a_silent_account_is_not_written_to(account):
    guide = await make.guide()
    gone, blocked, silent = [await follower(account, guide) for _ in range(3)]
    for fan in (gone, blocked, silent):
        await says(fan)
    await leaves(gone)
    await database.execute(
        """INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by,
            changed_at) SELECT $3, account_id, identity_id, true, true, 0, $2, 'test', $2
        FROM conversation WHERE id = $1""",
        await id_of(blocked),
        clock.now(),
        make.new_id(),
    )
    assert (await refused(answers(guide, gone))).code == "fan_not_following"
    assert (await refused(answers(guide, blocked))).code == "fan_blocked"
    await database.execute("UPDATE wechat_account SET shadow = true")
    assert (await refused(answers(guide, silent))).code == "account_silent"
    assert await make.count("outbound_message") == 0


async def test_behaviour_20_a_banned_word_is_not_said(account):
    guide = await make.guide()
    await words.add(guide, "最便宜")
    fan = await follower(account, guide)
    await says(fan)
    error = await refused(answers(guide, fan, "全网 最 便宜！"))
    assert (error.code, error.status, error.details) == ("banned_word_in_text", 422, {"word": "最便宜"})


async def test_a_picture_of_the_own_is_kept_and_nobody_elses_is_sent(account):
    guide, other = await make.guide(), await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    own, foreign = [await _picture(one) for one in (guide, other)]
    reply = ReplyIn(content=ImageContent(file_id=foreign), seen=1)
    assert (await refused(replying.reply(guide, await id_of(fan), reply))).code == "file_not_found"
    await replying.reply(guide, await id_of(fan), ReplyIn(content=ImageContent(file_id=own), seen=1))
    [row] = await make.rows("SELECT kept_at FROM stored_file WHERE id = $1", own)
    assert row["kept_at"] is not None
    assert (await conversation(fan))["last_text"] == "[图片]"


async def _picture(owner):
    digest, file_id = make.new_id().hex * 2, make.new_id()
    await database.execute(
        "INSERT INTO file_blob (digest, size, media_type, created_at) VALUES ($1, 1, 'image/png', $2)",
        digest,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at)
        VALUES ($1, $2, '图.png', 'attachment', $3, $4)""",
        file_id,
        digest,
        owner.id,
        clock.now(),
    )
    return file_id


async def test_taking_is_conditional_on_what_one_saw(account):
    owner, other = await make.guide("导购01"), await agent()
    fan = await follower(account, owner)
    await says(fan)
    seen = await version(fan)
    await service.take(other, await id_of(fan), seen)
    assert await holder(fan) == (other.id, None)
    error = await refused(service.take(owner, await id_of(fan), seen))
    assert (error.code, error.details["version"], error.details["staff_id"]) == (
        "conversation_changed",
        await version(fan),
        str(other.id),
    )
    # Once more is no change.
    await service.take(other, await id_of(fan), await version(fan))
    assert [reason for reason, _ in await live(owner)] == ["case", "assigned"]
    [noted] = await make.rows("SELECT action, details::text FROM audit WHERE action LIKE 'conversation.%'")
    assert noted["action"] == "conversation.taken"


async def test_a_fan_who_begins_to_wait_is_not_closed_unseen(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await answers(guide, fan)
    seen = await version(fan)
    await says(fan, "还有一个问题")
    assert (await refused(service.close(guide, await id_of(fan), seen))).code == "conversation_changed"
    # That they go on asking is nothing new.
    seen = await version(fan)
    await says(fan, "在吗")
    await service.close(guide, await id_of(fan), seen)


async def test_closing_and_opening_again(account):
    guide, other = await make.guide(), await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    id_ = await id_of(fan)
    assert (await refused(service.reopen(guide, id_, await version(fan)))).code == "case_open"
    assert (await refused(service.close(other, id_, 0))).code == "conversation_not_found"
    await service.close(guide, id_, await version(fan))
    [case] = await cases(fan)
    assert (case["ended"], case["closed_by_id"], case["escalate_at"]) == ("closed", guide.id, None)
    assert (await conversation(fan))["staff_id"] == guide.id
    assert (await refused(service.close(guide, id_, await version(fan)))).code == "no_open_case"
    await service.reopen(guide, id_, await version(fan))
    [again] = await cases(fan)
    assert (again["id"], again["closed_at"]) == (case["id"], None)
    # Whoever had no answer waits as before.
    assert (await conversation(fan))["waiting_since"] == case["opened_at"]
    never = await follower(account, guide)
    await says(never, "营业时间", answer=answered())
    assert (await refused(service.reopen(guide, await id_of(never), await version(never)))).code == "never_served"


async def test_only_who_serves_it_or_may_assign_closes_what_a_colleague_serves(account):
    store = await make.store()
    owner, taker = await make.guide(store=store), await agent()
    boss = await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id)
    fan = await follower(account, owner)
    await says(fan)
    await service.take(taker, await id_of(fan), await version(fan))
    error = await refused(service.close(owner, await id_of(fan), await version(fan)))
    assert (error.code, error.details["staff_id"]) == ("served_by_other", str(taker.id))
    await service.close(boss, await id_of(fan), await version(fan))


async def test_handing_over_rings_the_receiver_and_leaves_the_note_to_colleagues(account):
    owner, receiver = await make.guide(), await agent()
    fan = await follower(account, owner)
    await says(fan)
    await here(receiver)
    wanted = AssignIn(version=await version(fan), staff_id=receiver.id, note="要开发票")
    await service.assign(owner, await id_of(fan), wanted)
    assert await holder(fan) == (receiver.id, None)
    assert (await thread(fan))[-1] == (2, "note", "要开发票")
    [notice] = await rung(receiver)
    assert "发票" not in notice["title"] + notice["body"]
    assert await sent(fan) == []
    assert (await live(owner))[-1] == ("assigned", 2)
    # The list goes on showing what was said to the fan.
    assert (await conversation(fan))["last_text"] == "在吗"
    [noted] = await make.rows("SELECT details::text AS details FROM audit WHERE action = 'conversation.assigned'")
    assert "发票" not in noted["details"]


async def test_to_a_store_or_to_the_agents(account):
    store = await make.store()
    owner, mate, someone = await make.guide(store=store), await make.guide(store=store), await agent()
    fan = await follower(account, owner)
    await says(fan)
    id_ = await id_of(fan)
    await service.assign(owner, id_, AssignIn(version=await version(fan), store_id=store.id))
    assert await holder(fan) == (None, store.id)
    assert len(await rung(mate)) == 1
    await service.take(owner, id_, await version(fan))
    await here(someone)
    await service.assign(owner, id_, AssignIn(version=await version(fan)))
    assert await holder(fan) == (someone.id, None)
    await service.assign(someone, id_, AssignIn(version=await version(fan)))
    assert await holder(fan) == (None, None)


async def test_nobody_hands_to_who_cannot_answer_or_is_nobody_of_theirs(account):
    owner, stranger = await make.guide(), await make.guide()
    marketer = await make.colleague(RoleKey.MARKETER)
    gone = await agent()
    await database.execute("UPDATE staff SET left_at = $2 WHERE id = $1", gone.id, clock.now())
    empty = await make.store()
    fan = await follower(account, owner)
    await says(fan)
    id_, seen = await id_of(fan), await version(fan)
    for target in (stranger, marketer, gone):
        error = await refused(service.assign(owner, id_, AssignIn(version=seen, staff_id=target.id)))
        assert error.code == "receiver_not_found"
    assert (await refused(service.assign(owner, id_, AssignIn(version=seen, store_id=empty.id)))).code == (
        "receiver_not_found"
    )
    boss = await agent()
    assert (await refused(service.assign(boss, id_, AssignIn(version=seen, store_id=empty.id)))).code == (
        "store_cannot_answer"
    )
    assert await holder(fan) == (owner.id, owner.store_id)


async def test_a_guide_hands_over_only_what_the_guide_serves(account):
    store = await make.store()
    owner, mate, other = await make.guide(store=store), await make.guide(store=store), await agent()
    fan = await follower(account, owner)
    await says(fan)
    await service.take(other, await id_of(fan), await version(fan))
    wanted = AssignIn(version=await version(fan), staff_id=mate.id)
    error = await refused(service.assign(owner, await id_of(fan), wanted))
    assert (error.code, error.status) == ("not_yours_to_assign", 403)


async def test_reading_counts_for_who_serves_it_and_for_nobody_who_only_looks(account):
    owner, boss = await make.guide(), await agent()
    fan = await follower(account, owner)
    for _ in range(3):
        await says(fan)
    await service.read(boss, await id_of(fan), 3)
    assert (await conversation(fan))["unread"] == 3
    await service.read(owner, await id_of(fan), 2)
    assert (await conversation(fan))["unread"] == 1
    assert (await rung(owner))[0]["read_at"] is not None
    await service.read(owner, await id_of(fan), 99)
    row = await conversation(fan)
    assert (row["unread"], row["waiting_since"] is not None) == (0, True)
    assert (await live(owner))[-2:] == [("read", 3)] * 2
    watching = await make.rows("SELECT staff_id FROM conversation_watch")
    assert {row["staff_id"] for row in watching} == {owner.id, boss.id}


async def test_a_note_is_for_colleagues_and_changes_nothing_else(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    before = await conversation(fan)
    await service.note(guide, await id_of(fan), "老客户，注意语气")
    after = await conversation(fan)
    assert {name for name in before if before[name] != after[name]} == {"last_number"}
    assert await sent(fan) == []
