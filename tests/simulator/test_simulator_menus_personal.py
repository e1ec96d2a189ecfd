"""Menus that only some fans see."""

import pytest

from tests.simulator.harness import APP_ID

CLICK = {"type": "click", "name": "积分", "key": "points"}
VIP = {"type": "click", "name": "贵宾", "key": "vip"}
VIEW = {"type": "view", "name": "官网", "url": "https://shop.example/"}
ADD, DELETE, TRY = (f"/cgi-bin/menu/{name}" for name in ("addconditional", "delconditional", "trymatch"))


@pytest.fixture
async def menu(account):
    assert await account.errcode("/cgi-bin/menu/create", {"button": [CLICK]}) == 0


async def tag(account, name):
    return (await account.call("/cgi-bin/tags/create", {"tag": {"name": name}}))["tag"]["id"]


async def put_on(account, tag_id, *openids):
    body = {"tagid": tag_id, "openid_list": list(openids)}
    assert await account.errcode("/cgi-bin/tags/members/batchtagging", body) == 0


async def add(account, button, **rule):
    return (await account.call(ADD, {"button": [button], "matchrule": rule}))["menuid"]


async def on_phone(account, fan):
    shown = await account.simulator.ok(f"/sim/accounts/{APP_ID}/menu?fan_id={fan}")
    return [button["name"] for button in shown["button"]]


async def change(account, fan, **traits):
    url = f"{account.simulator.base}/sim/fans/{fan}"
    async with account.simulator.session.put(url, json=traits) as response:
        assert response.status == 200


async def test_a_fan_sees_the_newest_menu_that_fits(account, menu):
    fan, openid = await account.follower()
    other, _ = await account.follower("顾客02")
    vip = await tag(account, "贵宾")
    await add(account, VIP, tag_id=str(vip))
    assert await on_phone(account, fan) == ["积分"]
    await put_on(account, vip, openid)
    assert (await on_phone(account, fan), await on_phone(account, other)) == (["贵宾"], ["积分"])
    assert (await account.call(TRY, {"user_id": openid}))["button"] == [VIP | {"sub_button": []}]
    newer = await add(account, VIEW, client_platform_type="1")
    assert await on_phone(account, fan) == ["官网"]
    await change(account, fan, client="android")
    assert await on_phone(account, fan) == ["贵宾"]
    assert await account.errcode(DELETE, {"menuid": newer}) == 0
    assert await account.errcode(DELETE, {"menuid": newer}) == 65301
    assert await on_phone(account, other) == ["积分"]


async def test_of_several_tags_the_last_one_counts(account, menu):
    fan, openid = await account.follower()
    vip, regular = await tag(account, "贵宾"), await tag(account, "熟客")
    await add(account, VIP, tag_id=vip)
    await put_on(account, vip, openid)
    await put_on(account, regular, openid)
    assert await on_phone(account, fan) == ["积分"]


async def test_both_conditions_have_to_hold(account, menu):
    fan, openid = await account.follower()
    vip = await tag(account, "贵宾")
    await put_on(account, vip, openid)
    await add(account, VIP, tag_id=str(vip), client_platform_type="2")
    assert await on_phone(account, fan) == ["积分"]
    await change(account, fan, client="android")
    assert await on_phone(account, fan) == ["贵宾"]


async def test_a_tap_is_on_the_menu_of_the_fan(account, menu, receiver):
    fan, _ = await account.follower()
    await add(account, VIP, client_platform_type="1")
    await account.simulator.act(fan, "menu", path=[0])
    assert await receiver.was_told(Event="CLICK", EventKey="vip")


async def test_what_is_told_of_them(account, menu):
    first, second = [await add(account, VIP, client_platform_type=kind) for kind in ("1", "2")]
    told = await account.call("/cgi-bin/menu/get")
    assert told["menu"]["button"] == [CLICK | {"sub_button": []}]
    assert [(str(each["menuid"]), each["matchrule"]) for each in told["conditionalmenu"]] == [
        (second, {"client_platform_type": "2"}),
        (first, {"client_platform_type": "1"}),
    ]
    info = await account.call("/cgi-bin/get_current_selfmenu_info")
    assert info["selfmenu_info"]["button"] == [CLICK]


@pytest.mark.parametrize("clears", [False, True])
async def test_a_new_menu_for_all_keeps_them_or_clears_them(account, menu, receiver, clears):
    await account.simulator.account(receiver.url, new_menu_clears_personal=clears)
    await add(account, VIP, client_platform_type="1")
    assert await account.errcode("/cgi-bin/menu/create", {"button": [VIEW]}) == 0
    assert ("conditionalmenu" in await account.call("/cgi-bin/menu/get")) is not clears


async def test_they_go_with_the_menu_for_all(account, menu):
    gone = await add(account, VIP, client_platform_type="1")
    fan, openid = await account.follower()
    assert await account.errcode("/cgi-bin/menu/delete") == 0
    assert await on_phone(account, fan) == []
    assert await account.errcode(DELETE, {"menuid": gone}) == 65301
    assert await account.errcode(TRY, {"user_id": openid}) == 46003
    assert await account.errcode("/cgi-bin/menu/create", {"button": [CLICK]}) == 0
    assert await on_phone(account, fan) == ["积分"]
    assert await add(account, VIP, client_platform_type="1") != gone


async def test_a_menu_made_by_hand_takes_them_away(account, menu):
    await add(account, VIP, client_platform_type="1")
    fan, _ = await account.follower()
    url = f"{account.simulator.base}/sim/accounts/{APP_ID}/menu"
    async with account.simulator.session.put(url, json={"button": [VIEW]}) as response:
        assert response.status == 200
    assert await on_phone(account, fan) == ["官网"]
    assert await account.errcode(ADD, {"button": [VIP], "matchrule": {"client_platform_type": "1"}}) == 65303


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"button": [VIP]}, 65304),
        ({"button": [VIP], "matchrule": {}}, 65304),
        ({"button": [VIP], "matchrule": {"tag_id": ""}}, 65304),
        ({"button": [VIP], "matchrule": "x"}, 47001),
        ({"button": [VIP], "matchrule": {"sex": "1", "client_platform_type": "1"}}, 65320),
        ({"button": [VIP], "matchrule": {"client_platform_type": "4"}}, 40035),
        ({"button": [VIP], "matchrule": {"tag_id": "999"}}, 45159),
        ({"button": [], "matchrule": {"client_platform_type": "1"}}, 65307),
        ({"button": [VIP] * 4, "matchrule": {"client_platform_type": "1"}}, 40016),
        ({"button": [VIP | {"name": "名" * 6}], "matchrule": {"client_platform_type": "1"}}, 40018),
    ],
)
async def test_bad_ones(account, menu, body, errcode):
    assert await account.errcode(ADD, body) == errcode
    assert "conditionalmenu" not in await account.call("/cgi-bin/menu/get")


async def test_what_an_account_needs_for_them(account, receiver):
    body = {"button": [VIP], "matchrule": {"client_platform_type": "1"}}
    assert await account.errcode(ADD, body) == 65303
    await account.simulator.account(receiver.url, verified=False)
    assert await account.errcode(ADD, body) == 65306
    assert await account.errcode(TRY, {"user_id": "nobody"}) == 65302


async def test_their_links_lead_to_three_domains_at_most(account, menu):
    for number in range(3):
        await add(account, VIEW | {"url": f"https://shop{number}.example/"}, client_platform_type="1")
    body = {"button": [VIEW], "matchrule": {"client_platform_type": "1"}}
    assert await account.errcode(ADD, body) == 65316
    child = {"name": "更多", "sub_button": [VIEW | {"url": "https://shop2.example/more"}]}
    await add(account, child, client_platform_type="1")


async def test_their_calls_are_counted_by_the_day(account, receiver, menu):
    limits = {"menu_addconditional": 1, "menu_delconditional": 0, "menu_trymatch": 0}
    await account.simulator.account(receiver.url, limits=limits)
    body = {"button": [VIP], "matchrule": {"client_platform_type": "1"}}
    assert [await account.errcode(ADD, body) for _ in range(2)] == [0, 45009]
    assert await account.errcode(DELETE, {"menuid": "1"}) == 45009
    assert await account.errcode(TRY, {"user_id": "x"}) == 45009
