"""The budget of permanent codes: never exceeded, all or nothing for a batch, temporary beyond it, two alerts."""

import asyncio

import pytest

from app.contexts import registry
from infra import alerts, parameters
from tests import factories as make
from tests.app.guanxi import guanxi
from tests.doors import error_of
from wechat.codes import service
from wechat.codes.errors import PermanentCodesUsedUp
from wechat.codes.rules import Life, TargetKind

CODES, BATCHES = "/staff/v1/codes", "/staff/v1/code-batches"


async def _budget(count):
    await parameters.change("wechat.permanent_codes_budget", count, expected_version=0, by="test")


async def _add(account, channel):
    offered = await service.offer(account.app_id, Life.PERMANENT)
    await service.add_code(offered, kind=TargetKind.CHANNEL, target_id=channel.id, name="活动")


async def _used():
    return (await make.rows("SELECT permanent_codes AS n FROM wechat_account ORDER BY id"))[0]["n"]


async def _lives():
    rows = await make.rows("SELECT life, count(*) AS n FROM wechat_code GROUP BY life")
    return {row["life"]: row["n"] for row in rows}


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


def _body(account, channel, **changes):
    return {"app_id": account.app_id, "channel_id": str(channel.id), "name": "活动", "life": "permanent"} | changes


async def test_the_one_beyond_the_budget_is_refused_with_the_numbers_and_a_temporary_one_is_not(http, boss):
    account, channel = await make.account(), await make.channel()
    await _budget(2)
    for _ in range(2):
        assert (await http.post(CODES, headers=boss, json=_body(account, channel))).status_code == 201
    answer = await http.post(CODES, headers=boss, json=_body(account, channel))
    assert error_of(answer) == (409, "permanent_codes_used_up")
    assert answer.json()["error"]["details"] == {"used": 2, "budget": 2, "asked": 1}
    temporary = await http.post(CODES, headers=boss, json=_body(account, channel, life="temporary"))
    assert temporary.status_code == 201
    assert (await _used(), await _lives()) == (2, {"permanent": 2, "temporary": 1})


async def test_of_parallel_requests_exactly_as_many_as_fit_succeed(http, boss):
    account, channel = await make.account(), await make.channel()
    await _budget(3)
    answers = await asyncio.gather(*(http.post(CODES, headers=boss, json=_body(account, channel)) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    assert (await _used(), await _lives()) == (3, {"permanent": 3})


async def test_standing_codes_beyond_the_budget_are_temporary_and_an_operator_hears_of_it(db):
    account = await make.account()
    await _budget(3)
    for _ in range(5):
        await make.channel()
    await make.settle(registry())
    assert (await _used(), await _lives()) == (3, {"permanent": 3, "temporary": 2})
    [alert] = await alerts.listed()
    assert (alert["kind"], alert["subject"]) == ("wechat.permanent_codes", account.app_id)


async def test_parallel_handlers_count_every_standing_code_once(db):
    await make.account()
    await _budget(4)
    for _ in range(6):
        await make.channel()
    await asyncio.gather(*(service.add_missing() for _ in range(8)))
    assert (await _used(), await _lives()) == (4, {"permanent": 4, "temporary": 2})


async def test_the_alarm_is_raised_when_its_share_and_when_the_whole_is_reached(db):
    account, channel = await make.account(), await make.channel()
    await _budget(10)
    counts = []
    for _ in range(10):
        await _add(account, channel)
        counts.append([(alert["count"], alert["message"]) for alert in await alerts.listed()])
    assert counts[:8] == [[]] * 8
    assert counts[8] == [(1, "永久二维码即将用完：9/10")]
    assert counts[9] == [(2, "永久二维码名额已用完：10/10，之后的将是临时二维码")]


async def test_a_batch_of_permanent_codes_is_made_as_a_whole_or_not_at_all(http, boss):
    account = await make.account()
    await asyncio.gather(*(make.store() for _ in range(4)))
    await _budget(3)
    body = {"app_id": account.app_id, "kind": "store", "name": "国庆", "life": "permanent"}
    answer = await http.post(BATCHES, headers=boss, json=body)
    assert error_of(answer) == (409, "permanent_codes_used_up")
    assert answer.json()["error"]["details"] == {"used": 0, "budget": 3, "asked": 4}
    assert (await _used(), await make.count("wechat_code")) == (0, 0)
    made = await http.post(BATCHES, headers=boss, json=body | {"life": "temporary"})
    assert (made.status_code, made.json()["count"]) == (201, 4)


async def test_what_fails_takes_nothing_from_the_budget(http, boss):
    account, channel = await make.account(), await make.channel()
    season = {"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}
    answer = await http.post(CODES, headers=boss, json=_body(account, channel, **season))
    assert error_of(answer) == (422, "code_season_wrong")
    assert (await _used(), await make.count("wechat_code")) == (0, 0)


async def test_a_budget_lowered_below_what_is_used_takes_nothing_away(db):
    account, channel = await make.account(), await make.channel()
    for _ in range(2):
        await _add(account, channel)
    await _budget(1)
    with pytest.raises(PermanentCodesUsedUp):
        await _add(account, channel)
    await service.add_missing()
    assert await _lives() == {"permanent": 2, "temporary": 1}


async def test_an_operator_sees_what_each_account_has_used(db):
    account, other, channel = await make.account(1), await make.account(2), await make.channel()
    await _budget(5)
    for _ in range(3):
        await _add(account, channel)
    said = await guanxi("codes", "budget")
    assert said == (
        0,
        f"{account.app_id}  永久二维码已用 3 个，共 5 个\n{other.app_id}  永久二维码已用 0 个，共 5 个\n",
    )
