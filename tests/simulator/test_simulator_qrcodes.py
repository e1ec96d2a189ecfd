import io

import pytest
from PIL import Image

from tests.simulator.harness import APP_ID


async def create(simulator, action, scene, **extra):
    body = {"action_name": action, "action_info": {"scene": scene}} | extra
    token = await simulator.token()
    return (await simulator.post("/cgi-bin/qrcode/create", body, access_token=token))[1]


@pytest.mark.parametrize(
    ("action", "scene", "key"),
    [
        ("QR_SCENE", {"scene_id": 2**32 - 1}, "4294967295"),
        ("QR_STR_SCENE", {"scene_str": "导购01"}, "导购01"),
        ("QR_LIMIT_SCENE", {"scene_id": 100_000}, "100000"),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "s" * 64}, "s" * 64),
    ],
)
async def test_each_kind_is_made_shown_and_scanned(simulator, receiver, action, scene, key):
    temporary = {"expire_seconds": 2_592_000} if "LIMIT" not in action else {}
    code = await create(simulator, action, scene, **temporary)
    assert code.get("expire_seconds") == temporary.get("expire_seconds")
    assert code["url"].startswith("http://weixin.qq.com/q/")
    async with simulator.session.get(
        simulator.base + "/cgi-bin/showqrcode", params={"ticket": code["ticket"]}
    ) as picture:
        assert picture.content_type == "image/png"
        assert Image.open(io.BytesIO(await picture.read())).size >= (200, 200)
    fan = await simulator.fan()
    await simulator.act(fan, "scan", ticket=code["ticket"])
    await simulator.act(fan, "scan", url=code["url"])
    follow, scan = (received.clear for received in receiver.received)
    assert (follow["Event"], follow["EventKey"]) == ("subscribe", f"qrscene_{key}")
    assert (scan["Event"], scan["EventKey"]) == ("SCAN", key)
    assert follow["Ticket"] == scan["Ticket"] == code["ticket"]


@pytest.mark.parametrize(
    ("action", "scene", "extra", "errcode"),
    [
        ("QR_OTHER", {"scene_id": 1}, {}, 40052),
        (None, {"scene_id": 1}, {}, 40052),
        ("QR_SCENE", None, {}, 40053),
        ("QR_SCENE", {}, {}, 40053),
        ("QR_SCENE", {"scene_id": "1"}, {}, 40053),
        ("QR_SCENE", {"scene_id": True}, {}, 40053),
        ("QR_SCENE", {"scene_id": 0}, {}, 40129),
        ("QR_SCENE", {"scene_id": 2**32}, {}, 40129),
        ("QR_LIMIT_SCENE", {"scene_id": 100_001}, {}, 40129),
        ("QR_LIMIT_STR_SCENE", {"scene_str": ""}, {}, 40053),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "s" * 65}, {}, 40053),
        ("QR_STR_SCENE", {"scene_str": "a\x00b"}, {}, 40053),
        ("QR_STR_SCENE", {"scene_id": 1}, {}, 40053),
        ("QR_SCENE", {"scene_id": 1}, {"expire_seconds": 0}, 40053),
        ("QR_SCENE", {"scene_id": 1}, {"expire_seconds": 2_592_001}, 40053),
        ("QR_SCENE", {"scene_id": 1}, {"expire_seconds": "60"}, 40053),
    ],
)
async def test_bad_requests(simulator, action, scene, extra, errcode):
    assert (await create(simulator, action, scene, **extra))["errcode"] == errcode


async def test_action_info_must_be_an_object(simulator):
    token = await simulator.token()
    for info in (None, [], "scene"):
        body = {"action_name": "QR_SCENE", "action_info": info}
        answer = (await simulator.post("/cgi-bin/qrcode/create", body, access_token=token))[1]
        assert answer["errcode"] == 40053


async def test_the_permanent_budget(simulator):
    await simulator.account(limits={"permanent_codes": 2})
    first = await simulator.code("a")
    assert await simulator.code("a") == first
    assert "ticket" in await create(simulator, "QR_LIMIT_SCENE", {"scene_id": 1})
    assert (await simulator.code("b"))["errcode"] == 45029
    assert await simulator.code("a") == first
    assert "ticket" in await simulator.code("b", seconds=60)


async def test_creates_are_counted_by_the_day(simulator):
    await simulator.account(limits={"qrcode_create": 1})
    await simulator.code("a")
    assert (await simulator.code("a"))["errcode"] == 45009


async def test_a_temporary_code_expires(simulator):
    code = await simulator.code("a", seconds=60)
    unasked = await create(simulator, "QR_STR_SCENE", {"scene_str": "b"})
    assert unasked["expire_seconds"] == 30
    fan = await simulator.fan()
    simulator.move_clock(61)
    for name in ({"ticket": code["ticket"]}, {"url": code["url"]}, {"scene": "a"}):
        status, answer = await simulator.post(f"/sim/fans/{fan}/scan", {"app_id": APP_ID} | name)
        assert (status, answer["error"]["code"]) == (410, "code_expired")
    async with simulator.session.get(
        simulator.base + "/cgi-bin/showqrcode", params={"ticket": code["ticket"]}
    ) as picture:
        assert picture.status == 404


async def test_a_scene_means_the_newest_living_code(simulator, receiver):
    old = await simulator.code("a", seconds=600)
    new = await simulator.code("a", seconds=60)
    fan = await simulator.fan()
    await simulator.act(fan, "scan", scene="a")
    simulator.move_clock(100)
    await simulator.act(fan, "scan", scene="a")
    assert [received.clear["Ticket"] for received in receiver.received] == [new["ticket"], old["ticket"]]


async def test_unknown_and_foreign_codes(simulator, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2")
    foreign = await simulator.code("a", app_id="wx2")
    fan = await simulator.fan()
    for name in ({"ticket": "none"}, {"scene": "a"}, {"url": "x"}, {"ticket": foreign["ticket"]}):
        status, answer = await simulator.post(f"/sim/fans/{fan}/scan", {"app_id": APP_ID} | name)
        assert (status, answer["error"]["code"]) == (404, "code_unknown")
    for names in ({}, {"ticket": "a", "scene": "b"}):
        status, answer = await simulator.post(f"/sim/fans/{fan}/scan", {"app_id": APP_ID} | names)
        assert (status, answer["error"]["code"]) == (422, "invalid_request")
    async with simulator.session.get(simulator.base + "/cgi-bin/showqrcode?ticket=none") as picture:
        assert picture.status == 404
    assert receiver.received == []
