"""A locked phone rings: what is on its screen. The whole way from the product to it is in test_phone_product.py."""

import re

import aiohttp
import pytest
from playwright.async_api import expect

SECOND = "wx0000000000000002"
KEYS = {"thing1": "事项", "thing2": "内容", "time3": "时间"}


async def put_template(base, app_id, template_id="notice-01"):
    body = {"app_id": app_id, "template_id": template_id, "kind": "template", "keys": KEYS, "title": "工作提醒"}
    async with aiohttp.ClientSession() as session, session.put(f"{base}/sim/templates", json=body) as response:
        assert response.status == 200, await response.text()


async def send(simulator, app_id, openid, what):
    values = {"thing1": what, "thing2": "南京路店", "time3": "2026年3月4日 12:00"}
    body = {"touser": openid, "template_id": "notice-01", "data": {k: {"value": v} for k, v in values.items()}}
    token = await simulator.token(app_id)
    answer = await simulator.post("/cgi-bin/message/template/send", body, access_token=token)
    assert answer[1]["errcode"] == 0, answer


async def openid_of(simulator, app_id):
    return (await simulator.ok(f"/sim/followers?app_id={app_id}"))["openids"][0]


async def test_a_locked_phone_shows_what_comes_and_opens_its_chat(open_phones, simulator):
    await put_template(simulator.base, "wx0000000000000001")
    phones = await open_phones(simulator.base)
    await phones.add()
    await phones.follow()
    await phones.button("锁上顾客01的手机").click()
    await expect(phones.phone().get_by_role("button", name="点按解锁")).to_be_visible()
    await send(simulator, "wx0000000000000001", await openid_of(simulator, "wx0000000000000001"), "有新的任务")
    await expect(phones.rings()).to_have_text([re.compile("微信 · 关系茶社工作提醒事项：有新的任务")])
    assert await phones.fits()
    await phones.rings().get_by_role("button").click()
    await expect(phones.phone().get_by_role("button", name="点按解锁")).to_be_hidden()
    await expect(phones.bubbles().last).to_contain_text("有新的任务")


@pytest.mark.prove
async def test_another_accounts_message_comes_as_a_banner_over_the_open_chat(open_phones, simulator, receiver):
    await simulator.account(receiver.url, app_id=SECOND, original_id="gh_000000000002", name="员工服务")
    await put_template(simulator.base, SECOND)
    phones = await open_phones(simulator.base)
    await phones.add()
    await phones.follow()
    fan = (await simulator.ok("/sim/fans?limit=10"))["fans"][0]["fan_id"]
    openid = (await simulator.act(fan, "follow", app_id=SECOND))["openid"]
    await send(simulator, SECOND, openid, "请到仓库")
    banner = phones.phone().locator(".banner .ring").last
    await expect(banner).to_contain_text("请到仓库")
    await banner.click()
    await expect(phones.page.get_by_label("公众号").first).to_have_value(SECOND)
    await expect(phones.bubbles().last).to_contain_text("请到仓库")
