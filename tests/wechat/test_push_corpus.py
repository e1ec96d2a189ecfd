"""Every push that isn't what it says is refused with a 4xx and a code of its own, and leaves nothing behind."""

import httpx
import pytest

from infra import parameters
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from tests.wechat.push_corpus import BOTH, CASES, TOO_LARGE
from wechat.accounts.rules import Mode


async def nothing_is_written():
    """No row of any push, whatever else the accounts of the test left."""
    for table in ("push_key", "push"):
        assert await make.count(table) == 0, table
    assert await make.rows("SELECT name FROM outbox WHERE name NOT LIKE 'wechat.account_added%'") == []


@pytest.fixture
async def fan(http):
    return Pushes(await make.account(), make.openid())


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_corpus(http, case):
    fan = Pushes(await make.account(mode=case.mode), make.openid(), write=case.write)
    assert error_of(await case.damage(fan).send(http)) == case.expected
    await nothing_is_written()


def test_the_corpus_is_large_and_names_each_case_once():
    assert len({case.name for case in CASES}) >= 80
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("write", BOTH)
@pytest.mark.parametrize("mode", list(Mode))
async def test_what_the_corpus_damages_is_good(http, mode, write):
    fan = Pushes(await make.account(mode=mode), make.openid(), write=write)
    assert (await fan.sealed(fan.text("x" * 200)).send(http)).text == "success"
    assert await make.count("push") == 1


@pytest.mark.parametrize("announced", [None, "10", "1048577"])
async def test_a_body_beyond_the_limit_is_read_no_further_whatever_its_header_says(http, fan, announced):
    handed_out = 0

    async def pieces():
        nonlocal handed_out
        for _ in range(40):
            handed_out += 1
            yield b"x" * 65_536

    sealed = fan.sealed(fan.follow())
    headers = {"content-length": announced} if announced else {}
    answer = await http.post(sealed.path, params=sealed.query, content=pieces(), headers=headers)
    assert error_of(answer) == TOO_LARGE
    assert handed_out <= 17
    await nothing_is_written()


async def test_the_limit_is_a_parameter(http, fan):
    fields = fan.text("长" * 6000)
    await parameters.change("wechat.push_most_bytes", 16_384, expected_version=0, by="test")
    assert error_of(await fan.sealed(fields).send(http)) == TOO_LARGE
    await nothing_is_written()
    await parameters.change("wechat.push_most_bytes", 65_536, expected_version=1, by="test")
    assert (await fan.sealed(fields).send(http)).text == "success"


async def test_the_old_signature_sent_again_later_is_refused(http, fan, db):
    sealed = fan.sealed(fan.text("hello"), at=make.NOON.timestamp())
    make.jump_to(db, make.NOON.replace(minute=10))
    assert error_of(await sealed.send(http)) == (403, "push_signature_stale")
    await nothing_is_written()


async def test_how_far_a_signed_time_may_be_from_now_is_a_parameter(http, fan):
    await parameters.change("wechat.push_fresh_seconds", 30, expected_version=0, by="test")
    sealed = fan.sealed(fan.text("hello"), at=make.clock.timestamp() - 40)
    assert error_of(await sealed.send(http)) == (403, "push_signature_stale")
    await nothing_is_written()


async def test_a_refusal_tells_nothing_of_the_push_or_of_our_secrets(http, fan):
    answer = await fan.sealed(fan.text("a private word")).but(msg_signature="0" * 40).send(http)
    assert isinstance(answer, httpx.Response)
    for secret in (fan.openid, "private", fan.keys.token, fan.keys.aes_key):
        assert secret not in answer.text
