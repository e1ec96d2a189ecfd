"""Mini-programs: login, phone number, text and picture checks."""

import re

import pytest

from tests.simulator.harness import APP_ID, SECRET, until

MINI = "wx2"
NOBODY = "http://127.0.0.1:9/"
LOGIN = {"appid": MINI, "secret": SECRET, "grant_type": "authorization_code"}


async def mini(simulator, push_url=NOBODY, **changes):
    known = {"app_id": MINI, "original_id": "gh_2", "kind": "mini", "mode": "plain"}
    await simulator.account(push_url, **known | changes)


@pytest.fixture
async def fan(simulator):
    await mini(simulator)
    return await simulator.fan()


async def act(simulator, fan, action, **body):
    return await simulator.ok(f"/sim/fans/{fan}/{action}", {"app_id": MINI} | body)


async def log_in(simulator, code, **changes):
    return (await simulator.get("/sns/jscode2session", **LOGIN | {"js_code": code} | changes))[1]


async def call(simulator, path, body, app_id=MINI):
    token = await simulator.token(app_id)
    return (await simulator.post("/wxa/" + path, body, access_token=token))[1]


async def check(simulator, visitor, text="很好吃", **changes):
    body = {"version": 2, "openid": visitor, "scene": 2, "content": text} | changes
    return await call(simulator, "msg_sec_check", body)


async def number(simulator, code):
    return await call(simulator, "business/getuserphonenumber", {"code": code})


async def change(simulator, fan, **traits):
    async with simulator.session.put(f"{simulator.base}/sim/fans/{fan}", json=traits) as response:
        return response.status


async def test_a_login(simulator, fan):
    asked = await act(simulator, fan, "js_code")
    session = await log_in(simulator, asked["js_code"])
    assert set(session) == {"openid", "session_key", "unionid"}
    assert session["openid"] == asked["openid"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{22}==", session["session_key"])
    followed = (await simulator.act(fan, "follow"))["openid"]
    token = await simulator.token()
    info = (await simulator.get("/cgi-bin/user/info", access_token=token, openid=followed))[1]
    assert (info["unionid"], followed != session["openid"]) == (session["unionid"], True)


async def test_a_mini_program_of_no_open_platform(simulator, fan):
    await mini(simulator, open_platform=None)
    assert "unionid" not in await log_in(simulator, (await act(simulator, fan, "js_code"))["js_code"])


async def test_a_login_code_is_used_once_and_lives_five_minutes(simulator, fan):
    code = (await act(simulator, fan, "js_code"))["js_code"]
    assert "openid" in await log_in(simulator, code)
    assert (await log_in(simulator, code))["errcode"] == 40163
    late = (await act(simulator, fan, "js_code"))["js_code"]
    simulator.move_clock(301)
    assert (await log_in(simulator, late))["errcode"] == 40029
    phone = (await act(simulator, fan, "phone_code"))["code"]
    assert (await log_in(simulator, phone))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": APP_ID}, 40013),
        ({"secret": "wrong"}, 40001),
        ({"grant_type": "client_credential"}, 40002),
        ({"js_code": ""}, 40029),
    ],
)
async def test_bad_logins(simulator, fan, changes, errcode):
    assert (await log_in(simulator, "none", **changes))["errcode"] == errcode


async def test_logins_of_one_person_are_limited_by_the_minute(simulator, fan):
    await mini(simulator, limits={"jscode2session_minute_per_user": 2})
    other = await simulator.fan()
    answers = [await log_in(simulator, (await act(simulator, fan, "js_code"))["js_code"]) for _ in range(3)]
    assert [answer.get("errcode") for answer in answers] == [None, None, 45011]
    assert "openid" in await log_in(simulator, (await act(simulator, other, "js_code"))["js_code"])
    simulator.move_clock(60)
    assert "openid" in await log_in(simulator, (await act(simulator, fan, "js_code"))["js_code"])


async def test_logins_are_limited_by_the_day(simulator, fan):
    await mini(simulator, limits={"jscode2session": 1})
    answers = [await log_in(simulator, (await act(simulator, fan, "js_code"))["js_code"]) for _ in range(2)]
    assert [answer.get("errcode") for answer in answers] == [None, 45009]


async def test_a_risky_person_is_kept_out(simulator, fan):
    assert await change(simulator, fan, risky=True) == 200
    assert (await log_in(simulator, (await act(simulator, fan, "js_code"))["js_code"]))["errcode"] == 40226
    assert await change(simulator, fan, phone="nonsense") == 422


async def test_an_official_account_is_not_opened(simulator, fan):
    for action in ("js_code", "phone_code", "open_mini"):
        status, answer = await simulator.post(f"/sim/fans/{fan}/{action}", {"app_id": APP_ID})
        assert (status, answer["error"]["code"]) == (409, "not_a_mini_program")
    assert (await call(simulator, "msg_sec_check", {}, app_id=APP_ID))["errcode"] == 48001


async def test_a_phone_number(simulator, fan):
    code = (await act(simulator, fan, "phone_code"))["code"]
    info = (await number(simulator, code))["phone_info"]
    assert info["watermark"].pop("timestamp") > 1_700_000_000
    assert info == {
        "phoneNumber": "19900000001",
        "purePhoneNumber": "19900000001",
        "countryCode": "86",
        "watermark": {"appid": MINI},
    }
    assert (await number(simulator, code))["errcode"] == 40029
    await change(simulator, fan, phone="19911112222")
    late = (await act(simulator, fan, "phone_code"))["code"]
    assert (await number(simulator, late))["phone_info"]["phoneNumber"] == "19911112222"
    login = (await act(simulator, fan, "js_code"))["js_code"]
    assert (await number(simulator, login))["errcode"] == 40029
    late = (await act(simulator, fan, "phone_code"))["code"]
    simulator.move_clock(301)
    assert (await number(simulator, late))["errcode"] == 40029


async def test_the_button_fails_when_the_balance_is_gone(simulator, fan):
    await mini(simulator, limits={"phone_calls": 1})
    unused = (await act(simulator, fan, "phone_code"))["code"]
    code = (await act(simulator, fan, "phone_code"))["code"]
    assert (await number(simulator, code))["errcode"] == 0
    status, answer = await simulator.post(f"/sim/fans/{fan}/phone_code", {"app_id": MINI})
    assert (status, answer["error"]["code"]) == (409, "phone_balance_gone")
    assert "1400001" in answer["error"]["message"]
    assert unused != code


@pytest.mark.parametrize(
    ("words", "content", "suggest"),
    [
        ({}, "很好吃", "pass"),
        ({"risky_words": ["赌"]}, "来赌一把", "risky"),
        ({"review_words": ["便宜"]}, "真便宜", "review"),
        ({"risky_words": ["赌"], "review_words": ["一"]}, "来赌一把", "risky"),
    ],
)
async def test_a_text_is_judged(simulator, fan, words, content, suggest):
    await mini(simulator, **words)
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    answer = await check(simulator, openid, content)
    assert (answer["errcode"], answer["result"]["suggest"], answer["detail"][0]["suggest"]) == (0, suggest, suggest)
    assert answer["trace_id"]
    assert (answer["result"]["label"] == 100) is (suggest == "pass")


async def test_a_nickname_is_judged_with_the_text(simulator, fan):
    await mini(simulator, risky_words=["赌"])
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    for name in ("nickname", "title", "signature"):
        assert (await check(simulator, openid, **{name: "赌王"}))["result"]["suggest"] == "risky"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"version": 1}, 40097),
        ({"scene": 5}, 40129),
        ({"openid": "o404"}, 40003),
        ({"content": ""}, 44002),
        ({"content": None}, 44002),
        ({"content": "长" * 2501}, 45002),
    ],
)
async def test_bad_checks(simulator, fan, changes, errcode):
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    assert (await check(simulator, openid, "长" * 2500))["errcode"] == 0
    assert (await check(simulator, openid, **changes))["errcode"] == errcode


async def test_the_visit_must_be_younger_than_two_hours(simulator, fan):
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    followed = (await simulator.act(fan, "follow"))["openid"]
    assert (await check(simulator, followed))["errcode"] == 43104
    simulator.move_clock(7190)
    assert (await check(simulator, openid))["errcode"] == 0
    simulator.move_clock(7210)
    assert (await check(simulator, openid))["errcode"] == 61010
    await act(simulator, fan, "js_code")
    assert (await check(simulator, openid))["errcode"] == 0


async def test_checks_are_limited(simulator, fan):
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    await mini(simulator, limits={"msg_sec_check_minute": 1})
    assert [(await check(simulator, openid))["errcode"] for _ in range(2)] == [0, 45011]
    await mini(simulator, limits={"msg_sec_check": 1})
    simulator.move_clock(61)
    assert (await check(simulator, openid))["errcode"] == 45009


async def test_a_picture_is_judged_later(simulator, fan, receiver):
    limits = {"media_check_seconds": 0.05}
    await mini(simulator, receiver.url, risky_words=["bad"], limits=limits)
    openid = (await act(simulator, fan, "open_mini"))["openid"]
    body = {"media_url": "https://shop.example/bad.png", "media_type": 2, "version": 2, "openid": openid, "scene": 1}
    accepted = await call(simulator, "media_check_async", body)
    assert (accepted["errcode"], set(accepted)) == (0, {"errcode", "errmsg", "trace_id"})
    await until(lambda: receiver.has(1))
    [push] = (await simulator.ok(f"/sim/pushes?app_id={MINI}"))["pushes"]
    assert push["fields"]["Event"] == "wxa_media_check"
    assert push["fields"]["trace_id"] == accepted["trace_id"]
    assert "risky" in str(push["fields"]["result"])
    await mini(simulator, receiver.url, limits={"media_check_seconds": 600})
    accepted = await call(simulator, "media_check_async", body)
    [_, waiting] = (await simulator.ok(f"/sim/pushes?app_id={MINI}"))["pushes"]
    assert waiting["fields"]["trace_id"] == accepted["trace_id"]
    assert (waiting["outcome"], waiting["attempts"]) == ("pending", [])
    assert (await call(simulator, "media_check_async", body | {"media_type": 3}))["errcode"] == 40097
    assert (await call(simulator, "media_check_async", body | {"media_url": ""}))["errcode"] == 40097
