"""Calls to the platform: one token for all callers, replaced once when refused, errors by their meaning."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from infra import database, redis
from infra.settings import settings
from tests import factories as make
from wechat.platform import client, tokens
from wechat.platform.errors import PlatformAway, PlatformRefused


@pytest.fixture
async def account(platform):
    account = await make.account()
    await platform.account(
        app_id=account.app_id, original_id=account.original_id, secret=account.secret, name=account.name
    )
    return account


async def _stats(platform, account):
    return await platform.ok(f"/sim/stats?app_id={account.app_id}")


async def _call(account, scene="scene"):
    return await client.create_permanent_code(account, scene)


async def test_twenty_callers_share_one_token_fetch(platform, account):
    await asyncio.gather(*(_call(account, f"scene{n}") for n in range(20)))
    stats = await _stats(platform, account)
    assert (stats["token_fetches"], stats["calls"]["qrcode_create"]) == (1, 20)


async def test_a_token_is_renewed_before_it_ends(platform, account, db):
    await _call(account)
    make.jump(db, seconds=6_890)
    await _call(account)
    assert (await _stats(platform, account))["token_fetches"] == 1
    make.jump(db, seconds=6_910)
    await _call(account)
    stats = await _stats(platform, account)
    assert (stats["token_fetches"], stats["errors"]) == (2, {})


async def test_a_refused_token_is_replaced_once_for_all_callers(platform, account, db):
    await _call(account)
    body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    await platform.post("/cgi-bin/stable_token", body | {"force_refresh": True})
    before = (await _stats(platform, account))["token_fetches"]
    await asyncio.gather(*(_call(account, f"scene{n}") for n in range(20)))
    assert (await _stats(platform, account))["token_fetches"] == before + 1


async def test_without_redis_each_process_asks_for_itself(platform, account, fresh_settings):
    await redis.disconnect()
    fresh_settings.setenv("GUANXI_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    try:
        ticket, url = await _call(account)
    finally:
        await redis.disconnect()
    assert ticket
    assert url


async def test_a_wrong_secret_is_refused_with_the_platforms_code(platform):
    account = await make.account(7, secret="f" * 32)
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret="0" * 32)
    with pytest.raises(PlatformRefused) as refusal:
        await _call(account)
    assert refusal.value.errcode == 40125


async def test_a_call_inside_a_transaction_is_refused(platform, account):
    with pytest.raises(RuntimeError):
        async with database.transaction():
            await _call(account)


@asynccontextmanager
async def _scripted(fresh_settings, *answers):
    """A platform that gives these bodies one after the other, the last for ever; yields the paths asked for."""
    asked, left = [], list(answers)

    async def answer(request):
        asked.append(request.path)
        if request.path == "/cgi-bin/stable_token":
            return web.json_response({"access_token": f"token{len(asked)}", "expires_in": 7200})
        given = left.pop(0) if len(left) > 1 else left[0]
        if given == "reset":
            request.transport.abort()
            return web.Response()
        return web.Response(text=given) if isinstance(given, str) else web.json_response(given)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await client.close()
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", f"http://127.0.0.1:{runner.addresses[0][1]}")
    settings.cache_clear()
    try:
        yield asked
    finally:
        await client.close()
        await runner.cleanup()


DONE = {"errcode": 0, "ticket": "t", "url": "u"}


async def test_busy_is_asked_again_twice_and_then_called_away(db, fresh_settings):
    account = await make.account()
    async with _scripted(fresh_settings, {"errcode": -1}, {"errcode": -1}, DONE) as asked:
        assert await _call(account) == ("t", "u")
        assert asked.count("/cgi-bin/qrcode/create") == 3
    async with _scripted(fresh_settings, {"errcode": -1}) as asked:
        with pytest.raises(PlatformAway):
            await _call(account)
        assert asked.count("/cgi-bin/qrcode/create") == 3


@pytest.mark.parametrize("broken", ["<html>502</html>", "", "[1, 2]", "null", "reset"])
async def test_an_answer_that_is_none_is_called_away_and_not_repeated(db, fresh_settings, broken):
    account = await make.account()
    async with _scripted(fresh_settings, broken) as asked:
        with pytest.raises(PlatformAway):
            await _call(account)
        assert asked.count("/cgi-bin/qrcode/create") == 1


@pytest.mark.parametrize("errcode", [43101, 45009, 47001, 48001, 40013])
async def test_a_refusal_is_not_repeated(db, fresh_settings, errcode):
    account = await make.account()
    async with _scripted(fresh_settings, {"errcode": errcode, "errmsg": "no rid: 1-2-3"}) as asked:
        with pytest.raises(PlatformRefused) as refusal:
            await _call(account)
        assert (refusal.value.errcode, str(refusal.value)) == (errcode, f"{errcode} no rid: 1-2-3")
        assert asked.count("/cgi-bin/qrcode/create") == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_token_refused_for_ever_costs_one_refresh(db, fresh_settings, errcode):
    account = await make.account()
    async with _scripted(fresh_settings, {"errcode": errcode}) as asked:
        with pytest.raises(PlatformRefused):
            await _call(account)
        assert asked.count("/cgi-bin/stable_token") == 2
        assert asked.count("/cgi-bin/qrcode/create") == 2


async def test_nobody_listening_is_called_away(db, fresh_settings):
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    with pytest.raises(PlatformAway):
        await _call(await make.account())
    await client.close()


async def test_a_fetch_that_ends_while_others_ask_is_not_repeated(db):
    """The token is looked at again once the lock is held: a caller may have read just before it was stored."""
    luck, fetched = random.Random(3), []

    async def fetch():
        fetched.append(1)
        return {"access_token": f"token{len(fetched)}", "expires_in": 7200}

    async def soon():
        await asyncio.sleep(luck.uniform(0, 0.004))
        return await tokens.token("wx1", fetch)

    for _ in range(25):
        fetched.clear()
        await redis.client().flushdb()
        given = await asyncio.gather(*(soon() for _ in range(30)))
        assert (len(fetched), set(given)) == (1, {"token1"})


async def test_a_failed_fetch_frees_the_lock(db):
    async def fail():
        raise PlatformAway

    async def fetch():
        return {"access_token": "a token", "expires_in": 7200}

    with pytest.raises(PlatformAway):
        await tokens.token("wx1", fail)
    assert await asyncio.wait_for(tokens.token("wx1", fetch), 2) == "a token"


async def test_tokens_of_two_accounts_are_kept_apart(db):
    async def one():
        return {"access_token": "one", "expires_in": 7200}

    async def two():
        return {"access_token": "two", "expires_in": 7200}

    assert [await tokens.token("wx1", one), await tokens.token("wx2", two), await tokens.token("wx1", two)] == [
        "one",
        "two",
        "one",
    ]
