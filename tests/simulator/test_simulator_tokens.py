import asyncio
import time

import pytest

from tests.simulator.harness import APP_ID, SECRET

PLAIN = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}


async def plain(simulator, **changes):
    return (await simulator.get("/cgi-bin/token", **(PLAIN | changes)))[1]


async def stable(simulator, **changes):
    return (await simulator.post("/cgi-bin/stable_token", PLAIN | changes))[1]


async def errcode(simulator, token):
    """The errcode of a harmless call with this token, 0 when it was let in."""
    status, body = await simulator.get("/cgi-bin/user/get", access_token=token)
    assert status == 200
    return body.get("errcode", 0)


@pytest.mark.parametrize("fetch", [plain, stable])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": ""}, 41002),
        ({"appid": "wx404"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40001),
    ],
)
async def test_wrong_credentials(simulator, fetch, changes, code):
    body = await fetch(simulator, **changes)
    assert body["errcode"] == code
    assert " rid: " in body["errmsg"]


@pytest.mark.parametrize("fetch", [plain, stable])
async def test_a_wrong_secret_may_have_a_code_of_its_own(simulator, fetch):
    await simulator.account(wrong_secret_errcode=40125)
    assert (await fetch(simulator, secret="wrong"))["errcode"] == 40125


@pytest.mark.parametrize("fetch", [plain, stable])
@pytest.mark.parametrize("characters", [64, 137, 512])
async def test_the_length_of_tokens(simulator, fetch, characters):
    await simulator.account(token_characters=characters)
    token = (await fetch(simulator))["access_token"]
    assert len(token) == characters
    assert await errcode(simulator, token) == 0


async def test_a_plain_token_replaces_the_former_after_five_minutes(simulator):
    first = await plain(simulator)
    assert first["expires_in"] == 7200
    second = await plain(simulator)
    assert second["access_token"] != first["access_token"]
    assert await errcode(simulator, first["access_token"]) == 0
    simulator.move_clock(299)
    assert await errcode(simulator, first["access_token"]) == 0
    simulator.move_clock(301)
    assert await errcode(simulator, first["access_token"]) == 40001
    assert await errcode(simulator, second["access_token"]) == 0
    simulator.move_clock(7201)
    assert await errcode(simulator, second["access_token"]) == 42001


async def test_the_grace_never_outlives_the_token(simulator):
    first = await plain(simulator)
    simulator.move_clock(7100)
    await plain(simulator)
    simulator.move_clock(7201)
    assert await errcode(simulator, first["access_token"]) == 42001


async def test_the_stable_token_stays_until_its_last_five_minutes(simulator):
    tokens = await asyncio.gather(*(stable(simulator) for _ in range(20)))
    assert len({token["access_token"] for token in tokens}) == 1
    first = tokens[0]["access_token"]
    simulator.move_clock(6800)
    late = await stable(simulator)
    assert late["access_token"] == first
    assert 300 <= late["expires_in"] <= 400
    simulator.move_clock(6910)
    second = await stable(simulator)
    assert second["access_token"] != first
    assert second["expires_in"] == 7200
    assert await errcode(simulator, first) == 0
    assert await errcode(simulator, second["access_token"]) == 0
    simulator.move_clock(6910 + 301)
    assert await errcode(simulator, first) != 0
    assert await errcode(simulator, second["access_token"]) == 0


async def test_a_forced_refresh_kills_the_former_at_once(simulator):
    first = (await stable(simulator))["access_token"]
    second = (await stable(simulator, force_refresh=True))["access_token"]
    assert await errcode(simulator, first) == 40001
    assert await errcode(simulator, second) == 0
    assert (await stable(simulator))["access_token"] == second


async def test_forced_refreshes_are_thirty_seconds_apart_and_twenty_a_day(simulator):
    await stable(simulator)
    tokens = [(await stable(simulator, force_refresh=True))["access_token"]]
    assert (await stable(simulator, force_refresh=True))["access_token"] == tokens[0]
    await simulator.account(limits={"force_refresh": 3})
    for number in (1, 2):
        simulator.move_clock(31 * number)
        tokens.append((await stable(simulator, force_refresh=True))["access_token"])
    assert len(set(tokens)) == 3
    simulator.move_clock(31 * 3)
    assert (await stable(simulator, force_refresh=True))["errcode"] == 45009
    assert (await stable(simulator))["access_token"] == tokens[-1]


async def test_a_forced_refresh_is_spent_also_when_the_token_has_died(simulator):
    await stable(simulator)
    await simulator.account(limits={"force_refresh": 2, "token_seconds": 40, "token_grace_seconds": 1})
    for number in (0, 1):
        simulator.move_clock(41 * number)
        assert "access_token" in await stable(simulator, force_refresh=True)
    simulator.move_clock(41 * 2)
    assert (await stable(simulator, force_refresh=True))["errcode"] == 45009
    assert "access_token" in await stable(simulator)


async def test_every_fetch_is_counted_whatever_is_answered(simulator):
    await stable(simulator, secret="wrong")
    await plain(simulator, secret="wrong")
    await plain(simulator, grant_type="password")
    await plain(simulator, appid="wx404")
    assert (await simulator.ok(f"/sim/stats?app_id={APP_ID}"))["token_fetches"] == 3


async def test_the_two_lines_do_not_disturb_each_other(simulator):
    stable_token = (await stable(simulator))["access_token"]
    plain_token = (await plain(simulator))["access_token"]
    await plain(simulator)
    await stable(simulator, force_refresh=True)
    simulator.move_clock(200)
    assert await errcode(simulator, plain_token) == 0
    assert await errcode(simulator, stable_token) == 40001


@pytest.mark.parametrize(
    ("token", "code"), [("", 41001), ("nonsense", 40014), ("99_" + "A" * 134, 40001), ("会员", 40014)]
)
async def test_tokens_that_are_none(simulator, token, code):
    assert await errcode(simulator, token) == code


async def test_daily_limits(simulator):
    await simulator.account(limits={"token": 2, "user_get": 1, "stable_token": 3, "stable_token_minute": 2})
    assert "access_token" in await plain(simulator)
    token = (await plain(simulator))["access_token"]
    assert (await plain(simulator))["errcode"] == 45009
    assert [await errcode(simulator, token) for _ in range(2)] == [0, 45009]
    assert [(await stable(simulator)).get("errcode") for _ in range(3)] == [None, None, 45011]
    simulator.move_clock(86_400)
    token = (await plain(simulator))["access_token"]
    assert await errcode(simulator, token) == 0
    stats = await simulator.ok(f"/sim/stats?app_id={APP_ID}")
    # Those that were refused are counted, too.
    assert stats["token_fetches"] == 4 + 3
    assert stats["calls"]["user_get"] == 2
    assert stats["errors"] == {"45009": 2, "45011": 1}


async def test_a_day_ends_at_midnight_in_shanghai(simulator):
    def move_to(seconds_after_midnight_utc):
        simulator.move_clock(86_400 - time.time() % 86_400 + seconds_after_midnight_utc)

    await simulator.account(limits={"token": 1})
    move_to(15.9 * 3600)
    assert "access_token" in await plain(simulator)
    assert (await plain(simulator))["errcode"] == 45009
    move_to(16.1 * 3600)
    assert "access_token" in await plain(simulator)
    move_to(24.1 * 3600)
    assert (await plain(simulator))["errcode"] == 45009


async def test_wrong_methods_and_paths(simulator):
    assert (await simulator.post("/cgi-bin/token"))[1]["errcode"] == 43001
    assert (await simulator.get("/cgi-bin/stable_token"))[1]["errcode"] == 43002
    assert (await simulator.get("/cgi-bin/nothing"))[1]["errcode"] == 40066


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"appid=1"])
async def test_a_body_that_is_no_json_object(simulator, data):
    async with simulator.session.post(simulator.base + "/cgi-bin/stable_token", data=data) as response:
        assert response.status == 200
        assert (await response.json(content_type=None))["errcode"] == 47001
