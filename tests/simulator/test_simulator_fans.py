import pytest

from tests.simulator.harness import APP_ID


async def test_people_are_made_and_paged(simulator):
    [person] = (await simulator.ok("/sim/fans", {"name": "店长"}))["fans"]
    assert person == {"fan_id": "fan0000001", "name": "店长", "phone": "19900000001", "risky": False, "client": "ios"}
    more = (await simulator.ok("/sim/fans", {"name": "顾客", "count": 3}))["fans"]
    assert [fan["name"] for fan in more] == ["顾客1", "顾客2", "顾客3"]
    first = await simulator.ok("/sim/fans?limit=3")
    second = await simulator.ok(f"/sim/fans?limit=3&cursor={first['next_cursor']}")
    assert [fan["fan_id"] for fan in first["fans"] + second["fans"]] == [
        f"fan000000{number}" for number in (1, 2, 3, 4)
    ]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "a", "count": 0}, {"name": "a", "other": 1}])
async def test_bad_people_are_refused(simulator, body):
    status, answer = await simulator.post("/sim/fans", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")


async def test_follow_write_unfollow(simulator, receiver):
    receiver.reply("欢迎")
    fan = await simulator.fan()
    followed = await simulator.act(fan, "follow")
    assert (followed["outcome"], followed["reply"], followed["attempts"]) == ("replied", "欢迎", 1)
    await simulator.act(fan, "send", text="在吗 ]]> <b>")
    left = await simulator.act(fan, "unfollow")
    assert (left["outcome"], left["reply"]) == ("discarded", None)
    subscribe, text, unsubscribe = (received.clear for received in receiver.received)
    assert (subscribe["MsgType"], subscribe["Event"], subscribe["EventKey"]) == ("event", "subscribe", "")
    assert "Ticket" not in subscribe
    assert (text["MsgType"], text["Content"]) == ("text", "在吗 ]]> <b>")
    assert 2**53 < int(text["MsgId"]) < 2**63
    assert unsubscribe["Event"] == "unsubscribe"
    assert "MsgId" not in subscribe
    assert {received.clear["FromUserName"] for received in receiver.received} == {followed["openid"]}
    assert await simulator.phone(fan) == [
        ("me", "event", "关注"),
        ("account", "text", "欢迎"),
        ("me", "text", "在吗 ]]> <b>"),
        ("account", "text", "欢迎"),
        ("me", "event", "取消关注"),
    ]


async def test_conflicts(simulator, receiver):
    fan = await simulator.fan()

    async def refused(action, **body):
        status, answer = await simulator.post(f"/sim/fans/{fan}/{action}", {"app_id": APP_ID} | body)
        return status, answer["error"]["code"]

    assert await refused("unfollow") == (409, "not_following")
    assert await refused("send", text="你好") == (409, "not_following")
    await simulator.act(fan, "follow")
    assert await refused("follow") == (409, "already_following")
    assert await refused("follow", app_id="wx404") == (404, "account_unknown")
    assert await refused("send", text="\x00") == (422, "invalid_request")
    assert await refused("send", text="") == (422, "invalid_request")
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2", kind="mini")
    assert await refused("follow", app_id="wx2") == (409, "not_an_official_account")
    status, answer = await simulator.post("/sim/fans/fan404/follow", {"app_id": APP_ID})
    assert (status, answer["error"]["code"]) == (404, "fan_unknown")
    assert len(receiver.received) == 1


async def test_a_lone_surrogate_is_refused(simulator):
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    data = b'{"app_id": "%s", "text": "\\ud800"}' % APP_ID.encode()
    headers = {"Content-Type": "application/json"}
    url = f"{simulator.base}/sim/fans/{fan}/send"
    async with simulator.session.post(url, data=data, headers=headers) as response:
        assert response.status == 422


async def test_the_same_event_never_shares_its_second(simulator, receiver):
    fan = await simulator.fan()
    for _ in range(3):
        await simulator.act(fan, "follow")
        await simulator.act(fan, "unfollow")
    follows = [int(each.clear["CreateTime"]) for each in receiver.received if each.clear["Event"] == "subscribe"]
    assert len(set(follows)) == 3


async def test_followers_and_welcomes(simulator, receiver):
    fans = [fan["fan_id"] for fan in (await simulator.ok("/sim/fans", {"name": "顾客", "count": 3}))["fans"]]
    receiver.reply("欢迎")
    openids = [(await simulator.act(fan, "follow"))["openid"] for fan in fans[:2]]
    receiver.always("success")
    openids.append((await simulator.act(fans[2], "follow"))["openid"])
    receiver.reply("在的")
    await simulator.act(fans[2], "send", text="在吗")
    await simulator.act(fans[0], "unfollow")
    assert await simulator.ok(f"/sim/followers?app_id={APP_ID}") == {"count": 2, "openids": openids[1:]}
    assert await simulator.ok(f"/sim/welcomes?app_id={APP_ID}") == {"fans_with_reply": 2}


async def test_stats(simulator, receiver):
    fan = await simulator.fan()
    receiver.always("busy", status=503)
    silent = await simulator.act(fan, "follow")
    receiver.always("success")
    await simulator.act(fan, "send", text="在吗")
    await simulator.ok(f"/sim/pushes/{silent['push_id']}/resend", {"times": 2})
    stats = await simulator.ok(f"/sim/stats?app_id={APP_ID}")
    assert {name: stats[name] for name in ("pushes", "attempts", "failed", "resends")} == {
        "pushes": 2,
        "attempts": 4,
        "failed": 3,
        "resends": 2,
    }
    for path in ("stats", "followers", "welcomes"):
        assert (await simulator.get(f"/sim/{path}?app_id=wx404"))[0] == 404
