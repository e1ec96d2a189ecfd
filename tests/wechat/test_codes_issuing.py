"""Codes at the platform: every life, renewal, quotas, shadow, refusals, pictures of mini-programs."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from app.contexts import registry
from infra import alerts, clock, database, parameters
from infra.ids import opaque_key
from tests import factories as make
from wechat.accounts import queries as accounts
from wechat.accounts.rules import Kind
from wechat.codes import issuing, service
from wechat.codes.rules import Life, TargetKind

CREATE = "/cgi-bin/qrcode/create"
DRAW = "/wxa/getwxacodeunlimit"


@pytest.fixture
async def account(platform):
    account = await make.account()
    await _known(platform, account)
    return account


async def _known(platform, account, **more):
    names = {"app_id": account.app_id, "original_id": account.original_id, "name": account.name}
    await platform.account(**names, secret=make.SECRET, kind=account.kind, **more)


async def _add(account, count=1, life=Life.TEMPORARY, page=None):
    offered = await service.offer(account.app_id, life, page)
    targets = [(await make.channel()).id for _ in range(count)]
    return [await service.add_code(offered, kind=TargetKind.CHANNEL, target_id=id_, name="活动") for id_ in targets]


async def _rows():
    return await make.rows("SELECT * FROM wechat_code ORDER BY id")


async def _issue_all():
    """Run after run, as a slow machine may need more than one."""
    issued = 0
    while done := await issuing.issue_due():
        issued += done
    return issued


async def _works(platform, row):
    """Whether the platform still shows the code of a ticket."""
    async with platform.session.get(f"{platform.base}/cgi-bin/showqrcode", params={"ticket": row["ticket"]}) as answer:
        return answer.status == 200


async def _calls(platform, account, name="qrcode_create"):
    return (await platform.ok(f"/sim/stats?app_id={account.app_id}"))["calls"][name]


async def _shadow(account, *, on):
    await database.execute("UPDATE wechat_account SET shadow = $2 WHERE id = $1", account.id, on)
    accounts.forget()


async def test_a_temporary_code_lives_as_long_as_the_parameter_says(platform, account):
    await parameters.change("wechat.temporary_code_seconds", 7200, expected_version=0, by="test")
    await _add(account)
    assert await issuing.issue_due() == 1
    [row] = await _rows()
    assert abs(row["expires_at"] - clock.now() - timedelta(seconds=7200)) < timedelta(seconds=30)
    assert (row["state"], row["life"], bool(row["ticket"] and row["url"])) == ("issued", "temporary", True)
    assert await _works(platform, row)


async def test_a_temporary_code_is_renewed_before_it_ends_with_the_same_scene_while_the_old_ticket_works(
    platform, db, account
):
    await _add(account)
    await issuing.issue_due()
    [old] = await _rows()
    make.jump(db, days=26, hours=23)
    assert await issuing.renew_due() == 0
    make.jump(db, days=27, hours=1)
    assert await issuing.renew_due() == 1
    assert await issuing.renew_due() == 0
    [new] = await _rows()
    assert new["key"] == old["key"]
    assert (new["ticket"] != old["ticket"], new["url"] != old["url"]) == (True, True)
    assert new["expires_at"] > old["expires_at"]
    assert [await _works(platform, row) for row in (old, new)] == [True, True]


async def test_after_a_jump_of_31_days_expired_codes_are_renewed_at_once(platform, db, account):
    await _add(account, 12)
    assert await _issue_all() == 12
    make.jump(db, days=31)
    [old, *_] = await _rows()
    assert not await _works(platform, old)
    assert await issuing.renew_due() == 12
    for row in await _rows():
        assert await _works(platform, row)


async def test_a_renewal_never_comes_round_before_half_of_the_life(platform, db, account):
    await parameters.change("wechat.temporary_code_seconds", 7200, expected_version=0, by="test")
    await _add(account)
    await issuing.issue_due()
    make.jump(db, seconds=3500)
    assert await issuing.renew_due() == 0
    make.jump(db, seconds=3700)
    assert await issuing.renew_due() == 1
    assert await issuing.renew_due() == 0


async def test_while_the_platform_is_away_a_renewal_keeps_the_picture_and_counts_no_try(
    platform, db, account, fresh_settings
):
    await _add(account)
    await issuing.issue_due()
    [old] = await _rows()
    make.jump(db, days=31)
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret=make.SECRET)
    await platform.fault(account.app_id, CREATE, "http_500")
    assert await issuing.renew_due() == 0
    [row] = await _rows()
    assert (row["state"], row["url"], row["ticket"], row["attempts"]) == ("issued", old["url"], old["ticket"], 0)
    calls = await _calls(platform, account)
    assert await issuing.renew_due() == 0
    assert await _calls(platform, account) == calls
    await platform.mend(account.app_id)
    make.jump(db, days=31, seconds=16)
    assert await issuing.renew_due() == 1


async def test_what_was_stopped_or_is_over_is_neither_issued_nor_renewed_until_it_counts_again(platform, db, account):
    stopped, over, waiting = await _add(account, 3)
    await service.stop(waiting)
    assert await issuing.issue_due() == 2
    await service.stop(stopped)
    await service.change(over, {"ends_at": clock.now() + timedelta(days=5)})
    make.jump(db, days=31)
    assert await issuing.renew_due() == 0
    await service.resume(stopped)
    await service.change(over, {"ends_at": None})
    assert await issuing.renew_due() == 2
    await service.resume(waiting)
    assert await issuing.issue_due() == 1


async def test_a_renewal_the_platform_refuses_for_long_alerts_and_is_tried_on(platform, db, account):
    await _add(account)
    await issuing.issue_due()
    [old] = await _rows()
    make.jump(db, days=28)
    await platform.fault(account.app_id, CREATE, errcode=40053)
    for attempt in range(1, 21):
        assert await alerts.listed() == []
        assert await issuing.renew_due() == 0
        [row] = await _rows()
        assert (row["attempts"], row["state"], row["url"]) == (attempt, "issued", old["url"])
        make.jump_to(db, row["next_at"] + timedelta(seconds=1))
    [alert] = await alerts.listed()
    assert (alert["kind"], alert["subject"], alert["count"]) == ("wechat.code_failed", account.app_id, 1)
    await platform.mend(account.app_id)
    assert await issuing.renew_due() == 1
    [row] = await _rows()
    assert (row["attempts"], row["error"]) == (0, None)


async def test_what_is_wrong_with_the_request_itself_is_given_up_at_once_and_retried_by_hand(platform, account):
    mini = await make.account(2, kind=Kind.MINI)
    await _known(platform, mini, pages=["pages/index"])
    await _add(mini, life=Life.PERMANENT, page="pages/nowhere")
    assert await issuing.issue_due() == 0
    [row] = await _rows()
    assert (row["state"], row["attempts"], row["error"].split()[0]) == ("failed", 1, "41030")
    assert [(a["kind"], a["subject"]) for a in await alerts.listed()] == [("wechat.code_failed", mini.app_id)]
    await _known(platform, mini, pages=["pages/index", "pages/nowhere"])
    assert await service.retry_failed() == 1
    assert await alerts.listed() == []
    assert await issuing.issue_due() == 1


async def test_a_mini_programs_code_is_drawn_by_the_platform_and_served_as_png(platform, http):
    mini = await make.account(kind=Kind.MINI)
    await _known(platform, mini, pages=["pages/store/index"])
    [code_id] = await _add(mini, life=Life.PERMANENT, page="pages/store/index")
    headers = await make.headers(await make.manager())
    assert (await http.get(f"/staff/v1/codes/{code_id}/code.png", headers=headers)).status_code == 404
    assert await issuing.issue_due() == 1
    for name, size in (("code", (430, 430)), ("poster", (750, 1200))):
        answer = await http.get(f"/staff/v1/codes/{code_id}/{name}.png", headers=headers)
        image = Image.open(io.BytesIO(answer.content))
        assert (answer.status_code, image.format, image.size) == (200, "PNG", size)
    assert (await make.rows("SELECT permanent_codes FROM wechat_account"))[0]["permanent_codes"] == 0
    [row] = await _rows()
    assert (row["state"], row["life"], row["url"], row["expires_at"]) == ("issued", "permanent", None, None)


async def test_bytes_that_are_no_picture_are_a_failed_try(platform, account):
    mini = await make.account(2, kind=Kind.MINI)
    await _known(platform, mini)
    await _add(mini, life=Life.PERMANENT)
    await platform.fault(mini.app_id, DRAW, "truncated")
    assert await issuing.issue_due() == 0
    [row] = await _rows()
    assert row["state"] == "pending"
    assert await make.count("wechat_code_picture") == 0


def test_keys_fit_the_scenes_of_both_kinds_of_account():
    allowed = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~")
    for _ in range(500):
        key = opaque_key()
        assert len(key) <= 32
        assert set(key) <= allowed


async def test_a_shadow_or_disabled_account_waits_without_a_try_and_without_a_call(platform, db, account):
    await _add(account, 2)
    await _shadow(account, on=True)
    assert await issuing.issue_due() == 0
    assert [row["attempts"] for row in await _rows()] == [0, 0]
    assert await _calls(platform, account) == 0
    await _shadow(account, on=False)
    assert await issuing.issue_due() == 2
    await _add(account)
    await database.execute("UPDATE wechat_account SET disabled_at = $1", clock.now())
    accounts.forget()
    assert await issuing.issue_due() == 0
    await database.execute("UPDATE wechat_account SET disabled_at = NULL")
    accounts.forget()
    assert await issuing.issue_due() == 1


async def test_an_account_that_just_became_a_shadow_is_found_out_by_the_client(platform, db, account):
    await _add(account)
    await _shadow(account, on=True)
    await accounts.credentials(account.app_id)
    await database.execute("UPDATE wechat_account SET shadow = false")
    assert await issuing.issue_due() == 0
    [row] = await _rows()
    assert (row["state"], row["attempts"]) == ("pending", 0)
    accounts.forget()
    make.jump(db, seconds=16)
    assert await issuing.issue_due() == 1


async def test_a_spent_quota_postpones_the_accounts_codes_to_midnight_and_nobody_elses(platform, db, account):
    other = await make.account(2)
    await _known(platform, other)
    make.jump_to(db, clock.start_of_day(clock.business_day()) + timedelta(days=1, hours=12))
    await platform.fault(account.app_id, CREATE, errcode=45009, times=1)
    await _add(account, 30)
    await _add(other, 3)
    await _issue_all()
    # One batch found it out; the others were not even tried, but postponed by one statement.
    together = await make.rows("SELECT count(*) AS n FROM wechat_code WHERE state = 'pending' GROUP BY xmin::text")
    assert max(row["n"] for row in together) >= 20
    of_other = await make.rows("SELECT state FROM wechat_code WHERE account_id = $1", other.id)
    assert {row["state"] for row in of_other} == {"issued"}
    waiting = await make.rows("SELECT attempts, next_at FROM wechat_code WHERE state = 'pending'")
    midnight = clock.start_of_day(clock.business_day() + timedelta(days=1))
    assert {(row["attempts"], row["next_at"]) for row in waiting} == {(0, midnight)}
    assert len(waiting) >= 20
    make.jump_to(db, midnight + timedelta(seconds=1))
    assert await _issue_all() == len(waiting)


async def test_a_platform_without_room_for_permanent_codes_gets_temporary_ones_asked_for(platform):
    account = await make.account()
    await _known(platform, account, limits={"permanent_codes": 2})
    for _ in range(5):
        await make.channel()
    await make.settle(registry())
    assert (await make.rows("SELECT permanent_codes AS n FROM wechat_account"))[0]["n"] == 5
    await _issue_all()
    rows = await _rows()
    assert {row["state"] for row in rows} == {"issued"}
    assert sorted(row["life"] for row in rows) == ["permanent"] * 2 + ["temporary"] * 3
    assert all((row["expires_at"] is None) == (row["life"] == "permanent") for row in rows)
    assert (await make.rows("SELECT permanent_codes AS n FROM wechat_account"))[0]["n"] == 2
    [alert] = await alerts.listed()
    assert (alert["kind"], alert["subject"]) == ("wechat.permanent_codes", account.app_id)
