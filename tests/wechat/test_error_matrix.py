"""The error matrix (wechat-platform §8): each code has its action, and the client does what the action says.

The simulator answers a reading and a writing call with the code; what is counted is what it was asked.
"""

from datetime import timedelta

import pytest

from infra import alerts, clock, parameters
from tests import factories as make
from wechat.accounts.rules import Kind
from wechat.platform import qrcodes, quotas, users
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent, TokenRefused
from wechat.platform.policy import ACTIONS, ALERTS, Action, action_of

# errcode: what follows. The table of the facts page, line by line, written here once more on purpose.
MATRIX = {
    -1: Action.RETRY,
    40001: Action.REFRESH_TOKEN,
    40014: Action.REFRESH_TOKEN,
    42001: Action.REFRESH_TOKEN,
    40003: Action.MARK_OPENID_WRONG,
    40007: Action.UPLOAD_AGAIN,
    40013: Action.ALERT,
    40125: Action.ALERT,
    40243: Action.ALERT,
    40029: Action.ASK_USER_AGAIN,
    40163: Action.ASK_USER_AGAIN,
    40037: Action.DISABLE_TEMPLATE,
    40129: Action.REPORT_BUG,
    40164: Action.ALERT,
    89503: Action.ALERT,
    40226: Action.REFUSE_LOGIN,
    41030: Action.FIX_CONFIGURATION,
    42007: Action.REAUTHORISE,
    43004: Action.MARK_NOT_FOLLOWING,
    43019: Action.MARK_BLACKLISTED,
    43101: Action.NO_GRANT,
    43104: Action.REPORT_BUG,
    45009: Action.STOP_TODAY,
    45011: Action.SLOW_DOWN,
    45015: Action.SWITCH_CHANNEL,
    45047: Action.SWITCH_CHANNEL,
    45065: Action.SENT_ALREADY,
    45066: Action.WAIT_A_MINUTE,
    45067: Action.REPORT_BUG,
    45056: Action.TAG_REFUSED,
    45057: Action.TAG_REFUSED,
    45058: Action.TAG_REFUSED,
    45059: Action.TAG_REFUSED,
    45157: Action.TAG_REFUSED,
    45158: Action.TAG_REFUSED,
    45159: Action.TAG_REFUSED,
    45103: Action.REMOVE_USE,
    45109: Action.REMOVE_USE,
    47001: Action.FIX_DATA,
    47003: Action.FIX_DATA,
    48001: Action.ALERT,
    48004: Action.ALERT,
    48002: Action.MARK_REFUSES,
    48006: Action.ALERT,
    50001: Action.MARK_UNAUTHORISED,
    50002: Action.MARK_UNAUTHORISED,
    50005: Action.MARK_NOT_FOLLOWING,
    87014: Action.REJECT_CONTENT,
}
# What the client raises, how often it asks, and how often it fetches a token in one call.
BEHAVIOUR = {
    Action.RETRY: (PlatformAway, 3, 1),
    Action.REFRESH_TOKEN: (TokenRefused, 2, 2),
    Action.STOP_TODAY: (QuotaSpent, 1, 1),
    Action.SLOW_DOWN: (QuotaSpent, 1, 1),
}
ALERTED = {Action.ALERT, Action.DISABLE_TEMPLATE}
PATH = "/cgi-bin/tags/get"


async def _calls(platform, account):
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    return stats["calls"]["tags_get"] + stats["faulted"].get("tags_get", 0), stats["token_fetches"]


def test_the_table_has_every_code_and_no_other():
    assert ACTIONS == MATRIX
    assert action_of(12345) is Action.REFUSED


def test_whatever_alerts_says_what_to_do():
    alerting = {errcode for errcode, action in MATRIX.items() if action in ALERTED}
    assert alerting | {40001} == set(ALERTS)


@pytest.mark.parametrize("errcode", MATRIX)
async def test_each_code_has_its_action(platform, account, errcode):
    action = MATRIX[errcode]
    await platform.fault(account.app_id, PATH, errcode=errcode)
    kind, calls, fetches = BEHAVIOUR.get(action, (PlatformRefused, 1, 1))
    with pytest.raises(kind) as raised:
        await users.tags(account)
    assert type(raised.value) is kind
    if isinstance(raised.value, PlatformRefused):
        assert (raised.value.errcode, raised.value.action) == (errcode, action)
        assert raised.value.rid
    assert await _calls(platform, account) == (calls, fetches)
    alerted = [(alert["kind"], alert["subject"]) for alert in await alerts.listed()]
    assert alerted == ([(f"wechat.{errcode}", account.app_id)] if action in ALERTED else [])


async def test_a_spent_day_is_not_asked_again_before_midnight(platform, account, db):
    await platform.fault(account.app_id, PATH, errcode=45009, times=1)
    for _ in range(3):
        with pytest.raises(QuotaSpent):
            await users.tags(account)
    assert (await _calls(platform, account))[0] == 1
    make.jump(db, seconds=86_400)
    await users.tags(account)
    assert (await _calls(platform, account))[0] == 2


async def test_codes_of_mini_programs_have_a_quota_of_the_minute_alone(platform, db):
    """Their 45009 is said of the minute (wechat-platform §4.2)."""
    mini = await make.account(2, kind=Kind.MINI)
    await platform.account(
        **{name: getattr(mini, name) for name in ("app_id", "original_id", "secret")},
        kind="mini",
        limits={"getwxacodeunlimit_minute": 1},
    )
    await qrcodes.draw_mini(mini, "first", None)
    with pytest.raises(QuotaSpent) as spent:
        await qrcodes.draw_mini(mini, "second", None)
    assert spent.value.until <= clock.now() + timedelta(minutes=1)
    make.jump(db, seconds=61)
    await qrcodes.draw_mini(mini, "second", None)


async def test_a_spent_minute_is_not_asked_again_within_it(platform, account, db):
    await platform.fault(account.app_id, PATH, errcode=45011, times=1)
    for _ in range(3):
        with pytest.raises(QuotaSpent):
            await users.tags(account)
    assert (await _calls(platform, account))[0] == 1
    make.jump(db, seconds=61)
    await users.tags(account)


async def test_our_own_count_stops_before_the_platform_has_to(platform, account):
    await parameters.change("wechat.daily.user_get", 2, expected_version=0, by="test")
    await users.followers(account, "")
    await users.followers(account, "")
    with pytest.raises(QuotaSpent) as spent:
        await users.followers(account, "")
    assert spent.value.details["endpoint"] == "/cgi-bin/user/get"
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    assert (stats["calls"]["user_get"], stats["errors"]) == (2, {})
    assert (await quotas.today(account.app_id))["/cgi-bin/user/get"] == (2, 2)


async def test_an_alert_is_over_when_the_secret_works_again(platform, account, db):
    await platform.fault(account.app_id, "/cgi-bin/stable_token", errcode=40164, times=1)
    for _ in range(5):
        with pytest.raises(PlatformRefused) as refusal:
            await users.tags(account)
        assert refusal.value.errcode == 40164
    assert [(alert["kind"], alert["count"]) for alert in await alerts.listed()] == [("wechat.40164", 1)]
    assert (await _calls(platform, account))[1] == 1
    make.jump(db, seconds=61)
    await users.tags(account)
    assert await alerts.listed() == []
