"""Making, aiming and stopping codes. The platform is asked elsewhere (`issuing`), outside transactions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff, of_stores
from infra import alerts, audit, clock, database
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id, opaque_key
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.codes import budget
from wechat.codes.budget import Limits
from wechat.codes.errors import (
    CodeNotFound,
    CodeSeasonWrong,
    CodeTargetNotFound,
    NoCodeTargets,
    NotForThisAccount,
    ReceiverNoGuide,
)
from wechat.codes.models import Code
from wechat.codes.rules import Life, TargetKind

FAILED_ALERT = "wechat.code_failed"

# Who may get a new code: guides at work, open stores, channels.
_LIVING = {
    TargetKind.GUIDE: "SELECT t.id FROM staff t WHERE t.is_guide AND t.left_at IS NULL",
    TargetKind.STORE: "SELECT t.id FROM store t WHERE t.closed_at IS NULL",
    TargetKind.CHANNEL: "SELECT t.id FROM channel t WHERE true",
}
_REACH = {TargetKind.GUIDE: of_staff, TargetKind.STORE: of_stores}

_MISSING = " UNION ALL ".join(
    f"""
SELECT a.id AS account_id, '{kind}' AS kind, t.id AS target_id FROM wechat_account a CROSS JOIN ({living}) t
WHERE a.kind = 'official' AND ($1::uuid IS NULL OR t.id = $1) AND ($2::uuid IS NULL OR a.id = $2) AND NOT EXISTS (
    SELECT 1 FROM wechat_code c WHERE c.account_id = a.id AND c.{kind}_id = t.id AND c.standing
)"""
    for kind, living in _LIVING.items()
)

_ADD = """
INSERT INTO wechat_code (id, key, account_id, guide_id, store_id, channel_id, life, state, attempts, next_at,
                         created_at, standing, name, batch_id, page, starts_at, ends_at)
SELECT id, key, account_id, CASE kind WHEN 'guide' THEN target_id END, CASE kind WHEN 'store' THEN target_id END,
       CASE kind WHEN 'channel' THEN target_id END, life, 'pending', 0, $7, $7, $8, $9, $10, $11, $12, $13
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::text[])
    AS c (id, key, account_id, kind, target_id, life)
ON CONFLICT DO NOTHING RETURNING id, account_id, life
"""

_KEEP = """
INSERT INTO wechat_code_former (code_id, guide_id, store_id, channel_id, starts_at, ends_at, stopped_at, until_at)
SELECT id, guide_id, store_id, channel_id, starts_at, ends_at, stopped_at, $2
FROM wechat_code WHERE id = ANY($1::uuid[])
"""

_AIM = """
UPDATE wechat_code SET standing = false, guide_id = CASE $2 WHEN 'guide' THEN $3::uuid END,
    store_id = CASE $2 WHEN 'store' THEN $3 END, channel_id = CASE $2 WHEN 'channel' THEN $3 END
WHERE id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class _New:
    account_id: UUID
    kind: TargetKind
    target_id: UUID
    life: Life


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known before codes are made; it comes from caches, which are not read inside a transaction."""

    account: Credentials
    life: Life
    page: str | None
    limits: Limits


async def offer(app_id: str, life: Life, page: str | None = None) -> Offer:
    """An account's offer to make codes of a life. Raises AccountNotFound, NotForThisAccount."""
    account = await accounts.credentials(app_id)
    if account.kind is Kind.MINI and life is Life.TEMPORARY:
        raise NotForThisAccount({"field": "life"})
    if account.kind is Kind.OFFICIAL and page is not None:
        raise NotForThisAccount({"field": "page"})
    return Offer(account, life, page, await budget.limits())


async def add_missing(*, target_id: UUID | None = None, account_id: UUID | None = None) -> int:
    """Make the standing codes that a guide, store, channel (`target_id`) or account lacks; returns how many.

    They are permanent as long as the account's budget lasts, and temporary, renewed for ever, beyond it.
    """
    limits = await budget.limits()
    async with transaction() as connection:
        return await _add_missing(connection, limits, target_id, account_id)


async def add_code(
    offered: Offer,
    *,
    kind: TargetKind,
    target_id: UUID,
    name: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> UUID:
    """One more code of a target; returns its id. Raises CodeTargetNotFound, CodeSeasonWrong, PermanentCodesUsedUp."""
    with constraint_errors({"wechat_code_season": CodeSeasonWrong}):
        async with transaction() as connection:
            await _expect(connection, kind, target_id)
            [code_id] = await _make(
                connection, offered, kind, [target_id], name=name, starts_at=starts_at, ends_at=ends_at
            )
            await audit.note("code.added", "code", code_id, {"name": name, "kind": kind, "target_id": target_id})
    return code_id


async def add_batch(
    offered: Offer,
    by: Colleague,
    *,
    kind: TargetKind,
    name: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> tuple[UUID, int]:
    """A code for every open store or guide at work in reach of `by`, or channel: (id of the batch, how many).

    All or none.

    Raises NoCodeTargets, CodeSeasonWrong, PermanentCodesUsedUp.
    """
    batch_id = new_id()
    with constraint_errors({"wechat_code_season": CodeSeasonWrong}):
        async with transaction() as connection:
            targets = await _living(connection, kind, by)
            if not targets:
                raise NoCodeTargets({"kind": kind})
            await _make(
                connection, offered, kind, targets, name=name, starts_at=starts_at, ends_at=ends_at, batch_id=batch_id
            )
            await audit.note(
                "code.batch_added", "code_batch", batch_id, {"name": name, "kind": kind, "codes": len(targets)}
            )
    return batch_id, len(targets)


async def aim(code_id: UUID, kind: TargetKind, target_id: UUID) -> None:
    """Point a code at another target from this moment on; a scan of before that comes late counts for the former one.

    A standing code is none any more, and its former target gets a new one. Raises CodeNotFound, CodeTargetNotFound.
    """
    limits = await budget.limits()
    async with transaction() as connection:
        code = await _locked(connection, code_id)
        await _expect(connection, kind, target_id)
        if code[f"{kind}_id"] == target_id:
            return
        await _aim(connection, [code_id], kind, target_id)
        await audit.note("code.aimed", "code", code_id, {"kind": kind, "target_id": target_id})
        if code["standing"]:
            former = code["guide_id"] or code["store_id"] or code["channel_id"]
            await _add_missing(connection, limits, former, code["account_id"])


async def aim_all(connection: Connection, source: UUID, target: UUID) -> int:
    """Point every code of a guide at another guide, in the caller's transaction; returns how many.

    The receiver's standing codes stay the standing ones; a giver still at work gets new ones. Raises ReceiverNoGuide.
    """
    codes = await connection.fetch("SELECT id FROM wechat_code WHERE guide_id = $1 ORDER BY id FOR UPDATE", source)
    if not codes:
        return 0
    if not await _lives(connection, TargetKind.GUIDE, target):
        raise ReceiverNoGuide
    await _aim(connection, [code["id"] for code in codes], TargetKind.GUIDE, target)
    await _add_missing(connection, await budget.limits(), source, None)
    return len(codes)


async def stop(code_id: UUID) -> None:
    """From now on scans count for nobody; they still welcome. Again changes nothing. Raises CodeNotFound."""
    async with transaction() as connection:
        code = await _locked(connection, code_id)
        if code["stopped_at"] is None:
            await connection.execute("UPDATE wechat_code SET stopped_at = $2 WHERE id = $1", code_id, clock.now())
            await audit.note("code.stopped", "code", code_id)


async def resume(code_id: UUID) -> None:
    """Scans count again from this moment on, and the ticket is renewed if need be. Again changes nothing.

    Raises CodeNotFound.
    """
    async with transaction() as connection:
        code = await _locked(connection, code_id)
        if code["stopped_at"] is not None:
            await connection.execute(_KEEP, [code_id], clock.now())
            await connection.execute("UPDATE wechat_code SET stopped_at = NULL WHERE id = $1", code_id)
            await audit.note("code.resumed", "code", code_id)


async def change(code_id: UUID, values: dict[str, Any]) -> None:
    """Change name, starts_at and ends_at, whichever are given; a new season is for scans from this moment on.

    Raises CodeNotFound, CodeSeasonWrong.
    """
    with constraint_errors({"wechat_code_season": CodeSeasonWrong}):
        async with transaction() as connection:
            code = await _locked(connection, code_id)
            if any(values.get(name, code[name]) != code[name] for name in ("starts_at", "ends_at")):
                await connection.execute(_KEEP, [code_id], clock.now())
            if values:
                await Code.filter(id=code_id).update(**values)
                await audit.note("code.changed", "code", code_id, values)


async def retry_failed() -> int:
    """Give codes that were given up their tries again; returns how many."""
    now = clock.now()
    rows = await database.fetch(
        """UPDATE wechat_code c SET state = 'pending', attempts = 0, next_at = $1 FROM wechat_account a
        WHERE c.state = 'failed' AND a.id = c.account_id RETURNING a.app_id""",
        now,
    )
    for app_id in {row["app_id"] for row in rows}:
        await alerts.settle([FAILED_ALERT], app_id)
    return len(rows)


async def _add_missing(connection: Connection, limits: Limits, target_id: UUID | None, account_id: UUID | None) -> int:
    rooms = await budget.rooms(connection, account_id)
    left = {account: room.left(limits) for account, room in rooms.items()}
    new = list[_New]()
    for row in await connection.fetch(_MISSING, target_id, account_id):
        account = row["account_id"]
        left[account] -= 1
        life = Life.PERMANENT if left[account] >= 0 else Life.TEMPORARY
        new.append(_New(account, TargetKind(row["kind"]), row["target_id"], life))
    added = await _add(connection, new, standing=True)
    counts = Counter((row["account_id"], Life(row["life"])) for row in added)
    for account, room in rooms.items():
        permanent, temporary = (counts[account, life] for life in (Life.PERMANENT, Life.TEMPORARY))
        await budget.note(connection, limits, room, permanent, temporary)
    return len(added)


async def _make(
    connection: Connection, offered: Offer, kind: TargetKind, targets: Sequence[UUID], **values: Any
) -> list[UUID]:
    account = offered.account
    if account.kind is Kind.OFFICIAL and offered.life is Life.PERMANENT:
        await budget.take(connection, offered.limits, account.id, len(targets))
    new = [_New(account.id, kind, target_id, offered.life) for target_id in targets]
    return [row["id"] for row in await _add(connection, new, page=offered.page, **values)]


async def _living(connection: Connection, kind: TargetKind, by: Colleague) -> list[UUID]:
    values = Values()
    reach = _REACH[kind](by, values.put, "t.id") if kind in _REACH else "true"
    rows = await connection.fetch(f"{_LIVING[kind]} AND {reach} ORDER BY t.id", *values)
    return [row["id"] for row in rows]


async def _expect(connection: Connection, kind: TargetKind, target_id: UUID) -> None:
    if not await _lives(connection, kind, target_id):
        raise CodeTargetNotFound


async def _lives(connection: Connection, kind: TargetKind, target_id: UUID) -> bool:
    return bool(await connection.fetchval(f"SELECT EXISTS ({_LIVING[kind]} AND t.id = $1)", target_id))


async def _aim(connection: Connection, code_ids: Sequence[UUID], kind: TargetKind, target_id: UUID) -> None:
    """Point locked codes at a target from this moment on."""
    await connection.execute(_KEEP, code_ids, clock.now())
    await connection.execute(_AIM, code_ids, kind, target_id)


async def _add(
    connection: Connection,
    new: Sequence[_New],
    *,
    standing: bool = False,
    name: str | None = None,
    batch_id: UUID | None = None,
    page: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> list[asyncpg.Record]:
    """The one way rows are made; a standing one that somebody else has just made is passed over."""
    columns: list[list[Any]] = [
        [new_id() for _ in new],
        [opaque_key() for _ in new],
        [code.account_id for code in new],
        [code.kind for code in new],
        [code.target_id for code in new],
        [code.life for code in new],
    ]
    return await connection.fetch(_ADD, *columns, clock.now(), standing, name, batch_id, page, starts_at, ends_at)


async def _locked(connection: Connection, code_id: UUID) -> asyncpg.Record:
    code = await connection.fetchrow("SELECT * FROM wechat_code WHERE id = $1 FOR UPDATE", code_id)
    if code is None:
        raise CodeNotFound
    return code
