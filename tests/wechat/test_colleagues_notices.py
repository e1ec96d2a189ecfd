"""Notices follow to the bound phones (AT-60): once, when they may, in the template of one account."""

import asyncio
from datetime import timedelta

import pytest

from app.contexts import registry
from core.notices.queries import to_send
from infra import clock, database, deliveries
from infra.ids import new_id
from infra.settings import settings
from tests import factories as make
from tests.doors import error_of
from tests.wechat.colleague_world import (
    FIELDS,
    KIND,
    TEMPLATE,
    carry,
    ledger,
    phone,
    ring,
    seen,
    sends,
    states,
    tell,
    template,
)
from wechat.accounts import service as accounts
from wechat.onboarding import service as onboarding
from wechat.outbound import sending


@pytest.fixture
async def rep(platform, account):
    await template(platform, account)
    return await phone(platform, account)


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def second(platform, number=2):
    """One more account that both sides know, with a template."""
    other = await make.account(number)
    await platform.account(app_id=other.app_id, original_id=other.original_id, secret=other.secret)
    await template(platform, other)
    return other


async def test_at60_what_is_raised_rings_on_every_bound_phone_and_on_no_other(platform, account, rep):
    phones = [rep, await phone(platform, account)]
    unbound = await phone(platform, account, bound=False)
    await ring(*phones, unbound, title="任务：补货", body="南京路店，今天 18:00 前")
    for each in phones:
        [shown] = await seen(platform, account, each)
        assert (shown["thing1"], shown["thing2"]) == ("任务：补货", "南京路店，今天 18:00 前")
    assert await seen(platform, account, unbound) == []
    assert await make.count("outbound_message") == 2


async def test_an_event_handled_twice_is_one_message(platform, account, rep):
    await tell(rep)
    await database.execute("UPDATE event_delivery SET state = 'pending', next_at = event_at")
    await asyncio.gather(*(deliveries.drain(registry(), "wechat.colleagues.notify") for _ in range(3)))
    await sending.send_due()
    assert await sends(platform, account) == (1, 1)


async def test_a_tap_leads_to_the_page_of_the_notice(platform, account, rep, fresh_settings):
    fresh_settings.setenv("GUANXI_PUBLIC_URL", "https://guanxi.example.com")
    settings.cache_clear()
    await ring(rep, link="/tasks/42")
    shown = await platform.ok(f"/sim/fans/{rep.fan_id}/phone?app_id={account.app_id}")
    assert shown[-1]["content"]["url"] == "https://guanxi.example.com/tasks/42"


async def test_a_long_or_odd_text_is_made_to_fit(platform, account, rep):
    await ring(rep, title="一二三四五六七八九十" * 4, body="第一行\n第二行\t\u200b尾")
    await ring(rep, title="😀" * 40, body="")
    first, later = await seen(platform, account, rep)
    assert first["thing1"] == "一二三四五六七八九十一二三四五六七八九…"
    assert first["thing2"] == "第一行 第二行 尾"
    assert later["thing1"] == "😀" * 9 + "…"
    assert later["thing2"] == "—"


async def _settings(staff, *, quiet=(None, None), muted=()):
    import orjson

    await database.execute(
        """INSERT INTO notice_setting (id, staff_id, quiet_from, quiet_until, muted_kinds, changed_at)
        VALUES ($1, $2, $3, $4, $5::jsonb, $6)""",
        new_id(),
        staff.id,
        *quiet,
        orjson.dumps(list(muted)).decode(),
        clock.now(),
    )


async def test_quiet_hours_hold_it_back_unless_it_is_urgent(platform, account, rep, db):
    make.jump_to(db, make.NOON)
    await _settings(rep.staff, quiet=(11 * 60, 14 * 60))
    await ring(rep)
    await ring(rep, title="火警", urgent=True)
    assert [shown["thing1"] for shown in await seen(platform, account, rep)] == ["火警"]
    make.jump_to(db, make.NOON + timedelta(hours=2, seconds=1))
    assert await sending.send_due() == 1


async def test_a_kind_kept_off_wechat_is_written_down_and_not_sent(platform, account, rep):
    await _settings(rep.staff, muted=[KIND.name])
    await ring(rep)
    assert await states() == [("skipped", "muted")]
    assert await sends(platform, account) == (0, 0)


async def test_one_account_carries_it_though_a_person_is_bound_in_two(platform, account, rep):
    from core.organisation import bindings

    other = await second(platform)
    followed = await platform.ok(f"/sim/fans/{rep.fan_id}/follow", {"app_id": other.app_id, "wait": False})
    await bindings.bind_wechat(rep.staff.id, other.app_id, followed["openid"])
    await ring(rep)
    assert [row["account_id"] for row in await ledger()] == [account.id], "the account that was added first"
    await accounts.change_account(account.id, shadow=True)
    await ring(rep)
    assert [row["account_id"] for row in await ledger()][1:] == [other.id], "the first that sends"
    assert len(await seen(platform, other, rep)) == 1


async def test_without_an_account_that_sends_it_is_written_down(platform, account, rep):
    await accounts.change_account(account.id, shadow=True)
    await ring(rep)
    assert await states() == [("skipped", "account_silent")]


async def test_without_a_template_nothing_is_written(platform, account):
    await ring(await phone(platform, account))
    assert await make.count("outbound_message") == 0


async def test_what_was_read_in_the_app_meanwhile_does_not_ring(platform, account, rep):
    await tell(rep)
    await database.execute("UPDATE notice SET read_at = created_at")
    async with database.connection() as connection:
        assert await to_send(connection, []) == []
    await sending.send_due()
    assert await states() == [("skipped", "read")]


# —— the template of an account ——


def path(account):
    return f"/staff/v1/accounts/{account.id}/notice-template"


async def test_an_administrator_sets_a_template_that_the_platform_knows(http, platform, account, boss):
    await template(platform, account)
    await database.execute("DELETE FROM wechat_notice_template")
    assert error_of(await http.get(path(account), headers=boss)) == (404, "notice_template_not_found")
    body = {"template_id": TEMPLATE, "fields": FIELDS}
    saved = (await http.put(path(account), headers=boss, json=body)).json()
    assert (saved["fields"], saved["version"], saved["checked"]) == (FIELDS, 1, True)
    assert (await http.get(path(account), headers=boss)).json() == saved | {"checked": None}
    for version in (0, 7):
        again = await http.put(path(account), headers=boss, json=body | {"version": version})
        assert error_of(again) == (409, "notice_template_changed")
        assert again.json()["error"]["details"] == {"version": 1}
    assert (await http.put(path(account), headers=boss, json=body | {"version": 1})).json()["version"] == 2
    assert (await http.delete(path(account), headers=boss)).status_code == 204
    assert error_of(await http.delete(path(account), headers=boss)) == (404, "notice_template_not_found")
    notes = await make.rows("SELECT action FROM audit WHERE action LIKE 'notice_template.%' ORDER BY id")
    assert [row["action"].partition(".")[2] for row in notes] == ["changed", "changed", "removed"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"template_id": "another-one"}, "template_unknown"),
        ({"fields": {"thing1": "title"}}, "template_fields_wrong"),
        ({"fields": FIELDS | {"thing9": "title"}}, "template_fields_wrong"),
        ({"fields": FIELDS | {"time3": "title"}}, "template_fields_wrong"),
        ({"fields": FIELDS | {"thing1": "sender"}}, "template_fields_wrong"),
        ({"fields": FIELDS | {"thing1": "="}}, "template_fields_wrong"),
        ({"fields": FIELDS | {"thing1": "=" + "长" * 21}}, "template_fields_wrong"),
    ],
)
async def test_a_template_that_would_be_refused_later_is_refused_now(http, platform, account, boss, *, changes, code):
    await template(platform, account)
    body = {"template_id": TEMPLATE, "fields": FIELDS, "version": 1}
    assert error_of(await http.put(path(account), headers=boss, json=body | changes)) == (422, code)


@pytest.mark.parametrize("trouble", [{"kind": "http_500"}, {"errcode": 48001}])
async def test_when_the_platform_cannot_be_asked_it_is_taken_unchecked(http, platform, account, boss, trouble):
    await platform.fault(account.app_id, "/cgi-bin/template/get_all_private_template", **trouble)
    answer = await http.put(path(account), headers=boss, json={"template_id": TEMPLATE, "fields": FIELDS})
    assert (answer.status_code, answer.json()["checked"]) == (200, False)


async def test_who_may_not_and_which_account_cannot(http, platform, account, boss):
    from wechat.accounts.rules import Kind

    body = {"template_id": TEMPLATE, "fields": FIELDS}
    mini = await make.account(3, kind=Kind.MINI)
    assert error_of(await http.put(path(mini), headers=boss, json=body)) == (409, "notice_template_account")
    guide = await make.headers(await make.guide())
    for method in ("GET", "PUT", "DELETE"):
        answer = await http.request(method, path(account), headers=guide, json=body if method == "PUT" else None)
        assert error_of(answer) == (403, "forbidden")
    nobody = f"/staff/v1/accounts/{new_id()}/notice-template"
    for method in ("GET", "PUT", "DELETE"):
        answer = await http.request(method, nobody, headers=boss, json=body if method == "PUT" else None)
        assert error_of(answer)[0] == 404


async def test_the_doctor_looks_at_the_template(platform, account):
    async def verdict():
        return {f.name: f.verdict.value for f in await onboarding.examine(account.app_id)}["notice_template"]

    assert await verdict() == "by_hand"
    await carry(account)
    assert await verdict() == "failed"
    await database.execute("DELETE FROM wechat_notice_template")
    await template(platform, account)
    assert await verdict() == "passed"
