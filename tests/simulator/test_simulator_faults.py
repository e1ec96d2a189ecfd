"""Every fault switch, seen by whoever calls the endpoint."""

import asyncio
import contextlib

import aiohttp
import pytest

from simulator.world.errors import PLATFORM_ERRORS
from tests.simulator.harness import APP_ID, SECRET, running

CREATE = "/cgi-bin/qrcode/create"
STABLE = "/cgi-bin/stable_token"
CREDENTIALS = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}


async def switch(simulator, kind, endpoint=CREATE, **more):
    body = {"app_id": APP_ID, "endpoint": endpoint, "kind": kind} | more
    async with simulator.session.put(simulator.base + "/sim/faults", json=body) as response:
        return response.status, await response.json()


async def switch_off(simulator, **which):
    async with simulator.session.delete(simulator.base + "/sim/faults", params={"app_id": APP_ID} | which) as response:
        assert response.status == 200
        return (await response.json())["faults"]


async def create(simulator, token, scene="a"):
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
    async with simulator.session.post(simulator.base + CREATE, json=body, params={"access_token": token}) as response:
        return response.status, await response.read()


async def errcode(simulator, token):
    return (await simulator.get("/cgi-bin/user/get", access_token=token))[1].get("errcode", 0)


async def stats(simulator):
    return await simulator.ok(f"/sim/stats?app_id={APP_ID}")


async def codes(simulator):
    return len((await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"])


def test_the_table_of_codes_is_in_order():
    assert list(PLATFORM_ERRORS) == sorted(PLATFORM_ERRORS)


@pytest.mark.parametrize("code", [-1, 40001, 45009, 45015, 45047, 43101, 40003])
async def test_an_errcode_is_answered_instead(simulator, code):
    token = await simulator.token()
    assert (await switch(simulator, "errcode", errcode=code))[0] == 200
    status, body = await create(simulator, token)
    assert (status, f'"errcode":{code},'.encode() in body, b" rid: " in body) == (200, True, True)
    numbers = await stats(simulator)
    assert (numbers["errors"], numbers["faulted"]) == ({str(code): 1}, {"qrcode_create": 1})
    assert (await codes(simulator), numbers["calls"]["qrcode_create"]) == (0, 0)


async def test_a_fault_meets_as_many_calls_as_it_was_given(simulator):
    token = await simulator.token()
    await switch(simulator, "errcode", errcode=-1, times=2)
    answers = [b"ticket" in (await create(simulator, token))[1] for _ in range(3)]
    assert answers == [False, False, True]
    assert (await simulator.ok(f"/sim/faults?app_id={APP_ID}"))["faults"] == []


async def test_a_server_error_and_a_page_instead_of_json(simulator):
    token = await simulator.token()
    await switch(simulator, "http_500")
    assert (await create(simulator, token))[0] == 500
    await switch_off(simulator)
    await switch(simulator, "not_json")
    status, body = await create(simulator, token)
    assert (status, body[:6]) == (200, b"<html>")
    assert await codes(simulator) == 0


async def test_half_an_answer_after_the_whole_effect(simulator):
    token = await simulator.token()
    await switch(simulator, "truncated")
    status, body = await create(simulator, token)
    assert (status, body[:10], body[-1:] == b"}") == (200, b'{"ticket":', False)
    assert await codes(simulator) == 1


async def test_a_connection_that_is_cut_after_the_effect(simulator):
    token = await simulator.token()
    await switch(simulator, "reset_after", times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await create(simulator, token)
    assert (await codes(simulator), (await stats(simulator))["calls"]["qrcode_create"]) == (1, 1)
    assert (await create(simulator, token))[0] == 200


@pytest.mark.parametrize(
    ("fault", "status", "answered"),
    [
        ({"kind": "errcode_after", "errcode": 45009}, 200, b'"errcode":45009,'),
        ({"kind": "http_500_after"}, 500, b"Internal Server Error"),
    ],
)
async def test_a_refusal_after_the_effect(simulator, fault, status, answered):
    token = await simulator.token()
    await switch(simulator, **fault, times=1)
    got, body = await create(simulator, token)
    assert (got, answered in body, b"ticket" in body) == (status, True, False)
    assert (await codes(simulator), (await stats(simulator))["calls"]["qrcode_create"]) == (1, 1)
    assert (await create(simulator, token))[0] == 200


async def test_delay_goes_with_other_trouble(simulator):
    token = await simulator.token()
    await switch(simulator, "latency", "*", latency_ms=1)
    await switch(simulator, "errcode", errcode=-1)
    assert b'"errcode":-1' in (await create(simulator, token))[1]
    assert (await stats(simulator))["faulted"] == {"qrcode_create": 2}


async def test_others_are_answered_while_one_is_kept_waiting(simulator):
    token = await simulator.token()
    await switch(simulator, "latency", latency_ms=60_000)
    waiting = asyncio.create_task(create(simulator, token))
    assert await errcode(simulator, token) == 0
    assert not waiting.done()
    waiting.cancel()


async def test_a_token_refused_everywhere_can_still_be_fetched(simulator):
    await switch(simulator, "errcode", "*", errcode=40001)
    for fetches in (1, 2):
        token = await simulator.token()
        assert await errcode(simulator, token) == 40001
        assert (await stats(simulator))["token_fetches"] == fetches
    assert await switch_off(simulator) == []
    assert await errcode(simulator, token) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "errcode", "errcode": 40164},
        {"kind": "errcode_after", "errcode": -1},
        {"kind": "http_500"},
        {"kind": "http_500_after"},
        {"kind": "not_json"},
        {"kind": "truncated"},
        {"kind": "reset_after"},
        {"kind": "latency", "latency_ms": 1},
    ],
)
@pytest.mark.parametrize("path", [STABLE, "/cgi-bin/token"])
async def test_a_fetch_met_by_a_fault_is_one_fetch(simulator, fault, path):
    await switch(simulator, endpoint=path, **fault)
    with contextlib.suppress(aiohttp.ClientConnectionError, ValueError):
        await (simulator.post(path, CREDENTIALS) if path == STABLE else simulator.get(path, **CREDENTIALS))
    numbers = await stats(simulator)
    # Our client asks once more by itself when its connection is cut.
    assert [numbers["token_fetches"]] == list(numbers["faulted"].values()) != []


@pytest.mark.parametrize("path", [STABLE, "*"])
async def test_the_fetch_of_a_token_itself(simulator, path):
    await switch(simulator, "errcode", path, errcode=-1)
    assert (await simulator.post(STABLE, CREDENTIALS))[1]["errcode"] == -1
    await switch(simulator, "errcode", path, errcode=40001)
    assert (await simulator.post(STABLE, CREDENTIALS))[1].get("errcode") == (40001 if path == STABLE else None)
    await switch(simulator, "errcode", "/cgi-bin/token", errcode=40001)
    assert (await simulator.get("/cgi-bin/token", **CREDENTIALS))[1]["errcode"] == 40001


async def test_the_picture_of_a_code(simulator):
    code = await simulator.code("a")
    await switch(simulator, "not_json", "/cgi-bin/showqrcode")
    url = simulator.base + "/cgi-bin/showqrcode"
    async with simulator.session.get(url, params={"ticket": code["ticket"]}) as response:
        assert (await response.read())[:6] == b"<html>"


async def test_faults_are_of_one_account_and_end_one_by_one(simulator, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2")
    await switch(simulator, "errcode", errcode=-1)
    await switch(simulator, "http_500", "*")
    assert "ticket" in await simulator.code("a", app_id="wx2")
    assert [fault["kind"] for fault in await switch_off(simulator, endpoint=CREATE)] == ["http_500"]
    await switch(simulator, "errcode", errcode=-1)
    assert [fault["kind"] for fault in await switch_off(simulator, kind="http_500")] == ["errcode"]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "errcode"},
        {"kind": "errcode", "errcode": 12345},
        {"kind": "errcode_after"},
        {"kind": "http_500", "errcode": -1},
        {"kind": "http_500_after", "errcode": -1},
        {"kind": "latency"},
        {"kind": "http_500", "latency_ms": 5},
        {"kind": "http_500", "times": 0},
        {"kind": "other"},
    ],
)
async def test_switches_that_mean_nothing(simulator, more):
    status, answer = await switch(simulator, **more)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert (await switch(simulator, "http_500", app_id="wx404"))[0] == 404


@pytest.mark.parametrize("path", ["/sim/fans", "/cgi-bin/qrcode/creat", "qrcode_create", ""])
async def test_paths_the_platform_does_not_have(simulator, path):
    status, answer = await switch(simulator, "http_500", path)
    assert (status, answer["error"]["code"]) == (404, "endpoint_unknown")


@pytest.mark.prove
async def test_switches_tags_and_menus_survive_kill_nine(tmp_path):
    state = ("--state", str(tmp_path / "state"))
    async with running(tmp_path, *state) as simulator:
        await simulator.account()
        openid = (await simulator.act(await simulator.fan(), "follow", wait=False))["openid"]
        token = await simulator.token()
        for path, body in (
            ("tags/create", {"tag": {"name": "常客"}}),
            ("tags/members/batchtagging", {"tagid": 100, "openid_list": [openid]}),
            ("menu/create", {"button": [{"type": "click", "name": "积分", "key": "k"}]}),
        ):
            assert (await simulator.post("/cgi-bin/" + path, body, access_token=token))[1].get("errcode", 0) == 0
        assert (await switch(simulator, "errcode", errcode=-1, times=3))[0] == 200
        assert b'"errcode":-1' in (await create(simulator, token))[1]
    async with running(tmp_path, *state) as simulator:
        assert (await simulator.ok(f"/sim/faults?app_id={APP_ID}"))["faults"][0]["times"] == 2
        assert (await simulator.post("/cgi-bin/tags/getidlist", {"openid": openid}, access_token=token))[1] == {
            "tagid_list": [100]
        }
        assert (await simulator.ok(f"/sim/accounts/{APP_ID}/menu"))["button"][0]["key"] == "k"
        assert [b"ticket" in (await create(simulator, token))[1] for _ in range(3)] == [False, False, True]
