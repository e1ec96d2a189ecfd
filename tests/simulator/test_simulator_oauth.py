"""Web authorisation, from the page to the person."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.harness import APP_ID, SECRET

DOMAIN = "shop.example"
TARGET = f"https://{DOMAIN}/me?from=menu#top"


@pytest.fixture
async def fan(simulator, receiver):
    await simulator.account(receiver.url, oauth_domains=[DOMAIN])
    return await simulator.fan()


async def authorise(simulator, fan, **changes):
    body = {"app_id": APP_ID, "scope": "snsapi_userinfo", "redirect_uri": TARGET, "state": "s1"} | changes
    return await simulator.post(f"/sim/fans/{fan}/authorise", body)


async def code_of(simulator, fan, **changes):
    redirect = (await authorise(simulator, fan, **changes))[1]["redirect"]
    return parse_qs(urlsplit(redirect).query)["code"][0]


async def exchange(simulator, given, **changes):
    params = {"appid": APP_ID, "secret": SECRET, "code": given, "grant_type": "authorization_code"} | changes
    return (await simulator.get("/sns/oauth2/access_token", **params))[1]


async def grant(simulator, fan, **changes):
    return await exchange(simulator, await code_of(simulator, fan, **changes))


async def refresh(simulator, token, **changes):
    params = {"appid": APP_ID, "grant_type": "refresh_token", "refresh_token": token} | changes
    return (await simulator.get("/sns/oauth2/refresh_token", **params))[1]


async def ask(simulator, path, granted, **changes):
    params = {"access_token": granted["access_token"], "openid": granted["openid"]} | changes
    return (await simulator.get("/sns/" + path, **params))[1]


async def test_a_person_who_agrees_is_known(simulator, fan):
    redirect = (await authorise(simulator, fan))[1]["redirect"]
    assert redirect.startswith(f"https://{DOMAIN}/me?from=menu&code=")
    assert redirect.endswith("&state=s1#top")
    followed = (await simulator.act(fan, "follow"))["openid"]
    granted = await grant(simulator, fan)
    token = await simulator.token()
    follower = (await simulator.get("/cgi-bin/user/info", access_token=token, openid=followed))[1]
    assert set(granted) == {"access_token", "expires_in", "refresh_token", "openid", "scope", "unionid"}
    assert (granted["openid"], granted["unionid"]) == (followed, follower["unionid"])
    assert (granted["expires_in"], granted["scope"]) == (7200, "snsapi_userinfo")
    person = await ask(simulator, "userinfo", granted)
    assert (person["nickname"], person["openid"], person["unionid"]) == ("顾客01", followed, granted["unionid"])
    assert (await ask(simulator, "auth", granted))["errcode"] == 0


async def test_the_narrow_scope_tells_only_the_openid(simulator, fan):
    granted = await grant(simulator, fan, scope="snsapi_base")
    assert "unionid" not in granted
    assert (await ask(simulator, "userinfo", granted))["errcode"] == 48001
    assert (await ask(simulator, "auth", granted))["errcode"] == 0


async def test_whoever_only_agreed_does_not_follow(simulator, fan):
    openid = (await grant(simulator, fan))["openid"]
    token = await simulator.token()
    info = (await simulator.get("/cgi-bin/user/info", access_token=token, openid=openid))[1]
    assert info == {"subscribe": 0, "openid": openid}


async def test_a_code_is_used_once_and_lives_five_minutes(simulator, fan):
    code = await code_of(simulator, fan)
    assert "openid" in await exchange(simulator, code)
    assert (await exchange(simulator, code))["errcode"] == 40163
    late = await code_of(simulator, fan)
    simulator.move_clock(299)
    assert "openid" in await exchange(simulator, late)
    later = await code_of(simulator, fan)
    simulator.move_clock(299 + 301)
    assert (await exchange(simulator, later))["errcode"] == 40029
    assert (await exchange(simulator, "none"))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx404"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40001),
        ({"code": ""}, 41008),
        ({"grant_type": "client_credential"}, 40002),
    ],
)
async def test_bad_exchanges(simulator, fan, changes, errcode):
    code = await code_of(simulator, fan)
    assert (await exchange(simulator, code, **changes))["errcode"] == errcode


async def test_a_code_is_of_one_account(simulator, fan, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2")
    assert (await exchange(simulator, await code_of(simulator, fan), appid="wx2"))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"scope": "snsapi_login"}, 10005),
        ({"redirect_uri": "https://other.example/"}, 10003),
        ({"redirect_uri": f"ftp://{DOMAIN}/"}, 10003),
        ({"redirect_uri": "nonsense"}, 10003),
        ({"state": "a-b"}, 40097),
        ({"state": "s" * 129}, 40097),
    ],
)
async def test_pages_that_are_refused(simulator, fan, changes, errcode):
    assert (await authorise(simulator, fan, **changes))[1]["errcode"] == errcode


async def test_accounts_without_the_right(simulator, fan, receiver):
    await simulator.account(receiver.url, oauth_domains=[DOMAIN], verified=False)
    assert (await authorise(simulator, fan))[1]["errcode"] == 10005
    await simulator.account(receiver.url, oauth_domains=[DOMAIN], kind="mini")
    assert (await authorise(simulator, fan))[1]["errcode"] == 10005


async def test_a_snapshot_user_is_nobody(simulator, fan):
    real = await grant(simulator, fan)
    granted = await grant(simulator, fan, snapshot=True)
    assert granted["is_snapshotuser"] == 1
    assert (granted["openid"] != real["openid"], granted["unionid"] != real["unionid"]) == (True, True)
    assert (await ask(simulator, "userinfo", granted))["errcode"] == 48001


async def test_a_refreshed_token(simulator, fan):
    granted = await grant(simulator, fan)
    simulator.move_clock(7000)
    again = await refresh(simulator, granted["refresh_token"])
    assert (again["access_token"], again["expires_in"]) == (granted["access_token"], 7200)
    simulator.move_clock(7000 + 7201)
    assert (await ask(simulator, "auth", granted))["errcode"] == 42001
    renewed = await refresh(simulator, granted["refresh_token"])
    assert renewed["access_token"] != granted["access_token"]
    assert (await ask(simulator, "auth", renewed))["errcode"] == 0
    simulator.move_clock(30 * 86_400 + 1)
    assert (await refresh(simulator, granted["refresh_token"]))["errcode"] == 42002


async def test_tokens_that_are_not_good(simulator, fan):
    granted = await grant(simulator, fan)
    assert (await ask(simulator, "userinfo", granted, access_token="none"))["errcode"] == 40001
    assert (await ask(simulator, "userinfo", granted, access_token=""))["errcode"] == 41001
    assert (await ask(simulator, "auth", granted, openid="o404"))["errcode"] == 40003
    assert (await refresh(simulator, "none"))["errcode"] == 40030
    assert (await refresh(simulator, ""))["errcode"] == 41003
    assert (await refresh(simulator, granted["refresh_token"], grant_type="other"))["errcode"] == 40002


async def test_a_new_password_ends_what_was_agreed(simulator, fan):
    granted = await grant(simulator, fan)
    assert (await simulator.post(f"/sim/fans/{fan}/change_password"))[0] == 204
    assert (await ask(simulator, "auth", granted))["errcode"] == 42007
    assert (await refresh(simulator, granted["refresh_token"]))["errcode"] == 42007
    assert (await ask(simulator, "auth", await grant(simulator, fan)))["errcode"] == 0


async def test_exchanges_are_limited_by_the_minute(simulator, fan, receiver):
    limits = {"oauth2_access_token_minute": 1}
    await simulator.account(receiver.url, oauth_domains=[DOMAIN], limits=limits)
    assert "openid" in await grant(simulator, fan)
    assert (await grant(simulator, fan))["errcode"] == 45011


async def test_the_page_asks_who_it_is(simulator, fan):
    other = await simulator.fan("<顾客02>")
    params = {"appid": APP_ID, "redirect_uri": TARGET, "response_type": "code", "scope": "snsapi_base", "state": "s2"}
    url = simulator.base + "/connect/oauth2/authorize"
    async with simulator.session.get(url, params=params) as response:
        text = await response.text()
        assert response.content_type == "text/html"
    assert "&lt;顾客02&gt;" in text
    assert f"fan_id={other}" in text
    async with simulator.session.get(url, params=params | {"fan_id": other}, allow_redirects=False) as response:
        assert response.status == 302
        query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["state"] == ["s2"]
    assert "openid" in await exchange(simulator, query["code"][0])
    for changes, errcode in (({"appid": "wx404"}, 40013), ({"response_type": ""}, 40097), ({"scope": "x"}, 10005)):
        assert (await simulator.get("/connect/oauth2/authorize", **params | changes))[1]["errcode"] == errcode
