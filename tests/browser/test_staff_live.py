"""The live stream of the staff pages outlives the server: what came meanwhile is there when it is back, once."""

import pytest
from playwright.async_api import expect

from tests import factories as make
from tests.browser.phones import PATIENCE_MS
from tests.browser.staff_world import desk
from tests.doors import serving
from tests.simulator.harness import free_port

pytestmark = pytest.mark.prove


async def test_a_killed_server_costs_no_notice_and_repeats_none(chromium, build, http, tmp_path):
    await build("staff")
    work, port = await desk(http), free_port()
    token = (await make.headers(work.guide))["Authorization"].removeprefix("Bearer ")
    context = await chromium.new_context(viewport={"width": 375, "height": 740}, locale="zh-CN")
    await context.add_init_script(f"localStorage.setItem('guanxi.ticket', {token!r})")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    rows = page.get_by_role("main").get_by_role("listitem").get_by_role("button", name="通知")
    async with serving(tmp_path / "first", port):
        await page.goto(f"http://127.0.0.1:{port}/app/staff/messages?list=notices")
        await expect(page.get_by_text("还没有通知")).to_be_visible()
        await work.notice("1", "通知一")
        await expect(rows).to_have_count(1)
    await work.notice("2", "通知二")
    async with serving(tmp_path / "second", port):
        await expect(rows).to_have_count(2)
        await work.notice("3", "通知三")
        await expect(rows).to_have_count(3)
        await expect(page.get_by_role("link", name="消息 3 条未读")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
    await context.close()
