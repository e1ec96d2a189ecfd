"""The platform's labels and who carries them, taken over; a change of ours that it hasn't heard of yet wins."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from infra import clock, crypto, database
from infra.database import Connection
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.labels.rules import RESERVED_NUMBERS
from wechat.platform import users

EVERY_HOURS = Parameter(
    name="wechat.label_import_hours", default=24, least=1, most=720, help="每隔多少小时从平台重新读取标签下的粉丝"
)
# Whoever breaks off an import and begins anew doesn't read again what was read just now.
_JUST_NOW = timedelta(hours=1)
_ROWS = 5_000

_ADOPT = """
UPDATE wechat_label SET platform_id = $3, synced = true, error = NULL, next_at = $4
WHERE account_id = $1 AND name = $2 AND platform_id IS NULL AND deleted_at IS NULL
"""

_TAKE_NAME = """
UPDATE wechat_label l SET name = $3 WHERE account_id = $1 AND platform_id = $2 AND synced AND name <> $3
AND NOT EXISTS (SELECT 1 FROM wechat_label o WHERE o.account_id = $1 AND o.name = $3 AND o.deleted_at IS NULL)
"""

_ADD = """
INSERT INTO wechat_label (id, account_id, kind, name, platform_id, synced, attempts, next_at, created_at)
VALUES ($1, $2, 'tag', $3, $4, true, 0, $5, $5) ON CONFLICT DO NOTHING
"""

# One that became known to the platform after it was asked is not missing there.
_VANISHED = """
SELECT id, synced FROM wechat_label
WHERE account_id = $1 AND platform_id IS NOT NULL AND platform_id <> ALL($2::int[]) AND next_at < $3 FOR UPDATE
"""

_FORGET = "UPDATE wechat_label SET platform_id = NULL WHERE id = ANY($1::uuid[])"

_TELL_AGAIN = "UPDATE wechat_label_member SET synced = false, next_at = $2 WHERE label_id = ANY($1::uuid[]) AND wanted"

_TO_READ = """
SELECT id, platform_id FROM wechat_label
WHERE account_id = $1 AND platform_id IS NOT NULL AND deleted_at IS NULL AND (read_at IS NULL OR read_at < $2)
ORDER BY id
"""

# A fan is in one group: the one read last, unless we have put the fan into another meanwhile.
_LEAVE_GROUPS = """
UPDATE wechat_label_member m SET wanted = false, synced = false, attempts = 0, next_at = $3, changed_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label AND l.kind = 'group'
WHERE m.identity_id = p.identity AND m.label_id <> p.label AND m.kind = 'group' AND m.wanted AND m.synced
"""

_CARRY = """
INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
SELECT l.id, p.identity, l.kind, true, true, 0, $3, $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label
WHERE l.deleted_at IS NULL AND (l.kind = 'tag' OR NOT EXISTS (
    SELECT 1 FROM wechat_label_member o
    WHERE o.identity_id = p.identity AND o.kind = 'group' AND o.wanted AND o.label_id <> l.id
))
ORDER BY l.id, p.identity
ON CONFLICT (label_id, identity_id) DO NOTHING
"""

_DROP = """
DELETE FROM wechat_label_member m WHERE m.label_id = $1 AND m.wanted AND m.synced AND m.changed_at < $3
AND NOT EXISTS (SELECT 1 FROM unnest($2::uuid[]) AS s (identity) WHERE s.identity = m.identity_id)
"""

_DROP_OF_PEOPLE = """
DELETE FROM wechat_label_member m USING identity i, wechat_label l
WHERE i.digest = ANY($1::bytea[]) AND m.identity_id = i.id AND l.id = m.label_id AND l.platform_id IS NOT NULL
AND m.wanted AND m.synced AND m.changed_at < $4
AND NOT EXISTS (
    SELECT 1 FROM unnest($2::bytea[], $3::int[]) AS p (digest, number)
    WHERE p.digest = i.digest AND p.number = l.platform_id
)
"""

_PAIRS = """
SELECT l.id AS label, i.id AS identity FROM unnest($2::bytea[], $3::int[]) AS p (digest, number)
JOIN wechat_label l ON l.account_id = $1 AND l.platform_id = p.number JOIN identity i ON i.digest = p.digest
"""


async def import_labels(account: Credentials, *, since: datetime | None = None) -> None:
    """Read an account's tags and who carries them; what was read after `since` (an hour ago) is not read again.

    Raises PlatformRefused, PlatformAway, QuotaSpent, AccountDisabled; calling it again goes on.
    """
    started = clock.now()
    await _take_list(account, await users.tags(account), started)
    for label in await database.fetch(_TO_READ, account.id, since or started - _JUST_NOW):
        await _read_bearers(account, label["id"], label["platform_id"])


async def import_all() -> None:
    """Look through all accounts' tags, and once a day at who carries them."""
    since = clock.now() - timedelta(hours=await EVERY_HOURS.get())
    for account in await accounts.every():
        if account.kind is not Kind.OFFICIAL or not account.imported:
            continue
        try:
            await import_labels(account, since=since)
        except DomainError as error:
            if database.is_outage(error):
                raise
            logger().warning("labels_not_imported", app_id=account.app_id, error=str(error))


async def take_tags(account: Credentials, carried: Mapping[bytes, Sequence[int]], at: datetime) -> None:
    """What single fans (keyed digests) carried when the platform was asked `at`."""
    pairs = [(digest, number) for digest, numbers in carried.items() for number in numbers]
    digests, numbers = [digest for digest, _ in pairs], [number for _, number in pairs]
    await _take_of_people(account, list(carried), digests, numbers, at)


@database.retry_on_conflict
async def _take_of_people(
    account: Credentials, people: Sequence[bytes], digests: Sequence[bytes], numbers: Sequence[int], at: datetime
) -> None:
    async with database.transaction() as connection:
        await connection.execute(_DROP_OF_PEOPLE, people, digests, numbers, at)
        rows = await connection.fetch(_PAIRS, account.id, digests, numbers)
        if rows:
            await _carry(connection, [row["label"] for row in rows], [row["identity"] for row in rows])


async def _carry(connection: Connection, labels: Sequence[UUID], identities: Sequence[UUID]) -> None:
    await connection.execute(_LEAVE_GROUPS, labels, identities, clock.now())
    await connection.execute(_CARRY, labels, identities, clock.now())


@database.retry_on_conflict
async def _take_list(account: Credentials, tags: Sequence[Mapping[str, Any]], started: datetime) -> None:
    """Labels as they are on the platform: new ones, other names, those that are gone."""
    known = {tag["id"]: str(tag["name"])[:30] for tag in tags if tag["id"] not in RESERVED_NUMBERS}
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM wechat_account WHERE id = $1 FOR NO KEY UPDATE", account.id)
        await _take_departures(connection, account, list(known), started)
        sql = "SELECT platform_id FROM wechat_label WHERE account_id = $1 AND platform_id IS NOT NULL"
        ours = {row["platform_id"] for row in await connection.fetch(sql, account.id)}
        for number, name in known.items():
            if number in ours:
                await connection.execute(_TAKE_NAME, account.id, number, name)
            elif await connection.execute(_ADOPT, account.id, name, number, clock.now()) != "UPDATE 1":
                await connection.execute(_ADD, new_id(), account.id, name, number, clock.now())


async def _take_departures(
    connection: Connection, account: Credentials, numbers: Sequence[int], started: datetime
) -> None:
    vanished = await connection.fetch(_VANISHED, account.id, numbers, started)
    gone = [row["id"] for row in vanished if row["synced"]]
    await connection.execute("DELETE FROM wechat_label_member WHERE label_id = ANY($1::uuid[])", gone)
    await connection.execute("DELETE FROM wechat_label WHERE id = ANY($1::uuid[])", gone)
    # One that we have changed since is made there again, with all who carry it.
    wanted = [row["id"] for row in vanished if not row["synced"]]
    await connection.execute(_FORGET, wanted)
    await connection.execute(_TELL_AGAIN, wanted, clock.now())


async def _read_bearers(account: Credentials, label_id: UUID, number: int) -> None:
    started, after, seen = clock.now(), "", list[UUID]()
    while True:
        openids, after = await users.tagged(account, number, after)
        digests = [crypto.digest(account.app_id, openid) for openid in openids]
        for first in range(0, len(digests), _ROWS):
            seen += await _take_bearers(label_id, digests[first : first + _ROWS])
        if not after:
            break
    await database.execute(_DROP, label_id, seen, started)
    await database.execute("UPDATE wechat_label SET read_at = $2 WHERE id = $1", label_id, started)


@database.retry_on_conflict
async def _take_bearers(label_id: UUID, digests: Sequence[bytes]) -> list[UUID]:
    async with database.transaction() as connection:
        rows = await connection.fetch("SELECT id FROM identity WHERE digest = ANY($1::bytea[]) ORDER BY id", digests)
        identities = [row["id"] for row in rows]
        await _carry(connection, [label_id] * len(identities), identities)
    return identities
