"""Remarks, tags and the blacklist of followers."""

import pytest

from tests.simulator.harness import APP_ID


async def call(simulator, path, body=None, app_id=APP_ID):
    token = await simulator.token(app_id)
    if body is None:
        return (await simulator.get("/cgi-bin/" + path, access_token=token))[1]
    return (await simulator.post("/cgi-bin/" + path, body, access_token=token))[1]


async def followers(simulator, count):
    fans = (await simulator.ok("/sim/fans", {"name": "顾客", "count": count}))["fans"]
    return [(await simulator.act(fan["fan_id"], "follow"))["openid"] for fan in fans]


async def make(simulator, name="常客"):
    return (await call(simulator, "tags/create", {"tag": {"name": name}}))["tag"]["id"]


async def tagged(simulator, openids, tag_id):
    return (await call(simulator, "tags/members/batchtagging", {"openid_list": openids, "tagid": tag_id}))["errcode"]


async def test_a_tag_lives(simulator):
    tag_id = await make(simulator)
    assert tag_id >= 100
    openids = await followers(simulator, 3)
    assert await tagged(simulator, openids[:2], tag_id) == 0
    assert await tagged(simulator, openids[1:2], tag_id) == 0
    assert await call(simulator, "tags/get") == {
        "tags": [{"id": 2, "name": "星标组", "count": 0}, {"id": tag_id, "name": "常客", "count": 2}]
    }
    assert await call(simulator, "tags/getidlist", {"openid": openids[0]}) == {"tagid_list": [tag_id]}
    token = await simulator.token()
    info = (await simulator.get("/cgi-bin/user/info", access_token=token, openid=openids[0]))[1]
    assert info["tagid_list"] == [tag_id]
    rename = {"tag": {"id": tag_id, "name": "老客"}}
    assert (await call(simulator, "tags/update", rename))["errcode"] == 0
    assert (await call(simulator, "tags/update", rename))["errcode"] == 0
    off = {"openid_list": openids, "tagid": tag_id}
    assert (await call(simulator, "tags/members/batchuntagging", off))["errcode"] == 0
    assert await call(simulator, "tags/getidlist", {"openid": openids[0]}) == {"tagid_list": []}
    await tagged(simulator, openids, tag_id)
    assert (await call(simulator, "tags/delete", {"tag": {"id": tag_id}}))["errcode"] == 0
    assert await call(simulator, "tags/getidlist", {"openid": openids[0]}) == {"tagid_list": []}
    assert await make(simulator) != tag_id


async def test_who_left_is_no_bearer_of_a_tag(simulator):
    tag_id = await make(simulator)
    fan = await simulator.fan()
    openid = (await simulator.act(fan, "follow"))["openid"]
    await tagged(simulator, [openid], tag_id)
    await simulator.act(fan, "unfollow")
    assert (await call(simulator, "tags/get"))["tags"][1]["count"] == 0
    assert (await call(simulator, "user/tag/get", {"tagid": tag_id}))["count"] == 0


async def test_the_bearers_of_a_tag_are_paged(simulator, receiver):
    await simulator.account(receiver.url, limits={"user_get_page": 2})
    tag_id = await make(simulator)
    openids = await followers(simulator, 4)
    await tagged(simulator, [openids[3], openids[0], openids[1]], tag_id)
    first = await call(simulator, "user/tag/get", {"tagid": tag_id, "next_openid": ""})
    assert first == {"count": 2, "data": {"openid": openids[:2]}, "next_openid": openids[1]}
    second = await call(simulator, "user/tag/get", {"tagid": tag_id, "next_openid": openids[1]})
    assert second["data"]["openid"] == openids[3:]
    assert (await call(simulator, "user/tag/get", {"tagid": tag_id, "next_openid": openids[3]}))["count"] == 0
    assert (await call(simulator, "user/tag/get", {"tagid": tag_id, "next_openid": "o404"}))["errcode"] == 40003


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("create", {}, 47001),
        ("create", {"tag": {"name": ""}}, 45157),
        ("create", {"tag": {"name": 5}}, 45157),
        ("create", {"tag": {"name": "常客"}}, 45157),
        ("create", {"tag": {"name": "星标组"}}, 45157),
        ("create", {"tag": {"name": "长" * 11}}, 45158),
        ("update", {"tag": {"id": 2, "name": "新"}}, 45058),
        ("update", {"tag": {"id": 999, "name": "新"}}, 45159),
        ("delete", {"tag": {"id": 0}}, 45058),
        ("delete", {"tag": {"id": 999}}, 45159),
        ("members/batchtagging", {"openid_list": ["o1"], "tagid": 999}, 45159),
        ("members/batchtagging", {"openid_list": [], "tagid": 100}, 40032),
        ("members/batchtagging", {"openid_list": ["o1"] * 51, "tagid": 100}, 40032),
        ("members/batchtagging", {"openid_list": "o1", "tagid": 100}, 47001),
        ("members/batchtagging", {"openid_list": ["o404"], "tagid": 100}, 40003),
        ("members/batchuntagging", {"openid_list": ["o404"], "tagid": 100}, 40003),
        ("getidlist", {"openid": "o404"}, 40003),
        ("members/batchblacklist", {"openid_list": ["o1"] * 21}, 40032),
        ("members/batchunblacklist", {"openid_list": []}, 40032),
        ("members/batchblacklist", {"openid_list": ["o404"]}, 40003),
        ("members/getblacklist", {"begin_openid": "o404"}, 40003),
    ],
)
async def test_bad_requests_about_tags(simulator, path, body, errcode):
    assert await make(simulator) == 100
    assert (await call(simulator, "tags/" + path, body))["errcode"] == errcode


async def test_the_numbers_of_tags(simulator, receiver):
    await simulator.account(receiver.url, limits={"tags": 3, "tags_per_user": 2, "tag_fans_to_delete": 1})
    tags = [await make(simulator, f"标签{number}") for number in range(3)]
    assert (await call(simulator, "tags/create", {"tag": {"name": "多"}}))["errcode"] == 45056
    first, second = await followers(simulator, 2)
    assert [await tagged(simulator, [first], tag) for tag in tags] == [0, 0, 45059]
    assert await tagged(simulator, [second, first], tags[2]) == 45059
    assert await call(simulator, "tags/getidlist", {"openid": second}) == {"tagid_list": []}
    await tagged(simulator, [second], tags[0])
    assert (await call(simulator, "tags/delete", {"tag": {"id": tags[0]}}))["errcode"] == 45057


async def test_the_numbers_of_the_platform(simulator):
    names = [await make(simulator, f"标签{number}") for number in range(100)]
    assert (await call(simulator, "tags/create", {"tag": {"name": "多"}}))["errcode"] == 45056
    [openid] = await followers(simulator, 1)
    assert {await tagged(simulator, [openid], tag) for tag in names[:20]} == {0}
    assert await tagged(simulator, [openid], names[20]) == 45059


async def test_remarks(simulator):
    [openid] = await followers(simulator, 1)
    path, token = "user/info/updateremark", await simulator.token()
    assert (await call(simulator, path, {"openid": openid, "remark": "导购01的老客"}))["errcode"] == 0
    assert (await simulator.get("/cgi-bin/user/info", access_token=token, openid=openid))[1]["remark"] == "导购01的老客"
    assert (await call(simulator, path, {"openid": openid, "remark": "长" * 11}))["errcode"] == 40035
    assert (await call(simulator, path, {"openid": openid}))["errcode"] == 40035
    assert (await call(simulator, path, {"openid": "o404", "remark": ""}))["errcode"] == 40003
    assert (await simulator.ok(f"/sim/stats?app_id={APP_ID}"))["calls"]["user_info_updateremark"] == 4


async def test_those_who_left_get_neither_tag_nor_remark(simulator):
    fan = await simulator.fan()
    openid = (await simulator.act(fan, "follow"))["openid"]
    await simulator.act(fan, "unfollow")
    assert await tagged(simulator, [openid], await make(simulator)) == 50005
    assert (await call(simulator, "user/info/updateremark", {"openid": openid, "remark": "客"}))["errcode"] == 50005


async def test_the_blacklist_silences_people(simulator, receiver):
    await simulator.account(receiver.url, limits={"user_get_page": 1})
    fans = [await simulator.fan() for _ in range(2)]
    openids = [(await simulator.act(fan, "follow"))["openid"] for fan in fans]
    path = "tags/members/batchblacklist"
    assert (await call(simulator, path, {"openid_list": openids}))["errcode"] == 0
    first = await call(simulator, "tags/members/getblacklist", {"begin_openid": ""})
    assert first == {"total": 2, "count": 1, "data": {"openid": openids[:1]}, "next_openid": openids[0]}
    second = await call(simulator, "tags/members/getblacklist", {"begin_openid": openids[0]})
    assert second["data"]["openid"] == openids[1:]
    assert (await call(simulator, "tags/members/batchunblacklist", {"openid_list": openids[1:]}))["errcode"] == 0
    receiver.received.clear()
    for fan in fans:
        await simulator.act(fan, "send", text="在吗", wait=False)
    await simulator.act(fans[1], "send", text="还在吗")
    assert {received.clear["FromUserName"] for received in receiver.received} == {openids[1]}


async def test_a_mini_program_has_no_followers(simulator, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2", kind="mini")
    assert (await call(simulator, "tags/get", app_id="wx2"))["errcode"] == 48001
