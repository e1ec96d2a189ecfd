"""Blacklisting fans and letting them go; the platform hears of it by a job, and its own changes are taken over.

A claim is a lease. Nothing is told before an import, in shadow or while an account is disabled.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from core.customers import people
from core.customers import queries as customers
from infra import alerts, audit, clock, crypto, database
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
from wechat.platform.errors import PlatformAway, QuotaSpent

BATCH = Parameter(
    name="wechat.block_batch",
    default=20,
    least=1,
    most=20,
    help="一次拉黑多少位粉丝（平台上限 20）",
    english="How many fans are blocked at once (WeChat allows 20)",
)
REFUSED_ALERT = "wechat.blocks_refused"

_PLATFORM = "platform"
_SLICE_SECONDS = 10.0
_LEASE = timedelta(minutes=2)
_AT_ONCE = 1_000

_WANT = """
INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by, changed_at)
SELECT b.id, a.id, b.identity, true, false, 0, $4, $5, $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS b (id, identity, app_id) JOIN wechat_account a USING (app_id)
ON CONFLICT (identity_id) DO UPDATE SET wanted = true, synced = false, attempts = 0, error = NULL,
    next_at = GREATEST(wechat_block.next_at, $4), changed_by = $5, changed_at = $4
WHERE NOT wechat_block.wanted OR (wechat_block.synced AND wechat_block.error IS NOT NULL)
"""

_UNWANT = """
UPDATE wechat_block SET wanted = false, synced = false, attempts = 0, error = NULL, next_at = GREATEST(next_at, $2),
    changed_by = $3, changed_at = $2
WHERE identity_id = ANY($1::uuid[]) AND wanted
"""

# What one call takes.
_CLAIM = """
WITH first AS MATERIALIZED (
    SELECT w.account_id, w.wanted, a.app_id
    FROM wechat_block w JOIN wechat_account a ON a.id = w.account_id JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND i.openid IS NOT NULL
    AND a.imported_at IS NOT NULL AND NOT a.shadow AND a.disabled_at IS NULL ORDER BY w.next_at LIMIT 1
), due AS MATERIALIZED (
    SELECT w.id, f.app_id, i.openid
    FROM first f JOIN wechat_block w USING (account_id, wanted) JOIN identity i ON i.id = w.identity_id
    WHERE NOT w.synced AND w.next_at <= $1 AND i.openid IS NOT NULL LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_block b SET attempts = b.attempts + 1, next_at = $2 FROM due WHERE b.id = due.id
RETURNING b.id, b.wanted, b.attempts, due.app_id, due.openid
"""

# Whoever was changed while the platform was told stays due; with an error, the platform's no is final.
_TOLD = """
UPDATE wechat_block SET synced = (wanted = $2), attempts = 0, error = $4, next_at = $3, changed_at = $3
WHERE id = ANY($1::uuid[])
"""

_WAIT = "UPDATE wechat_block SET next_at = $2, error = $3 WHERE id = ANY($1::uuid[])"

# Nothing was said about them: that was no try. The whole account is left alone.
_UNTRIED = "UPDATE wechat_block SET attempts = attempts - 1, next_at = $2 WHERE id = ANY($1::uuid[])"
_LEAVE_ALONE = "UPDATE wechat_block SET next_at = $2 WHERE account_id = $1 AND NOT synced AND next_at < $2"

# WeChat's times have no fractions.
_TRY_AGAIN = """
WITH back AS MATERIALIZED (
    SELECT b.id FROM wechat_block b JOIN identity i ON i.id = b.identity_id
    WHERE b.synced AND b.error IS NOT NULL AND i.following AND i.state_at >= date_trunc('second', b.changed_at)
    ORDER BY b.id LIMIT $2 FOR UPDATE OF b SKIP LOCKED
)
UPDATE wechat_block b SET synced = false, attempts = 0, error = NULL, next_at = $1, changed_at = $1
FROM back WHERE b.id = back.id
"""

_TAKE = """
INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by, changed_at)
SELECT b.id, $3, i.id, true, true, 0, $4, $5, $4
FROM unnest($1::uuid[], $2::bytea[]) AS b (id, digest) JOIN identity i USING (digest)
ON CONFLICT (identity_id) DO UPDATE SET error = NULL
WHERE wechat_block.wanted AND wechat_block.synced AND wechat_block.error IS NOT NULL
"""

_DROP = """
DELETE FROM wechat_block b USING identity i
WHERE b.account_id = $1 AND i.id = b.identity_id AND b.wanted AND b.synced AND b.error IS NULL AND b.changed_at < $3
AND NOT EXISTS (SELECT 1 FROM unnest($2::bytea[]) AS s (digest) WHERE s.digest = i.digest)
"""


async def block(customer_id: UUID, app_id: str | None, by: str) -> None:
    """Blacklist a fan in one account or in all. Raises NoOfficialAccount."""
    official = await _official(app_id)
    async with database.transaction() as connection:
        found = await _hold(connection, customer_id, official)
        if not found:
            raise NoOfficialAccount
        ids, app_ids = [one["id"] for one in found], [one["app_id"] for one in found]
        await connection.execute(_WANT, [new_id() for _ in found], ids, app_ids, clock.now(), by)
        await audit.note("customer.blocked", "customer", customer_id, {"app_ids": sorted(app_ids)})


async def unblock(customer_id: UUID, app_id: str | None, by: str) -> None:
    """Let a fan go again; one who isn't blacklisted stays as is."""
    official = await _official(app_id)
    async with database.transaction() as connection:
        found = await _hold(connection, customer_id, official)
        await connection.execute(_UNWANT, [one["id"] for one in found], clock.now(), by)
        app_ids = sorted(one["app_id"] for one in found)
        await audit.note("customer.unblocked", "customer", customer_id, {"app_ids": app_ids})


async def _official(app_id: str | None) -> set[str]:
    return {one.app_id for one in await accounts.every() if one.kind is Kind.OFFICIAL and app_id in {None, one.app_id}}


async def _hold(connection: database.Connection, customer_id: UUID, app_ids: set[str]) -> list[asyncpg.Record]:
    found = [one for one in await customers.reachable(connection, [customer_id]) if one["app_id"] in app_ids]
    await people.lock(connection, [one["digest"] for one in found])
    return found


async def sync_due() -> int:
    """Tell the platform what waits, until it is away; returns how many rows were looked at."""
    told, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        now = clock.now()
        rows = await database.fetch(_CLAIM, now, now + _LEASE, await BATCH.get())
        if not rows:
            break
        try:
            await _tell(await accounts.credentials(rows[0]["app_id"]), rows)
        except PlatformAway:
            break
        told += len(rows)
    return told


async def try_again() -> None:
    """Whom the platform refused while they didn't follow is told again once they do."""
    while await database.execute(_TRY_AGAIN, clock.now(), _AT_ONCE) == _AT_ONCE:
        pass


async def _tell(account: Credentials, rows: Sequence[asyncpg.Record]) -> None:
    wanted = rows[0]["wanted"]
    attempts = {row["openid"]: row["attempts"] for row in rows}
    ids = {row["openid"]: row["id"] for row in rows}
    change = users.block if wanted else users.unblock
    try:
        outcome = await batches.send(attempts, lambda openids: change(account, openids))
    except DomainError as error:
        if database.is_outage(error):
            raise
        await _wait(account, rows, error)
        if isinstance(error, PlatformAway):
            raise
        return
    await database.execute(_TOLD, [ids[openid] for openid in outcome.done], wanted, clock.now(), None)
    for openid, refusal in (outcome.refused | outcome.given_up).items():
        # Our own list holds all the same.
        await database.execute(_TOLD, [ids[openid]], wanted, clock.now(), str(refusal)[:200])
    for openid, refusal in outcome.unclear.items():
        until = clock.now() + batches.back_off(attempts[openid])
        await database.execute(_WAIT, [ids[openid]], until, str(refusal)[:200])
    for refusal in outcome.given_up.values():
        await alerts.raise_alert(REFUSED_ALERT, account.app_id, f"平台拒绝拉黑或取消拉黑粉丝，已放弃（{refusal}）")
    sql = "DELETE FROM wechat_block WHERE id = ANY($1::uuid[]) AND NOT wanted AND synced"
    await database.execute(sql, list(ids.values()))


async def _wait(account: Credentials, rows: Sequence[asyncpg.Record], error: DomainError) -> None:
    logger().warning("blocks_wait", app_id=account.app_id, error=str(error))
    ids = [row["id"] for row in rows]
    if isinstance(error, PlatformAway):
        until = clock.now() + batches.PAUSE
        await database.execute(_UNTRIED, ids, until)
        await database.execute(_LEAVE_ALONE, account.id, until)
        return
    wait = batches.back_off(max(row["attempts"] for row in rows))
    until = error.until if isinstance(error, QuotaSpent) else clock.now() + wait
    await database.execute(_WAIT, ids, until, str(error)[:200])


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
