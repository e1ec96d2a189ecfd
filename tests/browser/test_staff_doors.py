"""Getting in: by password, with a second factor, past a forced change of the password, and back to where one was."""

from datetime import timedelta

import pyotp
import pytest
from playwright.async_api import expect

from app.contexts import registry
from core.permissions.rules import RoleKey
from infra import clock, parameters
from infra.settings import settings
from tests import factories as make
from tests.browser.everybody import WIDTHS, complaints, fits, focus_is_seen
from tests.pushes import Pushes
from tests.wechat.colleague_world import phone


async def fill_log_in(page, staff, password=make.PASSWORD):
    await page.get_by_label("用户名").fill(staff.username)
    await page.get_by_label("密码", exact=True).fill(password)
    await page.get_by_role("button", name="登录", exact=True).click()


async def test_a_guide_logs_in_and_comes_to_the_page_that_was_asked_for(open_application):
    guide = await make.guide("导购01")
    page = await open_application("/app/staff/todos")
    await fill_log_in(page, guide, "wrong")
    await expect(page.get_by_role("alert")).to_have_text("账号或密码不正确")
    await fill_log_in(page, guide)
    await expect(page.get_by_role("heading", name="待办")).to_be_visible()
    assert page.url.endswith("/app/staff/todos")


@pytest.mark.prove
@pytest.mark.parametrize("width", WIDTHS)
async def test_everybody_can_use_the_log_in(open_application, width):
    page = await open_application("/app/staff/", width=width, height=WIDTHS[width])
    await expect(page.get_by_label("用户名")).to_be_visible()
    assert await fits(page)
    assert await complaints(page) == []
    assert await focus_is_seen(page)


@pytest.mark.prove
async def test_english_is_complete_from_the_log_in_on(open_application):
    guide = await make.guide()
    page = await open_application("/app/staff/")
    await page.get_by_role("button", name="English").click()
    await page.get_by_label("User name").fill(guide.username)
    await page.get_by_label("Password", exact=True).fill("wrong")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Wrong user name or password")
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.reload()
    await expect(page.get_by_label("User name")).to_be_visible()


async def second_factor(http, staff):
    """Set one up; gives the next code, since the present one was used."""
    headers = await make.headers(staff)
    totp = pyotp.TOTP((await http.post("/staff/v1/me/second-factor", headers=headers)).json()["secret"])
    now = clock.now()
    confirmed = await http.put("/staff/v1/me/second-factor", headers=headers, json={"code": totp.at(now)})
    assert confirmed.status_code == 204, confirmed.text
    return totp.at(now + timedelta(seconds=30))


@pytest.mark.prove
async def test_a_second_factor_is_asked_for_after_the_password(open_application, http):
    guide = await make.guide()
    code = await second_factor(http, guide)
    page = await open_application("/app/staff/")
    await fill_log_in(page, guide)
    await page.get_by_label("动态验证码").fill("000000")
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await fill_log_in(page, guide)
    await page.get_by_label("动态验证码").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("heading", name="消息")).to_be_visible()


async def test_a_given_password_is_changed_before_anything_else(open_application, http):
    admin, guide = await make.admin(), await make.guide()
    reset = await http.put(
        f"/staff/v1/staff/{guide.id}/password", headers=await make.headers(admin), json={"password": "Given-2026"}
    )
    assert reset.status_code == 200, reset.text
    page = await open_application("/app/staff/code")
    await fill_log_in(page, guide, "Given-2026")
    await expect(page.get_by_role("heading", name="请先修改密码")).to_be_visible()
    assert await complaints(page) == []
    await page.get_by_label("现在的密码").fill("Given-2026")
    await page.get_by_label("新密码", exact=True).fill("Mine-2026")
    await page.get_by_label("再输一遍新密码").fill("Mine-2027")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("两次输入的新密码不一样")).to_be_visible()
    await page.get_by_label("再输一遍新密码").fill("Mine-2026")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("heading", name="我的码")).to_be_visible()


@pytest.mark.prove
async def test_an_ended_session_leads_to_the_log_in_and_back(open_application, http):
    admin, guide = await make.admin(), await make.guide()
    page = await open_application("/app/staff/me", guide)
    await expect(page.get_by_role("heading", name=guide.name)).to_be_visible()
    await http.delete(f"/staff/v1/staff/{guide.id}/sessions", headers=await make.headers(admin))
    await expect(page.get_by_label("用户名")).to_be_visible()
    await expect(page.get_by_text("登录已失效")).to_be_visible()
    await fill_log_in(page, guide)
    await expect(page.get_by_role("heading", name=guide.name)).to_be_visible()
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_label("用户名")).to_be_visible()


@pytest.mark.prove
async def test_a_link_with_a_state_of_somebody_else_logs_nobody_in(open_application):
    await make.account()
    page = await open_application("/app/staff/log-in/wechat?code=abc&state=of-somebody-else")
    await expect(page.get_by_role("alert")).to_contain_text("登录链接无效")
    assert await page.evaluate("localStorage.getItem('guanxi.ticket')") is None


WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0.49"


@pytest.fixture
async def account(db, simulator, fresh_settings):
    """An account whose phones log in, and an API (started later) that speaks to its platform."""
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", simulator.base)
    fresh_settings.setenv("GUANXI_WECHAT_OPEN_URL", simulator.base)
    settings.cache_clear()
    added = await make.account()
    names = {"app_id": added.app_id, "original_id": added.original_id, "secret": added.secret}
    await simulator.account(**names, oauth_domains=["127.0.0.1"])
    return added


@pytest.mark.prove
async def test_a_bound_phone_logs_in_by_itself_inside_wechat(account, simulator, open_application):
    bound = await phone(simulator, account, "外勤01")
    page = await open_application(f"/app/staff/todos?app_id={account.app_id}", agent=WECHAT)
    await page.get_by_role("heading", name="申请获取你的信息").wait_for()
    await page.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="待办")).to_be_visible()
    await page.get_by_role("link", name="我的", exact=True).click()
    await expect(page.get_by_role("heading", name=bound.staff.name)).to_be_visible()
    assert "code=" not in page.url
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("button", name="微信登录")).to_be_visible()
    await page.get_by_role("button", name="微信登录").click()
    await page.get_by_role("heading", name="申请获取你的信息").wait_for()


async def test_a_phone_is_bound_by_the_code_on_its_page(account, simulator, open_application, http):
    rep = await make.colleague(RoleKey.REP, "外勤01")
    page = await open_application("/app/staff/me", rep, agent=WECHAT)
    await page.get_by_role("link", name="我的微信").click()
    await expect(page.get_by_text("还没有绑定微信")).to_be_visible()
    await page.get_by_role("button", name="绑定微信").click()
    await expect(page.get_by_role("img", name="绑定微信的二维码")).to_be_visible()
    await expect(page.get_by_text("长按图片")).to_be_visible()
    [code] = (await simulator.ok(f"/sim/codes?app_id={account.app_id}"))["codes"]
    pushes = Pushes(account, "o-rep")
    await pushes.sealed(pushes.follow(code["scene"])).send(http)
    await make.settle(registry())
    await expect(page.get_by_text("微信已绑定")).to_be_visible()
    await expect(page.get_by_role("img", name="绑定微信的二维码")).to_be_hidden()
    await page.get_by_role("button", name="解除绑定").click()
    await page.get_by_role("dialog").get_by_role("button", name="解除绑定").click()
    await expect(page.get_by_text("还没有绑定微信")).to_be_visible()


@pytest.fixture
async def phones_are_asked(account):
    await parameters.change("wechat.login_second_factor", value=True, expected_version=0, by="test")


@pytest.mark.prove
async def test_a_phone_may_be_asked_for_the_second_factor_too(
    account, phones_are_asked, simulator, open_application, http
):
    bound = await phone(simulator, account)
    code = await second_factor(http, bound.staff)
    page = await open_application(f"/app/staff/?app_id={account.app_id}", agent=WECHAT)
    await page.get_by_role("link").first.click()
    await page.get_by_label("动态验证码").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()
    await page.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="消息")).to_be_visible()


@pytest.mark.prove
async def test_a_phone_that_nobody_is_bound_to_is_told_and_may_use_the_password(account, simulator, open_application):
    await phone(simulator, account, bound=False)
    guide = await make.guide()
    page = await open_application(f"/app/staff/?app_id={account.app_id}", agent=WECHAT)
    await page.get_by_role("link").first.click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await fill_log_in(page, guide)
    await expect(page.get_by_role("heading", name="消息")).to_be_visible()
