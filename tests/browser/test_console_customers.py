"""Customers on the PC: conditions, kept as a view, and everything about one of them."""

import pytest
from playwright.async_api import expect

from tests.browser.staff_world import desk

WIDE = {"width": 1440, "height": 900}


@pytest.fixture
async def shop(http):
    shop = await desk(http)
    for person in ("one", "two", "three"):
        await shop.fan(person, f"顾客{person}")
    return shop


def rows(page):
    return page.get_by_role("table").locator("tbody").get_by_role("row")


@pytest.mark.prove
async def test_conditions_are_kept_as_a_view_and_found_again(open_application, shop):
    tag = await shop.call("POST", "/tags", {"kind": "tag", "name": "爱喝绿茶"}, by=shop.admin)
    people = (await shop.call("GET", "/customers"))["items"]
    [two] = [one["id"] for one in people if one["name"] == "顾客two"]
    await shop.call("POST", "/customers/tags", {"customer_ids": [two], "add": [tag["id"]]}, by=shop.admin)

    page = await open_application("/app/console/customers", shop.guide, **WIDE)
    await expect(rows(page)).to_have_count(3)
    await page.get_by_role("combobox", name="含任一标签").fill("绿茶")
    await page.get_by_role("option", name="爱喝绿茶").click()
    await expect(rows(page)).to_have_count(1)
    await expect(page.get_by_text("共 1 位")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="存为视图").click()
    dialog = page.get_by_role("dialog", name="存为视图")
    await dialog.get_by_label("视图名称").fill("绿茶客人")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("button", name="绿茶客人")).to_have_attribute("aria-pressed", "true")

    await page.get_by_role("button", name="全部客户").click()
    await expect(rows(page)).to_have_count(3)
    await page.get_by_role("button", name="绿茶客人").click()
    await expect(rows(page)).to_have_count(1)
    await page.get_by_role("link", name="顾客two").click()
    await expect(page.get_by_role("heading", name="顾客two")).to_be_visible()
    await page.go_back()
    await expect(rows(page)).to_have_count(1)


async def test_at79_the_whole_picture_is_that_of_the_role(open_application, shop):
    people = (await shop.call("GET", "/customers"))["items"]
    [one] = [each["id"] for each in people if each["name"] == "顾客one"]
    page = await open_application(f"/app/console/customers/{one}", shop.guide, **WIDE)
    await expect(page.get_by_text("销售视角")).to_be_visible()
    await page.get_by_label("跟进内容").fill("周末来店看茶")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("周末来店看茶")).to_be_visible()
    history = page.locator("section").filter(has=page.get_by_role("heading", name="动态"))
    await expect(history.get_by_role("listitem").first).to_contain_text("跟进")
    await history.get_by_role("button", name="微信").click()
    await expect(history.get_by_role("listitem")).to_have_count(1)
    await expect(history.get_by_role("listitem")).to_contain_text("关注了公众号")

    page = await open_application(f"/app/console/customers/{one}", shop.admin, **WIDE)
    await expect(page.get_by_text("管理视角")).to_be_visible()
    await expect(page.get_by_role("heading", name="汇总")).to_be_visible()
    await expect(page.get_by_role("heading", name="详细资料")).to_have_count(0)
