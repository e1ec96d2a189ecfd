"""Calls to the platform: what is asked again, what is bytes, what a shadow account may not do."""

import pytest

from infra import database
from infra.settings import settings
from tests import factories as make
from tests.wechat.scripted import scripted
from wechat.accounts import queries as accounts
from wechat.platform import client, qrcodes, users
from wechat.platform.errors import AccountInShadow, PlatformAway, PlatformRefused

CREATE = "/cgi-bin/qrcode/create"
DONE = {"errcode": 0, "ticket": "t", "url": "u"}


async def _call(account, scene="scene"):
    return await qrcodes.create_permanent(account, scene)


async def test_a_call_inside_a_transaction_is_refused(platform):
    account = await make.account()
    with pytest.raises(RuntimeError):
        async with database.transaction():
            await _call(account)


async def test_busy_is_asked_again_twice_and_then_called_away(db, fresh_settings):
    account = await make.account()
    async with scripted(fresh_settings, {"errcode": -1}, {"errcode": -1}, DONE) as asked:
        assert await _call(account) == ("t", "u")
        assert asked.count(CREATE) == 3
    async with scripted(fresh_settings, {"errcode": -1}) as asked:
        with pytest.raises(PlatformAway):
            await _call(account)
        assert asked.count(CREATE) == 3


@pytest.mark.parametrize("broken", ["reset", '{"errcode": 0, "tick'])
async def test_what_may_be_repeated_is_asked_once_more_when_nobody_knows(db, fresh_settings, broken):
    account = await make.account()
    async with scripted(fresh_settings, broken, DONE) as asked:
        assert await _call(account) == ("t", "u")
        assert asked.count(CREATE) == 2
    async with scripted(fresh_settings, broken) as asked:
        with pytest.raises(PlatformAway):
            await _call(account)
        assert asked.count(CREATE) == 2


@pytest.mark.parametrize("broken", ["reset", '{"errcode": 0, "tag"'])
async def test_what_must_not_be_repeated_is_not(db, fresh_settings, broken):
    account = await make.account()
    async with scripted(fresh_settings, broken, {"tag": {"id": 134}}) as asked:
        with pytest.raises(PlatformAway):
            await users.create_tag(account, "会员")
        assert asked.count("/cgi-bin/tags/create") == 1


@pytest.mark.parametrize("broken", ["<html>502</html>", "", "[1, 2]", "null", "plain words", '{"errcode": 0}'])
async def test_an_answer_without_what_was_asked_for_is_none(db, fresh_settings, broken):
    account = await make.account()
    async with scripted(fresh_settings, broken):
        with pytest.raises(PlatformAway):
            await _call(account)


@pytest.mark.parametrize("broken", ["<html>502</html>", "", "  <!DOCTYPE html>", '{"errcode": 0, "errmsg": "ok"}'])
async def test_a_page_or_an_object_is_no_picture(db, fresh_settings, broken):
    account = await make.account()
    async with scripted(fresh_settings, broken):
        with pytest.raises(PlatformAway):
            await qrcodes.draw_mini(account, "scene", "pages/index")


async def test_bytes_and_an_error_come_with_the_same_status(db, fresh_settings):
    account = await make.account()
    async with scripted(fresh_settings, "\x89PNG picture", {"errcode": 41030, "errmsg": "invalid page"}):
        assert await qrcodes.draw_mini(account, "scene", None) == "\x89PNG picture".encode()
        with pytest.raises(PlatformRefused) as refusal:
            await qrcodes.draw_mini(account, "scene", "pages/none")
        assert refusal.value.errcode == 41030


async def test_nobody_listening_is_called_away_and_tells_no_token(db, fresh_settings):
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    with pytest.raises(PlatformAway) as away:
        await _call(await make.account())
    assert away.value.details == {"reason": "ClientConnectorError"}
    await client.close()


async def test_a_redirection_is_not_followed(db, fresh_settings):
    account = await make.account()
    async with scripted(fresh_settings, "redirect") as asked:
        with pytest.raises(PlatformAway):
            await _call(account)
        assert "/elsewhere" not in asked


async def test_a_shadow_account_reads_and_writes_nothing(platform):
    account = await make.account()
    await platform.account(app_id=account.app_id, original_id=account.original_id, secret=account.secret)
    await database.execute("UPDATE wechat_account SET shadow = true WHERE app_id = $1", account.app_id)
    accounts.forget()
    account = await accounts.credentials(account.app_id)
    assert await users.followers(account, "") == ([], "")
    with pytest.raises(AccountInShadow):
        await _call(account)
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["calls"]["user_get"], stats["calls"]["qrcode_create"]) == (1, 0)


async def test_the_rid_is_read_from_the_platforms_words(db, fresh_settings):
    account = await make.account()
    async with scripted(fresh_settings, {"errcode": 47001, "errmsg": "data format error rid: 65a1-2b-3c"}):
        with pytest.raises(PlatformRefused) as refusal:
            await _call(account)
    assert (refusal.value.rid, str(refusal.value)) == ("65a1-2b-3c", "47001 data format error rid: 65a1-2b-3c")
