"""A push that comes again (in sequence, in parallel, in two processes, signed anew) has one effect and one reply."""

import asyncio

import asyncpg
import httpx
import orjson
import pytest

from app.contexts import registry
from infra import crypto, database, parameters
from tests import factories as make
from tests.doors import error_of, open_door, receiver, serving
from tests.factories import NOON
from tests.pushes import Pushes, xml
from tests.simulator.harness import until
from wechat.outbound.contents import TextContent
from wechat.pushes import messages
from wechat.pushes.parsing import parse
from wechat.pushes.replies import text_reply
from wechat.pushes.responders import Responder, Response
from wechat.pushes.service import Receiver
from wechat.pushes.store import Incoming, receive_many

KINDS = ["follow", "scan", "text", "unfollow"]


def _fields(fan, kind, scene):
    match kind:
        case "follow":
            return fan.follow(scene)
        case "scan":
            return fan.scan(scene)
        case "text":
            return fan.text("你好")
    return fan.unfollow()


async def _one_effect():
    assert await make.count("push_key") == await make.count("push") == 1
    assert len(await make.rows("SELECT 1 FROM outbox WHERE name = 'wechat.push_received.v1'")) == 1
    await make.settle(registry())
    contacts = await make.rows("SELECT 1 FROM timeline WHERE kind IN ('follow', 'scan', 'unfollow', 'message')")
    heard = await make.rows("SELECT 1 FROM chat_message WHERE author IN ('fan', 'event')")
    assert len(contacts) == len(heard) == await make.count("customer") == await make.count("conversation") == 1
    assert await make.count("touch") <= 1


@pytest.fixture
async def fan(http):
    return Pushes(await make.account(), make.openid())


@pytest.fixture
async def scene(fan):
    await make.welcome("欢迎 一店", "又见面了")
    return await make.key_of(await make.code(fan.account, await make.store("一店")))


@pytest.mark.parametrize("kind", KINDS)
async def test_three_times_in_sequence(http, fan, scene, kind):
    fields = _fields(fan, kind, scene)
    answers = [await fan.sealed(fields, nonce=f"nonce{n}").send(http) for n in range(3)]
    opened = [fan.opened(answer) for answer in answers]
    assert opened[0] == opened[1] == opened[2]
    if kind in {"follow", "scan"}:
        assert len({answer.text for answer in answers}) == 3
        assert opened[0]["Content"] == {"follow": "欢迎 一店", "scan": "又见面了"}[kind]
    await _one_effect()


@pytest.mark.parametrize("kind", KINDS)
async def test_many_times_at_once(http, fan, scene, kind):
    fields = _fields(fan, kind, scene)
    answers = await asyncio.gather(*(fan.sealed(fields).send(http) for _ in range(12)))
    opened = [fan.opened(answer) for answer in answers]
    assert all(one == opened[0] for one in opened)
    await _one_effect()


async def test_at_once_in_processes_that_know_nothing_of_each_other(db, fan, scene):
    fields = fan.follow(scene)
    doors = [receiver() for _ in range(4)]
    sealed = [fan.sealed(fields) for _ in doors]
    replies = await asyncio.gather(
        *(door.receive(fan.account.app_id, s.query, s.body, None) for door, s in zip(doors, sealed, strict=True))
    )
    opened = [fan.opened(_answer(reply)) for reply in replies]
    assert all(one == opened[0] for one in opened)
    assert opened[0]["Content"] == "欢迎 一店"
    await _one_effect()
    for door in doors:
        await door.close()


@pytest.fixture
async def elsewhere(db):
    """What another process has: a session of its own."""
    connection = await asyncpg.connect(db.database)
    yield connection
    await connection.close()


def _written_elsewhere(fan, fields):
    push = parse(xml(fields))
    return Incoming(
        key=crypto.digest("push", fan.account.app_id, *push.identifier),
        app_id=fan.account.app_id,
        person=crypto.digest(fan.account.app_id, fan.openid),
        raw=xml(fields),
        reply=text_reply(push, "那边先说的", NOON),
        request_id="elsewhere",
    )


@pytest.mark.parametrize("commits", [True, False])
async def test_one_that_another_process_is_writing_is_waited_for(fan, scene, elsewhere, commits):
    fields = fan.follow(scene)
    writing = elsewhere.transaction()
    await writing.start()
    assert not (await receive_many(elsewhere, [_written_elsewhere(fan, fields)]))[0].repeated
    door, sealed = receiver(), fan.sealed(fields)
    answering = asyncio.create_task(door.receive(fan.account.app_id, sealed.query, sealed.body, None))
    await until(make.somebody_waits)
    assert not answering.done()
    await (writing.commit() if commits else writing.rollback())
    said = fan.opened(_answer(await answering))["Content"]
    assert said == ("那边先说的" if commits else "欢迎 一店")
    await door.close()
    await _one_effect()


async def test_one_that_another_process_writes_for_too_long_is_refused_so_that_it_comes_again(
    http, fan, scene, elsewhere
):
    fields = fan.follow(scene)
    writing = elsewhere.transaction()
    await writing.start()
    await receive_many(elsewhere, [_written_elsewhere(fan, fields)])
    assert error_of(await fan.sealed(fields).send(http)) == (503, "unavailable")
    await writing.commit()
    assert fan.opened(await fan.sealed(fields).send(http))["Content"] == "那边先说的"
    await _one_effect()


async def test_at_once_at_two_processes(fan, scene, tmp_path):
    async with serving(tmp_path / "one") as (_, one), serving(tmp_path / "two") as (_, two):
        for _ in range(10):
            fan.openid = make.openid()
            fields = fan.follow(scene)
            answers = await asyncio.gather(*(fan.sealed(fields).send(door) for door in (one, two) for _ in range(6)))
            opened = [fan.opened(answer) for answer in answers]
            assert all(reply == opened[0] for reply in opened)
            assert opened[0]["Content"] == "欢迎 一店"
    assert await make.count("push_key") == await make.count("push") == 10
    assert len(await make.rows("SELECT 1 FROM outbox WHERE name = 'wechat.push_received.v1'")) == 10


async def test_signed_anew_ten_minutes_later_the_first_reply_is_given_again(http, fan, scene, db):
    make.jump_to(db, NOON)
    fields = fan.follow(scene)
    first = fan.opened(await fan.sealed(fields).send(http))
    await make.welcome("别的话", version=1)
    make.jump_to(db, NOON.replace(minute=10))
    again = await fan.sealed(fields).send(http)
    assert fan.opened(again) == first
    assert first["CreateTime"] == str(int(NOON.timestamp()))
    await _one_effect()


async def test_the_stale_signature_itself_is_refused_even_for_a_known_push(http, fan, scene, db):
    make.jump_to(db, NOON)
    sealed = fan.sealed(fan.follow(scene))
    await sealed.send(http)
    make.jump_to(db, NOON.replace(minute=10))
    assert (await sealed.send(http)).status_code == 403
    await _one_effect()


async def test_a_repeat_after_the_raw_push_was_dropped_is_acknowledged_and_has_no_effect(http, fan, scene):
    fields = fan.follow(scene)
    await fan.sealed(fields).send(http)
    await make.settle(registry())
    await database.execute("DELETE FROM push")
    assert (await fan.sealed(fields).send(http)).text == "success"
    assert await make.count("push") == 0


async def test_pushes_that_differ_in_anything_that_tells_them_apart_are_both_kept(http, fan):
    other = Pushes(fan.account, make.openid())
    follow = fan.follow(at=NOON)
    different = [
        follow,
        follow | {"CreateTime": follow["CreateTime"] + 1},
        follow | {"EventKey": "qrscene_abc"},
        follow | {"Event": "unsubscribe"},
        follow | {"MsgID": 1, "Event": "TEMPLATESENDJOBFINISH"},
        follow | {"MsgID": 2, "Event": "TEMPLATESENDJOBFINISH"},
        follow | {"trace_id": "t", "Event": "wxa_media_check"},
        other.follow(at=NOON),
        fan.text("hello", at=NOON),
        fan.text("hello", at=NOON),
    ]
    for fields in different:
        await fan.sealed(fields).send(http)
    assert await make.count("push") == len(different)


async def test_one_message_id_in_two_accounts_is_two_pushes(http, fan):
    elsewhere = Pushes(await make.account(2), fan.openid)
    fields = fan.text("hello")
    await fan.sealed(fields).send(http)
    await elsewhere.sealed(fields | {"ToUserName": elsewhere.account.original_id}).send(http)
    assert await make.count("push") == 2


async def test_a_message_is_known_by_its_id_whatever_else_says_the_copy(http, fan):
    fields = fan.text("hello")
    await fan.sealed(fields).send(http)
    await fan.sealed(fields | {"CreateTime": fields["CreateTime"] + 5}).send(http)
    assert await make.count("push") == 1


async def test_an_answer_is_written_once_with_the_push(db, fan):
    async def respond(_view):
        return Response(contents=tuple(TextContent(text=text) for text in ("好的", "稍后见")), hand_over=True)

    door = Receiver((Responder("two", (messages.Text,), respond),))
    fields = fan.text("你好")
    for _ in range(2):
        sealed = fan.sealed(fields)
        await door.receive(fan.account.app_id, sealed.query, sealed.body, None)
    await door.close()
    (push,) = await make.rows("SELECT answer FROM push")
    assert orjson.loads(push["answer"]) == {
        "contents": [{"kind": "text", "text": text} for text in ("好的", "稍后见")],
        "passive": True,
        "rule_id": None,
        "hand_over": True,
    }


async def test_a_first_caller_who_gives_up_does_not_take_the_second_along(db, fan):
    held, asked = asyncio.Event(), asyncio.Event()

    async def respond(_view):
        asked.set()
        await held.wait()
        return Response(text="好的")

    await parameters.change("wechat.responder_ms", 3000, expected_version=0, by="test")
    door = Receiver((Responder("slow", (messages.Text,), respond),))
    sealed = fan.sealed(fan.text("你好"))

    def receive():
        return asyncio.create_task(door.receive(fan.account.app_id, sealed.query, sealed.body, None))

    first = receive()
    await asked.wait()
    second = receive()
    await asyncio.sleep(0.02)
    first.cancel()
    held.set()
    outcome = (await asyncio.gather(second, return_exceptions=True))[0]
    await door.close()
    assert isinstance(outcome, str), repr(outcome)
    assert fan.opened(_answer(outcome))["Content"] == "好的"


async def test_a_door_closes_only_after_everything_in_hand_is_written(db, fan):
    door = receiver()
    sealed = [fan.sealed(fan.text(str(n))) for n in range(40)]
    tasks = [asyncio.create_task(door.receive(fan.account.app_id, s.query, s.body, None)) for s in sealed]
    await asyncio.gather(*tasks)
    await door.close()
    assert await make.count("push") == 40


async def test_a_busy_minute_of_many_people_loses_nothing_and_keeps_each_ones_order(db, fan):
    people = [Pushes(fan.account, make.openid()) for _ in range(15)]
    async with open_door() as http:

        async def talk(person):
            for n in range(6):
                await person.sealed(person.text(str(n))).send(http)

        await asyncio.gather(*(talk(person) for person in people))
    for person in people:
        key = crypto.digest(person.account.app_id, person.openid)
        kept = await make.rows(
            """SELECT p.raw FROM outbox o JOIN push p ON p.id = (o.payload ->> 'push_id')::uuid
            WHERE o.key = encode($1, 'hex') ORDER BY o.id""",
            key,
        )
        assert [parse(row["raw"]).body.content for row in kept] == list("012345")


def _answer(text):
    return httpx.Response(200, text=text)
