"""The whole product behind the phone page: a poster, a welcome, and one welcome however often WeChat repeats."""

import base64

import aiohttp
import orjson
import pytest
from playwright.async_api import expect

from tests.browser.phones import count_is
from tests.simulator.harness import until

WELCOME = "您好，我是{store}的{guide}，很高兴为您服务。"


@pytest.fixture
def outside(chromium, demo):
    return demo[0]


@pytest.fixture
async def phones(open_phones, outside):
    return await open_phones(outside.facts["simulator"]["base_url"])


async def scan_poster(outside, phones, guide):
    """Scan the picture that staff download and print."""
    code = next(code for code in outside.facts["codes"] if code["target"] == guide)
    staff = await outside.log_in("manager")
    address = outside.facts["api"]["base_url"] + code["poster"]
    async with aiohttp.ClientSession(headers=staff) as session, session.get(address) as response:
        assert response.content_type == "image/png"
        file = {"name": "poster.png", "mimeType": "image/png", "buffer": await response.read()}
    await phones.drawer.get_by_label("选一张海报图片").set_input_files(file)


class Staff:
    """What somebody does in the staff door, logged in anew when a jump of the clock has ended the session."""

    def __init__(self, outside):
        self._outside, self._headers = outside, {}

    async def temporary_code(self, guide):
        """One more code of a guide, which the platform has issued."""
        codes = (await self.call("GET", "/codes?limit=200"))["items"]
        standing = next(code for code in codes if code["target"] == guide)
        body = {"app_id": self._outside.app_id, "guide_id": standing["target_id"], "name": "周末", "life": "temporary"}
        made = await self.call("POST", "/codes", body)

        async def issued():
            return (await self.code(made["id"]))["state"] == "issued"

        await until(issued)
        return await self.code(made["id"])

    async def code(self, code_id):
        return await self.call("GET", f"/codes/{code_id}")

    async def call(self, method, path, body=None):
        answer = await self._ask(method, path, body)
        if answer[0] == 401:
            self._headers = await self._outside.log_in("admin")
            answer = await self._ask(method, path, body)
        assert answer[0] < 300, answer
        return answer[1]

    async def _ask(self, method, path, body):
        address = f"{self._outside.facts['api']['base_url']}/staff/v1{path}"
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.request(method, address, json=body) as response,
        ):
            return response.status, await response.json()


async def pushes_of(outside, name):
    """What the platform pushed of the person who was added under this name."""
    _, people = await outside.get("simulator", "/sim/fans?limit=1000")
    [fan] = [fan for fan in orjson.loads(people)["fans"] if fan["name"] == name]
    _, pushes = await outside.get("simulator", f"/sim/pushes?fan_id={fan['fan_id']}")
    return orjson.loads(pushes)["pushes"]


async def test_a_poster_of_the_product_leads_to_its_guides_welcome(outside, phones):
    await phones.add("顾客一")
    await scan_poster(outside, phones, "导购03")
    await expect(phones.bubbles("顾客一")).to_have_text([f"公众号：{WELCOME.format(store='南京路店', guide='导购03')}"])


async def test_what_wechat_delivers_several_times_is_welcomed_once(outside, phones):
    await phones.drawer.get_by_role("switch", name="重复推送").check()
    await expect(phones.page.get_by_text("已打开：重复推送")).to_be_visible()
    followers, customers, first_touches, *_ = await outside.five_numbers()
    await phones.add("顾客二")
    await scan_poster(outside, phones, "导购04")
    welcome = WELCOME.format(store="陆家嘴店", guide="导购04")
    await expect(phones.bubbles("顾客二")).to_have_text([f"公众号：{welcome}"])

    async def delivered_again():
        [push] = await pushes_of(outside, "顾客二")
        return len(push["attempts"]) > 1

    await until(delivered_again)
    [push] = await pushes_of(outside, "顾客二")
    assert {attempt["answer"]["Content"] for attempt in push["attempts"]} == {welcome}

    async def counted():
        return (await outside.five_numbers())[:3] == (followers + 1, customers + 1, first_touches + 1)

    await until(counted)
    await phones.page.reload()
    await count_is(phones.bubbles("顾客二"), 1)
    await phones.button("恢复正常").click()


async def test_at60_a_colleague_binds_the_phone_and_a_task_rings_on_its_locked_screen(outside, phones):
    staff, app_id = Staff(outside), outside.facts["accounts"][1]["app_id"]
    await phones.page.get_by_label("公众号").first.select_option("关系茶社会员中心")
    await phones.add("管理员手机")
    await phones.button("锁上管理员手机的手机").click()
    code = await staff.call("POST", "/me/wechat/code", {"app_id": app_id})
    picture = base64.b64decode(code["picture"].partition(",")[2])
    file = {"name": "code.png", "mimeType": "image/png", "buffer": picture}
    await phones.drawer.get_by_label("选一张海报图片").set_input_files(file)
    rings = phones.rings("管理员手机")
    await expect(rings.first).to_contain_text("微信绑定成功")
    me = (await staff.call("GET", "/me"))["id"]
    await staff.call("POST", "/tasks", {"title": "请盘点新茶", "audience": {"staff_ids": [me]}})
    await expect(rings.filter(has_text="请盘点新茶")).to_have_count(1)


@pytest.mark.prove
async def test_a_month_later_a_temporary_code_was_renewed_and_still_leads_to_its_guide(outside, phones):
    staff = Staff(outside)
    code = await staff.temporary_code("导购05")
    await phones.add("顾客三")
    await phones.button("过 31 天").click()
    await expect(phones.page.locator("#date")).to_be_visible()

    async def renewed():
        return (await staff.code(code["id"]))["ticket"] != code["ticket"]

    await until(renewed)
    later = await staff.code(code["id"])
    _, now = await outside.get("simulator", "/sim/clock")
    assert code["expires_at"] < orjson.loads(now)["now"] < later["expires_at"]
    _, hanging = await outside.get("simulator", f"/sim/codes?app_id={outside.app_id}&limit=200")
    [scene] = [poster["scene"] for poster in orjson.loads(hanging)["codes"] if poster["ticket"] == later["ticket"]]
    await phones.drawer.get_by_role("button", name="全部").click()
    await phones.scan(f"场景 {scene}")
    await expect(phones.bubbles("顾客三")).to_have_text([f"公众号：{WELCOME.format(store='南京路店', guide='导购05')}"])
    [push] = await pushes_of(outside, "顾客三")
    assert push["fields"]["Ticket"] == later["ticket"]
