"""Temporary: pictures to look at."""

import os
import pytest
from datetime import timedelta
from core.permissions.rules import RoleKey
from infra import clock
from tests import factories as make
from tests.wechat import inbox_world as world
from tests.wechat import reply_world
from tests.browser.everybody import complaints, fits

OUT = "/tmp/con/shots"
PAGES = os.environ.get("SHOTS", "").split()


@pytest.fixture
def build():
    async def nothing(_name): ...

    return nothing


async def shot(open_application, name, path, by, width=1440, height=900, before=None, language="zh-CN"):
    page = await open_application(path, by, width=width, height=height, language=language)
    await page.wait_for_timeout(900)
    if before:
        await before(page)
        await page.wait_for_timeout(500)
    await page.screenshot(path=f"{OUT}/{name}.png")
    if not await fits(page):
        print("DOES NOT FIT", name, width)
    for one in await complaints(page):
        print("AXE", name, width, one[:420])


async def test_shots(open_application, http):
    os.makedirs(OUT, exist_ok=True)
    account = await make.account()
    guide = await make.guide("导购01")
    admin = await make.admin()
    service = await world.agent("客服01")
    market = await reply_world.marketer()
    headers = await make.headers(admin)
    fans = []
    for n, words in enumerate(
        [
            "你好，请问今天几点关门？",
            "我想买一套茶具，送朋友",
            "在吗",
            "上次买的茶很好喝，想再来两盒，可以送货吗？我住得有点远，大概十公里左右",
        ]
    ):
        fan = await world.follower(account, guide)
        await world.says(
            fan, words, answer=world.answered() if n == 0 else None, at=clock.now() - timedelta(minutes=50 - n * 12)
        )
        fans.append(fan)
    await world.answers(guide, fans[0], "您好，我们今天营业到晚上九点，欢迎来店里看看。")
    await world.says(fans[0], "好的谢谢，那我晚上过去")
    from core.customers import queries

    for n, fan in enumerate(fans):
        [row] = await make.rows("SELECT customer_id FROM identity WHERE digest = $1", fan.digest)
        cid = row["customer_id"]
        v = (await http.get(f"/staff/v1/customers/{cid}", headers=headers)).json()["version"]
        r = await http.patch(
            f"/staff/v1/customers/{cid}",
            headers=headers,
            json={"version": v, "name": f"顾客0{n + 1}", "phones": {"mobile": f"1380013800{n}"}, "level": None},
        )
        if r.status_code >= 300:
            print(r.text)
    cid0 = (await make.rows("SELECT customer_id FROM identity WHERE digest = $1", fans[0].digest))[0]["customer_id"]
    gh = await make.headers(guide)
    await http.post(
        f"/staff/v1/customers/{cid0}/follow-ups",
        headers=gh | {"Idempotency-Key": "a"},
        json={
            "kind": "phone",
            "body": "电话里说想看新到的白茶，周末来店",
            "next_contact_at": (clock.now() + timedelta(days=1)).isoformat(),
        },
    )
    t = (
        await http.post(
            "/staff/v1/tags", headers=headers | {"Idempotency-Key": "b"}, json={"kind": "tag", "name": "爱喝白茶"}
        )
    ).json()
    await http.post(
        "/staff/v1/customers/tags", headers=headers, json={"customer_ids": [str(cid0)], "add": [t.get("id")]}
    )
    await reply_world.rule(
        market,
        "我们每天 9:00 到 21:00 营业，欢迎{称呼}来店。",
        name="营业时间",
        match="contains",
        words=["几点", "关门", "营业"],
    )
    await reply_world.rule(
        market, "地址在南京路 1 号，地铁 2 号线 3 口出。", name="门店地址", match="contains", words=["地址", "在哪"]
    )
    await http.post(
        "/staff/v1/quick-replies",
        headers=gh | {"Idempotency-Key": "c"},
        json={"title": "营业时间", "text": "我们每天 9:00 到 21:00 营业。"},
    )
    await http.post("/staff/v1/banned-words", headers=headers | {"Idempotency-Key": "d"}, json={"word": "假货"})
    draft = {
        "version": 0,
        "buttons": [
            {
                "title": "买茶",
                "children": [
                    {"title": "新品", "kind": "view", "url": "https://shop.example.com/new"},
                    {"title": "热卖", "kind": "view", "url": "https://shop.example.com/hot"},
                ],
            },
            {"title": "营业时间", "kind": "click", "key": "营业时间"},
            {"title": "会员", "kind": "view", "url": "https://m.example.com"},
        ],
    }
    r = await http.put(f"/staff/v1/accounts/{account.id}/menus/draft", headers=await make.headers(market), json=draft)
    print("menu", r.status_code, r.text[:300])
    conv = await world.id_of(fans[0])

    async def menu_choose(page):
        await page.get_by_role("button", name="买茶").click()

    async def quick(page):
        await page.get_by_label("回复内容").fill("/")

    async def more(page):
        await page.get_by_role("button", name="更多条件").click()

    async def tried(page):
        await page.get_by_label("客户发来的文字").fill("请问几点关门")
        await page.get_by_role("button", name="试一试").click()
        await page.wait_for_timeout(600)

    async def newrule(page):
        await page.get_by_label("名称").fill("营业时间")
        await page.get_by_label("文字内容").fill("我们每天 9:00 到 21:00 营业，欢迎{称呼}来店。")

    async def staff1(page):
        await page.get_by_role("button", name="导购01").click()

    async def param(page):
        await page.locator("tbody button").first.click()

    async def finder(page):
        await page.keyboard.press("/")
        await page.wait_for_timeout(500)
        await page.get_by_role("combobox").fill("顾客")

    shots = {
        "login": ("/app/console/", None, None),
        "inbox": (f"/app/console/inbox/{conv}", guide, None),
        "quick": (f"/app/console/inbox/{conv}", guide, quick),
        "customers": ("/app/console/customers", guide, more),
        "customer": (f"/app/console/customers/{cid0}", guide, None),
        "customerm": (f"/app/console/customers/{cid0}", admin, None),
        "finder": ("/app/console/customers", guide, finder),
        "replies": ("/app/console/auto-replies", market, tried),
        "reply": ("/app/console/auto-replies/new", market, newrule),
        "menus": ("/app/console/menus", market, menu_choose),
        "codes": ("/app/console/codes", admin, None),
        "staff": ("/app/console/staff", admin, staff1),
        "roles": ("/app/console/roles", admin, None),
        "parameters": ("/app/console/parameters", admin, None),
        "parameter": ("/app/console/parameters", admin, param),
        "banned": ("/app/console/banned-words", admin, None),
        "quickpage": ("/app/console/quick-replies", guide, None),
        "levels": ("/app/console/service-levels", admin, None),
        "forbidden": ("/app/console/parameters", guide, None),
        "lost": ("/app/console/nowhere", guide, None),
        "home": ("/app/console/", market, None),
    }
    for name, (path, by, before) in shots.items():
        if PAGES and name not in PAGES:
            continue
        for width, height in ((1440, 900), (768, 1024)):
            try:
                await shot(open_application, f"{name}-{width}", path, by, width, height, before)
            except Exception as error:
                print("FAILED", name, width, str(error)[:300])
