import pytest
from playwright.async_api import expect
from tests import factories as make
from tests.browser.staff_world import desk
from tests.browser.everybody import WIDTHS

@pytest.mark.parametrize("width", [375, 768, 1440])
async def test_zz(open_application, http, width):
    work = await desk(http)
    await make.code(await make.account(), work.guide)
    customer = await work.fan("one", "顾客01")
    await work.fan("two")
    await work.fan("three", "顾客03")
    t=await work.call("POST", "/tags", {"kind": "tag", "name": "爱喝绿茶"}, by=work.admin)
    await work.call("POST", "/customers/tags", {"customer_ids": [customer], "add": [t["id"]]})
    await work.call("POST", f"/customers/{customer}/follow-ups", {"kind": "visit", "body": "到店看了新茶，想要两盒。\n周末再来。", "next_contact_at": "2030-01-01T08:00:00Z"})
    await work.call("POST", "/me/todos", {"title": "给顾客回电", "due_at": "2030-01-01T08:00:00Z"})
    await work.notice("1", "仓库到货", body="请到仓库取新茶" * 10, urgent=True)
    await work.notice("2", "任务已撤回", body="请到仓库取新茶")
    task = {"title": "新茶陈列", "body": "按图陈列", "urgent": True, "audience": {"staff_ids": [str(work.guide.id)]}}
    task_id = (await work.call("POST", "/tasks", task, by=work.admin))["id"]
    page = await open_application("/app/staff/", work.guide, width=width, height=WIDTHS[width], language="en-US" if width==375 else "zh-CN")
    for name, path in {"messages":"messages", "customers":"customers", "customer":f"customers/{customer}", "code":"code", "todos":"todos", "task":f"tasks/{task_id}", "me":"me", "numbers":"me/numbers", "security":"me/security"}.items():
        await page.goto(page.url.partition("/app/")[0] + f"/app/staff/{path}")
        await expect(page.locator("h1")).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        await page.screenshot(path=f"/tmp/p6/shots/{width}-{name}.png", full_page=True)
    await page.goto(page.url.partition("/app/")[0] + f"/app/staff/customers/{customer}")
    await page.locator(".head button").last.click()
    await page.wait_for_timeout(300)
    await page.screenshot(path=f"/tmp/p6/shots/{width}-note.png")
