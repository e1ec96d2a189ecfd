"""What marketers write on the console: nothing is lost to a colleague, to a link, or to a field that went away."""

import pytest
from playwright.async_api import expect

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.wechat import reply_world
from tests.wechat.menu_world import POINTS, Menus

WIDE = {"width": 1440, "height": 900}


@pytest.fixture
async def marketer(db):
    return await make.colleague(RoleKey.MARKETER, "市场01")


def rules():
    return make.rows("SELECT * FROM auto_reply WHERE deleted_at IS NULL ORDER BY id")


async def test_whoever_comes_second_keeps_the_draft_and_is_told(open_application, marketer, http):
    rule = await reply_world.rule(marketer, "九点到二十一点", name="营业时间", words=["营业"])
    page = await open_application(f"/app/console/auto-replies/{rule.id}", marketer, **WIDE)
    await page.get_by_label("文字内容").fill("我写的")
    theirs = reply_world.body("别人写的", name="营业时间", words=["营业"], version=rule.version)
    path, headers = f"/staff/v1/auto-replies/{rule.id}", await make.headers(marketer)
    assert (await http.put(path, headers=headers, json=theirs)).status_code == 200
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("alert")).to_contain_text("别人刚刚也改了")
    await expect(page.get_by_label("文字内容")).to_have_value("我写的")
    await page.get_by_role("button", name="载入最新内容").click()
    await expect(page.get_by_label("文字内容")).to_have_value("别人写的")
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.prove
async def test_a_form_that_is_left_asks_first_and_stays_when_the_network_comes_back(open_application, marketer):
    rule = await reply_world.rule(marketer, "九点到二十一点", name="营业时间", words=["营业"])
    page = await open_application(f"/app/console/auto-replies/{rule.id}", marketer, **WIDE)
    await page.get_by_label("文字内容").fill("我写的")
    await page.context.set_offline(True)
    await expect(page.get_by_text("网络已断开")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("网络已断开")).to_be_hidden()
    await page.get_by_role("link", name="返回列表").click()
    await page.get_by_role("dialog").get_by_role("button", name="取消").click()
    await expect(page.get_by_label("文字内容")).to_have_value("我写的")
    await page.get_by_role("link", name="返回列表").click()
    await page.get_by_role("dialog").get_by_role("button", name="离开").click()
    await expect(page.get_by_role("heading", name="自动回复", level=1)).to_be_visible()
    assert (await rules())[0]["version"] == 1


@pytest.mark.prove
async def test_only_what_the_form_shows_is_saved(open_application, marketer):
    page = await open_application("/app/console/auto-replies/new", marketer, **WIDE)
    await page.get_by_label("名称").fill("问候")
    await page.get_by_label("关键词", exact=True).last.fill("你好，在吗")
    await page.get_by_label("完全相同").check()
    await page.get_by_label("优先于系统口令").check()
    await page.get_by_label("包含关键词").check()
    await page.get_by_label("文字内容").fill("在的")
    await page.get_by_text("更多设置").click()
    await page.get_by_label("优先级").fill("")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("请填写 0 到 10000 的整数")).to_be_visible()
    await page.get_by_label("优先级").fill("5")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存，几秒后生效")).to_be_visible()
    [rule] = await rules()
    assert (rule["words"], rule["priority"], rule["before_commands"]) == ('["你好，在吗"]', 5, False)


@pytest.mark.prove
async def test_the_default_says_something_and_always_hands_over(open_application, marketer):
    page = await open_application("/app/console/auto-replies/new?trigger=default", marketer, **WIDE)
    await expect(page.get_by_text("没有答案的客户总会排进同事的待回复")).to_be_visible()
    await expect(page.get_by_label("同时转人工")).to_have_count(0)
    await page.get_by_label("名称").fill("稍等")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("请写至少一条消息")).to_be_visible()
    await page.get_by_label("文字内容").fill("稍等，马上来")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存，几秒后生效")).to_be_visible()
    assert (await rules())[0]["hand_over"] is True


@pytest.mark.prove
async def test_an_agent_is_not_offered_what_needs_accounts(open_application, db):
    page = await open_application("/app/console/auto-replies", await make.colleague(RoleKey.SERVICE), **WIDE)
    await expect(page.get_by_text("这里还没有规则")).to_be_visible()
    await expect(page.get_by_role("button", name="试一试")).to_have_count(0)


@pytest.mark.prove
async def test_a_welcome_of_a_guide_is_written_and_keeps_its_draft(open_application, marketer, http):
    await make.account(name="关系茶社")
    guide = await make.guide("导购01")
    page = await open_application("/app/console/welcomes", marketer, **WIDE)
    await page.get_by_role("link", name="导购").click()
    await page.get_by_role("button", name="新增欢迎语").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("对象").last.click()
    await page.get_by_role("option", name="导购01").click()
    await dialog.get_by_label("关注时说").fill("我是{导购}")
    preview = dialog.get_by_role("region", name="手机预览")
    await expect(preview.get_by_text("我是小李")).to_be_visible()
    body = {"guide_id": str(guide.id), "follow_text": "别人写的"}
    await http.put("/staff/v1/welcomes", headers=await make.headers(marketer), json=body)
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("别人刚刚也改了")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("row", name="导购01")).to_contain_text("我是{导购}")
    [welcome] = await make.rows("SELECT * FROM welcome")
    assert (welcome["guide_id"], welcome["follow_text"], welcome["version"]) == (guide.id, "我是{导购}", 2)


@pytest.mark.prove
async def test_a_menu_that_somebody_else_saved_too_stays_as_it_is_written_here(open_application, marketer, http):
    account = await make.account(name="关系茶社")
    await make.account(2, name="关系茶社二店")
    page = await open_application("/app/console/menus", marketer, **WIDE)
    await page.get_by_role("combobox", name="公众号").select_option("关系茶社")
    await page.get_by_role("button", name="添加菜单").click()
    await page.get_by_label("按钮名称").fill("我写的")
    await Menus(http, None, account, await make.headers(marketer)).draft(POINTS)
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_role("alert")).to_contain_text("别人刚刚也改了")
    await expect(page.get_by_label("按钮名称")).to_have_value("我写的")
    await page.get_by_role("combobox", name="公众号").select_option("关系茶社二店")
    await page.get_by_role("dialog").get_by_role("button", name="取消").click()
    await expect(page.get_by_role("combobox", name="公众号").locator("option:checked")).to_have_text("关系茶社")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_text("草稿已保存，还没有发布")).to_be_visible()
    [draft] = await make.rows("SELECT buttons, version FROM menu_edition")
    assert ("我写的" in draft["buttons"], draft["version"]) == (True, 2)


@pytest.mark.prove
async def test_a_quick_reply_that_somebody_else_changed_is_kept_and_saved_over_it(open_application, http, db):
    agent = await make.colleague(RoleKey.SERVICE)
    path, headers = "/staff/v1/quick-replies", await make.headers(agent)
    body = {"title": "地址", "text": "南京路 1 号"}
    one = (await http.post(path, headers=headers, json=body)).json()
    page = await open_application("/app/console/quick-replies", agent, **WIDE)
    await page.get_by_role("button", name="修改").click()
    await page.get_by_label("内容").fill("南京路 2 号")
    await http.put(
        f"{path}/{one['id']}", headers=headers, json=body | {"text": "南京路 3 号", "version": one["version"]}
    )
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("alert")).to_contain_text("别人刚刚也改了")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("row", name="地址")).to_contain_text("南京路 2 号")
