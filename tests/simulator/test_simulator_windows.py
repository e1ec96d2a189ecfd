"""Customer-service messages and their windows, number by number (3.1)."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.harness import APP_ID, SECRET, running, until
from tests.simulator.outbound import Account

HOURS_48 = 48 * 3600
MENU = [{"type": "click", "name": "签到", "key": "sign"}, {"type": "view", "name": "官网", "url": "https://a.example/"}]
ACTIONS = [
    ("text", 5, HOURS_48),
    ("follow", 3, 60),
    ("scan", 3, 60),
    ("follow by scan", 3, 60),
    ("click", 3, 60),
    ("msgmenu", 3, 60),
]


async def do(account, fan, action):
    match action:
        case "text":
            await account.simulator.act(fan, "send", text="在吗")
        case "follow":
            await account.simulator.act(fan, "unfollow")
            await account.simulator.act(fan, "follow")
        case "scan":
            await account.simulator.act(fan, "scan", ticket=(await account.simulator.code("wall"))["ticket"])
        case "follow by scan":
            await account.simulator.act(fan, "unfollow")
            await account.simulator.act(fan, "scan", ticket=(await account.simulator.code("wall"))["ticket"])
        case "click" | "view":
            async with account.simulator.session.put(
                f"{account.simulator.base}/sim/accounts/{APP_ID}/menu", json={"button": MENU}
            ) as response:
                assert response.status == 200
            await account.simulator.act(fan, "menu", path=[0 if action == "click" else 1])
        case "msgmenu":
            await account.simulator.act(fan, "send", text="满意", msgmenu_id="101")


@pytest.fixture
async def known(account):
    """A follower whose first window has passed."""
    fan, openid = await account.follower()
    account.simulator.move_clock(3600)
    assert await account.window(fan) == {"remaining": 0, "until": None}
    return fan, openid


@pytest.mark.parametrize(("action", "count", "seconds"), ACTIONS)
async def test_each_action_allows_so_many_for_so_long(account, known, action, count, seconds):
    fan, openid = known
    assert await account.custom(openid) == 45015
    await do(account, fan, action)
    assert (await account.window(fan))["remaining"] == count
    account.simulator.move_clock(3600 + seconds - 5)
    assert [await account.custom(openid) for _ in range(count)] == [0] * count
    assert await account.custom(openid) == 45047
    account.simulator.move_clock(3600 + seconds + 5)
    assert await account.custom(openid) == 45015
    stats = await account.stats()
    assert stats["messages"]["custom"] == count
    assert stats["sends_to"] == {fan: count}
    assert stats["refused_outside_window"] == 3


async def test_looking_at_a_page_allows_nothing(account, known):
    fan, openid = known
    await do(account, fan, "view")
    await account.simulator.act(fan, "location", latitude=1, longitude=1)
    assert await account.custom(openid) == 45015


async def test_quotas_do_not_add_up(account, known):
    fan, openid = known
    await do(account, fan, "text")
    await do(account, fan, "click")
    assert (await account.window(fan))["remaining"] == 5
    assert [await account.custom(openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    # A new action sets what it allows to its maximum again.
    await do(account, fan, "click")
    assert (await account.window(fan))["remaining"] == 3
    await account.custom(openid)
    await do(account, fan, "text")
    assert (await account.window(fan))["remaining"] == 5


async def test_a_short_window_does_not_cut_a_long_one(account, known):
    fan, openid = known
    await do(account, fan, "text")
    await account.custom(openid)
    await do(account, fan, "scan")
    account.simulator.move_clock(3600 + 120)
    assert (await account.window(fan))["remaining"] == 4
    assert await account.custom(openid) == 0


async def test_payments_allow_nothing_unless_switched_on(account, known):
    fan, openid = known
    await account.simulator.post(f"/sim/fans/{fan}/pay", {"app_id": APP_ID})
    assert await account.custom(openid) == 45015
    await account.simulator.account(account.receiver.url, limits={"window_pay": 20})
    await account.simulator.post(f"/sim/fans/{fan}/pay", {"app_id": APP_ID})
    assert (await account.window(fan))["remaining"] == 20


async def test_an_unfollow_closes_the_window(account, known):
    fan, openid = known
    await do(account, fan, "text")
    await account.simulator.act(fan, "unfollow")
    assert await account.custom(openid) == 45015
    await account.simulator.act(fan, "follow")
    assert (await account.window(fan))["remaining"] == 3


async def test_what_stands_against_a_message(account, known):
    fan, openid = known
    await do(account, fan, "text")
    assert await account.custom("o404") == 40003
    assert await account.put(f"/sim/fans/{fan}/refuses", refuses=True) == 204
    assert await account.custom(openid) == 48002
    assert await account.put(f"/sim/fans/{fan}/refuses", refuses=False) == 204
    await account.call("/cgi-bin/tags/members/batchblacklist", {"openid_list": [openid]})
    assert await account.custom(openid) == 43019
    assert (await account.window(fan))["remaining"] == 5


async def test_another_account_s_openid(account, known):
    fan, _ = known
    await account.simulator.account(account.receiver.url, app_id="wx2", original_id="gh_2")
    other = (await account.simulator.act(fan, "follow", app_id="wx2"))["openid"]
    assert await account.custom(other) == 40003


async def test_who_only_let_us_know_who_they_are(account):
    await account.simulator.account(account.receiver.url, oauth_domains=["a.example"])
    fan = await account.simulator.fan()
    asked = {"scope": "snsapi_base", "redirect_uri": "https://a.example/", "state": "s"}
    redirect = (await account.simulator.act(fan, "authorise", **asked))["redirect"]
    code = parse_qs(urlsplit(redirect).query)["code"][0]
    asked = {"appid": APP_ID, "secret": SECRET, "code": code, "grant_type": "authorization_code"}
    openid = (await account.simulator.get("/sns/oauth2/access_token", **asked))[1]["openid"]
    assert await account.custom(openid) == 43004


async def test_parallel_sends_never_pass_the_count(account, known):
    fan, openid = known
    await do(account, fan, "text")
    codes = await asyncio.gather(*(account.custom(openid) for _ in range(20)))
    assert sorted(codes) == [0] * 5 + [45047] * 15


async def test_the_daily_quota(account, known):
    fan, openid = known
    await account.simulator.account(account.receiver.url, limits={"message_custom_send": 1})
    await do(account, fan, "text")
    assert [await account.custom(openid) for _ in range(2)] == [0, 45009]


async def test_typing(account, known):
    fan, openid = known

    async def typing(command="Typing"):
        return await account.errcode("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})

    assert await typing() == 45080
    await do(account, fan, "text")
    assert await typing("Dance") == 45072
    assert [await typing(), await typing(), await typing("CancelTyping"), await typing()] == [0, 45081, 0, 0]
    account.simulator.move_clock(3600 + 31)
    assert await typing() == 45080


@pytest.fixture
async def mini(simulator, receiver):
    await simulator.account(receiver.url, app_id="wxmini", original_id="gh_9", kind="mini", pages=["pages/home"])
    return Account(simulator, receiver, "wxmini")


async def test_a_mini_program_s_windows(mini):
    fan = await mini.simulator.fan()
    openid = (await mini.simulator.act(fan, "enter", app_id="wxmini"))["openid"]
    assert (await mini.window(fan))["remaining"] == 2
    mini.simulator.move_clock(61)
    assert await mini.custom(openid) == 45015
    await mini.simulator.act(fan, "send", app_id="wxmini", text="在吗")
    mini.simulator.move_clock(HOURS_48)
    assert (await mini.window(fan))["remaining"] == 5
    assert await mini.custom(openid) == 0
    assert await mini.custom("o404") == 40003


async def test_a_mini_program_s_messages(mini):
    fan = await mini.simulator.fan()
    openid = (await mini.simulator.act(fan, "send", app_id="wxmini", text="在吗"))["openid"]

    async def send(msgtype, part):
        body = {"touser": openid, "msgtype": msgtype, msgtype: part}
        return await mini.errcode("/cgi-bin/message/custom/send", body)

    assert await send("news", {"articles": [{"title": "一"}]}) == 40008
    assert await send("link", {"title": "茶", "url": "https://a.example/"}) == 0
    assert await send("miniprogrampage", {"title": "商城", "pagepath": "pages/home", "thumb_media_id": "m1"}) == 40007
    assert [(each["kind"], each["content"]["title"]) for each in await mini.bubbles(fan)] == [("link", "茶")]


@pytest.mark.prove
async def test_windows_grants_and_what_is_held_survive_kill_nine(tmp_path, receiver):
    options = ("--state", str(tmp_path / "state"))
    async with running(tmp_path, *options) as simulator:
        account = Account(simulator, receiver)
        await simulator.account(receiver.url)
        fan, openid = await account.follower()
        await account.template("s1", "subscribe", ["thing1"])
        await simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
        await do(account, fan, "text")
        assert await account.custom(openid) == 0
        await account.put("/sim/push_faults", kind="burst")
        held = await simulator.act(fan, "send", text="一")
        simulator.process.kill()
        simulator.process.wait()
    async with running(tmp_path, *options) as simulator:
        account = Account(simulator, receiver)
        assert (await account.window(fan))["remaining"] == 5
        assert (await simulator.ok(f"/sim/fans/{fan}/grants?app_id={APP_ID}")) == {"grants": {"s1": 1}}
        assert (await simulator.push(held["push_id"]))["outcome"] == "pending"
        params = {"app_id": APP_ID}
        async with simulator.session.delete(simulator.base + "/sim/push_faults", params=params) as response:
            assert response.status == 204
        await until(lambda: simulator.is_settled(held["push_id"]))
