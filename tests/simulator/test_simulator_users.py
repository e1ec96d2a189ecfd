import re

from tests.simulator.harness import APP_ID


async def get(simulator, path, app_id=APP_ID, **params):
    token = await simulator.token(app_id)
    return (await simulator.get(path, access_token=token, **params))[1]


async def test_info_of_followers_and_former_followers(simulator):
    code = await simulator.code("guide-7")
    fan = await simulator.fan()
    openid = (await simulator.act(fan, "scan", ticket=code["ticket"]))["openid"]
    info = await get(simulator, "/cgi-bin/user/info", openid=openid, lang="en")
    unionid, since = info.pop("unionid"), info.pop("subscribe_time")
    assert info == {
        "subscribe": 1,
        "openid": openid,
        "language": "en",
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "guide-7",
    }
    assert since > 1_700_000_000
    assert unionid != openid
    await simulator.act(fan, "unfollow")
    assert await get(simulator, "/cgi-bin/user/info", openid=openid) == {"subscribe": 0, "openid": openid}


async def test_a_numeric_scene_and_a_plain_follow(simulator):
    token = await simulator.token()
    body = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 12}}}
    await simulator.post("/cgi-bin/qrcode/create", body, access_token=token)
    scanner, searcher = await simulator.fan(), await simulator.fan()
    scanned = (await simulator.act(scanner, "scan", scene="12"))["openid"]
    searched = (await simulator.act(searcher, "follow"))["openid"]
    info = await get(simulator, "/cgi-bin/user/info", openid=scanned)
    assert (info["qr_scene"], info["qr_scene_str"]) == (12, "")
    info = await get(simulator, "/cgi-bin/user/info", openid=searched)
    assert (info["qr_scene"], info["subscribe_scene"]) == (0, "ADD_SCENE_SEARCH")


async def test_where_a_follower_found_the_account(simulator):
    fan = await simulator.fan()
    openid = (await simulator.act(fan, "follow", subscribe_scene="ADD_SCENE_WECHAT_ADVERTISEMENT"))["openid"]
    info = await get(simulator, "/cgi-bin/user/info", openid=openid)
    assert info["subscribe_scene"] == "ADD_SCENE_WECHAT_ADVERTISEMENT"
    other = await simulator.fan()
    body = {"app_id": APP_ID, "subscribe_scene": "ADD_SCENE_QR_CODE"}
    assert (await simulator.post(f"/sim/fans/{other}/follow", body))[0] == 422


async def test_openids_are_per_account_and_unionids_per_open_platform(simulator, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2")
    await simulator.account(receiver.url, app_id="wx3", original_id="gh_3", open_platform=None)
    await simulator.account(receiver.url, app_id="wx4", original_id="gh_4", open_platform="other")
    fan = await simulator.fan()
    apps = (APP_ID, "wx2", "wx3", "wx4")
    openids = [(await simulator.act(fan, "follow", app_id=app))["openid"] for app in apps]
    assert len(set(openids)) == 4
    assert all(re.fullmatch(r"o[A-Za-z0-9_-]{27}", openid) for openid in openids)
    infos = [
        await get(simulator, "/cgi-bin/user/info", app, openid=openid)
        for app, openid in zip(apps, openids, strict=True)
    ]
    unionids = [info.get("unionid") for info in infos]
    assert unionids[0] == unionids[1] != unionids[3]
    assert unionids[2] is None
    foreign = await get(simulator, "/cgi-bin/user/info", openid=openids[1])
    assert foreign["errcode"] == 40003


async def test_openids_stay_the_same_after_a_reset(simulator, receiver):
    async def follow():
        return (await simulator.act(await simulator.fan(), "follow"))["openid"]

    first = await follow()
    await simulator.post("/sim/reset")
    await simulator.account(receiver.url)
    assert await follow() == first


async def test_batches(simulator):
    fans = (await simulator.ok("/sim/fans", {"name": "顾客", "count": 3}))["fans"]
    openids = [(await simulator.act(fan["fan_id"], "follow"))["openid"] for fan in fans]

    async def batch(users):
        token = await simulator.token()
        return (await simulator.post("/cgi-bin/user/info/batchget", {"user_list": users}, access_token=token))[1]

    found = await batch([{"openid": openid, "lang": "zh_CN"} for openid in openids])
    assert [user["openid"] for user in found["user_info_list"]] == openids
    assert (await batch([]))["errcode"] == 40032
    assert (await batch([{"openid": openids[0]}] * 101))["errcode"] == 40032
    assert (await batch([{"openid": "o404"}]))["errcode"] == 40003
    assert (await batch(["o404"]))["errcode"] == 47001
    assert (await batch(None))["errcode"] == 47001


async def test_the_follower_list_is_paged(simulator, receiver):
    await simulator.account(receiver.url, limits={"user_get_page": 2})
    fans = (await simulator.ok("/sim/fans", {"name": "顾客", "count": 4}))["fans"]
    openids = [(await simulator.act(fan["fan_id"], "follow"))["openid"] for fan in fans]
    await simulator.act(fans[1]["fan_id"], "unfollow")
    first = await get(simulator, "/cgi-bin/user/get")
    assert first == {
        "total": 3,
        "count": 2,
        "data": {"openid": [openids[0], openids[2]]},
        "next_openid": openids[2],
    }
    second = await get(simulator, "/cgi-bin/user/get", next_openid=openids[2])
    assert second["data"]["openid"] == [openids[3]]
    last = await get(simulator, "/cgi-bin/user/get", next_openid=openids[3])
    assert last == {"total": 3, "count": 0, "next_openid": ""}
    assert (await get(simulator, "/cgi-bin/user/get", next_openid="o404"))["errcode"] == 40003
