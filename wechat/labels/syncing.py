"""Telling the platform of our labels and who carries them. A claim is a lease; nothing is told before an import."""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from infra import clock, database
from infra.database import constraint_errors
from infra.errors import DomainError
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.followers import batches
from wechat.labels.errors import LabelExists
from wechat.platform import users
from wechat.platform.errors import PlatformRefused, QuotaSpent

TAGGING_BATCH = Parameter(
    name="wechat.tagging_batch", default=50, least=1, most=50, help="一次给多少位粉丝打标签（平台上限 50）"
)
_NAME_TAKEN, _VANISHED = 45157, 45159
_SLICE_SECONDS = 30.0
_LEASE = timedelta(minutes=2)
_AT_ONCE = 500

# In shadow, while disabled and before the import all rows wait.
_OPEN_ACCOUNT = "a.imported_at IS NOT NULL AND NOT a.shadow AND a.disabled_at IS NULL"

_CLAIM_LABELS = f"""
WITH due AS MATERIALIZED (
    SELECT w.id, a.app_id FROM wechat_label w JOIN wechat_account a ON a.id = w.account_id
    WHERE NOT w.synced AND w.next_at <= $1 AND {_OPEN_ACCOUNT} ORDER BY w.next_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_label l SET attempts = l.attempts + 1, next_at = $2 FROM due WHERE l.id = due.id
RETURNING l.id, due.app_id, l.name, l.platform_id, l.deleted_at, l.attempts
"""

# Who leaves a label comes first: it may make room for another.
_CLAIM_MEMBERS = f"""
WITH due AS MATERIALIZED (
    SELECT w.id, a.app_id, l.platform_id, i.openid
    FROM wechat_label_member w JOIN wechat_label l ON l.id = w.label_id JOIN wechat_account a ON a.id = l.account_id
    JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND l.platform_id IS NOT NULL AND i.openid IS NOT NULL AND {_OPEN_ACCOUNT}
    ORDER BY w.wanted, w.next_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_label_member m SET attempts = m.attempts + 1, next_at = $2 FROM due WHERE m.id = due.id
RETURNING m.id, m.label_id, m.wanted, m.attempts, due.app_id, due.platform_id, due.openid
"""

_KNOWN_NOW = """
UPDATE wechat_label SET platform_id = $2, synced = (deleted_at IS NULL AND name = $3), attempts = 0, error = NULL,
    next_at = $4 WHERE id = $1
"""

_LABEL_WAITS = "UPDATE wechat_label SET next_at = $2, error = $3 WHERE id = $1"

# Whoever was changed while the platform was told stays due.
_TOLD = """
UPDATE wechat_label_member SET synced = (wanted = $2), attempts = 0, error = NULL, next_at = $3, changed_at = $3
WHERE id = ANY($1::bigint[])
"""

_GIVE_UP = """
UPDATE wechat_label_member SET synced = (wanted = $2), attempts = 0, error = $4, next_at = $3, changed_at = $3
WHERE id = $1
"""

_TELL_AGAIN = "UPDATE wechat_label_member SET synced = false, next_at = $2 WHERE label_id = $1 AND wanted"

_MEMBERS_WAIT = "UPDATE wechat_label_member SET next_at = $2, error = $3 WHERE id = ANY($1::bigint[])"


async def sync_due() -> int:
    """Tell the platform what waits; returns how many labels and bearers were told."""
    told, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        now = clock.now()
        labels = await database.fetch(_CLAIM_LABELS, now, now + _LEASE, _AT_ONCE)
        for label in labels:
            await _sync_label(label)
        members = await database.fetch(_CLAIM_MEMBERS, now, now + _LEASE, _AT_ONCE)
        await _sync_members(members)
        told += len(labels) + len(members)
        if not labels and not members:
            break
    return told


async def _sync_label(label: asyncpg.Record) -> None:
    account = await accounts.credentials(label["app_id"])
    try:
        if label["deleted_at"] is not None:
            await _delete(account, label)
            return
        number = await _make_known(account, label)
        with constraint_errors({"wechat_label_account_id_platform_id_key": LabelExists}):
            await database.execute(_KNOWN_NOW, label["id"], number, label["name"], clock.now())
    except DomainError as error:
        if database.is_outage(error):
            raise
        logger().warning("label_waits", app_id=account.app_id, label=str(label["id"]), error=str(error))
        until = error.until if isinstance(error, QuotaSpent) else clock.now() + batches.back_off(label["attempts"])
        await database.execute(_LABEL_WAITS, label["id"], until, str(error)[:200])


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
        await connection.execute("DELETE FROM wechat_label_member WHERE label_id = $1", label["id"])
        await connection.execute("DELETE FROM wechat_label WHERE id = $1", label["id"])


async def _sync_members(members: Sequence[asyncpg.Record]) -> None:
    groups = defaultdict[tuple[bool, UUID], list[asyncpg.Record]](list)
    for member in members:
        groups[member["wanted"], member["label_id"]].append(member)
    size = await TAGGING_BATCH.get()
    for _, group in sorted(groups.items()):
        for first in range(0, len(group), size):
            await _tell(group[first : first + size])


async def _tell(members: Sequence[asyncpg.Record]) -> None:
    """Tell of some bearers of one label."""
    some = members[0]
    account, number, wanted = await accounts.credentials(some["app_id"]), some["platform_id"], some["wanted"]
    ids = {member["openid"]: member["id"] for member in members}
    change = users.tag if wanted else users.untag
    try:
        outcome = await batches.send(list(ids), lambda openids: change(account, number, openids))
    except DomainError as error:
        if database.is_outage(error):
            raise
        logger().warning("bearers_wait", app_id=account.app_id, error=str(error))
        if isinstance(error, PlatformRefused) and error.errcode == _VANISHED:
            # The next import decides what becomes of the label.
            await database.execute("UPDATE wechat_label SET read_at = NULL WHERE id = $1", some["label_id"])
        until = error.until if isinstance(error, QuotaSpent) else clock.now() + batches.back_off(some["attempts"])
        await database.execute(_MEMBERS_WAIT, list(ids.values()), until, str(error)[:200])
        return
    await database.execute(_TOLD, [ids[openid] for openid in outcome.done], wanted, clock.now())
    for openid, refusal in outcome.refused.items():
        await database.execute(_GIVE_UP, ids[openid], wanted, clock.now(), str(refusal)[:200])
    await database.execute(
        "DELETE FROM wechat_label_member WHERE id = ANY($1::bigint[]) AND NOT wanted AND synced", list(ids.values())
    )
