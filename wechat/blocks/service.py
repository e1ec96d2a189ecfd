"""Blacklisting fans and letting them go; the platform hears of it by a job, and its own changes are taken over.

A claim is a lease. Nothing is told before an import, in shadow or while an account is disabled.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from core.customers import people
from core.customers import queries as customers
from infra import clock, crypto, database
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.blocks.errors import NoOfficialAccount
from wechat.followers import batches
from wechat.platform import users
from wechat.platform.errors import QuotaSpent

BATCH = Parameter(name="wechat.block_batch", default=20, least=1, most=20, help="一次拉黑多少位粉丝（平台上限 20）")

_PLATFORM = "platform"
_SLICE_SECONDS = 30.0
_LEASE = timedelta(minutes=2)
_AT_ONCE = 500

_WANT = """
INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by, changed_at)
SELECT b.id, a.id, b.identity, true, false, 0, $4, $5, $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS b (id, identity, app_id) JOIN wechat_account a USING (app_id)
ON CONFLICT (identity_id) DO UPDATE SET wanted = true, synced = false, attempts = 0, error = NULL,
    next_at = GREATEST(wechat_block.next_at, $4), changed_by = $5, changed_at = $4
WHERE NOT wechat_block.wanted
"""

_UNWANT = """
UPDATE wechat_block SET wanted = false, synced = false, attempts = 0, error = NULL, next_at = GREATEST(next_at, $2),
    changed_by = $3, changed_at = $2
WHERE identity_id = ANY($1::uuid[]) AND wanted
"""

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT w.id, a.app_id, i.openid
    FROM wechat_block w JOIN wechat_account a ON a.id = w.account_id JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND i.openid IS NOT NULL
    AND a.imported_at IS NOT NULL AND NOT a.shadow AND a.disabled_at IS NULL
    ORDER BY w.next_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_block b SET attempts = b.attempts + 1, next_at = $2 FROM due WHERE b.id = due.id
RETURNING b.id, b.wanted, b.attempts, due.app_id, due.openid
"""

# Whoever was changed while the platform was told stays due.
_TOLD = """
UPDATE wechat_block SET synced = (wanted = $2), attempts = 0, error = $4, next_at = $3, changed_at = $3
WHERE id = ANY($1::uuid[])
"""

_WAIT = "UPDATE wechat_block SET next_at = $2, error = $3 WHERE id = ANY($1::uuid[])"

_TAKE = """
INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by, changed_at)
SELECT b.id, $3, i.id, true, true, 0, $4, $5, $4
FROM unnest($1::uuid[], $2::bytea[]) AS b (id, digest) JOIN identity i USING (digest)
ON CONFLICT (identity_id) DO NOTHING
"""

_DROP = """
DELETE FROM wechat_block b USING identity i
WHERE b.account_id = $1 AND i.id = b.identity_id AND b.wanted AND b.synced AND b.changed_at < $3
AND NOT EXISTS (SELECT 1 FROM unnest($2::bytea[]) AS s (digest) WHERE s.digest = i.digest)
"""


async def block(customer_id: UUID, app_id: str | None, by: str) -> None:
    """Blacklist a fan in one account or in all. Raises NoOfficialAccount."""
    async with database.transaction() as connection:
        found = await _hold(connection, customer_id, app_id)
        if not found:
            raise NoOfficialAccount
        ids, app_ids = [one["id"] for one in found], [one["app_id"] for one in found]
        await connection.execute(_WANT, [new_id() for _ in found], ids, app_ids, clock.now(), by)


async def unblock(customer_id: UUID, app_id: str | None, by: str) -> None:
    """Let a fan go again; one who isn't blacklisted stays as is."""
    async with database.transaction() as connection:
        found = await _hold(connection, customer_id, app_id)
        await connection.execute(_UNWANT, [one["id"] for one in found], clock.now(), by)


async def _hold(connection: database.Connection, customer_id: UUID, app_id: str | None) -> list[asyncpg.Record]:
    official = {account.app_id for account in await accounts.every() if account.kind is Kind.OFFICIAL}
    found = [
        one
        for one in await customers.reachable(connection, [customer_id])
        if one["app_id"] in official and app_id in {None, one["app_id"]}
    ]
    await people.lock(connection, [one["digest"] for one in found])
    return found


async def sync_due() -> int:
    """Tell the platform what waits; returns how many rows were looked at."""
    told, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        now = clock.now()
        groups = defaultdict[tuple[str, bool], list[asyncpg.Record]](list)
        for row in await database.fetch(_CLAIM, now, now + _LEASE, _AT_ONCE):
            groups[row["app_id"], row["wanted"]].append(row)
        if not groups:
            break
        size = await BATCH.get()
        for (app_id, wanted), rows in groups.items():
            account = await accounts.credentials(app_id)
            for first in range(0, len(rows), size):
                await _tell(account, rows[first : first + size], wanted=wanted)
            told += len(rows)
    return told


async def _tell(account: Credentials, rows: Sequence[asyncpg.Record], *, wanted: bool) -> None:
    ids = {row["openid"]: row["id"] for row in rows}
    change = users.block if wanted else users.unblock
    try:
        outcome = await batches.send(list(ids), lambda openids: change(account, openids))
    except DomainError as error:
        if database.is_outage(error):
            raise
        logger().warning("blocks_wait", app_id=account.app_id, error=str(error))
        wait = batches.back_off(rows[0]["attempts"])
        until = error.until if isinstance(error, QuotaSpent) else clock.now() + wait
        await database.execute(_WAIT, list(ids.values()), until, str(error)[:200])
        return
    await database.execute(_TOLD, [ids[openid] for openid in outcome.done], wanted, clock.now(), None)
    for openid, refusal in outcome.refused.items():
        # The platform doesn't know the fan: our own list holds all the same.
        await database.execute(_TOLD, [ids[openid]], wanted, clock.now(), str(refusal)[:200])
    sql = "DELETE FROM wechat_block WHERE id = ANY($1::uuid[]) AND NOT wanted AND synced"
    await database.execute(sql, list(ids.values()))


async def import_blocks(account: Credentials) -> None:
    """Take over an account's blacklist; a change of ours that it hasn't heard of yet wins.

    Raises PlatformRefused, PlatformAway, QuotaSpent, AccountDisabled; calling it again does no harm.
    """
    started, after, seen = clock.now(), "", list[bytes]()
    while True:
        openids, after = await users.blacklist(account, after)
        seen += [crypto.digest(account.app_id, openid) for openid in openids]
        if not after:
            break
    ids = [new_id() for _ in seen]
    async with database.transaction() as connection:
        await connection.execute(_TAKE, ids, seen, account.id, clock.now(), _PLATFORM)
        await connection.execute(_DROP, account.id, seen, started)


async def import_all() -> None:
    """Take over the blacklists of all accounts."""
    for account in await accounts.every():
        if account.kind is not Kind.OFFICIAL or not account.imported:
            continue
        try:
            await import_blocks(account)
        except DomainError as error:
            if database.is_outage(error):
                raise
            logger().warning("blocks_not_imported", app_id=account.app_id, error=str(error))
