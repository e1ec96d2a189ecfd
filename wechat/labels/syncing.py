"""Telling the platform of our labels and who carries them. A claim is a lease; nothing is told before an import."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from infra import alerts, clock, database
from infra.database import constraint_errors
from infra.errors import DomainError
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.followers import batches
from wechat.labels.errors import LabelExists
from wechat.platform import users
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent

TAGGING_BATCH = Parameter(
    name="wechat.tagging_batch",
    default=50,
    least=1,
    most=50,
    help="一次给多少位粉丝打标签（平台上限 50）",
    english="How many fans get a label at once (WeChat allows 50)",
)
REFUSED_ALERT = "wechat.labels_refused"
_NAME_TAKEN, _VANISHED = 45157, 45159
_SLICE_SECONDS = 10.0
_LEASE = timedelta(minutes=2)
_AT_ONCE = 1_000

# In shadow, while disabled and before the import all rows wait; so they do when the platform was away just now.
_OPEN = """(l.ask_from IS NULL OR l.ask_from <= $1)
    AND a.imported_at IS NOT NULL AND NOT a.shadow AND a.disabled_at IS NULL"""

_CLAIM_LABEL = f"""
WITH due AS MATERIALIZED (
    SELECT l.id, a.app_id FROM wechat_label l JOIN wechat_account a ON a.id = l.account_id
    WHERE NOT l.synced AND l.next_at <= $1 AND {_OPEN} ORDER BY l.next_at LIMIT 1 FOR UPDATE OF l SKIP LOCKED
)
UPDATE wechat_label l SET attempts = l.attempts + 1, next_at = $2 FROM due WHERE l.id = due.id
RETURNING l.id, due.app_id, l.name, l.platform_id, l.deleted_at, l.attempts
"""

# What one call takes. Who leaves a label comes first: it may make room for another.
_CLAIM_MEMBERS = f"""
WITH first AS MATERIALIZED (
    SELECT w.label_id, w.wanted, a.app_id, l.platform_id
    FROM wechat_label_member w JOIN wechat_label l ON l.id = w.label_id JOIN wechat_account a ON a.id = l.account_id
    JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND l.platform_id IS NOT NULL AND i.openid IS NOT NULL AND {_OPEN}
    ORDER BY w.wanted, w.next_at LIMIT 1
), due AS MATERIALIZED (
    SELECT w.id, f.app_id, f.platform_id, i.openid
    FROM first f JOIN wechat_label_member w USING (label_id, wanted) JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND i.openid IS NOT NULL LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_label_member m SET attempts = m.attempts + 1, next_at = $2 FROM due WHERE m.id = due.id
RETURNING m.id, m.label_id, m.wanted, m.attempts, due.app_id, due.platform_id, due.openid
"""

_KNOWN_NOW = """
UPDATE wechat_label SET platform_id = $2, synced = (deleted_at IS NULL AND name = $3), attempts = 0, error = NULL,
    next_at = $4 WHERE id = $1
"""

_LABEL_WAITS = "UPDATE wechat_label SET next_at = $2, error = $3 WHERE id = $1"

# Whoever was changed while the platform was told stays due; with an error, the platform's no is final.
_TOLD = """
UPDATE wechat_label_member SET synced = (wanted = $2), attempts = 0, error = $4, next_at = $3, changed_at = $3
WHERE id = ANY($1::bigint[])
"""

_MEMBERS_WAIT = "UPDATE wechat_label_member SET next_at = $2, error = $3 WHERE id = ANY($1::bigint[])"

# Nothing was said about them: that was no try.
_MEMBERS_UNTRIED = "UPDATE wechat_label_member SET attempts = attempts - 1, next_at = $2 WHERE id = ANY($1::bigint[])"

_TELL_AGAIN = "UPDATE wechat_label_member SET synced = false, next_at = $2 WHERE label_id = $1 AND wanted"

_LEAVE_ALONE = "UPDATE wechat_label SET ask_from = $2 WHERE account_id = $1"

# WeChat's times have no fractions.
_TRY_AGAIN = """
WITH back AS MATERIALIZED (
    SELECT m.id FROM wechat_label_member m JOIN identity i ON i.id = m.identity_id
    WHERE m.synced AND m.error IS NOT NULL AND i.following AND i.state_at >= date_trunc('second', m.changed_at)
    ORDER BY m.id LIMIT $2 FOR UPDATE OF m SKIP LOCKED
)
UPDATE wechat_label_member m SET synced = false, attempts = 0, error = NULL, next_at = $1, changed_at = $1
FROM back WHERE m.id = back.id
"""


async def sync_due() -> int:
    """Tell the platform what waits, until it is away; returns how many labels and bearers were told."""
    told, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        try:
            some = await _sync_label() or await _sync_members()
        except PlatformAway:
            break
        if not some:
            break
        told += some
    return told


async def try_again() -> None:
    """Whom the platform refused while they didn't follow is told again once they do."""
    while await database.execute(_TRY_AGAIN, clock.now(), _AT_ONCE) == _AT_ONCE:
        pass


async def _leave_alone(account: Credentials) -> None:
    logger().warning("labels_wait", app_id=account.app_id)
    await database.execute(_LEAVE_ALONE, account.id, clock.now() + batches.PAUSE)


async def _sync_label() -> int:
    now = clock.now()
    label = await database.fetch_one(_CLAIM_LABEL, now, now + _LEASE)
    if label is None:
        return 0
    account = await accounts.credentials(label["app_id"])
    try:
        if label["deleted_at"] is not None:
            await _delete(account, label)
        else:
            number = await _make_known(account, label)
            with constraint_errors({"wechat_label_account_id_platform_id_key": LabelExists}):
                await database.execute(_KNOWN_NOW, label["id"], number, label["name"], clock.now())
    except DomainError as error:
        if database.is_outage(error):
            raise
        logger().warning("label_waits", app_id=account.app_id, label=str(label["id"]), error=str(error))
        until = error.until if isinstance(error, QuotaSpent) else clock.now() + batches.back_off(label["attempts"])
        await database.execute(_LABEL_WAITS, label["id"], until, str(error)[:200])
        if isinstance(error, PlatformAway):
            await _leave_alone(account)
            raise
    return 1


async def _make_known(account: Credentials, label: asyncpg.Record) -> int:
    """The platform's number of a label that it now knows by its name."""
    number: int | None = label["platform_id"]
    if number is not None:
        try:
            await users.rename_tag(account, number, label["name"])
        except PlatformRefused as refusal:
            if refusal.errcode != _VANISHED:
                raise
            await database.execute(_TELL_AGAIN, label["id"], clock.now())
        else:
            return number
    try:
        return await users.create_tag(account, label["name"])
    except PlatformRefused as refusal:
        if refusal.errcode != _NAME_TAKEN:
            raise
        # Somebody made it there, or we did and never got the answer.
        same = [tag["id"] for tag in await users.tags(account) if tag["name"] == label["name"]]
        if not same:
            raise
        found: int = same[0]
        return found


async def _delete(account: Credentials, label: asyncpg.Record) -> None:
    if label["platform_id"] is not None:
        try:
            await users.delete_tag(account, label["platform_id"])
        except PlatformRefused as refusal:
            if refusal.errcode != _VANISHED:
                raise
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM wechat_label WHERE id = $1 FOR UPDATE", label["id"])
        await connection.execute("DELETE FROM wechat_label_member WHERE label_id = $1", label["id"])
        await connection.execute("DELETE FROM wechat_label WHERE id = $1", label["id"])


async def _sync_members() -> int:
    now = clock.now()
    members = await database.fetch(_CLAIM_MEMBERS, now, now + _LEASE, await TAGGING_BATCH.get())
    if members:
        await _tell(await accounts.credentials(members[0]["app_id"]), members)
    return len(members)


async def _tell(account: Credentials, members: Sequence[asyncpg.Record]) -> None:
    """Tell of some bearers of one label."""
    number, wanted = members[0]["platform_id"], members[0]["wanted"]
    attempts = {member["openid"]: member["attempts"] for member in members}
    ids = {member["openid"]: member["id"] for member in members}
    change = users.tag if wanted else users.untag
    try:
        outcome = await batches.send(attempts, lambda openids: change(account, number, openids))
    except PlatformAway:
        await database.execute(_MEMBERS_UNTRIED, list(ids.values()), clock.now() + batches.PAUSE)
        await _leave_alone(account)
        raise
    except DomainError as error:
        if database.is_outage(error):
            raise
        await _wait(account, members, error)
        return
    await database.execute(_TOLD, [ids[openid] for openid in outcome.done], wanted, clock.now(), None)
    for openid, refusal in (outcome.refused | outcome.given_up).items():
        await database.execute(_TOLD, [ids[openid]], wanted, clock.now(), str(refusal)[:200])
    for openid, refusal in outcome.unclear.items():
        until = clock.now() + batches.back_off(attempts[openid])
        await database.execute(_MEMBERS_WAIT, [ids[openid]], until, str(refusal)[:200])
    for refusal in outcome.given_up.values():
        await alerts.raise_alert(REFUSED_ALERT, account.app_id, f"平台拒绝给粉丝打上或去掉标签，已放弃（{refusal}）")
    await database.execute(
        "DELETE FROM wechat_label_member WHERE id = ANY($1::bigint[]) AND NOT wanted AND synced", list(ids.values())
    )


async def _wait(account: Credentials, members: Sequence[asyncpg.Record], error: DomainError) -> None:
    """The platform takes none of them for now; a refusal stands for all who wait for this label."""
    logger().warning("bearers_wait", app_id=account.app_id, error=str(error))
    label_id: UUID = members[0]["label_id"]
    until = clock.now() + batches.back_off(max(member["attempts"] for member in members))
    if isinstance(error, QuotaSpent):
        until = error.until
    else:
        await database.execute("UPDATE wechat_label SET ask_from = $2 WHERE id = $1", label_id, until)
    await database.execute(_MEMBERS_WAIT, [member["id"] for member in members], until, str(error)[:200])
