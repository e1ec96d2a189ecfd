"""The first day: what an account had is read before anything is overwritten; verification files at the root."""

import asyncio

import pytest

from tests import factories as make
from tests.doors import error_of
from wechat.accounts import queries as accounts
from wechat.accounts import service as account_service
from wechat.accounts.rules import Kind
from wechat.onboarding import service
from wechat.onboarding.rules import Verdict

MENU = [{"name": "商城", "type": "view", "url": "https://shop.example.com"}]
FILE = {"name": "MP_verify_0123456789abcdef.txt", "content": "0123456789abcdef"}


@pytest.fixture
async def account(platform):
    account = await make.account()
    await platform.account(
        app_id=account.app_id, original_id=account.original_id, secret=account.secret, name=account.name
    )
    return account


@pytest.fixture
async def admin(http):
    return await make.headers(await make.admin())


async def _set_menu(platform, account, buttons):
    path = f"{platform.base}/sim/accounts/{account.app_id}/menu"
    async with platform.session.put(path, json={"button": buttons}) as answer:
        assert answer.status < 300, await answer.text()


async def _make_tag(platform, account, name):
    """Somebody else made it: its calls are not ours."""
    token = await platform.token(account.app_id, account.secret)
    _, answer = await platform.post("/cgi-bin/tags/create", {"tag": {"name": name}}, access_token=token)
    assert "tag" in answer, answer


async def _imported(account):
    accounts.forget()
    return (await accounts.credentials(account.app_id)).imported


async def test_a_new_account_is_imported_and_its_menu_kept(account, platform, http, admin):
    await _set_menu(platform, account, MENU)
    await _make_tag(platform, account, "贵宾")
    path = f"/staff/v1/accounts/{account.id}/menu"
    assert error_of(await http.get(path, headers=admin)) == (404, "menu_not_read")
    assert not await _imported(account)
    assert await service.import_due() == 1
    assert await _imported(account)
    kept = (await http.get(path, headers=admin)).json()["content"]
    assert kept["selfmenu_info"]["button"] == MENU
    assert await make.count("wechat_follower_run") == 1
    assert [row["name"] for row in await make.rows("SELECT name FROM wechat_label")] == ["贵宾"]
    assert await service.import_due() == 0
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert {name for name, calls in stats["calls"].items() if calls} <= {
        "stable_token",
        "get_current_selfmenu_info",
        "menu_get",
        "tags_create",  # the test's own
        "tags_get",
        "tags_members_getblacklist",
        "user_tag_get",
    }


async def test_the_menu_of_before_us_is_never_overwritten(account, platform, http, admin):
    await _set_menu(platform, account, MENU)
    await service.import_due()
    await _set_menu(platform, account, [MENU[0] | {"name": "我们的"}])
    await service.import_account(await accounts.credentials(account.app_id))
    kept = (await http.get(f"/staff/v1/accounts/{account.id}/menu", headers=admin)).json()["content"]
    assert kept["selfmenu_info"]["button"] == MENU


async def test_an_account_without_a_menu_is_imported_too(account, platform, http, admin):
    await service.import_due()
    assert await _imported(account)
    answer = await http.get(f"/staff/v1/accounts/{account.id}/menu", headers=admin)
    assert answer.json()["content"]["selfmenu_info"] == {"button": []}


async def test_what_is_refused_is_tried_again_and_the_doctor_tells(account, platform, db):
    await platform.fault(account.app_id, "/cgi-bin/get_current_selfmenu_info", errcode=48001, times=1)
    assert await service.import_due() == 0
    assert not await _imported(account)
    assert await service.import_due() == 0  # not at once
    finding = {f.name: f for f in await service.examine(account.app_id)}["imported"]
    assert (finding.verdict, "48001" in finding.words) == (Verdict.FAILED, True)
    make.jump(db, seconds=3)
    assert await service.import_due() == 1
    finding = {f.name: f for f in await service.examine(account.app_id)}["imported"]
    assert finding.verdict is Verdict.PASSED


async def test_pauses_grow(account, platform, db):
    await platform.fault(account.app_id, "*", errcode=40013)
    moments, tries = range(0, 400, 5), 0
    for seconds in moments:
        make.jump(db, seconds=seconds)
        await service.import_due()
        tries = (await make.rows("SELECT attempts FROM wechat_import"))[0]["attempts"]
    assert 5 <= tries <= 9


async def test_two_workers_import_once(account, platform):
    assert sorted(await asyncio.gather(service.import_due(), service.import_due())) == [0, 1]
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert stats["calls"]["get_current_selfmenu_info"] == 1


async def test_a_mini_program_has_nothing_to_read_and_a_disabled_account_is_left_alone(platform):
    mini, disabled = await make.account(2, kind=Kind.MINI), await make.account(3)
    await account_service.change_account(disabled.id, disabled=True)
    assert await service.import_due() == 1
    assert await _imported(mini)
    assert not await _imported(disabled)


async def test_a_verification_file_is_served_at_the_root_as_it_is(http, admin):
    path = f"/{FILE['name']}"
    assert error_of(await http.get(path)) == (404, "verify_file_not_found")
    assert (await http.post("/staff/v1/verify-files", headers=admin, json=FILE)).status_code == 201
    answer = await http.get(path)
    assert (answer.status_code, answer.text) == (200, FILE["content"])
    assert answer.headers["content-type"].startswith("text/plain")
    assert "max-age" in answer.headers["cache-control"]
    replaced = await http.post("/staff/v1/verify-files", headers=admin, json=FILE | {"content": "another"})
    assert replaced.status_code == 201
    assert (await http.get(path)).text == "another"
    assert await make.count("wechat_verify_file") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "MP_verify_.txt"},
        {"name": f"MP_verify_{'a' * 41}.txt"},
        {"name": "MP_verify_a/../b.txt"},
        {"name": "verify.txt"},
        {"name": "MP_verify_abc.txt\n"},
        {"content": ""},
        {"content": "a" * 201},
        {"content": "<script>"},
    ],
)
async def test_nothing_else_can_be_put_at_the_root(http, admin, changes):
    answer = await http.post("/staff/v1/verify-files", headers=admin, json=FILE | changes)
    if changes.get("name", "").endswith("\n"):  # what stands around it is taken away
        assert answer.json()["name"] == "MP_verify_abc.txt"
    else:
        assert error_of(answer) == (422, "invalid_input")


FORWARD_URLS = {
    "https://other.example.com/wechat?x=1": 200,
    "http://127.0.0.1:9/push": 200,  # the tests' environment is no production
    "http://127.0.0.1:9000/wechat/wx0000000000000001/push": 422,  # our own
    "ftp://other.example.com/": 422,
    "https://user:password@other.example.com/": 422,
    "https://": 422,
    "not an address": 422,
    "https://other.example.com/#x": 422,
    "https://other.example.com:99999/": 422,
    "https://other..example.com/": 422,
    f"https://{'a' * 64}.example.com/": 422,
    "https://other.example.com/" + "a" * 300: 422,
}


@pytest.mark.parametrize(("url", "status"), FORWARD_URLS.items())
async def test_where_pushes_may_be_handed_on_to(http, admin, fresh_settings, url, status):
    from infra.settings import settings

    fresh_settings.setenv("GUANXI_PUBLIC_URL", "http://127.0.0.1:9000")
    settings.cache_clear()
    account = await make.account()
    path = f"/staff/v1/accounts/{account.id}"
    answer = await http.patch(path, headers=admin, json={"forward_url": url})
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["forward_url"] == url
        assert (await http.patch(path, headers=admin, json={"forward_url": ""})).json()["forward_url"] is None


async def test_production_hands_on_by_https_only():
    from wechat.accounts.rules import check_forward_url

    check_forward_url("https://other.example.com/x", public_url="https://our.example.com", plain_allowed=False)
    for url in ("http://other.example.com/x", "https://our.example.com/wechat/wx1/push"):
        with pytest.raises(ValueError):
            check_forward_url(url, public_url="https://our.example.com", plain_allowed=False)


async def test_shadow_and_disabled_are_switched_over_http_and_shown(http, admin):
    account = await make.account()
    path = f"/staff/v1/accounts/{account.id}"
    for changes in ({"shadow": True}, {"shadow": False}):
        answer = (await http.patch(path, headers=admin, json=changes)).json()
        assert {name: answer[name] for name in changes} == changes
    assert (await http.patch(path, headers=admin, json={"disabled": True})).json()["disabled_at"]
    assert (await http.patch(path, headers=admin, json={"disabled": False})).json()["disabled_at"] is None
