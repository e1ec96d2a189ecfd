"""Tokens and tickets: one fetch for all clients of all processes, one guarded refresh, never a loop."""

import asyncio
import dataclasses
import random

import pytest

from infra import alerts, parameters, redis
from infra.settings import settings
from tests import factories as make
from tests.forks import Fork
from tests.simulator.harness import until
from wechat.platform import client, tickets, tokens, users
from wechat.platform.errors import PlatformAway, PlatformRefused, TokenRefused
from wechat.platform.shared import Lease, Shared

TOKEN_PATH = "/cgi-bin/stable_token"


async def _fetches(platform, account):
    return (await platform.ok(f"/sim/stats?app_id={account.app_id}"))["token_fetches"]


async def _cold_processes(account, folder, processes=4, clients=5):
    """Twenty clients in four processes that begin together; what each of them met."""
    words, outputs = (account.app_id, str(clients), str(folder / "start")), [folder / str(n) for n in range(processes)]
    for output in outputs:
        output.touch()
    children = [Fork("tests.wechat.cold_clients:main", *words, output=output) for output in outputs]

    async def ready():
        return all(output.read_text() == "ready\n" for output in outputs)

    await until(ready)
    (folder / "start").touch()
    assert [await asyncio.to_thread(child.wait) for child in children] == [0] * processes
    return [word for output in outputs for word in output.read_text().splitlines()[-1].split()]


async def test_twenty_cold_clients_in_four_processes_fetch_one_token(platform, account, tmp_path):
    assert await _cold_processes(account, tmp_path) == ["ok"] * 20
    assert await _fetches(platform, account) == 1


_IN_PROVE = pytest.mark.prove


@pytest.mark.parametrize("errcode", [40001, pytest.param(40014, marks=_IN_PROVE), pytest.param(42001, marks=_IN_PROVE)])
async def test_a_token_refused_for_ever_costs_two_fetches_and_has_a_name(platform, account, tmp_path, errcode):
    await platform.fault(account.app_id, "*", errcode=errcode)
    assert await _cold_processes(account, tmp_path) == ["wechat_token_refused"] * 20
    for _ in range(3):
        with pytest.raises(TokenRefused):
            await users.followers(account, "")
    assert await _fetches(platform, account) == 2
    assert [alert["kind"] for alert in await alerts.listed()] == ["wechat.40001"]


async def test_a_secret_refused_for_ever_costs_one_fetch(platform, account, tmp_path):
    await platform.fault(account.app_id, TOKEN_PATH, errcode=40001)
    assert await _cold_processes(account, tmp_path) == ["wechat_refused"] * 20
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["calls"]["user_get"], stats["faulted"]) == (0, {"stable_token": 1})
    assert [(alert["kind"], alert["count"]) for alert in await alerts.listed()] == [("wechat.40001", 1)]


async def test_after_the_pause_one_more_fetch_is_made_and_a_mended_token_serves_all(platform, account, db):
    await platform.fault(account.app_id, "*", errcode=40001)
    with pytest.raises(TokenRefused):
        await users.followers(account, "")
    await platform.mend(account.app_id)
    make.jump(db, seconds=61)
    await asyncio.gather(*(users.followers(account, "") for _ in range(20)))
    assert await _fetches(platform, account) <= 3


async def test_a_changed_secret_is_used_at_once(platform, account):
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret="another-secret")
    with pytest.raises(PlatformRefused):
        await users.followers(account, "")
    changed = dataclasses.replace(account, secret="another-secret")
    await users.followers(changed, "")
    # What was mended on the platform's side is known after the pause, or when an operator says so.
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret=account.secret)
    with pytest.raises(PlatformRefused):
        await users.followers(account, "")
    await tokens.forget(account)
    await users.followers(account, "")


async def test_a_token_is_renewed_before_it_ends(platform, account, db):
    await users.followers(account, "")
    make.jump(db, seconds=6_890)
    await users.followers(account, "")
    assert await _fetches(platform, account) == 1
    make.jump(db, seconds=6_910)
    await users.followers(account, "")
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["token_fetches"], stats["errors"]) == (2, {})


async def test_a_token_that_another_system_killed_is_replaced_once_for_all_callers(platform, account):
    await users.followers(account, "")
    body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    await platform.post(TOKEN_PATH, body | {"force_refresh": True})
    before = await _fetches(platform, account)
    await asyncio.gather(*(users.followers(account, "") for _ in range(20)))
    assert await _fetches(platform, account) == before + 1


async def test_without_redis_a_process_fetches_one_for_itself(platform, account, fresh_settings):
    await tokens.forget(account)
    await redis.disconnect()
    fresh_settings.setenv("GUANXI_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    try:
        await asyncio.gather(*(users.followers(account, "") for _ in range(20)))
    finally:
        await tokens.forget(account)
        await redis.disconnect()
    assert await _fetches(platform, account) == 1


async def test_twenty_pages_share_one_ticket(platform, account):
    configs = await asyncio.gather(*(tickets.page_config(account, f"https://brand/{n}") for n in range(20)))
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["token_fetches"], stats["calls"]["ticket_getticket"]) == (1, 1)
    assert len({config.signature for config in configs}) == 20


def test_the_signature_of_a_page_is_the_official_vector():
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    url = "http://mp.weixin.qq.com?params=value"
    for page in (url, f"{url}#part"):
        signature = tickets.signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, page)
        assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


async def test_a_fetch_that_ends_while_others_ask_is_not_repeated(db):
    """The value is looked at again once the lock is held: a caller may have read just before it was stored."""
    luck, fetched, shared = random.Random(3), [], Shared("trial")

    async def fetch():
        fetched.append(1)
        return f"token{len(fetched)}", 7200

    async def soon():
        await asyncio.sleep(luck.uniform(0, 0.004))
        return (await shared.get("wx1", fetch)).value

    for _ in range(25):
        fetched.clear()
        await redis.client().flushdb()
        given = await asyncio.gather(*(soon() for _ in range(30)))
        assert (len(fetched), set(given)) == (1, {"token1"})


async def test_a_failed_fetch_frees_the_lock_and_is_not_repeated_at_once(db):
    shared, asked = Shared("trial"), []

    async def fail():
        asked.append(1)
        raise PlatformAway

    async def fetch():
        return "a token", 7200

    for _ in range(5):
        with pytest.raises(PlatformAway):
            await shared.get("wx1", fail)
    assert len(asked) == 1
    make.jump(db, seconds=3)
    assert (await asyncio.wait_for(shared.get("wx1", fetch), 20)).value == "a token"


async def test_equal_values_fetched_anew_are_told_apart(db):
    """`stable_token` may give the same token again: whoever saw the first one refused tries the second fetch's."""
    shared, fetched = Shared("trial"), []

    async def fetch():
        fetched.append(1)
        return "the same", 7200

    first = await shared.get("wx1", fetch)
    second = await shared.get("wx1", fetch, failed=first)
    assert (second.value, second.number, len(fetched)) == ("the same", 2, 2)
    assert await shared.get("wx1", fetch, failed=first) == second
    with pytest.raises(TokenRefused):
        await shared.get("wx1", fetch, failed=second)
    assert len(fetched) == 2


async def test_values_of_two_accounts_are_kept_apart(db):
    shared = Shared("trial")

    async def one():
        return "one", 7200

    async def two():
        return "two", 7200

    given = [await shared.get("wx1", one), await shared.get("wx2", two), await shared.get("wx1", two)]
    assert [lease.value for lease in given] == ["one", "two", "one"]
    assert isinstance(given[0], Lease)


async def test_the_pause_is_a_parameter(db):
    shared = Shared("trial")
    await parameters.change("wechat.token_pause_seconds", 5, expected_version=0, by="test")

    async def refuse():
        raise PlatformRefused(40125, "invalid appsecret")

    async def fetch():
        return "a token", 7200

    with pytest.raises(PlatformRefused):
        await shared.get("wx1", refuse)
    make.jump(db, seconds=4)
    with pytest.raises(PlatformRefused):
        await shared.get("wx1", fetch)
    make.jump(db, seconds=6)
    assert (await shared.get("wx1", fetch)).value == "a token"
    await client.close()
