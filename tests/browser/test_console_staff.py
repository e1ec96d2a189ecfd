"""Colleagues on the PC: what ends a log-in is asked about, whoever leaves hands over, one's own WeChat is bound."""

import pytest
from playwright.async_api import expect

from app.contexts import registry
from core.permissions.rules import RoleKey
from infra.settings import settings
from tests import factories as make
from tests.browser.staff_world import desk
from tests.pushes import Pushes

WIDE = {"width": 1440, "height": 900}


@pytest.mark.prove
async def test_who_leaves_hands_over_and_a_new_password_is_shown_once(open_application, http):
    shop = await desk(http)
    customer = await shop.fan("one", "顾客one")
    heir = await make.colleague(RoleKey.STORE_MANAGER)
    page = await open_application("/app/console/staff", shop.admin, **WIDE)
    await page.get_by_role("button", name="导购01").click()
    await page.get_by_role("button", name="停用登录").click()
    await page.get_by_role("button", name="取消").click()
    await page.get_by_role("button", name="重置密码").click()
    await page.get_by_role("button", name="重置密码").last.click()
    password = await page.get_by_role("status").locator("code").inner_text()
    login = {"username": shop.guide.username, "password": password}
    assert (await http.post("/staff/v1/login", json=login)).status_code == 200

    await page.get_by_role("button", name="办理离职").click()
    dialog = page.get_by_role("dialog", name="办理离职")
    await expect(dialog.get_by_role("list", name="名下有")).to_contain_text("客户 1")
    await dialog.get_by_role("combobox", name="接收人").fill(heir.name)
    await page.get_by_role("option", name=heir.name).click()
    await dialog.get_by_role("button", name="办理离职").click()
    await page.get_by_role("button", name="办理离职").last.click()
    await expect(dialog).to_have_count(0)
    assert (await http.post("/staff/v1/login", json=login)).status_code == 401
    [row] = await make.rows("SELECT guide_id FROM customer WHERE id = $1", customer)
    assert row["guide_id"] == heir.id


@pytest.mark.prove
async def test_a_role_that_somebody_else_changed_keeps_what_was_ticked(open_application, http):
    shop = await desk(http)
    body = {"name": "见习", "copy_of": (await shop.call("GET", "/roles", by=shop.admin))["items"][0]["id"]}
    role = await shop.call("POST", "/roles", body, by=shop.admin)
    page = await open_application("/app/console/roles", shop.admin, **WIDE)
    await page.get_by_role("button", name="修改 见习").click()
    await page.get_by_label("见习: 导出客户").check()
    change = {"version": role["version"], "name": "见习二"}
    await shop.call("PATCH", f"/roles/{role['id']}", change, by=shop.admin)
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("alert")).to_contain_text("这次没有保存")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("button", name="新增角色")).to_be_visible()
    stored = await shop.call("GET", f"/roles/{role['id']}", by=shop.admin)
    assert (stored["name"], "customers:export" in stored["points"]) == ("见习二", True)


@pytest.fixture
async def account(db, simulator, fresh_settings):
    """An account, and an API (started later) that speaks to its platform."""
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", simulator.base)
    settings.cache_clear()
    added = await make.account()
    await simulator.account(app_id=added.app_id, original_id=added.original_id, secret=added.secret)
    return added


@pytest.mark.prove
async def test_ones_own_wechat_is_bound_by_a_code(account, simulator, open_application, http):
    page = await open_application("/app/console/me/wechat", await make.guide(), **WIDE)
    await page.get_by_role("button", name="绑定微信").click()
    picture = page.get_by_role("img", name="绑定二维码")
    await expect(picture).to_be_visible()
    [code] = (await simulator.ok(f"/sim/codes?app_id={account.app_id}"))["codes"]
    pushes = Pushes(account, "o-guide")
    await pushes.sealed(pushes.follow(code["scene"])).send(http)
    await make.settle(registry())
    await expect(page.get_by_text("已绑定 ·")).to_be_visible()
    await expect(picture).to_have_count(0)
