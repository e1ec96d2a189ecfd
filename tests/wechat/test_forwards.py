"""Forwarding: another system gets every push as the platform would send it, in each person's order, at least once."""

import asyncio
from functools import partial

import orjson
import pytest
from aiohttp import web

from app.contexts import registry
from infra import alerts, database
from tests import factories as make
from tests.pushes import Pushes
from tests.simulator.harness import receiving, until
from wechat.accounts import queries as accounts
from wechat.accounts import service as account_service
from wechat.accounts.rules import Mode
from wechat.forwards import service
from wechat.forwards.sealing import seal
from wechat.pushes.envelope import open_push


@pytest.fixture
async def other():
    async with receiving() as receiver:
        yield receiver


async def _account(other, **changes):
    return await make.account(forward_url=other.url, **changes)


async def _push(http, account, openid, fields):
    answer = await Pushes(account, openid).sealed(fields).send(http)
    assert answer.status_code == 200, answer.text


async def _handed_on(http, account, *contents, openid=None):
    """Texts of a person, received by us and written down to be handed on."""
    openid = openid or make.openid()
    for content in contents:
        await _push(http, account, openid, Pushes(account, openid).text(content))
    await make.settle(registry())
    return openid


async def _states():
    return [row["state"] for row in await make.rows("SELECT state FROM push_forward ORDER BY id")]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_push_arrives_as_the_platform_would_send_it(http, other, mode):
    account = await _account(other, mode=mode)
    openid = await _handed_on(http, account, "你好 & <再见>")
    assert await service.send_due() == 1
    (received,) = other.received
    assert received.clear["Content"] == "你好 & <再见>"
    assert received.clear["FromUserName"] == received.query["openid"] == openid
    assert ("msg_signature" in received.query) == (mode is not Mode.PLAIN)
    assert ("Content" in received.visible) == (mode is not Mode.SAFE)
    # Our own door takes it too, so a second of our kind could stand there.
    again = open_push(
        account, received.query, received.body.encode(), now=int(received.query["timestamp"]), freshness=300
    )
    assert again.push.openid == openid
    assert await _states() == ["sent"]
    assert await service.send_due() == 0


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_push_in_json_stays_json(db, mode):
    account = await make.account(mode=mode)
    fields = {"ToUserName": account.original_id, "FromUserName": "o1", "CreateTime": 1, "MsgType": "text", "MsgId": 7}
    sealed = seal(account, orjson.dumps(fields | {"Content": "你好"}).decode(), openid="o1", now=1000)
    assert isinstance(orjson.loads(sealed.body), dict)
    opened = open_push(account, sealed.query, sealed.body, now=1000, freshness=300)
    assert orjson.loads(opened.raw)["Content"] == "你好"


async def test_after_a_change_of_keys_the_newest_are_used(http, other):
    account = await _account(other)
    await _handed_on(http, account, "one")
    await account_service.change_account(account.id, token="anothertoken", aes_key="B" * 43)
    assert await service.send_due() == 1
    received = other.received[0]
    changed = await accounts.credentials(account.app_id)
    opened = open_push(
        changed, received.query, received.body.encode(), now=int(received.query["timestamp"]), freshness=300
    )
    assert (opened.keys, opened.keys.token) == (changed.keys[0], "anothertoken")


async def test_nothing_is_handed_on_without_an_address(http):
    account = await make.account()
    await _handed_on(http, account, "one")
    assert await _states() == []


async def test_a_shadow_account_hands_on_too(http, other):
    account = await _account(other, shadow=True)
    await _handed_on(http, account, "one")
    assert await service.send_due() == 1


async def test_a_repeated_push_is_handed_on_once(http, other):
    account, openid = await _account(other), make.openid()
    fields = Pushes(account, openid).text("one")
    for _ in range(3):
        await _push(http, account, openid, fields)
    await make.settle(registry())
    assert await service.send_due() == 1


async def test_a_persons_pushes_keep_their_order_while_others_go_on(http, other, db):
    account = await _account(other)
    slow, quick = make.openid(), make.openid()
    refuse = True

    async def answer(received):
        return web.Response(status=500 if refuse and received.clear["Content"] == "s1" else 200)

    other.answer = answer
    await _handed_on(http, account, "s1", "s2", "s3", openid=slow)
    await _handed_on(http, account, "q1", "q2", openid=quick)
    await service.send_due()
    assert [r.clear["Content"] for r in other.received if r.query["openid"] == quick] == ["q1", "q2"]
    assert [r.clear["Content"] for r in other.received if r.query["openid"] == slow] == ["s1"]
    refuse = False
    make.jump(db, seconds=6)
    assert await service.send_due() == 3
    assert [r.clear["Content"] for r in other.received if r.query["openid"] == slow] == ["s1", "s1", "s2", "s3"]


async def test_what_keeps_failing_is_given_up_with_an_alert_and_may_be_retried(http, other, db):
    account = await _account(other)
    other.always("no", status=503)
    await _handed_on(http, account, "one")
    seconds = 0
    for pause in (0, 5, 20, 80, 320):
        make.jump(db, seconds=seconds + pause - 1)
        if pause:
            await service.send_due()  # too early
        seconds += pause + 1
        make.jump(db, seconds=seconds)
        await service.send_due()
    assert len(other.received) == 5
    assert await _states() == ["failed"]
    assert [(a["kind"], a["subject"]) for a in await alerts.listed()] == [("wechat.forward_failed", account.app_id)]
    other.always("ok")
    assert await service.retry_failed("wx-another") == 0
    assert await service.retry_failed(account.app_id) == 1
    assert await service.send_due() == 1
    assert await _states() == ["sent"]


async def test_redirects_are_not_followed(http, other):
    account = await _account(other)

    async def elsewhere(_received):
        return web.Response(status=302, headers={"Location": other.url})

    other.answer = elsewhere
    await _handed_on(http, account, "one")
    assert await service.send_due() == 0
    assert len(other.received) == 1
    assert await _states() == ["pending"]


async def test_who_cannot_be_reached_is_left_alone_for_a_while(http, db):
    account = await make.account(forward_url="http://127.0.0.1:9/push")
    for _ in range(25):  # more than are asked at once
        await _handed_on(http, account, "one")
    assert await service.send_due() == 0
    tried = await make.rows("SELECT attempts, error FROM push_forward ORDER BY id")
    assert sum(row["attempts"] for row in tried) == 20
    assert {row["error"] for row in tried if row["attempts"]} == {"ClientConnectorError"}
    await service.send_due()
    assert sum(row["attempts"] for row in await make.rows("SELECT attempts FROM push_forward")) == 20


async def test_a_pause_is_the_accounts_and_touches_none_of_its_pushes(http, other, db):
    away, well = await make.account(forward_url="http://127.0.0.1:9/push"), await make.account(2, forward_url=other.url)
    for _ in range(22):
        await _handed_on(http, away, "one")
    waiting = "SELECT xmin::text FROM push_forward WHERE attempts = 0 AND app_id = $1 ORDER BY id"
    before = await make.rows(waiting, away.app_id)
    await service.send_due()
    assert await make.rows(waiting, away.app_id) == before[20:]
    await _handed_on(http, well, "two")
    assert await service.send_due() == 1
    assert await make.rows(waiting, away.app_id) == before[20:]
    await account_service.change_account(away.id, forward_url=other.url)
    make.jump(db, seconds=6)
    assert await service.send_due() == 22


@pytest.mark.parametrize("url", ["https://hook..example.com/in", f"https://{'a' * 70}.example.com/in"])
async def test_an_address_that_cannot_be_one_fails_its_own_pushes_only(http, other, db, url):
    bad, well = await make.account(forward_url=url), await make.account(2, forward_url=other.url)
    await _handed_on(http, bad, "one")
    await _handed_on(http, well, "two")
    assert await service.send_due() == 1
    rows = await make.rows("SELECT state, attempts, error FROM push_forward ORDER BY id")
    assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 1), ("sent", 1)]
    assert rows[0]["error"]


async def test_a_push_that_cannot_be_sealed_is_given_up_alone(http, other, db):
    account = await _account(other)
    await _handed_on(http, account, "one")
    await database.execute("UPDATE push SET raw = 'nothing to be read'")
    await _handed_on(http, account, "two")
    for _ in range(5):
        make.jump(db, hours=2 * _)
        await service.send_due()
    assert await _states() == ["failed", "sent"]


async def test_many_workers_send_each_once(http, other):
    account = await _account(other)
    for _ in range(30):
        await _handed_on(http, account, "one", "two")
    await asyncio.gather(*(service.send_due() for _ in range(4)))
    await service.send_due()
    assert await _states() == ["sent"] * 60
    by_person = {}
    for received in other.received:
        by_person.setdefault(received.query["openid"], []).append(received.clear["Content"])
    assert list(by_person.values()) == [["one", "two"]] * 30


async def test_a_worker_that_dies_leaves_the_push_to_the_next(http, other, db):
    account = await _account(other)
    await _handed_on(http, account, "one")

    async def hang(_received):
        await asyncio.sleep(30)

    other.answer = hang
    dying = asyncio.create_task(service.send_due())
    await until(partial(other.has, 1))
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    other.always("ok")
    assert await service.send_due() == 0  # its lease runs
    make.jump(db, seconds=61)
    assert await service.send_due() == 1


async def test_old_rows_are_forgotten_and_those_of_accounts_that_stopped(http, other, db):
    account, stopping = await _account(other), await make.account(2, forward_url=other.url)
    await _handed_on(http, account, "one")
    await service.send_due()
    await _handed_on(http, stopping, "two")
    await account_service.change_account(stopping.id, forward_url="")
    assert await service.send_due() == 0
    await service.drop_old()
    assert await _states() == ["sent"]
    make.jump(db, days=8)
    await service.drop_old()
    assert await _states() == []
    assert len(other.received) == 1
