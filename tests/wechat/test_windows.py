"""The platform's windows, counted here: what opens them, what closes them, and what takes their places."""

import asyncio
from datetime import timedelta

import pytest

from infra import clock, database, parameters
from tests import factories as make
from tests.wechat import window_world as world
from wechat.outbound import windows
from wechat.outbound.errors import FanBlocked, FanNotFollowing, WindowShut, WindowUsedUp
from wechat.outbound.rules import Why
from wechat.outbound.saying import say, say_many
from wechat.outbound.windows import Action, Opening

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
async def fan(db):
    return await world.known(await make.account(), make.openid())


async def test_nothing_may_be_said_before_the_fan_did_something(fan):
    assert await world.allowance(fan) == windows.SHUT
    with pytest.raises(WindowShut) as refused:
        await world.say(fan)
    assert refused.value.details == {"until": None, "left": 0}
    assert await make.count("outbound_message") == 0


@pytest.mark.parametrize(
    ("action", "count", "life"),
    [
        (Action.MESSAGE, 5, 48 * HOUR),
        (Action.MENU, 3, 60 * SECOND),
        (Action.FOLLOW, 3, 60 * SECOND),
        (Action.SCAN, 3, 60 * SECOND),
    ],
)
async def test_each_act_allows_so_many_for_so_long(fan, action, count, life):
    at = world.now()
    await world.opened(fan, action, at)
    allowed = await world.allowance(fan)
    assert (allowed.until, allowed.left, allowed.why_not) == (at + life, count, None)
    for _ in range(count):
        await world.say(fan)
    with pytest.raises(WindowUsedUp) as refused:
        await world.say(fan)
    assert refused.value.details == {"until": (at + life).isoformat(), "left": 0}
    assert (await world.allowance(fan)).why_not is Why.WINDOW_USED_UP


async def test_the_numbers_are_parameters(fan):
    for name, value in (
        ("wechat.message_window_hours", 1),
        ("wechat.window_message_count", 2),
        ("wechat.window_short_seconds", 10),
        ("wechat.window_short_count", 1),
    ):
        await parameters.change(name, value, expected_version=0, by="test")
    at = world.now()
    await world.opened(fan, Action.SCAN, at)
    assert await world.allowance(fan) == windows.Allowance(at + 10 * SECOND, 1)
    await world.opened(fan, Action.MESSAGE, at)
    assert await world.allowance(fan) == windows.Allowance(at + HOUR, 2)


async def test_a_new_act_sets_the_maximum_and_nothing_adds_up(fan):
    at = world.now() - 10 * SECOND
    await world.opened(fan, at=at)
    for _ in range(5):
        await world.say(fan)
    # They leave before the fan writes again.
    await database.execute(
        "UPDATE outbound_message SET state = 'sent', tried_at = $1, sent_at = $1", at + timedelta(seconds=5)
    )
    await world.opened(fan, at=at + 7 * SECOND)
    assert await world.left(fan) == 5
    await world.opened(fan, Action.MENU)
    assert await world.left(fan) == 5
    await world.say(fan)
    assert await world.left(fan) == 4


async def test_a_message_counts_against_every_open_window(fan, db):
    await world.opened(fan, Action.MENU)
    await world.opened(fan)
    for left in (4, 3, 2):
        await world.say(fan)
        assert await world.left(fan) == left
    [row] = await make.rows("SELECT message_left, short_left FROM customer_window")
    assert row == {"message_left": 2, "short_left": 0}
    make.jump(db, seconds=61)
    assert await world.left(fan) == 2


async def test_a_late_push_opens_only_what_is_left_of_its_window(fan):
    await world.opened(fan, at=world.now() - 47 * HOUR)
    assert (await world.allowance(fan)).until == world.now() + HOUR
    await world.opened(fan, Action.SCAN, at=world.now() - 61 * SECOND)
    assert await world.left(fan) == 5
    other = await world.known(fan.account, make.openid())
    await world.opened(other, at=world.now() - 49 * HOUR)
    assert await world.allowance(other) == windows.SHUT


async def test_an_older_act_shortens_nothing_and_fills_nothing_up(fan):
    at = world.now()
    await world.opened(fan, at=at)
    await world.say(fan)
    await world.opened(fan, at=at - HOUR)
    await world.opened(fan, at=at)
    assert await world.allowance(fan) == windows.Allowance(at + 48 * HOUR, 4)


async def test_several_acts_of_one_batch_count_by_their_newest(fan):
    at = world.now()
    acts = [(Action.MESSAGE, at - HOUR), (Action.MENU, at), (Action.MESSAGE, at - SECOND), (Action.SCAN, at - HOUR)]
    async with database.transaction() as connection:
        await windows.open_many(connection, [Opening(fan.digest, fan.account.id, act, when) for act, when in acts])
    [row] = await make.rows("SELECT * FROM customer_window")
    assert (row["message_until"], row["short_until"]) == (at - SECOND + 48 * HOUR, at + 60 * SECOND)


async def test_what_still_waits_takes_a_place_of_the_new_window(fan, db):
    await world.opened(fan, Action.SCAN, world.now() - 5 * SECOND)
    await world.say(fan)
    await world.say(fan)
    await world.opened(fan)
    assert await world.left(fan) == 3


async def test_what_left_since_the_act_has_a_place_of_its_window(fan):
    """The fan wrote, we answered in the former window, and heard of the word only then."""
    await world.opened(fan, at=world.now() - HOUR)
    await world.say(fan)
    await database.execute(
        "UPDATE outbound_message SET state = 'sent', tried_at = $1, sent_at = $1", clock.now() - 2 * SECOND
    )
    await world.opened(fan, at=world.now() - 3 * SECOND)
    assert await world.left(fan) == 4


async def test_an_unfollow_shuts_what_was_opened_before_and_nothing_later(fan):
    at = world.now() - 20 * SECOND
    await world.opened(fan, at=at)
    await world.closed(fan, at + 5 * SECOND)
    assert await world.allowance(fan) == windows.SHUT
    await world.opened(fan, at=at + 2 * SECOND)
    assert await world.allowance(fan) == windows.SHUT
    await world.opened(fan, Action.FOLLOW, at + 10 * SECOND)
    await world.closed(fan, at + 5 * SECOND)
    assert await world.left(fan) == 3


async def test_an_unfollow_heard_of_first_shuts_out_what_came_before(fan):
    at = world.now()
    await world.closed(fan, at)
    await world.opened(fan, at=at - SECOND)
    assert await world.allowance(fan) == windows.SHUT


async def test_a_moment_before_the_end_is_too_late(fan, db):
    await world.opened(fan, Action.SCAN)
    make.jump(db, seconds=59)
    with pytest.raises(WindowShut):
        await world.say(fan)


async def test_the_same_key_spends_once(fan):
    await world.opened(fan)
    first = await world.say(fan, key="once")
    assert await world.say(fan, key="once") == first
    assert await world.left(fan) == 4


async def test_whoever_goes_on_after_a_refusal_has_written_nothing(fan):
    async with database.transaction() as connection:
        with pytest.raises(WindowShut):
            await say(connection, world.words(fan))
    assert await make.count("outbound_message") == 0


async def test_automatic_ones_are_written_down_as_skipped(fan):
    await world.opened(fan, Action.FOLLOW)
    async with database.transaction() as connection:
        sayings = [world.words(fan, str(number)) for number in range(5)]
        ids = await say_many(connection, [*sayings, sayings[0]])
    assert [id_ is None for id_ in ids] == [False, False, False, True, True, False]
    assert ids[5] == ids[0]
    assert await world.states() == [("pending", None)] * 3 + [("skipped", "window_used_up")] * 2
    async with database.transaction() as connection:
        assert await say_many(connection, [sayings[3], sayings[1]]) == [None, ids[1]]


async def test_messages_keep_the_order_they_were_said_in(fan):
    await world.opened(fan)
    async with database.transaction() as connection:
        ids = await say_many(connection, [world.words(fan, key=key) for key in "edcba"])
    assert ids == sorted(ids)


async def test_twenty_replies_at_once_for_five_places_are_five(fan):
    await world.opened(fan)
    found = await asyncio.gather(*(world.say(fan) for _ in range(20)), return_exceptions=True)
    assert [type(one) for one in found if isinstance(one, Exception)] == [WindowUsedUp] * 15
    assert await make.count("outbound_message") == 5
    assert await world.left(fan) == 0


async def test_the_database_lets_no_window_be_overspent(fan):
    import asyncpg

    await world.opened(fan)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.execute("UPDATE customer_window SET message_left = message_left - 6")


async def test_who_does_not_follow_or_is_blocked_is_not_written_to(fan):
    await world.opened(fan)
    await database.execute(
        """INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by,
            changed_at) SELECT gen_random_uuid(), $2, id, true, false, 0, $3, 'test', $3
        FROM identity WHERE digest = $1""",
        fan.digest,
        fan.account.id,
        clock.now(),
    )
    assert (await world.allowance(fan)).why_not is Why.BLOCKED
    with pytest.raises(FanBlocked):
        await world.say(fan)
    await database.execute("UPDATE identity SET following = false")
    assert (await world.allowance(fan)).why_not is Why.NOT_FOLLOWING
    with pytest.raises(FanNotFollowing):
        await world.say(fan)
