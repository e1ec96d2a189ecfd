"""Codes that open a mini-program."""

import io

import pytest
from PIL import Image

from tests.simulator.harness import APP_ID, SECRET

MINI = "wx2"
UNLIMITED = "/wxa/getwxacodeunlimit"


@pytest.fixture
async def platform(simulator, receiver):
    await mini(simulator, receiver)
    return simulator


async def mini(simulator, receiver, **changes):
    pages = ["pages/index", "pages/coupon"]
    known = {"app_id": MINI, "original_id": "gh_2", "kind": "mini", "pages": pages}
    await simulator.account(receiver.url, **known | changes)


async def draw(simulator, path, body, app_id=MINI):
    params = {"access_token": await simulator.token(app_id)}
    async with simulator.session.post(simulator.base + path, json=body, params=params) as response:
        assert response.status == 200
        if response.content_type == "image/png":
            return Image.open(io.BytesIO(await response.read()))
        return (await response.json(content_type=None))["errcode"]


async def test_a_code_with_a_scene_opens_its_page(platform):
    picture = await draw(platform, UNLIMITED, {"scene": "c=7&g=12", "page": "pages/coupon"})
    assert (picture.size, picture.getpixel((0, 0))[3]) == ((430, 430), 255)
    fan = await platform.fan()
    opened = await platform.ok(f"/sim/fans/{fan}/open_mini", {"app_id": MINI, "scene": "c=7&g=12"})
    assert (opened["page"], opened["scene"]) == ("pages/coupon", "c=7&g=12")
    params = {"appid": MINI, "secret": SECRET, "grant_type": "authorization_code"}
    session = (await platform.get("/sns/jscode2session", **params, js_code=opened["js_code"]))[1]
    assert session["openid"] == opened["openid"]


async def test_opened_without_a_code(platform):
    fan = await platform.fan()
    opened = await platform.ok(f"/sim/fans/{fan}/open_mini", {"app_id": MINI})
    assert (opened["page"], opened["scene"]) == ("pages/index", None)
    status, answer = await platform.post(f"/sim/fans/{fan}/open_mini", {"app_id": MINI, "scene": "s"})
    assert (status, answer["error"]["code"]) == (404, "code_unknown")


@pytest.mark.parametrize("width", [280, 1280])
async def test_sizes(platform, width):
    picture = await draw(platform, UNLIMITED, {"scene": "s", "width": width, "is_hyaline": True})
    assert (picture.size, picture.getpixel((0, 0))[3]) == ((width, width), 0)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"scene": ""}, 40169),
        ({"scene": None}, 40169),
        ({"scene": "s" * 33}, 40169),
        ({"scene": "导购"}, 40169),
        ({"scene": "a b"}, 40169),
        ({"scene": "a%20"}, 40169),
        ({"scene": "s\n"}, 40169),
        ({"scene": "scancode_time=1"}, 40169),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/index?a=1"}, 41030),
        ({"page": "pages/other"}, 41030),
        ({"width": 279}, 40097),
        ({"width": 1281}, 40097),
        ({"width": "430"}, 40097),
        ({"env_version": "beta"}, 40097),
    ],
)
async def test_bad_codes(platform, changes, errcode):
    assert await draw(platform, UNLIMITED, {"scene": "s", "page": "pages/index"} | changes) == errcode


async def test_what_may_stand_in_a_scene(platform):
    for scene in ("!#$&'()*+,/:;=?@-._~", "s" * 32, "Az09"):
        assert (await draw(platform, UNLIMITED, {"scene": scene})).size == (430, 430)


async def test_a_page_is_not_checked_where_nobody_asks(platform, receiver):
    await mini(platform, receiver, limits={"mini_unchecked_pages": 2})
    for page in ("pages/a", "pages/b", "pages/b", "pages/index"):
        unchecked = {"scene": "s", "page": page, "check_path": False}
        assert (await draw(platform, UNLIMITED, unchecked)).size == (430, 430)
    assert await draw(platform, UNLIMITED, {"scene": "s", "page": "pages/c", "check_path": False}) == 45029


async def test_codes_are_limited_by_the_minute(platform, receiver):
    await mini(platform, receiver, limits={"getwxacodeunlimit_minute": 1})
    assert (await draw(platform, UNLIMITED, {"scene": "s"})).size == (430, 430)
    assert await draw(platform, UNLIMITED, {"scene": "s"}) == 45009
    platform.move_clock(60)
    assert (await draw(platform, UNLIMITED, {"scene": "s"})).size == (430, 430)


async def test_codes_with_a_path_are_limited_for_ever(platform, receiver):
    await mini(platform, receiver, limits={"mini_codes": 2})
    square, round_one = "/cgi-bin/wxaapp/createwxaqrcode", "/wxa/getwxacode"
    for path, page in ((square, "pages/index?a=1"), (round_one, "pages/index?a=2"), (square, "pages/index?a=2")):
        assert (await draw(platform, path, {"path": page})).size == (430, 430)
    assert await draw(platform, round_one, {"path": "pages/index?a=3"}) == 45029
    platform.move_clock(400 * 86_400)
    assert await draw(platform, square, {"path": "pages/index?a=3"}) == 45029
    assert await draw(platform, square, {"path": ""}) == 40159
    assert await draw(platform, square, {"path": "p" * 129}) == 40159


async def test_an_official_account_has_no_such_codes(platform):
    for path in (UNLIMITED, "/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"):
        assert await draw(platform, path, {"scene": "s", "path": "p"}, APP_ID) == 48001
