"""Trouble on the way to the push URL: what arrives, how often, in which order, and how it is recorded."""

import asyncio
import base64
import hashlib
import time
from functools import partial

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.simulator.harness import APP_ID, CRYPTO, ORIGINAL_ID, TOKEN, until
from tests.simulator.opened import clear_text, read


@pytest.fixture
async def fan(simulator, receiver):
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    receiver.received.clear()
    return fan


async def switch_on(simulator, kind, times=None):
    body = {"app_id": APP_ID, "kind": kind, "times": times}
    async with simulator.session.put(simulator.base + "/sim/push_faults", json=body) as response:
        assert response.status == 200, await response.text()


async def switch_off(simulator, **params):
    async with simulator.session.delete(
        simulator.base + "/sim/push_faults", params={"app_id": APP_ID} | params
    ) as response:
        assert response.status == 204


async def switched_on(simulator):
    faults = await simulator.ok(f"/sim/push_faults?app_id={APP_ID}")
    return {fault["kind"]: fault["times"] for fault in faults}


def contents(receiver):
    return [read(clear_text(each))["Content"] for each in receiver.received]


async def test_switches_are_listed_and_used_up(simulator, receiver, fan):
    await switch_on(simulator, "drop", times=2)
    await switch_on(simulator, "stale")
    assert await switched_on(simulator) == {"drop": 2, "stale": None}
    assert (await simulator.act(fan, "send", text="一"))["outcome"] == "dropped"
    assert await switched_on(simulator) == {"drop": 1, "stale": None}
    await simulator.act(fan, "send", text="二")
    assert await switched_on(simulator) == {"stale": None}
    await switch_off(simulator, kind="stale")
    assert await switched_on(simulator) == {}
    assert receiver.received == []
    assert (await simulator.get("/sim/push_faults?app_id=wx404"))[0] == 404


async def test_a_duplicate_comes_twice_beside_the_push(simulator, receiver, fan):
    receiver.reply("收到")
    await switch_on(simulator, "duplicate", times=1)
    sent = await simulator.act(fan, "send", text="一")
    assert sent["outcome"] == "replied"
    assert len(receiver.received) == 3
    assert len({clear_text(each) for each in receiver.received}) == 1
    attempts = (await simulator.push(sent["push_id"]))["attempts"]
    assert sorted((each["resent"], each["fault"]) for each in attempts if each["resent"]) == [(True, "duplicate")] * 2
    assert [bubble[0] for bubble in await simulator.phone(fan)][-2:] == ["me", "account"]
    await simulator.act(fan, "send", text="二")
    assert len(receiver.received) == 4


async def test_reordered_in_pairs(simulator, receiver, fan):
    await switch_on(simulator, "reorder")
    status, held = await simulator.post(f"/sim/fans/{fan}/send", {"app_id": APP_ID, "text": "一"})
    assert (status, held["outcome"]) == (202, "pending")
    for text in ("二", "三", "四"):
        await simulator.act(fan, "send", text=text)
    await until(lambda: receiver.has(4))
    assert contents(receiver) == ["二", "一", "四", "三"]


async def test_so_many_are_reordered(simulator, receiver, fan):
    other = await simulator.fan()
    await simulator.act(other, "follow")
    receiver.received.clear()
    await switch_on(simulator, "reorder", times=3)
    await simulator.act(other, "send", text="零")
    for text in ("一", "二", "三", "四"):
        await simulator.act(fan, "send", text=text)
    await until(lambda: receiver.has(5))
    got = contents(receiver)
    assert [text for text in got if text in "一二三"] == ["三", "二", "一"]
    assert await switched_on(simulator) == {}


def all_at_once(receiver, count):
    """Let nobody be answered before so many requests are in flight; return the event that they are."""
    together = asyncio.Event()

    async def answer(_received):
        if len(receiver.received) >= count:
            together.set()
        await together.wait()
        return web.Response(text="success")

    receiver.answer = answer
    return together


async def test_a_burst_is_held_until_it_is_let_go(simulator, receiver, fan):
    await switch_on(simulator, "burst")
    pushes = [await simulator.act(fan, "send", text=text) for text in ("一", "二", "三")]
    await asyncio.sleep(0.05)
    assert receiver.received == []
    together = all_at_once(receiver, 3)
    await switch_off(simulator)
    # None is answered before all are there: one after the other, the second would never come.
    await asyncio.wait_for(together.wait(), 10)
    for push in pushes:
        await until(partial(simulator.is_settled, push["push_id"]))
    assert sorted(contents(receiver)) == sorted(["一", "二", "三"])


async def test_a_burst_of_a_number(simulator, receiver, fan):
    await switch_on(simulator, "burst", times=2)
    together = all_at_once(receiver, 2)
    await simulator.act(fan, "send", text="一")
    await simulator.act(fan, "send", text="二")
    await asyncio.wait_for(together.wait(), 10)
    await simulator.act(fan, "send", text="三")
    assert sorted(contents(receiver)[:2]) == sorted(["一", "二"])
    assert contents(receiver)[2:] == ["三"]


async def test_what_is_held_is_forgotten_by_a_reset(simulator, receiver, fan):
    await switch_on(simulator, "burst")
    await simulator.act(fan, "send", text="一")
    await simulator.post("/sim/reset")
    await simulator.account(receiver.url)
    await switch_off(simulator)
    assert (await simulator.ok("/sim/pushes"))["pushes"] == []


DAMAGE = ("bad_signature", "bad_plain_signature", "wrong_app_id", "truncated", "padded", "stale", "not_utf8")


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("push_format", ["xml", "json"])
@pytest.mark.parametrize("kind", DAMAGE)
async def test_damage_is_recorded_and_the_next_delivery_is_sound(simulator, receiver, mode, push_format, kind):
    await simulator.account(receiver.url, mode=mode, push_format=push_format)
    receiver.always("refused", status=403)
    await switch_on(simulator, kind, times=2)
    result = await simulator.act(await simulator.fan(), "follow")
    attempts = (await simulator.push(result["push_id"]))["attempts"]
    assert [(each["fault"], each["status"]) for each in attempts] == [(kind, 403), (kind, 403), (None, 403)]
    assert read(clear_text(receiver.received[-1]))["Event"] == "subscribe"
    plain = (mode, kind) == ("plain", "bad_signature")
    for damaged in receiver.received[:2]:
        assert fault_of(damaged) == ("bad_plain_signature" if plain else kind)


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_a_push_accepted_in_spite_of_its_plain_signature_is_settled(simulator, receiver, mode):
    await simulator.account(receiver.url, mode=mode)
    await switch_on(simulator, "bad_plain_signature", times=1)
    result = await simulator.act(await simulator.fan(), "follow")
    assert (result["outcome"], result["attempts"]) == ("accepted", 1)
    attempts = (await simulator.push(result["push_id"]))["attempts"]
    assert [(each["fault"], each["status"]) for each in attempts] == [("bad_plain_signature", 200)]


def fault_of(received):
    """What an independent reader finds wrong with a push."""
    query = received.query
    body = received.body
    wrong = wrong_signatures(received)
    if wrong:
        return {("signature",): "bad_plain_signature", ("msg_signature",): "bad_signature"}.get(tuple(wrong))
    if int(query["timestamp"]) < time.time() - 3000:
        return "stale"
    if "msg_signature" in query:
        return fault_inside(base64.b64decode(read(body)["Encrypt"]))
    return fault_outside(body)


def fault_outside(body):
    if "\udcff" in body:
        return "not_utf8"
    if body.endswith("\0"):
        return "padded"
    if not body.endswith(("</xml>", "}")):
        return "truncated"
    return "wrong_app_id" if read(body)["ToUserName"] != ORIGINAL_ID else None


def wrong_signatures(received):
    query = received.query
    parts = [TOKEN, query["timestamp"], query["nonce"]]
    right = {"signature": digest(parts)}
    if "msg_signature" in query:
        right["msg_signature"] = digest([*parts, read(received.body)["Encrypt"]])
    return [name for name, value in right.items() if query[name] != value]


def digest(parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def fault_inside(sealed):
    if len(sealed) % 32:
        return "truncated"
    decryptor = Cipher(algorithms.AES(CRYPTO.key), modes.CBC(CRYPTO.key[:16])).decryptor()
    clear = decryptor.update(sealed) + decryptor.finalize()
    if not 1 <= clear[-1] <= 32:
        return "padded"
    end = 20 + int.from_bytes(clear[16:20], "big")
    if clear[end : -clear[-1]] != APP_ID.encode():
        return "wrong_app_id"
    return "not_utf8" if b"\xff" in clear[20:end] else None


async def test_a_follow_lost_while_we_were_down(simulator, receiver):
    await switch_on(simulator, "drop", times=1)
    fan = await simulator.fan()
    lost = await simulator.act(fan, "follow")
    assert (lost["outcome"], lost["attempts"]) == ("dropped", 0)
    assert receiver.received == []
    assert (await simulator.ok(f"/sim/followers?app_id={APP_ID}"))["count"] == 1
    assert await simulator.phone(fan) == [("me", "event", "关注")]
