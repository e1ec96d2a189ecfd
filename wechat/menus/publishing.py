"""Bringing a menu to the platform, outside transactions: claims that are leases, calls for what differs, the ending.

A file of its own: here the platform is called, which `service` never does. What is there is compared with what shall
be, before and after: taken up again after a lost answer or a death, it goes on from what it finds.

No moment is without a menu: what is new comes before what is old goes, and the menu that all have is replaced at once.
Personal menus come first, because they are refused more easily; then nothing has changed for the others.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import orjson

from infra import alerts, clock, database
from infra.database import transaction
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.menus import queries
from wechat.menus.rules import words_of
from wechat.menus.wording import said
from wechat.platform import menus as platform
from wechat.platform.errors import AccountDisabled, AccountInShadow, PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.menus import Menus, Personal

TRIES = Parameter(
    name="wechat.menu_tries",
    default=20,
    least=1,
    most=100,
    help="发布菜单时微信没有响应，最多尝试的次数",
    english="How often publishing a menu is tried when WeChat does not answer",
)

FAILED_ALERT = "wechat.menu_failed"
DIFFERS = "微信已接受，但显示的与发布的不完全一致，请查看线上菜单"
GIVEN_UP = "微信多次没有响应，不确定是否已生效，请查看线上菜单"
QUOTA = "今天的接口调用次数已用完，将自动继续"
AWAY = "微信没有响应，将自动重试"
LABEL_GONE = "个性化菜单的标签已被删除"
NOT_PUT_BACK = "；原来的菜单未能完全恢复，请查看线上菜单"

_AT_ONCE = 10
_LEASE = timedelta(seconds=60)
_LONGEST = 40  # seconds of a run: with one call that is still on its way, well within the lease
_LONGEST_WAIT_SECONDS = 60
_LONGEST_ERROR = 200
# The platform may show something else than it was told (written in another way, or changed by a person just then).
_ROUNDS = 3
_NO_ROOM = {65305, 65316}  # personal menus, domains of their links

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM menu_edition WHERE state = 'publishing' AND next_at <= $1 ORDER BY next_at LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE menu_edition m SET leased_until = $2, next_at = $2, attempts = m.attempts + 1
FROM due, wechat_account a WHERE m.id = due.id AND a.id = m.account_id
RETURNING m.id, m.account_id, a.app_id, m.buttons, m.personal, m.attempts, m.found, m.leased_until
"""

# Only under the lease it was claimed with, here and below: whoever was slower has lost it to another worker.
_FOUND = "UPDATE menu_edition SET found = $3::jsonb WHERE id = $1 AND leased_until = $2"
_WAIT = """
UPDATE menu_edition SET leased_until = NULL, next_at = $3, error = $4, attempts = attempts - $5::int
WHERE id = $1 AND leased_until = $2
"""
_FAIL = """
UPDATE menu_edition SET state = 'failed', leased_until = NULL, next_at = NULL, found = NULL, error = $3
WHERE id = $1 AND leased_until = $2
"""
_HELD = "SELECT FROM menu_edition WHERE id = $1 AND leased_until = $2 FOR UPDATE"
_FORMER = "UPDATE menu_edition SET state = 'former' WHERE account_id = $1 AND state = 'live'"
_LIVE = """
UPDATE menu_edition SET state = 'live', leased_until = NULL, next_at = NULL, found = NULL, error = $2, published_at = $3
WHERE id = $1
"""


async def publish_due() -> int:
    """Publish what is on its way; returns how many menus went live."""
    now = clock.now()
    claimed = await database.fetch(_CLAIM, now, now + _LEASE, _AT_ONCE)
    return (await asyncio.gather(*(_publish(edition) for edition in claimed))).count(True)


async def _publish(edition: asyncpg.Record) -> bool:
    account = await accounts.credentials(edition["app_id"])
    if edition["attempts"] > await TRIES.get():  # those who tried it did not live to tell
        await _fail(edition, GIVEN_UP)
        return False
    try:
        wanted = said(*queries.buttons_of(edition), await queries.numbers(edition["account_id"]))
    except KeyError:
        await _fail(edition, LABEL_GONE)
        return False
    try:
        async with asyncio.timeout(_LONGEST):
            refused, note = await _outcome(account, edition, wanted)
    except (AccountInShadow, AccountDisabled) as error:
        refused, note = True, error.message
    except PlatformRefused as refusal:
        refused, note = True, words_of(refusal.errcode)
    except QuotaSpent as spent:
        await _wait(edition, spent.until, QUOTA, tried=False)
        return False
    except (PlatformAway, TimeoutError):
        await _away(edition)
        return False
    if refused:
        await _fail(edition, note or "")
        return False
    return await _went_live(edition, note)


async def _outcome(account: Credentials, edition: asyncpg.Record, wanted: Menus) -> tuple[bool, str | None]:
    """Whether the platform refused it, and what is to be said. Raises as calls do, PlatformRefused before any change.

    What was there is put back after a refusal.
    """
    live = await platform.live(account)
    if edition["found"] is None:
        found = live
        await database.execute(_FOUND, edition["id"], edition["leased_until"], _kept(live))
    else:
        found = _found(edition["found"])
    try:
        same = await _bring(account, live, wanted)
    except PlatformRefused as refusal:
        logger().warning("menu_refused", app_id=account.app_id, menu=str(edition["id"]), error=str(refusal))
        back = await _put_back(account, found)
        return True, words_of(refusal.errcode) + ("" if back else NOT_PUT_BACK)
    return False, None if same else DIFFERS


async def _bring(account: Credentials, live: Menus, wanted: Menus) -> bool:
    """Make the platform show what is wanted; whether it then does."""
    for _ in range(_ROUNDS):
        if live == wanted:
            return True
        await _change(account, live, wanted)
        live = await platform.live(account)
    return live == wanted


async def _put_back(account: Credentials, found: Menus) -> bool:
    """Whether the platform shows what was found there; what was made by hand can't be made again by a call."""
    try:
        live = await platform.live(account)
        if live != found and found.buttons and not found.by_api:
            return False
        return await _bring(account, live, found)
    except PlatformRefused:
        return False


async def _change(account: Credentials, live: Menus, wanted: Menus) -> None:
    if not wanted.buttons:
        await platform.delete(account)
        return
    added, dropped = difference(live.personal, wanted.personal)
    if not live.by_api:
        # Beside a menu made by hand there can't be personal ones.
        await platform.create(account, wanted.buttons)
    try:
        await _add(account, added)
    except PlatformRefused as refusal:
        if refusal.errcode not in _NO_ROOM or not dropped:
            raise
        await _drop(account, dropped)
        await _add(account, added)
    if live.by_api and live.buttons != wanted.buttons:
        await platform.create(account, wanted.buttons)
    await _drop(account, dropped)


def difference(live: Sequence[Personal], wanted: Sequence[Personal]) -> tuple[list[Personal], list[Personal]]:
    """(To be added, to be dropped): a new one stands above all others, so what stays is what both begin with."""
    kept, dropped = 0, []
    for menu in live:
        if kept < len(wanted) and menu == wanted[kept]:
            kept += 1
        else:
            dropped.append(menu)
    return list(wanted[kept:]), dropped


async def _add(account: Credentials, menus: list[Personal]) -> None:
    while menus:
        await platform.add_personal(account, menus[0])
        del menus[0]


async def _drop(account: Credentials, menus: list[Personal]) -> None:
    while menus:
        await platform.delete_personal(account, menus[0])
        del menus[0]


async def _went_live(edition: asyncpg.Record, note: str | None) -> bool:
    async with transaction() as connection:
        held = await connection.fetchrow(_HELD, edition["id"], edition["leased_until"])
        if held is None:
            return False
        await connection.execute(_FORMER, edition["account_id"])
        await connection.execute(_LIVE, edition["id"], note, clock.now())
    await alerts.settle((FAILED_ALERT,), edition["app_id"])
    return True


async def _fail(edition: asyncpg.Record, error: str) -> None:
    if await database.execute(_FAIL, edition["id"], edition["leased_until"], error[:_LONGEST_ERROR]):
        await alerts.raise_alert(FAILED_ALERT, edition["app_id"], f"公众号菜单没有发布成功（{error}）")


async def _away(edition: asyncpg.Record) -> None:
    attempts = edition["attempts"]
    if attempts >= await TRIES.get():
        await _fail(edition, GIVEN_UP)
        return
    pause = timedelta(seconds=min(2**attempts, _LONGEST_WAIT_SECONDS))
    await _wait(edition, clock.now() + pause, AWAY, tried=True)


async def _wait(edition: asyncpg.Record, until: datetime, why: str, *, tried: bool) -> None:
    await database.execute(_WAIT, edition["id"], edition["leased_until"], until, why, int(not tried))


def _kept(menus: Menus) -> str:
    personal = [{"rule": dict(menu.rule), "buttons": list(menu.buttons)} for menu in menus.personal]
    return orjson.dumps({"buttons": list(menus.buttons), "personal": personal, "by_api": menus.by_api}).decode()


def _found(kept: str) -> Menus:
    content = orjson.loads(kept)
    personal = [Personal(menu["rule"], menu["buttons"]) for menu in content["personal"]]
    return Menus(content["buttons"], personal, content["by_api"])
