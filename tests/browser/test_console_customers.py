"""Customers on the PC: conditions, kept as a view, and everything about one of them."""

import pytest
from playwright.async_api import expect

from tests import factories as make
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

    await page.get_by_role("button", name="显示的列").click()
    await page.get_by_role("checkbox", name="等级").uncheck()
    await page.get_by_role("button", name="更新视图").click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    await page.reload()
    await expect(rows(page)).to_have_count(1)
    await expect(page.get_by_role("columnheader", name="电话")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="等级")).to_have_count(0)
    # The navigation leads to the list as it usually is.
    await page.get_by_role("navigation", name="主导航").get_by_role("link", name="客户与粉丝").click()
    await expect(rows(page)).to_have_count(3)
    await expect(page.get_by_role("columnheader", name="等级")).to_be_visible()
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


async def test_who_finds_another_customer_sees_that_one_whole(open_application, shop):
    one, two = [await shop.fan(person, f"顾客{person}") for person in ("one", "two")]
    note = {"kind": "phone", "body": "只属于第二位", "file_ids": []}
    await shop.call("POST", f"/customers/{two}/follow-ups", note)
    page = await open_application(f"/app/console/customers/{one}", shop.guide, **WIDE)
    await expect(page.get_by_role("heading", name="顾客one")).to_be_visible()
    await page.get_by_label("跟进内容").fill("写给第一位")
    await page.keyboard.press("Control+k")
    await page.get_by_label("姓名、手机号后四位或编号").fill("顾客two")
    await expect(page.get_by_role("option", name="顾客two")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="离开").click()
    await expect(page.get_by_role("heading", name="顾客two")).to_be_visible()
    await expect(page.get_by_text("只属于第二位")).to_be_visible()
    await expect(page.get_by_label("跟进内容")).to_have_value("")
    await page.get_by_label("跟进内容").fill("写给第二位")
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_text("写给第二位")).to_be_visible()
    [written] = await make.rows("SELECT customer_id FROM follow_up WHERE body = '写给第二位'")
    assert str(written["customer_id"]) == two


@pytest.mark.prove
async def test_tags_and_stage_are_changed_on_the_whole_picture(open_application, shop):
    one = await shop.fan("one", "顾客one")
    await shop.call("POST", "/tags", {"kind": "tag", "name": "爱喝绿茶"}, by=shop.admin)
    page = await open_application(f"/app/console/customers/{one}", shop.guide, **WIDE)
    await page.get_by_role("button", name="改标签").click()
    await page.get_by_role("combobox", name="标签").fill("绿茶")
    await page.get_by_role("option", name="爱喝绿茶").click()
    # What was chosen isn't lost by a click beside the dialog.
    await page.mouse.click(20, 450)
    await page.get_by_role("dialog").get_by_role("button", name="保存").click()
    history = page.locator("section").filter(has=page.get_by_role("heading", name="动态"))
    await expect(history).to_contain_text("+爱喝绿茶")
    await page.get_by_role("button", name="改阶段").click()
    await page.get_by_role("dialog").get_by_label("阶段").select_option("忠诚")
    await page.get_by_role("dialog").get_by_role("button", name="保存").click()
    await expect(history).to_contain_text("新客户 → 忠诚")
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.prove
async def test_a_customer_is_entered_by_hand_and_its_record_changed_under_a_colleague(open_application, shop):
    page = await open_application("/app/console/customers", shop.guide, **WIDE)
    await page.get_by_role("button", name="新增客户").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("姓名").fill("顾客four")
    await dialog.get_by_label("手机").fill("13800138004")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("heading", name="顾客four")).to_be_visible()
    made = page.url.rpartition("/")[2]

    await page.get_by_role("button", name="修改资料").click()
    await dialog.get_by_label("城市").fill("杭州")
    version = (await shop.call("GET", f"/customers/{made}"))["version"]
    await shop.call("PATCH", f"/customers/{made}", {"version": version, "industry": "茶"})
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("这次没有保存")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_have_count(0)
    record = await shop.call("GET", f"/customers/{made}")
    assert (record["city"], record["industry"]) == ("杭州", "茶")


@pytest.mark.prove
async def test_a_table_is_brought_in_by_its_columns(open_application, shop):
    page = await open_application("/app/console/customers", shop.admin, **WIDE)
    await page.get_by_role("link", name="客户导入").click()
    await page.get_by_role("button", name="导入客户").click()
    table = "姓名,手机,口味\n顾客five,13800138005,绿茶\n".encode()
    chosen = {"name": "customers.csv", "mimeType": "text/csv", "buffer": table}
    await page.get_by_label("选择表格").set_input_files(chosen)
    await expect(page.get_by_label("“手机”对应的内容")).to_have_value("mobile")
    await expect(page.get_by_label("“口味”对应的内容")).to_have_value("")
    await page.get_by_label("“口味”对应的内容").select_option("备注")
    await page.get_by_role("button", name="试导入").click()
    await expect(page.get_by_role("heading", name="customers.csv")).to_be_visible()
    [order] = await make.rows("SELECT mapping, dry_run FROM customer_import")
    assert order["dry_run"]
    assert "remark" in str(order["mapping"])
