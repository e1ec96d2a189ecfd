"""Responders: the first answer wins, a late or broken one is cut off and silence is stored."""

import asyncio

import pytest

from core.customers.rules import ContactKind
from infra import database, parameters
from infra.errors import Unavailable
from tests import factories as make
from tests.pushes import Pushes
from wechat.accounts import queries
from wechat.pushes.messages import Subscribe, Text
from wechat.pushes.responders import Responder, Response
from wechat.pushes.service import Receiver


@pytest.fixture
async def fan(db):
    return Pushes(await make.account(), make.openid())


async def _ask(fan, *responders, fields=None):
    door = Receiver(responders)
    sealed = fan.sealed(fields or fan.text("你好"))
    try:
        return await door.receive(fan.account.app_id, sealed.query, sealed.body, None)
    finally:
        await door.close()


def _says(text, name="says", answers=(Text,)):
    async def respond(_view):
        return None if text is None else Response(text=text)

    return Responder(name, answers, respond)


async def _stored():
    return [row["reply"] for row in await make.rows("SELECT reply FROM push")]


async def test_a_late_responder_is_cut_off_and_silence_is_the_stored_answer(fan):
    ended = []

    async def sleep(_view):
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(True)
        return Response(text="too late")

    fields = fan.text("你好")
    assert await _ask(fan, Responder("late", (Text,), sleep), fields=fields) == "success"
    assert ended == [True]
    assert await _stored() == [None]
    assert await _ask(fan, _says("in time"), fields=fields) == "success"


async def test_the_time_limit_is_a_parameter(fan):
    async def sleep(_view):
        await asyncio.sleep(0.3)
        return Response(text="slow")

    responder = Responder("slow", (Text,), sleep)
    assert await _ask(fan, responder) == "success"
    await parameters.change("wechat.responder_ms", 3000, expected_version=0, by="test")
    assert await _ask(fan, responder) != "success"


async def test_a_broken_responder_is_silence_and_the_push_is_kept(fan):
    async def fail(_view):
        raise ZeroDivisionError

    assert await _ask(fan, Responder("broken", (Text,), fail), _says("never asked")) == "success"
    assert await _stored() == [None]


async def test_the_first_that_answers_wins_and_the_others_are_not_asked(fan):
    async def fail(_view):
        raise AssertionError("asked")

    answer = await _ask(
        fan, _says("wrong kind", answers=(Subscribe,)), _says(None), _says("mine"), Responder("x", (Text,), fail)
    )
    assert answer != "success"
    assert "<![CDATA[mine]]>" in (await _stored())[0]


async def test_in_shadow_nobody_is_asked_and_silence_is_stored(fan):
    await database.execute("UPDATE wechat_account SET shadow = true")
    queries.forget()
    asked = []

    async def respond(_view):
        asked.append(True)
        return Response(text="mine")

    assert await _ask(fan, Responder("mine", (Text,), respond)) == "success"
    assert (await _stored(), asked) == ([None], [])


async def test_an_answer_of_no_words_is_silence(fan):
    assert await _ask(fan, _says("")) == "success"


async def test_a_responder_that_finds_postgresql_away_refuses_the_push(fan):
    async def away(_view):
        async with database.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        await _ask(fan, Responder("away", (Text,), away))
    assert await make.count("push") == 0


async def test_a_responder_sees_the_fan_as_known_before_this_push(fan):
    seen = []

    async def look(view):
        seen.append(await view.fan())

    responder = Responder("look", (Text,), look)
    await _ask(fan, responder)
    await make.record(make.contact(ContactKind.FOLLOW, person=fan.openid, app_id=fan.account.app_id))
    await _ask(fan, responder)
    known = await make.customer_of(fan.openid, fan.account.app_id)
    assert seen[0] is None
    assert (seen[1].customer_id, seen[1].following, seen[1].guide_id) == (known["id"], True, None)
