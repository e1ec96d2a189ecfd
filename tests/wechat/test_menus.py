"""Menus of an account: drafted, published, rolled back, and what is live compared with what we published."""

import asyncio
from uuid import UUID

import pytest

from tests import factories as make
from tests.doors import error_of
from tests.wechat import fan_world as world
from tests.wechat.menu_world import IOS, MORE, POINTS, SHOP, Menus, label, marketer, named, personal
from wechat.accounts import service as account_service
from wechat.accounts.rules import Kind
from wechat.menus import publishing
from wechat.onboarding import service as onboarding


@pytest.fixture
async def menus(http, platform):
    account = await world.connected(platform)
    await world.imported(account)
    return Menus(http, platform, account, await marketer())


async def test_a_menu_is_drafted_published_and_seen_on_phones(menus):
    saved = (await menus.put(MORE, SHOP)).json()
    assert (saved["number"], saved["state"], saved["version"], saved["changed_by"][:2]) == (1, "draft", 1, "员工")
    assert [button["title"] for button in saved["buttons"][0]["children"]] == ["积分", "官网"]
    assert await menus.on_phones() == []
    assert (await menus.post("/publish", {"version": 1})).json()["state"] == "publishing"
    assert await publishing.publish_due() == 1
    assert await publishing.publish_due() == 0
    assert await menus.on_phones() == ["更多", "官网"]
    (live,) = (await menus.get()).json()["items"]
    assert (live["state"], live["published_by"], live["error"]) == ("live", saved["changed_by"], None)
    shown = await menus.live()
    assert (shown["ours"], shown["personal"]) == (live["id"], 0)
    assert shown["buttons"] == live["buttons"]


async def test_a_later_one_replaces_it_and_a_former_one_is_restored_in_one_step(menus):
    first, second = await menus.publish(POINTS), await menus.publish(SHOP)
    assert (await menus.states(), await menus.on_phones()) == ({1: "former", 2: "live"}, ["官网"])
    await menus.draft(MORE)
    restored = (await menus.post(f"/{first}/restore")).json()
    assert (restored["number"], restored["state"], restored["buttons"][0]["title"]) == (4, "publishing", "积分")
    assert await publishing.publish_due() == 1
    assert await menus.states() == {1: "former", 2: "former", 3: "draft", 4: "live"}
    assert await menus.on_phones() == ["积分"]
    assert (await menus.live())["ours"] == restored["id"] != second
    # The draft that waited meanwhile comes after it.
    assert (await menus.post("/publish", {"version": 1})).json()["number"] == 5
    assert list(await menus.states()) == [5, 4, 2, 1]


async def test_an_empty_one_takes_the_menu_away(menus):
    await menus.publish(POINTS, personal=[personal(SHOP, **IOS)])
    gone = await menus.publish()
    assert (await menus.on_phones(), await menus.there()) == ([], [])
    assert (await menus.live())["ours"] == gone


async def test_what_has_problems_is_kept_as_a_draft_and_not_published(menus):
    saved = (await menus.put(named("六个汉字太长"), POINTS)).json()
    assert [(problem["where"], problem["code"], problem["level"]) for problem in saved["problems"]] == [
        ("buttons.0.title", "title_too_long", "error"),
        ("buttons.0.key", "key_unanswered", "warning"),
        ("buttons.1.key", "key_unanswered", "warning"),
    ]
    refused = await menus.post("/publish", {"version": 1})
    assert error_of(refused) == (422, "menu_unfit")
    assert [problem["code"] for problem in refused.json()["error"]["details"]["problems"]] == ["title_too_long"]
    assert (await menus.states(), await menus.calls("create")) == ({1: "draft"}, 0)


async def test_the_draft_is_changed_in_the_version_that_was_seen(menus):
    await menus.draft(POINTS)
    for version in (0, 2):
        answer = await menus.put(SHOP, version=version)
        assert (error_of(answer), answer.json()["error"]["details"]) == ((409, "menu_changed"), {"version": 1})
    assert (await menus.put(SHOP, version=1)).json()["version"] == 2
    assert error_of(await menus.post("/publish", {"version": 1})) == (409, "menu_changed")
    await menus.post("/publish", {"version": 2})
    gone = await menus.post("/publish", {"version": 2})
    assert (error_of(gone), gone.json()["error"]["details"]) == ((409, "menu_changed"), {"version": 0})


@pytest.mark.parametrize("depth", [30, 300, 3_000])
async def test_buttons_within_buttons_break_nothing(menus, depth):
    said = '{"title":"套","children":[' * depth + "]}" * depth
    body = f'{{"buttons":[{said}],"version":0}}'
    headers = menus.headers | {"content-type": "application/json"}
    answer = await menus.http.put(f"{menus.path}/draft", headers=headers, content=body)
    assert answer.status_code in (200, 400, 422), answer.text[:300]
    assert (await menus.get("/draft")).status_code == 200


async def test_two_first_drafts_at_once_are_one(menus):
    answers = await asyncio.gather(*(menus.put(named(f"菜单{number}")) for number in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


async def test_publishing_twice_at_once_is_once(menus):
    version = await menus.draft(POINTS)
    answers = await asyncio.gather(*(menus.post("/publish", {"version": version}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 4
    sums = await asyncio.gather(*(publishing.publish_due() for _ in range(5)))
    assert (sum(sums), await menus.calls("create")) == (1, 1)


async def test_the_same_key_publishes_once_and_answers_the_same(menus):
    version = await menus.draft(POINTS)
    first, again = [await menus.post("/publish", {"version": version}, **{"Idempotency-Key": "k1"}) for _ in "12"]
    assert (first.status_code, again.status_code, first.json()) == (202, 202, again.json())


async def test_while_one_is_on_its_way_another_is_drafted_but_not_published(menus):
    former = await menus.publish(POINTS)
    await menus.submit(SHOP)
    begun = (await menus.get("/draft")).json()
    assert (begun["version"], begun["number"], begun["buttons"][0]["title"]) == (0, 3, "官网")
    version = await menus.draft(MORE)
    for answer in (await menus.post("/publish", {"version": version}), await menus.post(f"/{former}/restore")):
        assert error_of(answer) == (409, "menu_on_its_way")
    assert await publishing.publish_due() == 1
    assert (await menus.post("/publish", {"version": version})).status_code == 202


async def test_changed_elsewhere_is_seen_and_ours_is_put_back(menus):
    ours = await menus.publish(POINTS, personal=[personal(SHOP, **IOS)])
    await menus.by_hand({"type": "view", "name": "手工", "url": "https://other.example/"})
    shown = await menus.live()
    assert (shown["ours"], shown["personal"], shown["buttons"][0]["title"]) == (None, 0, "手工")
    await menus.post(f"/{ours}/restore")
    assert await publishing.publish_due() == 1
    assert (await menus.on_phones(), len(await menus.there())) == (["积分"], 1)


async def test_the_first_draft_begins_from_what_was_there_before_us(http, platform):
    account = await world.connected(platform)
    menus = Menus(http, platform, account, await marketer())
    assert (await menus.get("/draft")).json()["buttons"] == []
    await menus.by_hand(
        {"name": "更多", "sub_button": [{"type": "pic_weixin", "name": "晒单", "key": "show"}]},
        {"type": "media_id", "name": "海报", "media_id": "m1"},
    )
    await onboarding.import_due()
    begun = (await menus.get("/draft")).json()
    assert (begun["id"], begun["version"], begun["number"]) == (str(UUID(int=0)), 0, 1)
    more, poster = begun["buttons"]
    assert (more["children"][0]["kind"], more["children"][0]["key"]) == ("album", "show")
    assert (poster["title"], poster["kind"]) == ("海报", None)
    assert [problem["code"] for problem in begun["problems"]] == ["action_missing"]
    assert await menus.states() == {}


async def test_personal_menus_of_before_us_are_in_the_first_draft_too(http, platform):
    account = await world.connected(platform)
    menus = Menus(http, platform, account, await marketer())
    token = await platform.token(account.app_id, account.secret)
    button = {"type": "click", "name": "贵宾", "key": "vip"}
    tag = (await platform.post("/cgi-bin/tags/create", {"tag": {"name": "贵宾"}}, access_token=token))[1]["tag"]["id"]
    await platform.post("/cgi-bin/menu/create", {"button": [button]}, access_token=token)
    body = {"button": [button], "matchrule": {"tag_id": str(tag), "client_platform_type": "2"}}
    assert "menuid" in (await platform.post("/cgi-bin/menu/addconditional", body, access_token=token))[1]
    await onboarding.import_due()
    (one,) = (await menus.get("/draft")).json()["personal"]
    (row,) = await make.rows("SELECT id FROM wechat_label WHERE platform_id = $1", tag)
    assert one["for_whom"] == {"label_id": str(row["id"]), "client": "android"}
    assert one["buttons"][0]["key"] == "vip"
    assert await menus.publish(*(await menus.get("/draft")).json()["buttons"], personal=[one])
    assert (await menus.calls("create"), len(await menus.there())) == (1, 1)  # as it was: nothing to tell


async def test_after_a_refused_one_the_draft_begins_from_it(menus):
    await menus.publish(POINTS)
    await menus.fault("/cgi-bin/menu/create", errcode=40018)
    await menus.submit(SHOP)
    await publishing.publish_due()
    assert (await menus.get("/draft")).json()["buttons"][0]["title"] == "官网"


@pytest.mark.parametrize(
    ("changes", "code"), [({"shadow": True}, "account_in_shadow"), ({"disabled": True}, "account_disabled")]
)
async def test_a_silent_account_publishes_nothing(menus, changes, code):
    former = await menus.publish(POINTS)
    version = await menus.draft(SHOP)
    await account_service.change_account(menus.account.id, **changes)
    for answer in (await menus.post("/publish", {"version": version}), await menus.post(f"/{former}/restore")):
        assert error_of(answer) == (409, code)
    assert await menus.on_phones() == ["积分"]
    live = await menus.get("/live")
    assert live.status_code == 200 if "shadow" in changes else error_of(live) == (409, code)


async def test_an_account_that_falls_silent_meanwhile_publishes_nothing(menus):
    await menus.submit(POINTS)
    await account_service.change_account(menus.account.id, shadow=True)
    assert await publishing.publish_due() == 0
    assert await menus.states() == {1: ("failed", "该账号处于观察模式：只接收，不发送")}


async def test_nothing_is_published_before_the_account_was_read(http, platform):
    menus = Menus(http, platform, await world.connected(platform), await marketer())
    version = await menus.draft(POINTS)
    assert error_of(await menus.post("/publish", {"version": version})) == (409, "account_not_imported")


async def test_a_mini_program_has_no_menu_and_an_edition_belongs_to_its_account(http, platform, menus):
    mini = Menus(http, platform, await make.account(2, kind=Kind.MINI), menus.headers)
    other = await world.connected(platform, 3)
    await world.imported(other)
    for answer in (await mini.get(), await mini.put(POINTS), await mini.get("/live"), await mini.get("/draft")):
        assert error_of(answer) == (409, "account_has_no_menu")
    theirs = await menus.publish(POINTS)
    elsewhere = Menus(http, platform, other, menus.headers)
    assert error_of(await elsewhere.post(f"/{theirs}/restore")) == (404, "menu_not_found")
    await menus.draft(SHOP)
    (draft, _) = (await menus.get()).json()["items"]
    assert error_of(await menus.post(f"/{draft['id']}/restore")) == (409, "menu_not_published")


@pytest.mark.parametrize(
    ("kind", "more"), [("http_500", {}), ("errcode", {"errcode": 48001}), ("errcode", {"errcode": 45009})]
)
async def test_a_live_menu_that_cannot_be_read_is_a_named_refusal(menus, kind, more):
    await menus.fault("/cgi-bin/get_current_selfmenu_info", kind, **more)
    assert error_of(await menus.get("/live")) == (409, "live_menu_unread")


async def test_editions_are_paged_the_newest_first(menus):
    for title in ("一", "二", "三"):
        await menus.publish(named(title))
    first = (await menus.get("?limit=2")).json()
    rest = (await menus.get(f"?limit=2&cursor={first['next']}")).json()
    assert [item["number"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


async def test_who_did_what_is_in_the_audit(menus):
    former = await menus.publish(POINTS)
    await menus.post(f"/{former}/restore")
    noted = await make.rows("SELECT action, details FROM audit WHERE subject_kind = 'menu' ORDER BY created_at, id")
    assert [row["action"] for row in noted] == ["menu.drafted", "menu.submitted", "menu.restored"]
    assert all("积分" not in row["details"] for row in noted)


async def test_a_menu_for_a_label_is_seen_by_its_bearers(menus, platform):
    fan, other = await world.people(platform, 2)
    await world.follow(platform, menus.account, fan, other)
    openid = (await world.openids(platform, menus.account))[0]
    token = await platform.token(menus.account.app_id, menus.account.secret)
    tag = (await platform.post("/cgi-bin/tags/create", {"tag": {"name": "贵宾"}}, access_token=token))[1]["tag"]["id"]
    body = {"tagid": tag, "openid_list": [openid]}
    await platform.post("/cgi-bin/tags/members/batchtagging", body, access_token=token)
    vip = await label(menus.account, tag)
    await menus.publish(POINTS, personal=[personal(SHOP, label_id=vip), personal(named("苹果"), **IOS)])
    # Both fit the first fan: the first of ours is shown.
    assert (await menus.on_phones(fan), await menus.on_phones(other)) == (["官网"], ["苹果"])
