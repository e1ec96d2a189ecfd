"""The doctor: each thing that connecting an account needs is found right or wrong, and explained."""

import re

import pytest
from aiohttp import web

from infra import alerts, clock, database, parameters, redis
from infra.settings import settings
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from tests.simulator.harness import receiving
from tests.wechat.scripted import scripted
from tests.wechat.serving import serving
from wechat.accounts import service as account_service
from wechat.accounts.rules import Mode
from wechat.onboarding import checks, service
from wechat.onboarding.rules import Verdict, explain
from wechat.platform import tokens


@pytest.fixture
async def account(platform):
    account = await make.account()
    await platform.account(
        app_id=account.app_id, original_id=account.original_id, secret=account.secret, name=account.name
    )
    return account


@pytest.fixture
async def address(db, fresh_settings):
    async with serving(fresh_settings) as address:
        yield address


async def _found(account, name):
    findings = {finding.name: finding for finding in await service.examine(account.app_id)}
    assert {finding.app_id for finding in findings.values()} == {account.app_id}
    return findings[name]


async def test_a_sound_account_passes_everything_that_can_be_checked(account, address, platform):
    findings = await service.examine(account.app_id)
    assert {f.name for f in findings if f.verdict is Verdict.FAILED} == set()
    passed = {f.name for f in findings if f.verdict is Verdict.PASSED}
    assert passed >= {"token_shared", "secret", "push_address", "push_mode", "quota", "open_alerts", "shadow"}
    for table in ("push", "push_key", "outbox WHERE name = 'wechat.push_received.v1'"):
        assert await make.count(table) == 0


@pytest.mark.parametrize("errcode", [40001, 40013, 40125, 40243, 89503])
async def test_a_refused_token_is_explained_and_becomes_an_alert_until_it_works(account, platform, errcode):
    await platform.fault(account.app_id, "/cgi-bin/stable_token", errcode=errcode)
    finding = await _found(account, "secret")
    assert (finding.verdict, str(errcode) in finding.words, bool(finding.hint)) == (Verdict.FAILED, True, True)
    assert [a["kind"] for a in await alerts.listed()] == [f"wechat.{errcode}"]
    assert (await _found(account, "open_alerts")).verdict is Verdict.FAILED
    await platform.mend(account.app_id)
    # At once, though the refusal is remembered for a minute.
    assert (await _found(account, "secret")).verdict is Verdict.PASSED
    assert await alerts.listed() == []


def test_the_callers_address_is_named():
    words, hint = explain(40164, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1-2-3", "wx1")
    assert "40164" in words
    assert "203.0.113.7；" in hint
    assert "IP 白名单" in hint
    assert "203.0.113.8；" in explain(40164, "invalid ip 203.0.113.8, not in whitelist", "wx1")[1]
    for unnamed in ("something new", "invalid ip, not in whitelist", ""):
        hint = explain(40164, unnamed, "wx1")[1]
        assert "微信没有说明是哪个 IP：请在本机查询出口 IP" in hint
        assert "：（" not in hint


async def test_a_caller_who_is_not_on_the_list_is_told_which_address_to_add(platform):
    account = await make.account()
    await platform.account(
        app_id=account.app_id, original_id=account.original_id, secret=account.secret, ip_allowed=False
    )
    finding = await _found(account, "secret")
    assert (finding.verdict, "IP 白名单”加入本机的出口 IP：127.0.0.1；" in finding.hint) == (Verdict.FAILED, True)
    assert (await _found(account, "token_shared")).verdict is Verdict.BY_HAND


async def test_a_token_that_somebody_else_kills_is_noticed(account, platform):
    assert (await _found(account, "token_shared")).verdict is Verdict.PASSED
    await tokens.token(account)
    body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    await platform.post("/cgi-bin/stable_token", body | {"force_refresh": True})
    finding = await _found(account, "token_shared")
    assert finding.verdict is Verdict.FAILED
    assert "force_refresh" in finding.hint
    assert (await _found(account, "token_shared")).verdict is Verdict.PASSED


async def test_a_token_refused_again_is_not_blamed_on_the_secret(account, platform):
    await platform.fault(account.app_id, "/cgi-bin/get_current_selfmenu_info", errcode=40001)
    assert "作废" in (await _found(account, "token_shared")).words
    findings = await service.examine(account.app_id)
    assert [(f.name, f.verdict) for f in findings[:2]] == [
        ("secret", Verdict.PASSED),
        ("token_shared", Verdict.FAILED),
    ]
    seconds = re.fullmatch(r"令牌暂停获取中（刚被拒绝过），约 (\d+) 秒后自动恢复", findings[1].words)[1]
    assert 1 <= int(seconds) <= 60
    await platform.mend(account.app_id)
    assert (await _found(account, "token_shared")).verdict is Verdict.PASSED


async def test_after_a_fault_is_mended_nothing_contradicts(account, platform):
    await platform.fault(account.app_id, "/cgi-bin/stable_token", errcode=40125)
    failed = await service.examine(account.app_id)
    assert [(f.name, f.verdict) for f in failed[:2]] == [
        ("secret", Verdict.FAILED),
        ("token_shared", Verdict.BY_HAND),
    ]
    assert "上面的 AppSecret" in failed[1].hint
    await platform.mend(account.app_id)
    mended = await service.examine(account.app_id)
    assert [f.verdict for f in mended[:2]] == [Verdict.PASSED, Verdict.PASSED]


async def test_users_of_the_plain_token_do_not_disturb(account, platform):
    await tokens.token(account)
    await platform.get("/cgi-bin/token", grant_type="client_credential", appid=account.app_id, secret=account.secret)
    assert (await _found(account, "token_shared")).verdict is Verdict.PASSED


@pytest.mark.parametrize("mode", list(Mode))
async def test_each_mode_is_recognised_and_nothing_is_written(platform, address, mode):
    account = await make.account(mode=mode)
    assert (await _found(account, "push_mode")).verdict is Verdict.PASSED
    assert await make.count("push_key") == 0


async def test_an_address_that_answers_something_else_is_noticed(account, fresh_settings):
    async with receiving() as receiver:
        receiver.always("hello")
        fresh_settings.setenv("GUANXI_PUBLIC_URL", receiver.url.removesuffix("/push"))
        settings.cache_clear()
        for name in ("push_address", "push_mode"):
            finding = await _found(account, name)
            assert (finding.verdict, bool(finding.hint)) == (Verdict.FAILED, True)
    for name in ("push_address", "push_mode"):  # nobody listens any more
        assert (await _found(account, name)).verdict is Verdict.FAILED


async def test_an_address_that_echoes_whatever_is_asked_is_noticed(account, fresh_settings):
    async def echo(request):
        return web.Response(text=request.query.get("echostr", ""))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fresh_settings.setenv("GUANXI_PUBLIC_URL", f"http://127.0.0.1:{runner.addresses[0][1]}")
    settings.cache_clear()
    finding = await _found(account, "push_address")
    await runner.cleanup()
    assert finding.verdict is Verdict.FAILED
    assert "没有拒绝错误的签名" in finding.words


async def test_without_a_public_address_a_person_is_asked(account):
    for name in ("push_address", "push_mode", "domains", "verify_file"):
        assert (await _found(account, name)).verdict is Verdict.BY_HAND


async def test_the_last_push_is_told(account, http):
    assert (await _found(account, "last_push")).verdict is Verdict.BY_HAND
    pushes = Pushes(account, make.openid())
    assert (await pushes.sealed(pushes.follow()).send(http)).status_code == 200
    assert (await _found(account, "last_push")).verdict is Verdict.PASSED


async def test_a_push_from_the_future_says_that_the_clock_was_moved(account, http):
    pushes = Pushes(account, make.openid())
    assert (await pushes.sealed(pushes.follow()).send(http)).status_code == 200
    await database.execute("UPDATE push SET received_at = received_at + interval '1 day'")
    finding = await _found(account, "last_push")
    assert (finding.verdict, finding.words) == (Verdict.BY_HAND, "最近一次推送的时间在未来，时钟被拨动过")


async def test_a_spent_quota_is_told(account):
    await parameters.change("wechat.daily.selfmenu", 1, expected_version=0, by="test")
    assert (await _found(account, "quota")).verdict is Verdict.FAILED


async def test_a_verification_file_is_read_where_the_platform_looks(account, address):
    assert (await _found(account, "verify_file")).verdict is Verdict.BY_HAND
    await service.put_verify_file(name="MP_verify_0123456789abcdef.txt", content="0123456789abcdef")
    assert (await _found(account, "verify_file")).verdict is Verdict.PASSED


async def test_a_disabled_account_is_not_examined(account):
    await account_service.change_account(account.id, disabled=True)
    assert [f.name for f in await service.examine(account.app_id)] == ["disabled"]
    assert await service.examine() == []


async def test_a_platform_that_is_away_is_no_crash(db, fresh_settings):
    account = await make.account()
    async with scripted(fresh_settings, "<html>502</html>"):
        assert (await _found(account, "token_shared")).verdict is Verdict.FAILED


async def test_without_redis_the_other_checks_go_on(account, fresh_settings):
    await redis.disconnect()
    fresh_settings.setenv("GUANXI_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    try:
        findings = {f.name: f.verdict for f in await service.examine(account.app_id)}
        assert (await checks.redis_server()).verdict is Verdict.FAILED
    finally:
        await redis.disconnect()
    assert (findings["quota"], findings["secret"]) == (Verdict.FAILED, Verdict.PASSED)


async def _pending():
    return ["0009_later"]


async def _nothing_pending():
    return []


async def test_the_installation_is_checked(db, fresh_settings):
    found = {f.name: f for f in await checks.installation(_nothing_pending)}
    assert found["secret_key"].verdict is Verdict.FAILED  # the tests' key is the development's
    assert found["public_url"].verdict is Verdict.FAILED
    assert {found[name].verdict for name in ("postgresql", "schema", "redis", "clock")} == {Verdict.PASSED}
    assert "guanxi migrate" in {f.name: f for f in await checks.installation(_pending)}["schema"].hint


async def test_the_clock_is_compared_with_the_platforms(platform, fresh_settings):
    fresh_settings.delenv("GUANXI_CLOCK_FILE")
    settings.cache_clear()
    clock.reset()
    assert (await checks.clock_skew()).verdict is Verdict.PASSED

    async def late(_request):
        return web.Response(headers={"Date": "Wed, 04 Mar 2020 04:00:00 GMT"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", late)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", f"http://127.0.0.1:{runner.addresses[0][1]}")
    settings.cache_clear()
    finding = await checks.clock_skew()
    await runner.cleanup()
    assert (finding.verdict, "NTP" in finding.hint) == (Verdict.FAILED, True)
    assert (await checks.clock_skew()).verdict is Verdict.FAILED  # nobody listens any more


async def test_an_administrator_sees_the_same_over_http(account, http):
    headers = await make.headers(await make.admin())
    answer = await http.get(f"/staff/v1/accounts/{account.id}/doctor", headers=headers)
    assert answer.status_code == 200, answer.text
    verdicts = {item["name"]: item["verdict"] for item in answer.json()["items"]}
    assert verdicts["secret"] == "passed"
    assert account.secret not in answer.text
    assert error_of(await http.get(f"/staff/v1/accounts/{make.new_id()}/doctor", headers=headers)) == (
        404,
        "account_not_found",
    )
