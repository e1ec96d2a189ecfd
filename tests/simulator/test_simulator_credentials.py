"""White list, frozen secret, tickets of pages, and clearing a day's calls."""

import pytest

from tests.simulator.harness import APP_ID, SECRET

CREDENTIALS = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}


async def fetch(simulator, *, stable):
    if stable:
        return (await simulator.post("/cgi-bin/stable_token", CREDENTIALS))[1]
    return (await simulator.get("/cgi-bin/token", **CREDENTIALS))[1]


async def stats(simulator):
    return await simulator.ok(f"/sim/stats?app_id={APP_ID}")


async def ticket(simulator, kind="jsapi"):
    token = await simulator.token()
    return (await simulator.get("/cgi-bin/ticket/getticket", access_token=token, type=kind))[1]


async def clear(simulator, app_id=APP_ID):
    token = await simulator.token()
    return (await simulator.post("/cgi-bin/clear_quota", {"appid": app_id}, access_token=token))[1]["errcode"]


async def users(simulator):
    token = await simulator.token()
    return (await simulator.get("/cgi-bin/user/get", access_token=token))[1].get("errcode", 0)


@pytest.mark.parametrize("stable", [True, False])
async def test_a_server_that_is_not_in_the_list(simulator, stable):
    await simulator.account(ip_allowed=False)
    body = await fetch(simulator, stable=stable)
    assert body["errcode"] == 40164
    assert body["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
    await simulator.account(ip_awaits_approval=True)
    assert (await fetch(simulator, stable=stable))["errcode"] == 89503
    await simulator.account(kind="mini", ip_allowed=False)
    assert "access_token" in await fetch(simulator, stable=stable)
    numbers = await stats(simulator)
    assert (numbers["errors"], numbers["token_fetches"]) == ({"40164": 1, "89503": 1}, 3)


@pytest.mark.parametrize("stable", [True, False])
async def test_a_frozen_secret(simulator, stable):
    await simulator.account(secret_frozen=True)
    assert (await fetch(simulator, stable=stable))["errcode"] == 40243
    await simulator.account()
    assert "access_token" in await fetch(simulator, stable=stable)


async def test_the_list_is_asked_for_tokens_only(simulator):
    token = await simulator.token()
    await simulator.account(ip_allowed=False)
    assert (await simulator.get("/cgi-bin/user/get", access_token=token))[1]["total"] == 0


async def test_tickets_of_pages_are_counted(simulator):
    await simulator.account(limits={"ticket_getticket": 2})
    body = await ticket(simulator)
    assert (body["errcode"], body["errmsg"], body["expires_in"]) == (0, "ok", 7200)
    assert len(body["ticket"]) > 80
    assert (await ticket(simulator, "wx_card"))["errcode"] == 40097
    assert (await ticket(simulator))["errcode"] == 45009
    assert (await stats(simulator))["ticket_fetches"] == 2


async def test_clearing_gives_a_used_up_day_back(simulator):
    await simulator.account(limits={"user_get": 1})
    assert [await users(simulator) for _ in range(2)] == [0, 45009]
    assert await clear(simulator) == 0
    assert [await users(simulator) for _ in range(2)] == [0, 45009]
    assert (await stats(simulator))["calls"]["user_get"] == 2
    assert await clear(simulator, "wx2") == 40013


async def test_days_are_cleared_ten_times_a_month(simulator):
    assert [await clear(simulator) for _ in range(11)] == [0] * 10 + [48006]
    simulator.move_clock(32 * 86_400)
    assert await clear(simulator) == 0


async def test_every_endpoint_is_counted_under_its_name(simulator):
    await ticket(simulator)
    calls = (await stats(simulator))["calls"]
    assert (calls["ticket_getticket"], calls["stable_token"], calls["menu_create"]) == (1, 1, 0)
    assert {"tags_members_batchtagging", "getwxacodeunlimit", "oauth2_access_token", "jscode2session"} <= set(calls)
