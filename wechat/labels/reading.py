"""Who carries a label on the platform, read page by page in the background.

A claim is a lease, and the label keeps the place it has got to: a reading goes on where it stopped. Whoever was seen is
confirmed; in the end those go whom nothing has confirmed since the reading began.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from infra import clock, crypto, database
from infra.errors import DomainError
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.followers import batches
from wechat.labels.importing import take
from wechat.platform import users
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.policy import Action

EVERY_HOURS = Parameter(
    name="wechat.label_import_hours",
    default=24,
    least=1,
    most=720,
    help="每隔多少小时从平台重新读取标签下的粉丝",
    english="Every so many hours the fans under each label are read from WeChat",
)
_SLICE_SECONDS = 10.0
_LEASE = timedelta(minutes=3)
_AFTER_REFUSAL = timedelta(hours=1)
_ROWS = 1_000
_NOBODY = UUID(int=0)

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT l.id, a.app_id FROM wechat_label l JOIN wechat_account a ON a.id = l.account_id
    WHERE l.platform_id IS NOT NULL AND l.deleted_at IS NULL AND (l.read_next_at IS NULL OR l.read_next_at <= $1)
    AND (l.ask_from IS NULL OR l.ask_from <= $1) AND a.imported_at IS NOT NULL AND a.disabled_at IS NULL
    ORDER BY l.read_next_at NULLS FIRST, l.id LIMIT 1 FOR UPDATE OF l SKIP LOCKED
)
UPDATE wechat_label l SET read_next_at = $2, reading_at = COALESCE(l.reading_at, $1) FROM due WHERE l.id = due.id
RETURNING l.id, due.app_id, l.platform_id, l.reading_at, l.cursor
"""

_TURN_PAGE = """
UPDATE wechat_label SET cursor = $4, read_next_at = $5
WHERE id = $1 AND reading_at = $2 AND cursor IS NOT DISTINCT FROM $3
"""

_DROP = """
WITH step AS MATERIALIZED (
    SELECT id, identity_id FROM wechat_label_member WHERE label_id = $1 AND identity_id > $2
    ORDER BY identity_id LIMIT $4
), gone AS (
    DELETE FROM wechat_label_member m USING step s
    WHERE m.id = s.id AND m.wanted AND m.synced AND m.error IS NULL AND m.changed_at < $3
)
SELECT identity_id FROM step ORDER BY identity_id DESC LIMIT 1
"""

_FINISH = """
UPDATE wechat_label SET reading_at = NULL, cursor = NULL, read_next_at = $3 WHERE id = $1 AND reading_at = $2
"""


async def read_due() -> None:
    """Go on with the readings that are due, until the platform is away."""
    started = time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        now = clock.now()
        label = await database.fetch_one(_CLAIM, now, now + _LEASE)
        if label is None:
            break
        account = await accounts.credentials(label["app_id"])
        try:
            await _read_page(account, label)
        except DomainError as error:
            if database.is_outage(error):
                raise
            await _wait(account, label, error)
            if isinstance(error, PlatformAway):
                break


async def _read_page(account: Credentials, label: asyncpg.Record) -> None:
    after = crypto.decrypt(label["cursor"]) if label["cursor"] else ""
    openids, following = await users.tagged(account, label["platform_id"], after)
    digests = [crypto.digest(account.app_id, openid) for openid in openids]
    for first in range(0, len(digests), _ROWS):
        some = digests[first : first + _ROWS]
        await take(account, some, [label["platform_id"]] * len(some), at=label["reading_at"])
    if following:
        cursor = crypto.encrypt(following)
        await database.execute(_TURN_PAGE, label["id"], label["reading_at"], label["cursor"], cursor, clock.now())
        return
    last: UUID | None = _NOBODY
    while last is not None:
        last = await _drop(label["id"], last, label["reading_at"])
    again = clock.now() + timedelta(hours=await EVERY_HOURS.get())
    await database.execute(_FINISH, label["id"], label["reading_at"], again)


async def _wait(account: Credentials, label: asyncpg.Record, error: DomainError) -> None:
    logger().warning("bearers_not_read", app_id=account.app_id, label=str(label["id"]), error=str(error))
    until = clock.now() + _AFTER_REFUSAL
    if isinstance(error, QuotaSpent):
        until = error.until
    elif isinstance(error, PlatformAway):
        until = clock.now() + batches.PAUSE
        await database.execute("UPDATE wechat_label SET ask_from = $2 WHERE account_id = $1", account.id, until)
    # The place we stopped at may be gone: begin anew, whoever was seen stays confirmed.
    lost = isinstance(error, PlatformRefused) and error.action is Action.MARK_OPENID_WRONG
    cursor = None if lost else label["cursor"]
    await database.execute(_TURN_PAGE, label["id"], label["reading_at"], label["cursor"], cursor, until)


@database.retry_on_conflict
async def _drop(label_id: UUID, after: UUID, before: datetime) -> UUID | None:
    """Of the bearers after this one, some are looked at; the last of them, or None when there was nobody."""
    row = await database.fetch_one(_DROP, label_id, after, before, _ROWS)
    return row["identity_id"] if row else None
