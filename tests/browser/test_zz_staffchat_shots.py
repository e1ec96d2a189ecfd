"""Temporary: pictures to look at."""
from datetime import timedelta
from tests import factories as make
from tests.wechat import inbox_world as world
from infra import clock, database
from wechat.conversations.rules import MessageKind
OUT = "/tmp/p6/shots"

async def test_shots(open_application, http):
    store = await make.store()
    guide = await make.guide("导购01", store=store)
    account = await make.account()
    other = await make.guide("导购02", store=store)
    fans = []
    for n, w in enumerate(["你好，请问今天几点关门？", "我想买一套茶具，送给朋友当生日礼物，大概三百块左右有没有推荐的呢", "在吗"]):
        fan = await world.follower(account, guide)
        await world.says(fan, w, at=clock.now() - timedelta(hours=3-n))
        fans.append(fan)
        [row] = await make.rows("SELECT customer_id FROM identity WHERE digest = $1", fan.digest)
        h = await make.headers(guide)
        v = (await http.get(f"/staff/v1/customers/{row['customer_id']}", headers=h)).json()["version"]
        if n < 2:
            await http.patch(f"/staff/v1/customers/{row['customer_id']}", headers=h, json={"version": v, "name": f"顾客0{n+1}"})
    fan = fans[1]
    f0 = fans[0]
    await world.answers(guide, f0, "您好，营业到晚上九点，欢迎来店里看看。")
    await world.says(fan, "营业时间", answer=world.answered())
    await world.hear(fan, MessageKind.VOICE, None, content={"format": "amr"}, text="明天下午有空吗我想过去看看")
    await world.hear(fan, MessageKind.LOCATION, None, content={"latitude": 31.2, "longitude": 121.4}, text="南京路步行街 1 号")
    await world.hear(fan, MessageKind.LINK, None, content={"title": "这款茶具怎么样", "description": "白瓷盖碗", "url": "https://example.org/a"})
    await world.taps(fan)
    await world.answers(guide, fan, "您好，三百元左右推荐白瓷盖碗六件套，我给您留一套，周末来店看看好吗？")
    i = await world.id_of(fan)
    r = await http.post(f"/staff/v1/inbox/conversations/{i}/notes", headers=await make.headers(guide), json={"text": "送礼，喜欢白瓷，预算三百"})
    await http.post("/staff/v1/quick-replies", headers=await make.headers(guide), json={"title": "营业时间", "text": "九点到二十一点"})
    await world.says(fan, "好的，周末见")
    for state, n in (("unknown", "那一套我先帮您包好"), ("failed", "周六还是周日？")):
        await world.answers(guide, fan, n)
    ids = await make.rows("SELECT id FROM outbound_message ORDER BY id DESC LIMIT 2")
    try:
        await database.execute("UPDATE outbound_message SET state='failed', error='平台拒绝' WHERE id=$1", ids[0]["id"])
    except Exception as e:
        print("E1", e)
    try:
        await database.execute("UPDATE outbound_message SET state='unknown' WHERE id=$1", ids[1]["id"])
    except Exception as e:
        print("E2", e)
    async def shot(name, path, by=guide, width=375, height=740, before=None):
        page = await open_application(path, by, width=width, height=height)
        await page.wait_for_timeout(900)
        if before:
            await before(page)
            await page.wait_for_timeout(600)
        await page.screenshot(path=f"{OUT}/{name}.png")
    async def more(p): await p.get_by_role("button", name="更多操作").click()
    async def tools(p): await p.get_by_role("button", name="发送其他内容").click()
    async def up(p): await p.get_by_role("log").evaluate("e => e.scrollTop = 0")
    async def hand(p):
        await more(p); await p.get_by_role("button", name="转交").click()
    async def quick(p):
        await tools(p); await p.get_by_role("button", name="快捷回复").click()
    async def card(p):
        await tools(p); await p.get_by_role("button", name="卡片").click()
    async def fail(p):
        await p.route("**/messages", lambda route: route.abort())
        await p.get_by_label("回复内容").fill("在的，您几点来？"); await p.get_by_role("button", name="发送", exact=True).click()
        await p.wait_for_timeout(2500)
    await shot("s-list", "/app/staff/")
    await shot("s-notices", "/app/staff/messages?list=notices")
    await shot("s-thread", f"/app/staff/chat/{i}")
    await shot("s-thread-up", f"/app/staff/chat/{i}", before=up)
    await shot("s-tools", f"/app/staff/chat/{i}", before=tools)
    await shot("s-more", f"/app/staff/chat/{i}", before=more)
    await shot("s-hand", f"/app/staff/chat/{i}", before=hand)
    await shot("s-quick", f"/app/staff/chat/{i}", before=quick)
    await shot("s-card", f"/app/staff/chat/{i}", before=card)
    await shot("s-fail", f"/app/staff/chat/{i}", before=fail)
    await shot("s-thread-768", f"/app/staff/chat/{i}", width=768, height=1024)
    await world.leaves(fan)
    await shot("s-shut", f"/app/staff/chat/{i}")
