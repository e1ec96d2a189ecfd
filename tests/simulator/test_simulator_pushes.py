import asyncio
import random
from datetime import datetime

import pytest
from aiohttp import web
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from tests.simulator.harness import (
    AES_KEY,
    APP_ID,
    ORIGINAL_ID,
    RETRIES,
    TOKEN,
    Received,
    reply_xml,
    running,
    sealed,
    until,
)

NEWS = "<ArticleCount>2</ArticleCount><Articles><item><Title>一</Title></item><item><Title>二</Title></item></Articles>"
SYSTEM_BUBBLE = ("system", "text", "该公众号提供的服务出现故障，请稍后再试")


async def follower(simulator):
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    return fan


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_each_mode_sends_what_it_should(simulator, receiver, mode):
    await simulator.account(receiver.url + "?shop=1", mode=mode)
    receiver.reply("收到", seal=mode != "plain")
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["reply"]) == ("replied", "收到")
    [received] = receiver.received
    query = dict(received.query)
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    encrypted = {"encrypt_type", "msg_signature"} if mode != "plain" else set()
    assert set(query) == {"signature", "timestamp", "nonce", "openid", "shop"} | encrypted
    assert query["openid"] == result["openid"]
    clear_fields = {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey"}
    visible = {
        "plain": clear_fields,
        "compatible": clear_fields | {"Encrypt"},
        "safe": {"ToUserName", "Encrypt"},
    }
    assert set(received.visible) == visible[mode]
    assert set(received.clear) == clear_fields
    assert received.clear["ToUserName"] == ORIGINAL_ID
    [attempt] = (await simulator.push(result["push_id"]))["attempts"]
    assert (attempt["status"], attempt["error"]) == (200, None)
    assert attempt["answer"]["Content"] == "收到"
    assert attempt["latency_ms"] > 0


@pytest.mark.parametrize("answer", ["", "success", " success\n"])
async def test_an_empty_answer_ends_it_without_a_bubble(simulator, receiver, answer):
    receiver.always(answer)
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["attempts"], result["reply"]) == ("accepted", 1, None)
    assert await simulator.phone(fan) == [("me", "event", "关注")]


async def test_three_deliveries_of_the_same_message(simulator, receiver):
    receiver.always("busy", status=503)
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["attempts"]) == ("silent", 3)
    assert await simulator.phone(fan) == [("me", "event", "关注"), SYSTEM_BUBBLE]
    first, second, third = receiver.received
    assert first.clear == second.clear == third.clear
    assert len({received.body for received in receiver.received}) == 3
    assert len({received.query["nonce"] for received in receiver.received}) == 3
    push = await simulator.push(result["push_id"])
    moments = [datetime.fromisoformat(attempt["at"]) for attempt in push["attempts"]]
    # None before its time; the clock's last digits are not the timer's.
    waited = [(moment - moments[0]).total_seconds() + 0.002 for moment in moments]
    assert all(seconds >= due for seconds, due in zip(waited, RETRIES, strict=True))
    assert [attempt["error"] for attempt in push["attempts"]] == ["status 503"] * 3


async def test_a_late_answer_still_counts(simulator, receiver):
    async def third_time(received: Received):
        if len(receiver.received) < 3:
            return web.Response(status=500)
        return web.Response(text=sealed(reply_xml(received.clear["FromUserName"], "来了")))

    receiver.answer = third_time
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["attempts"], result["reply"]) == ("replied", 3, "来了")
    assert await simulator.phone(fan) == [("me", "event", "关注"), ("account", "text", "来了")]


async def test_nobody_listens(simulator):
    await simulator.account("http://127.0.0.1:9/")
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["attempts"]) == ("silent", 3)
    push = await simulator.push(result["push_id"])
    assert all(each["status"] is None and "connection" in each["error"] for each in push["attempts"])
    assert (await simulator.phone(fan))[-1] == SYSTEM_BUBBLE


def other_crypto(**changes):
    keys = {"token": TOKEN, "encoding_aes_key": AES_KEY, "app_id": APP_ID} | changes
    return WeChatCrypto(**keys)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _: "ok", "not well-formed"),
        (lambda _: '{"errcode":0}', "not well-formed"),
        (lambda o: reply_xml(o, "a"), "clear reply in safe mode"),
        (lambda o: sealed(reply_xml(o, "a"), other_crypto(token="other")), "MsgSignature"),
        (lambda o: sealed(reply_xml(o, "a"), other_crypto(app_id="wx404")), "another app id"),
        (lambda o: sealed(reply_xml(o, "a"), other_crypto(encoding_aes_key=AES_KEY[::-1])), "malformed"),
        (lambda _: sealed(reply_xml("o404", "a")), "ToUserName"),
        (lambda o: sealed(reply_xml(o, "a"), timestamp="1700000000"), "TimeStamp is not of now"),
        (lambda o: sealed(reply_xml(o, "a"), timestamp="9" * 20), "TimeStamp is not of now"),
        (lambda o: sealed(reply_xml(o, "a"), timestamp="now"), "TimeStamp is not a number"),
        (lambda o: sealed(reply_xml(o, "a"), timestamp="٣"), "TimeStamp is not a number"),
        (lambda o: sealed(reply_xml(o, "a", FromUserName="gh_404")), "FromUserName"),
        (lambda o: sealed(reply_xml(o, "a", CreateTime="now")), "CreateTime"),
        (lambda o: sealed(reply_xml(o, "")), "Content is missing"),
        (lambda o: sealed(reply_xml(o, "长" * 683)), "too long"),
        (lambda o: sealed(reply_xml(o, "a", MsgType="event")), "MsgType"),
        (lambda o: sealed(reply_xml(o, "a", MsgType="image")), "Image.MediaId"),
        (lambda o: sealed(reply_xml(o, "a", MsgType="news", ArticleCount="1")), "ArticleCount"),
        (lambda _: '<?xml version="1.0" encoding="none"?><xml/>', "not well-formed"),
        (lambda _: "<xml>" + "<a>" * 3000 + "</a>" * 3000 + "</xml>", "nested too deep"),
        (lambda o: "<!DOCTYPE x>" + sealed(reply_xml(o, "a")), "DTD"),
        (lambda o: sealed(reply_xml(o, "a")).replace("xml>", "html>"), "root"),
    ],
)
async def test_a_malformed_reply_shows_the_system_bubble(simulator, receiver, make, reason):
    async def answer(received: Received):
        return web.Response(text=make(received.clear["FromUserName"]))

    receiver.answer = answer
    fan = await simulator.fan()
    result = await simulator.act(fan, "follow")
    assert (result["outcome"], result["attempts"], result["reply"]) == ("malformed", 1, None)
    assert await simulator.phone(fan) == [("me", "event", "关注"), SYSTEM_BUBBLE]
    [attempt] = (await simulator.push(result["push_id"]))["attempts"]
    assert reason in attempt["error"]


async def test_an_encrypted_reply_in_plain_mode_is_malformed(simulator, receiver):
    await simulator.account(receiver.url, mode="plain")
    receiver.reply("收到", seal=True)
    assert (await simulator.act(await simulator.fan(), "follow"))["outcome"] == "malformed"


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        ("image", "<Image><MediaId>m1</MediaId></Image>", "m1"),
        (
            "news",
            NEWS,
            "一\n二",
        ),
    ],
)
async def test_other_kinds_of_reply(simulator, receiver, kind, content, shown):
    async def answer(received: Received):
        clear = reply_xml(received.clear["FromUserName"], "", MsgType=kind)
        return web.Response(text=sealed(clear.replace("<Content></Content>", content)))

    receiver.answer = answer
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    assert (await simulator.phone(fan))[-1] == ("account", kind, shown)


async def test_not_waiting(tmp_path, receiver):
    async with running(tmp_path, "--lead-seconds", "0.05") as simulator:
        await simulator.account(receiver.url)
        await not_waiting(simulator, receiver)


async def not_waiting(simulator, receiver):
    release = asyncio.Event()

    async def answer(_received: Received):
        await release.wait()
        return web.Response(text="success")

    receiver.answer = answer
    fan = await simulator.fan()
    status, started = await simulator.post(f"/sim/fans/{fan}/follow", {"app_id": APP_ID, "wait": False})
    assert (status, started["outcome"], started["attempts"]) == (202, "pending", 0)
    # A later push of the same person does not wait for the answer to the earlier one, but comes after it.
    await simulator.act(fan, "send", text="一", wait=False)
    await simulator.act(fan, "send", text="二", wait=False)
    await until(lambda: receiver.has(3))
    assert [received.clear.get("Content") for received in receiver.received] == [None, "一", "二"]
    release.set()
    await until(lambda: simulator.is_settled(started["push_id"]))


async def test_a_person_s_pushes_start_in_order(simulator, receiver):
    async def answer(_received: Received):
        # Connections come free at odd moments, so that a later push could overtake one that must connect.
        await asyncio.sleep(random.random() / 50)
        return web.Response(text="success")

    receiver.answer = answer
    fans = [await follower(simulator) for _ in range(10)]
    for number in range(12):
        await asyncio.gather(*(simulator.act(fan, "send", text=str(number), wait=False) for fan in fans))
    await until(lambda: receiver.has(10 + 120))
    for fan in fans:
        pushes = (await simulator.ok(f"/sim/pushes?fan_id={fan}"))["pushes"]
        got = [each.clear for each in receiver.received if each.query["openid"] == pushes[0]["openid"]]
        assert [each["Content"] for each in got[1:]] == [str(number) for number in range(12)]


async def test_a_reset_drops_what_is_under_way(simulator, receiver):
    release = asyncio.Event()

    async def answer(_received: Received):
        await release.wait()
        return web.Response(text="success")

    receiver.answer = answer
    fan = await simulator.fan()
    waiting = asyncio.create_task(simulator.post(f"/sim/fans/{fan}/follow", {"app_id": APP_ID}))
    await until(lambda: receiver.has(1))
    await simulator.post("/sim/reset")
    status, body = await waiting
    release.set()
    assert (status, body["error"]["code"]) == (409, "push_cancelled")
    assert (await simulator.ok("/sim/accounts"))["accounts"] == []
    assert (await simulator.ok("/sim/pushes"))["pushes"] == []


async def test_pushes_are_listed_by_account_and_person(simulator, receiver):
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2")
    one, two = await follower(simulator), await follower(simulator)
    await simulator.act(one, "follow", app_id="wx2")
    await simulator.act(one, "send", text="在吗")

    async def listed(query):
        page = await simulator.ok(f"/sim/pushes{query}")
        return [(push["app_id"], push["fan_id"], push["kind"]) for push in page["pushes"]], page["next_cursor"]

    everything = [
        (APP_ID, one, "subscribe"),
        (APP_ID, two, "subscribe"),
        ("wx2", one, "subscribe"),
        (APP_ID, one, "text"),
    ]
    assert await listed("") == (everything, None)
    assert await listed(f"?app_id={APP_ID}&fan_id={one}") == ([everything[0], everything[3]], None)
    first, cursor = await listed("?limit=3")
    assert first == everything[:3]
    assert await listed(f"?limit=3&cursor={cursor}") == (everything[3:], None)
    assert (await simulator.get("/sim/pushes/p404"))[1]["error"]["code"] == "push_unknown"


async def test_two_hundred_follow_at_once(simulator, receiver):
    most = busy = 0

    async def answer(received: Received):
        nonlocal most, busy
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1
        return web.Response(text=sealed(reply_xml(received.clear["FromUserName"], "欢迎")))

    receiver.answer = answer
    code = await simulator.code("wall")
    fans = (await simulator.ok("/sim/fans", {"name": "顾客", "count": 200}))["fans"]
    results = await asyncio.gather(*(simulator.act(fan["fan_id"], "scan", ticket=code["ticket"]) for fan in fans))
    assert {(result["outcome"], result["attempts"]) for result in results} == {("replied", 1)}
    assert len({received.clear["FromUserName"] for received in receiver.received}) == 200
    assert 8 < most <= 64
    assert (await simulator.ok(f"/sim/followers?app_id={APP_ID}"))["count"] == 200
    assert (await simulator.ok(f"/sim/welcomes?app_id={APP_ID}"))["fans_with_reply"] == 200
