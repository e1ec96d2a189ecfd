"""Publishing against a platform that refuses, is away, or loses its answers: never without a menu, nothing twice."""

from datetime import timedelta

import pytest

from infra import alerts, clock, database, parameters
from tests import factories as make
from tests.wechat import fan_world as world
from tests.wechat.menu_world import (
    ADD,
    ANDROID,
    CREATE,
    DELETE,
    IOS,
    POINTS,
    READ,
    SHOP,
    Menus,
    label,
    marketer,
    named,
    personal,
)
from tests.wechat.scripted import scripted
from wechat.menus import publishing
from wechat.menus.publishing import AWAY, DIFFERS, GIVEN_UP, LABEL_GONE, NOT_PUT_BACK, QUOTA, difference
from wechat.platform.menus import Personal

FIRST, SECOND, THIRD = (
    personal(SHOP, **IOS),
    personal(named("安卓"), **ANDROID),
    personal(named("其他"), client="others"),
)


@pytest.fixture
async def menus(http, platform):
    account = await world.connected(platform)
    await world.imported(account)
    return Menus(http, platform, account, await marketer())


async def again(db, seconds):
    make.jump(db, seconds=seconds)
    return await publishing.publish_due()


def proven(*some):
    return [pytest.param(one, marks=pytest.mark.prove) for one in some]


@pytest.mark.parametrize("kind", ["reset_after", *proven("http_500", "http_500_after", "truncated")])
@pytest.mark.parametrize("path", [CREATE, ADD, DELETE, READ])
async def test_an_answer_that_is_lost_is_made_up_for(menus, db, path, kind):
    await menus.publish(POINTS, personal=[THIRD])
    await menus.fault(path, kind, times=2)  # what may be repeated is repeated once at once
    await menus.submit(named("新"), personal=[FIRST, SECOND])
    done = await publishing.publish_due()
    for second in (3, 8, 20):
        assert await menus.on_phones() in (["积分"], ["新"])
        done += await again(db, second)
    assert (done, await menus.states()) == (1, {1: "former", 2: "live"})
    assert await menus.on_phones() == ["新"]
    shown = [titles for _, titles in await menus.there()]
    assert shown == [["安卓"], ["官网"]]


@pytest.mark.parametrize("errcode", [40018, *proven(40016, 40166, 48001, 45064)])
async def test_a_refused_one_fails_and_the_former_stays(menus, errcode):
    former = await menus.publish(POINTS, personal=[FIRST])
    before = await menus.there()
    await menus.fault(CREATE, errcode=errcode)
    await menus.submit(SHOP, personal=[SECOND, THIRD])
    assert await publishing.publish_due() == 0
    state, error = (await menus.states())[2]
    assert (state, str(errcode) in error, NOT_PUT_BACK in error) == ("failed", True, False)
    assert (await menus.on_phones(), await menus.there()) == (["积分"], before)
    assert (await menus.live())["ours"] == former
    assert (await menus.states())[1] == "live"
    assert "wechat.menu_failed" in {alert["kind"] for alert in await alerts.listed()}
    await menus.platform.mend(menus.account.app_id)
    await menus.publish(SHOP)
    assert "wechat.menu_failed" not in {alert["kind"] for alert in await alerts.listed()}


async def test_a_refused_personal_one_changes_nothing_for_anybody(menus):
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    before, created = await menus.there(), await menus.calls("create")
    await menus.fault(ADD, errcode=65320)
    await menus.submit(SHOP, personal=[THIRD])
    assert await publishing.publish_due() == 0
    assert (await menus.on_phones(), await menus.there()) == (["积分"], before)
    assert await menus.calls("create") == created


async def test_one_refused_after_others_were_taken_is_put_back(menus):
    await menus.publish(POINTS, personal=[FIRST])
    before = await menus.there()
    vip = await label(menus.account, 999)
    # The platform doesn't know this tag any more; the other personal menu it takes first.
    await menus.submit(SHOP, personal=[personal(named("贵宾"), label_id=vip), SECOND])
    assert await publishing.publish_due() == 0
    assert "45159" in (await menus.states())[2][1]
    assert (await menus.on_phones(), await menus.there()) == (["积分"], before)
    assert await menus.calls("addconditional") == 3


async def test_what_was_made_by_hand_cannot_be_put_back_and_the_error_says_so(menus):
    await menus.by_hand({"type": "view", "name": "手工", "url": "https://other.example/"})
    await menus.fault(ADD, errcode=65309)
    await menus.submit(POINTS, personal=[FIRST])
    assert await publishing.publish_due() == 0
    assert (await menus.states())[1][1].endswith(NOT_PUT_BACK)
    assert await menus.on_phones() == ["积分"]


async def test_a_first_menu_that_is_refused_leaves_none(menus):
    await menus.fault(ADD, errcode=65309)
    await menus.submit(POINTS, personal=[FIRST])
    assert await publishing.publish_due() == 0
    assert NOT_PUT_BACK not in (await menus.states())[1][1]
    assert await menus.on_phones() == []


@pytest.mark.parametrize("errcode", [65305, 65316])
async def test_where_there_is_no_room_for_both_the_old_ones_go_first(menus, errcode):
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    await menus.fault(ADD, errcode=errcode, times=1)
    await menus.publish(POINTS, personal=[THIRD])
    assert [titles for _, titles in await menus.there()] == [["其他"]]
    assert await menus.on_phones() == ["积分"]


async def test_no_room_at_all_puts_the_old_ones_back(menus):
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    before = await menus.there()
    await menus.fault(ADD, errcode=65316, times=2)
    await menus.submit(POINTS, personal=[THIRD])
    assert await publishing.publish_due() == 0
    assert await menus.there() == before


async def test_only_what_differs_is_told(menus):
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    told = {name: await menus.calls(name) for name in ("create", "addconditional", "delconditional")}
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    assert (
        told
        == {name: await menus.calls(name) for name in told}
        == {
            "create": 1,
            "addconditional": 2,
            "delconditional": 0,
        }
    )
    await menus.publish(POINTS, personal=[THIRD, FIRST, SECOND])
    assert await menus.calls("addconditional") == 3
    await menus.publish(POINTS, personal=[FIRST, SECOND])
    assert (await menus.calls("addconditional"), await menus.calls("delconditional")) == (3, 1)


async def test_a_platform_whose_new_menu_clears_personal_ones_has_them_in_the_end(menus):
    account = menus.account
    await menus.platform.account(
        app_id=account.app_id, original_id=account.original_id, secret=account.secret, new_menu_clears_personal=True
    )
    await menus.publish(POINTS, personal=[FIRST])
    await menus.publish(SHOP, personal=[FIRST, SECOND])
    assert [titles for _, titles in await menus.there()] == [["安卓"], ["官网"]]


async def test_a_spent_quota_waits_for_the_next_day(menus, db):
    await menus.publish(POINTS)
    await menus.fault(CREATE, errcode=45009, times=1)
    await menus.submit(SHOP)
    assert await publishing.publish_due() == 0
    assert (await menus.states())[2] == ("publishing", QUOTA)
    assert await again(db, 3600 * 0.01) == 0
    assert await again(db, 86_400) == 1
    menus.headers = await marketer()  # a session doesn't live for a day
    assert (await menus.states(), await menus.on_phones()) == ({1: "former", 2: "live"}, ["官网"])


async def test_our_own_count_stops_before_the_platform_does(menus):
    await parameters.change("wechat.daily.menu_create", 1, expected_version=0, by="test")
    await menus.publish(POINTS)
    await menus.submit(SHOP)
    assert await publishing.publish_due() == 0
    assert await menus.calls("create") == 1


async def test_a_platform_that_stays_away_is_given_up(menus, db):
    await parameters.change("wechat.menu_tries", 3, expected_version=0, by="test")
    await menus.publish(POINTS)
    await menus.fault("*", "http_500")
    await menus.submit(SHOP)
    assert await publishing.publish_due() == 0
    assert (await menus.states())[2] == ("publishing", AWAY)
    assert await publishing.publish_due() == 0  # not at once
    for seconds in (5, 15, 40):
        await again(db, seconds)
    await menus.platform.mend(menus.account.app_id)
    assert (await menus.states(), await menus.on_phones()) == ({1: "live", 2: ("failed", GIVEN_UP)}, ["积分"])


async def test_one_on_which_workers_keep_dying_is_given_up(menus):
    await menus.submit(POINTS)
    await database.execute("UPDATE menu_edition SET attempts = 20")
    assert await publishing.publish_due() == 0
    assert (await menus.states(), await menus.on_phones()) == ({1: ("failed", GIVEN_UP)}, [])


async def test_one_that_is_taken_but_told_back_in_another_way_is_live_with_a_note(menus, fresh_settings):
    await menus.submit(SHOP)
    told = {"type": "view", "name": "官网", "url": "https://shop.example/?from=menu"}
    answer = {"errcode": 0, "is_menu_open": 1, "selfmenu_info": {"button": [told]}, "menu": {"button": [told]}}
    async with scripted(fresh_settings, answer) as asked:
        assert await publishing.publish_due() == 1
        assert asked.count(CREATE) == 3
        assert (await menus.live())["ours"] is None
    assert await menus.states() == {1: ("live", DIFFERS)}


async def test_a_label_that_is_gone_meanwhile_fails_it(menus):
    vip = await label(menus.account, 100)
    await menus.submit(POINTS, personal=[personal(SHOP, label_id=vip)])
    await database.execute("DELETE FROM wechat_label")
    assert await publishing.publish_due() == 0
    assert await menus.states() == {1: ("failed", LABEL_GONE)}


async def test_whoever_has_lost_the_lease_writes_no_ending(menus, db):
    await menus.submit(POINTS)
    row = (await database.fetch(publishing._CLAIM, clock.now(), clock.now() + timedelta(seconds=60), 10))[0]
    make.jump(db, seconds=61)
    assert await publishing.publish_due() == 1
    assert not await publishing._went_live(row, None)
    assert await menus.states() == {1: "live"}


def _some(letters):
    return [Personal({"tag_id": letter}, [], f"id-{letter}") for letter in letters]


@pytest.mark.parametrize(
    ("live", "wanted", "added", "dropped"),
    [
        ("", "ab", "ab", ""),
        ("ab", "ab", "", ""),
        ("ab", "b", "", "a"),
        ("ab", "ba", "a", "a"),
        ("ab", "abc", "c", ""),
        ("xab", "abc", "c", "x"),
        ("aab", "ab", "", "a"),
        ("ab", "", "", "ab"),
    ],
)
def test_what_differs(live, wanted, added, dropped):
    assert difference(_some(live), _some(wanted)) == (_some(added), _some(dropped))
