"""The platform's labels and who carries them, taken over; a change of ours that it hasn't heard of yet wins.

So does one that it refused. Labels themselves are listed here; their bearers are read in the background (`reading`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.customers import people
from infra import clock, database
from infra.database import Connection
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.labels.rules import RESERVED_NUMBERS
from wechat.platform import users

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

# Held before people are, as by whoever labels them; a label that is being deleted is left out.
_HOLD = """
SELECT id FROM wechat_label WHERE account_id = $1 AND platform_id = ANY($2::int[]) AND deleted_at IS NULL
ORDER BY id FOR SHARE
"""

# On the platform a fan may carry the tags of several groups: the newest group counts.
_PAIRS = """
SELECT DISTINCT ON (i.id, CASE l.kind WHEN 'tag' THEN l.id END) l.id AS label, i.id AS identity
FROM unnest($2::bytea[], $3::int[]) AS p (digest, number)
JOIN wechat_label l ON l.id = ANY($1::uuid[]) AND l.platform_id = p.number JOIN identity i USING (digest)
ORDER BY i.id, CASE l.kind WHEN 'tag' THEN l.id END, l.id DESC
"""

_CONFIRM = """
UPDATE wechat_label_member m SET changed_at = $3, error = NULL
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity)
WHERE m.label_id = p.label AND m.identity_id = p.identity AND m.wanted AND m.synced
"""

# A fan is in one group: the one read last, unless we have put the fan into another meanwhile.
_LEAVE_GROUPS = """
UPDATE wechat_label_member m SET wanted = false, synced = false, attempts = 0, next_at = $3, changed_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label AND l.kind = 'group'
WHERE m.identity_id = p.identity AND m.label_id <> p.label AND m.kind = 'group' AND m.wanted AND m.synced
AND m.error IS NULL AND NOT EXISTS (
    SELECT 1 FROM wechat_label_member o WHERE o.label_id = p.label AND o.identity_id = p.identity AND NOT o.wanted
)
"""

_CARRY = """
INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
SELECT l.id, p.identity, l.kind, true, true, 0, $3, $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label
WHERE l.kind = 'tag' OR NOT EXISTS (
    SELECT 1 FROM wechat_label_member o WHERE o.identity_id = p.identity AND o.kind = 'group' AND o.wanted
)
ORDER BY l.id, p.identity ON CONFLICT DO NOTHING
"""

_DROP_OF_PEOPLE = """
DELETE FROM wechat_label_member m USING identity i, wechat_label l
WHERE i.digest = ANY($1::bytea[]) AND m.identity_id = i.id AND l.id = m.label_id AND l.platform_id IS NOT NULL
AND m.wanted AND m.synced AND m.error IS NULL AND m.changed_at < $4
AND NOT EXISTS (
    SELECT 1 FROM unnest($2::bytea[], $3::int[]) AS p (digest, number)
    WHERE p.digest = i.digest AND p.number = l.platform_id
)
"""


async def import_labels(account: Credentials) -> None:
    """Read the list of an account's tags; who carries them is read soon after.

    Raises PlatformRefused, PlatformAway, QuotaSpent, AccountDisabled; calling it again does no harm.
    """
    started = clock.now()
    await _take_list(account, await users.tags(account), started)


async def import_all() -> None:
    """Look through the tags of all accounts."""
    for account in await accounts.every():
        if account.kind is not Kind.OFFICIAL or not account.imported:
            continue
        try:
            await import_labels(account)
        except DomainError as error:
            if database.is_outage(error):
                raise
            logger().warning("labels_not_imported", app_id=account.app_id, error=str(error))


async def take_tags(account: Credentials, carried: Mapping[bytes, Sequence[int]], at: datetime) -> None:
    """What single fans (keyed digests) carried when the platform was asked `at`."""
    pairs = [(digest, number) for digest, numbers in carried.items() for number in numbers]
    await take(account, [digest for digest, _ in pairs], [number for _, number in pairs], whole=list(carried), at=at)


@database.retry_on_conflict
async def take(
    account: Credentials, digests: Sequence[bytes], numbers: Sequence[int], *, whole: Sequence[bytes] = (), at: datetime
) -> None:
    """Each of these people carries the tag of the number beside it; those in `whole` carried no other then."""
    async with database.transaction() as connection:
        labels = [row["id"] for row in await connection.fetch(_HOLD, account.id, numbers)]
        await people.lock(connection, [*digests, *whole])
        await connection.execute(_DROP_OF_PEOPLE, whole, digests, numbers, at)
        rows = await connection.fetch(_PAIRS, labels, digests, numbers)
        pairs = [row["label"] for row in rows], [row["identity"] for row in rows]
        for sql in (_CONFIRM, _LEAVE_GROUPS, _CARRY):
            await connection.execute(sql, *pairs, clock.now())


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
