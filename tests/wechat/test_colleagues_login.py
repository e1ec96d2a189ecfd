"""Silent log-in by WeChat: the phone of a bound colleague needs no password."""

from urllib.parse import parse_qs, urlsplit

import pytest

from infra import database
from infra.settings import settings
from tests import factories as make
from tests.doors import error_of
from tests.wechat.colleague_world import phone
from wechat.accounts import service as accounts

PATH = "/staff/v1/login/wechat"
HOME = "https://guanxi.example.com"
EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
async def rep(platform, account, fresh_settings):
    fresh_settings.setenv("GUANXI_PUBLIC_URL", HOME)
    fresh_settings.setenv("GUANXI_WECHAT_OPEN_URL", platform.base)
    settings.cache_clear()
    await platform.account(
        app_id=account.app_id,
        original_id=account.original_id,
        secret=account.secret,
        oauth_domains=["guanxi.example.com"],
    )
    return await phone(platform, account)


async def begin(http, account, return_to="/staff/home"):
    answer = await http.get(PATH, params={"app_id": account.app_id, "return_to": return_to})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def come_back(platform, begun, phone, **more):
    """What WeChat does with the address on the phone: the query of the page that it comes back to."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun["url"]).query).items()}
    body = {"app_id": query["appid"], "scope": query["scope"], "redirect_uri": query["redirect_uri"]}
    body |= {"state": query["state"]} | more
    target = (await platform.ok(f"/sim/fans/{phone.fan_id}/authorise", body))["redirect"]
    return target, {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


async def log_in(http, platform, account, phone, **more):
    _, back = await come_back(platform, await begin(http, account), phone, **more)
    return await http.post(PATH, json={"app_id": account.app_id, "code": back["code"], "state": back["state"]})


async def test_the_phone_of_a_bound_colleague_logs_in(http, platform, account, rep):
    begun = await begin(http, account)
    assert begun["url"].startswith(f"{platform.base}/connect/oauth2/authorize?")
    assert begun["url"].endswith("#wechat_redirect")
    target, back = await come_back(platform, begun, rep)
    assert target.startswith(f"{HOME}/staff/home?")
    assert back["state"] == begun["state"]
    answer = await http.post(PATH, json={"app_id": account.app_id, **back})
    assert answer.json()["staff"]["id"] == str(rep.staff.id)
    assert rep.openid not in answer.text
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert (await http.get("/staff/v1/me", headers=headers)).json()["id"] == str(rep.staff.id)
    assert await make.rows("SELECT way FROM session") == [{"way": "wechat"}]
    [noted] = await make.rows("SELECT details::text AS text FROM audit WHERE action = 'staff.logged_in'")
    assert '"wechat"' in noted["text"]


async def test_the_page_of_wechat_itself_takes_the_address(http, platform, account, rep):
    url = (await begin(http, account))["url"].removesuffix("#wechat_redirect")
    async with platform.session.get(url) as page:
        assert page.status == 200
        assert account.name in await page.text() or "申请获取你的信息" in await page.text()


async def test_a_code_opens_once(http, platform, account, rep):
    _, back = await come_back(platform, await begin(http, account), rep)
    body = {"app_id": account.app_id, **back}
    assert (await http.post(PATH, json=body)).status_code == 200
    assert error_of(await http.post(PATH, json=body)) == (401, "wechat_code_refused")


async def test_whoever_is_not_bound_is_told(http, platform, account, rep):
    stranger = await phone(platform, account, bound=False)
    assert error_of(await log_in(http, platform, account, stranger)) == (401, "wechat_not_bound")


@pytest.mark.parametrize("column", ["left_at", "disabled_at"])
async def test_at72_who_is_not_at_work_is_not_let_in(http, platform, account, rep, column):
    await database.execute(f"UPDATE staff SET {column} = created_at WHERE id = $1", rep.staff.id)
    assert error_of(await log_in(http, platform, account, rep)) == (401, "wechat_not_bound")
    assert await make.count("session") == 0


async def test_one_who_only_looks_at_a_preview_is_nobody(http, platform, account, rep):
    assert error_of(await log_in(http, platform, account, rep, snapshot=True)) == (401, "wechat_snapshot_user")


async def test_a_state_that_is_old_another_accounts_or_not_ours_is_refused(http, platform, account, rep, db):
    begun = await begin(http, account)
    _, back = await come_back(platform, begun, rep)
    wrong = [
        "",
        "f" * 56,
        back["state"][:-1] + ("0" if back["state"][-1] != "0" else "1"),
        "ffffffff" + back["state"][8:],
        "zzzzzzzz" + back["state"][8:],
        "测" * 56,
    ]
    for state in wrong:
        answer = await http.post(PATH, json={"app_id": account.app_id, "code": back["code"], "state": state})
        assert error_of(answer) == (401, "wechat_login_stale"), state
    other = await make.account(2)
    answer = await http.post(PATH, json={"app_id": other.app_id, **back})
    assert error_of(answer) == (401, "wechat_login_stale")
    make.jump(db, minutes=11)
    answer = await http.post(PATH, json={"app_id": account.app_id, **back})
    assert error_of(answer) == (401, "wechat_login_stale")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"kind": "http_500"}, "wechat_unavailable"),
        ({"kind": "not_json"}, "wechat_unavailable"),
        ({"errcode": -1}, "wechat_unavailable"),
        ({"errcode": 45011}, "wechat_quota_spent"),
        ({"errcode": 40125}, "wechat_login_unavailable"),
        ({"errcode": 50002}, "wechat_login_unavailable"),
    ],
)
async def test_trouble_at_the_platform_is_said_plainly(http, platform, account, rep, *, trouble, code):
    _, back = await come_back(platform, await begin(http, account), rep)
    await platform.fault(account.app_id, EXCHANGE, **trouble)
    answer = await http.post(PATH, json={"app_id": account.app_id, **back})
    assert error_of(answer) == (503, code)


async def test_guessing_is_limited(http, platform, account, rep):
    state = (await begin(http, account))["state"]
    answers = [
        error_of(await http.post(PATH, json={"app_id": account.app_id, "code": "wrong", "state": state}))
        for _ in range(11)
    ]
    assert answers == [(401, "wechat_code_refused")] * 10 + [(429, "too_many_attempts")]


async def test_only_pages_of_ours_are_returned_to(http, account, rep):
    for path in ("//evil.example", "https://evil.example", "/\\evil.example", "staff", "/a#b", "/" + "a" * 400):
        answer = await http.get(PATH, params={"app_id": account.app_id, "return_to": path})
        assert answer.status_code == 422, path


async def test_accounts_that_cannot_log_anybody_in(http, account, rep, fresh_settings):
    query = {"app_id": account.app_id, "return_to": "/"}
    assert error_of(await http.get(PATH, params=query | {"app_id": "wxnobody"})) == (404, "account_not_found")
    fresh_settings.delenv("GUANXI_PUBLIC_URL")
    settings.cache_clear()
    assert error_of(await http.get(PATH, params=query)) == (409, "wechat_login_missing")
    await accounts.change_account(account.id, disabled=True)
    assert error_of(await http.get(PATH, params=query)) == (409, "wechat_login_missing")


async def test_the_second_factor_is_asked_for_only_where_a_parameter_says_so(http, platform, account, rep):
    import pyotp

    from infra import clock, crypto, parameters

    secret = pyotp.random_base32()
    await database.execute(
        "UPDATE staff SET totp_secret = $2, totp_confirmed_at = $3 WHERE id = $1",
        rep.staff.id,
        crypto.encrypt(secret),
        clock.now(),
    )
    assert (await log_in(http, platform, account, rep)).status_code == 200
    await parameters.change("wechat.login_second_factor", value=True, expected_version=0, by="test")
    assert error_of(await log_in(http, platform, account, rep)) == (401, "second_factor_needed")
    _, back = await come_back(platform, await begin(http, account), rep)
    code = pyotp.TOTP(secret).at(clock.now())
    answer = await http.post(PATH, json={"app_id": account.app_id, **back, "second_factor": code})
    assert answer.status_code == 200, answer.text
