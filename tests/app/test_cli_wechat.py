"""The first day on the command line: accounts, doctor, alerts and quotas as an operator meets them."""

import asyncio
import re

import orjson
import pytest

from infra import alerts, parameters
from tests import factories as make
from tests.app.guanxi import guanxi, guanxi_at_a_terminal
from tests.simulator.harness import running
from wechat.accounts import queries as accounts
from wechat.platform import quotas

APP_ID = "wx0000000000000001"
SECRETS = {
    "GUANXI_ACCOUNT_SECRET": make.SECRET,
    "GUANXI_ACCOUNT_TOKEN": make.TOKEN,
    "GUANXI_ACCOUNT_AES_KEY": make.AES_KEY,
}
SCRIPTED = ("account", "add", "--app-id", APP_ID, "--original-id", "gh_000000000001", "--name", "好店")
PUBLIC = {"GUANXI_PUBLIC_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="session")
async def _simulator(addresses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform")
    async with running(folder, "--clock-file", str(addresses.clock_file)) as simulator:
        yield simulator


@pytest.fixture
async def platform(db, _simulator, monkeypatch):
    await _simulator.ok("/sim/reset", {})
    await _simulator.account(app_id=APP_ID, original_id="gh_000000000001", secret=make.SECRET)
    monkeypatch.setenv("GUANXI_WECHAT_API_URL", _simulator.base)
    return _simulator


async def _account():
    accounts.forget()
    return await accounts.credentials(APP_ID)


async def test_a_scripted_account_starts_in_shadow_mode_and_is_examined(platform):
    code, said = await guanxi(*SCRIPTED, **SECRETS, **PUBLIC)
    assert code == 0, said
    added = await _account()
    assert (added.shadow, added.secret, added.keys[0].token, added.mode) == (True, make.SECRET, make.TOKEN, "safe")
    assert f"http://127.0.0.1:9/wechat/{APP_ID}/push" in said
    assert "[通过] AppSecret 有效" in said
    assert "[不通过] 推送地址" in said
    assert f"guanxi account shadow off {APP_ID}" in said
    assert not any(secret in said for secret in SECRETS.values())
    code, said = await guanxi(*SCRIPTED, **SECRETS)
    assert (code, "account_exists" in said, "Traceback" in said) == (1, True, False)


async def test_step_by_step_everything_is_explained_and_keys_are_made(platform):
    typed = ["notanappid", "wx1", APP_ID, "gh_1", "gh_000000000001", "好店", make.SECRET, "", ""]
    code, said = await guanxi_at_a_terminal("account", "add", "--live", typed=typed)
    assert code == 0, said
    for where in ("mp.weixin.qq.com", "原始ID", "AppSecret", "EncodingAESKey", "安全模式", "只显示这一次"):
        assert where in said
    assert said.count("AppID 以 wx 开头，共 18 位，请重新输入") == 2
    assert said.count("原始ID 以 gh_ 开头，共 15 位，请重新输入") == 1
    assert "AppID 与 AppSecret 有效" in said
    added = await _account()
    assert not added.shadow
    _made_keys_are_those_said(added, said)
    assert make.SECRET not in said


def _made_keys_are_those_said(account, said):
    assert account.keys[0].token == re.search(r"令牌\(Token\) +(\w{32}) ", said)[1]
    assert account.keys[0].aes_key == re.search(r"EncodingAESKey +(\w{43}) ", said)[1]


async def test_unusual_looks_are_taken_when_asked_for(platform):
    await platform.account(app_id="wx-unusual", original_id="gh_unusual", secret=make.SECRET)
    typed = ["wx-unusual", "gh_unusual", "好店", make.SECRET, "", ""]
    code, said = await guanxi_at_a_terminal("account", "add", "--anyway", typed=typed)
    assert code == 0, said
    accounts.forget()
    assert (await accounts.credentials("wx-unusual")).original_id == "gh_unusual"


@pytest.mark.parametrize(("answer", "expected"), [("n", (1, 0)), ("y", (0, 1))])
@pytest.mark.parametrize("errcode", [40125, *(pytest.param(code, marks=pytest.mark.prove) for code in (40013, 40164))])
async def test_a_secret_that_does_not_work_is_explained_before_anything_is_written(platform, errcode, answer, expected):
    await platform.fault(APP_ID, "/cgi-bin/stable_token", errcode=errcode)
    typed = [make.SECRET, answer, "", ""]
    code, said = await guanxi_at_a_terminal(*SCRIPTED, typed=typed)
    assert (code, await make.count("wechat_account")) == expected, said
    assert said.index(f"（{errcode}）") < said.index("仍要添加吗？ [y/N]")
    assert await make.count("alert") == (1 if answer == "y" else 0)


async def test_a_script_is_asked_nothing_and_told_the_keys_that_were_made(platform):
    code, said = await guanxi(*SCRIPTED, GUANXI_ACCOUNT_SECRET=make.SECRET, GUANXI_ACCOUNT_TOKEN="")
    assert code == 0, said
    assert "请输入" not in said
    _made_keys_are_those_said(await _account(), said)


async def test_what_a_script_leaves_out_is_named(db):
    missing = {
        "缺少环境变量 GUANXI_ACCOUNT_SECRET": SCRIPTED,
        "缺少 --app-id（或环境变量 GUANXI_ACCOUNT_APP_ID）": ("account", "add"),
    }
    for words, command in missing.items():
        code, said = await guanxi(*command, GUANXI_ACCOUNT_SECRET="")
        assert (code, words in said, "请输入" in said) == (1, True, False), said
    assert await make.count("wechat_account") == 0


async def test_an_account_that_fails_its_checks_goes_live_only_when_wanted(platform):
    await make.account(shadow=True)
    await platform.fault(APP_ID, "/cgi-bin/stable_token", errcode=40125)
    off = ("account", "shadow", "off", APP_ID)
    code, said = await guanxi(*off)
    assert (code, "40125" in said, "--yes" in said, "已上线" in said) == (1, True, True, False), said
    code, said = await guanxi_at_a_terminal(*off, typed=["n"])
    assert (code, "项检查不通过，仍要上线吗？ [y/N]" in said) == (1, True), said
    assert (await _account()).shadow
    assert (await guanxi_at_a_terminal(*off, typed=["y"]))[0] == 0
    assert not (await _account()).shadow


async def test_an_account_that_passes_its_checks_goes_live_unasked(platform):
    await make.account(shadow=True)
    code, said = await guanxi("account", "shadow", "off", APP_ID)
    assert (code, "[通过] AppSecret 有效" in said, "已上线：开始" in said) == (0, True, True), said
    assert not (await _account()).shadow


async def test_the_logs_lines_stay_out_of_what_is_told(platform):
    await make.account()
    await platform.fault(APP_ID, "/cgi-bin/stable_token", errcode=40125)
    assert "wechat_refused" not in (await guanxi("doctor", APP_ID))[1]
    assert "wechat_refused" in (await guanxi("doctor", APP_ID, "--verbose"))[1]


async def test_moments_are_told_in_business_time(platform):
    added = await make.account()
    await alerts.raise_alert("wechat.40164", APP_ID, "请加入 IP 白名单")
    shown = orjson.loads((await guanxi("account", "show", APP_ID))[1])
    assert shown["created_at"].endswith("+08:00")
    assert shown["id"] == str(added.id)
    [alert] = map(orjson.loads, (await guanxi("alerts", "--json"))[1].splitlines())
    assert alert["first_at"].endswith("+08:00")
    await parameters.change("wechat.daily.stable_token", 0, expected_version=0, by="test")
    code, said = await guanxi("account", "import", APP_ID)
    assert (code, re.search(r"until \d{4}-\d\d-\d\d 00:00", said) is not None) == (1, True), said


async def test_what_the_platform_would_never_give_is_refused_without_repeating_it(db):
    code, said = await guanxi(*SCRIPTED, **SECRETS | {"GUANXI_ACCOUNT_AES_KEY": "too-short-a-key"})
    assert (code, "aes_key" in said, "too-short" in said, "Traceback" in said) == (1, True, False, False)
    assert await make.count("wechat_account") == 0


async def test_an_account_is_listed_shown_and_changed_and_shows_no_secret(platform):
    before = await make.account(forward_url=None)
    code, said = await guanxi("account", "list")
    assert (code, APP_ID in said, "已上线" in said, "未导入" in said) == (0, True, True, True)
    assert (await guanxi("account", "shadow", "on", APP_ID))[0] == 0
    assert (await guanxi("account", "forward", APP_ID, "http://127.0.0.1:9/other"))[0] == 0
    assert (await guanxi("account", "set", APP_ID, "--name", "新名", "--mode", "compatible"))[0] == 0
    code, said = await guanxi("account", "show", APP_ID, **PUBLIC)
    shown = orjson.loads(said)
    assert (shown["name"], shown["mode"], shown["shadow"]) == ("新名", "compatible", True)
    assert shown["push_url"] == f"http://127.0.0.1:9/wechat/{APP_ID}/push"
    assert shown["forward_url"] == "http://127.0.0.1:9/other"
    assert not any(secret in said for secret in SECRETS.values())
    new = {"GUANXI_ACCOUNT_SECRET": "f" * 32, "GUANXI_ACCOUNT_TOKEN": "newtoken", "GUANXI_ACCOUNT_AES_KEY": "A" * 43}
    code, said = await guanxi("account", "set", APP_ID, "--secret", "--keys", **new)
    assert code == 0, said
    assert not any(secret in said for secret in new.values())
    after = await _account()
    assert (after.secret, after.keys[0].token, after.keys[1]) == ("f" * 32, "newtoken", before.keys[0])
    assert (await guanxi("account", "forward", APP_ID, "off"))[0] == 0
    assert (await guanxi("account", "shadow", "off", APP_ID, "--yes"))[0] == 0
    assert (await guanxi("account", "disable", APP_ID, "--yes"))[0] == 0
    after = await _account()
    assert (after.forward_url, after.shadow, after.disabled) == (None, False, True)
    assert (await guanxi("account", "enable", APP_ID))[0] == 0
    assert not (await _account()).disabled


MISTAKES = {
    ("account", "show", "wx-unknown"): "account_not_found",
    (
        "account",
        "forward",
        APP_ID,
        "notaurl",
    ): "Error: forward_url 转发地址须以 https:// 开头，且不能是本系统的推送地址\n",
    ("doctor", "wx-unknown"): "account_not_found",
    ("quota", "wx-unknown"): "account_not_found",
    ("alerts", "close", "wechat.40164", APP_ID): "没有这条",
}


async def test_a_mistake_is_told_in_one_line(db):
    await make.account()
    answers = await asyncio.gather(*(guanxi(*words) for words in MISTAKES))
    for (code, said), reason in zip(answers, MISTAKES.values(), strict=True):
        assert (code, reason in said, "Traceback" in said) == (1, True, False), said


async def test_the_doctor_tells_in_words_and_in_json_and_fails_when_something_fails(platform):
    await make.account()
    code, said = await guanxi("doctor")
    assert code == 1  # the tests' secret key is the development's
    assert "[不通过] GUANXI_SECRET_KEY" in said
    assert f"\n{APP_ID}\n" in said
    assert "项需人工确认" in said
    sound = {"GUANXI_SECRET_KEY": "another", "GUANXI_FORMER_SECRET_KEYS": '["development-secret-never-in-production"]'}
    code, said = await guanxi("doctor", APP_ID, "--json", **sound)
    verdicts = {line["name"]: line["verdict"] for line in map(orjson.loads, said.splitlines())}
    assert verdicts | {"secret_key": "passed", "schema": "passed", "secret": "passed", "pay": "by_hand"} == verdicts
    assert code == 1
    assert [name for name, verdict in verdicts.items() if verdict == "failed"] == ["public_url"]


async def test_the_doctor_says_when_postgresql_is_away(db):
    code, said = await guanxi("doctor", GUANXI_DATABASE_URL="postgres://guanxi@127.0.0.1:1/guanxi")
    assert (code, "连不上 PostgreSQL" in said, "Traceback" in said) == (1, True, False)


async def test_alerts_are_listed_and_closed(db):
    await alerts.raise_alert("wechat.40164", APP_ID, "请加入 IP 白名单")
    code, said = await guanxi("alerts")
    assert (code, "wechat.40164" in said, "请加入 IP 白名单" in said) == (0, True, True)
    code, said = await guanxi("alerts", "--json")
    assert orjson.loads(said)["subject"] == APP_ID
    assert await guanxi("alerts", "close", "wechat.40164", APP_ID) == (0, "已关闭\n")
    assert await guanxi("alerts") == (0, "没有未处理的告警\n")
    assert "已于" in (await guanxi("alerts", "--all"))[1]


async def test_quotas_are_shown_and_cleared(platform):
    await make.account()
    await quotas.spend(APP_ID, "/cgi-bin/user/get")
    code, said = await guanxi("quota", APP_ID)
    assert code == 0, said
    assert "今天 1 次，上限 500 次  /cgi-bin/user/get\n" in said
    code, said = await guanxi("quota", "clear", APP_ID, "--yes")
    assert code == 0, said
    shown = orjson.loads((await guanxi("quota", "show", APP_ID, "--json"))[1])
    assert shown["/cgi-bin/user/get"] == {"calls": 0, "limit": 500}


async def test_a_clear_too_many_becomes_an_alert(platform):
    await make.account()
    await platform.fault(APP_ID, "/cgi-bin/clear_quota", errcode=48006)
    code, said = await guanxi("quota", "clear", APP_ID, "--yes")
    assert (code, "48006" in said) == (1, True)
    assert [a["kind"] for a in await alerts.listed()] == ["wechat.48006"]


async def test_a_verification_file_is_taken_as_downloaded(db, tmp_path, http):
    file = tmp_path / "MP_verify_0123456789abcdef.txt"
    file.write_text("0123456789abcdef\n")
    code, said = await guanxi("account", "verify-file", str(file))
    assert code == 0, said
    assert (await http.get("/MP_verify_0123456789abcdef.txt")).text == "0123456789abcdef"
    (tmp_path / "other.txt").write_text("x")
    assert (await guanxi("account", "verify-file", str(tmp_path / "other.txt")))[0] == 1
