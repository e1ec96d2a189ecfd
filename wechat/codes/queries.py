"""Reading codes: for a push (by scene), for staff (lists and pictures)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from core.channels import queries as channels
from core.channels.errors import ChannelNotFound
from core.customers.rules import Credit
from core.organisation.queries import Colleague
from core.organisation.scopes import Put, Values, of_staff, of_stores, reaches, reaches_store
from infra import clock, database
from infra.database import Connection
from wechat.codes.errors import CodeBatchNotFound, CodeNotFound, CodeTargetNotFound
from wechat.codes.rules import CodeState, Life, Owner, Owners, TargetKind, Terms
from wechat.codes.schemas import ChannelStoreOut, CodeBatchOut, CodeOut

# A guide who left leads to the store; a closed store is not credited any more, but its channel is.
_TARGETS = """
SELECT c.key, c.id, a.app_id, c.starts_at, c.ends_at, c.stopped_at,
       g.id AS guide_id, g.name AS guide, s.id AS store_id, s.name AS store, n.id AS channel_id, n.name AS channel
FROM wechat_code c JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = c.guide_id
LEFT JOIN staff g ON g.id = w.id AND g.left_at IS NULL
LEFT JOIN store o ON o.id = COALESCE(c.store_id, w.store_id)
LEFT JOIN store s ON s.id = o.id AND s.closed_at IS NULL
LEFT JOIN channel n ON n.id = COALESCE(c.channel_id, o.channel_id)
"""

_OWNERS = """
WITH code AS (SELECT * FROM wechat_code WHERE key = ANY($1::text[])), held AS (
    SELECT id, guide_id, store_id, channel_id, starts_at, ends_at, stopped_at, NULL::timestamptz AS until_at,
           NULL::bigint AS place FROM code
    UNION ALL SELECT f.code_id, f.guide_id, f.store_id, f.channel_id, f.starts_at, f.ends_at, f.stopped_at, f.until_at,
                     f.id FROM wechat_code_former f JOIN code ON code.id = f.code_id
)
SELECT c.key, c.id, a.app_id, h.starts_at, h.ends_at, h.stopped_at, h.until_at, h.guide_id, w.left_at,
       o.id AS store_id, o.closed_at, COALESCE(h.channel_id, o.channel_id) AS channel_id
FROM held h JOIN code c ON c.id = h.id JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = h.guide_id LEFT JOIN store o ON o.id = COALESCE(h.store_id, w.store_id)
ORDER BY h.until_at, h.place
"""

CODES = """wechat_code c JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = c.guide_id LEFT JOIN store s ON s.id = c.store_id LEFT JOIN channel n ON n.id = c.channel_id
"""

_LIST = f"""
SELECT c.*, a.app_id, a.name AS account, a.kind AS account_kind, COALESCE(w.name, s.name, n.name) AS target FROM {CODES}
"""

_CONDITIONS = {
    "app_id": "a.app_id = {}",
    "target_id": "(c.guide_id = {0} OR c.store_id = {0} OR c.channel_id = {0})",
    "life": "c.life = {}",
    "state": "c.state = {}",
    "stopped": "(c.stopped_at IS NOT NULL) = {}",
    "batch_id": "c.batch_id = {}",
    "text": "strpos(lower(concat_ws(' ', c.name, w.name, s.name, n.name)), lower({})) > 0",
}

_CHANNEL_STORES = """
SELECT s.id, s.name, s.address, s.hours, s.phone, s.picture_url, COALESCE(
    (SELECT jsonb_agg(jsonb_build_object('app_id', a.app_id, 'code_id', c.id) ORDER BY a.id)
     FROM wechat_code c JOIN wechat_account a ON a.id = c.account_id WHERE c.store_id = s.id AND c.standing), '[]'
) AS codes
FROM store s WHERE s.channel_id = $1 AND s.closed_at IS NULL AND ($2::uuid IS NULL OR s.id > $2) AND {reach}
ORDER BY s.id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a code leads to at this moment: for the credit, and for the words of a welcome."""

    app_id: str
    credit: Credit
    guide: str | None = None
    store: str | None = None
    channel: str | None = None


async def target(key: str) -> Target | None:
    """The target of a scene key, or None if the scene is not ours."""
    row = await database.fetch_one(f"{_TARGETS} WHERE c.key = $1", key)
    return _target(row) if row else None


async def newest_targets(limit: int) -> dict[str, Target]:
    """The targets of the codes made last, by scene key."""
    rows = await database.fetch(f"{_TARGETS} ORDER BY c.id DESC LIMIT $1", limit)
    return {row["key"]: _target(row) for row in rows}


async def owners(connection: Connection, keys: Collection[str]) -> dict[tuple[str, str], Owners]:
    """The owners of these scenes' codes by (app id, scene key); scenes that aren't ours are missing."""
    found = dict[tuple[str, str], Owners]()
    former = dict[tuple[str, str], tuple[tuple[datetime, Owner], ...]]()
    for row in await connection.fetch(_OWNERS, list(keys)):
        name = row["app_id"], row["key"]
        owner = Owner(
            guide_id=row["guide_id"],
            guide_left_at=row["left_at"],
            store_id=row["store_id"],
            store_closed_at=row["closed_at"],
            channel_id=row["channel_id"],
            terms=_terms(row),
        )
        if row["until_at"] is not None:
            former[name] = (*former.get(name, ()), (row["until_at"], owner))
        else:
            found[name] = Owners(code_id=row["id"], owner=owner, former=former.get(name, ()))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFilter:
    """Which of the codes in reach of `by`; None leaves a side open (`by` None: nobody asks, but the house itself).

    `text` is looked for in the name of the code and of its target.
    """

    by: Colleague | None = None
    app_id: str | None = None
    kind: TargetKind | None = None
    target_id: UUID | None = None
    life: Life | None = None
    state: CodeState | None = None
    stopped: bool | None = None
    batch_id: UUID | None = None
    text: str | None = None

    def told(self) -> dict[str, object]:
        """What was asked for, as the audit log tells it."""
        asked = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "by"}
        return {name: value for name, value in asked.items() if value is not None}

    def sql(self, values: Values) -> str:
        """The condition over `CODES`; its parameters are appended to `values`."""
        conditions = [f"c.{self.kind}_id IS NOT NULL"] if self.kind else []
        if self.by is not None:
            conditions.append(_in_reach(self.by, values.put))
        of_kind = {"target_id": f"c.{self.kind}_id = {{}}"} if self.kind else {}
        for name, condition in (_CONDITIONS | of_kind).items():
            value = getattr(self, name)
            if value is not None:
                conditions.append(condition.format(values.put(value)))
        return " AND ".join(conditions) or "true"


def _in_reach(by: Colleague, put: Put) -> str:
    # Channels are everybody's who may read channels.
    guides, stores = of_staff(by, put, "c.guide_id"), of_stores(by, put, "c.store_id")
    return f"({guides} OR {stores}{' OR c.channel_id IS NOT NULL' if by.may('channels:read') else ''})"


async def page(wanted: CodeFilter, after: UUID | None, limit: int, *, living: bool = False) -> list[CodeOut]:
    """Codes in the order they were made; with `living` without those of guides who left and stores that closed."""
    values = Values(limit)
    condition = wanted.sql(values)
    if living:
        condition += " AND w.left_at IS NULL AND s.closed_at IS NULL"
    if after is not None:
        condition += f" AND c.id > {values.put(after)}"
    rows = await database.fetch(f"{_LIST} WHERE {condition} ORDER BY c.id LIMIT $1", *values)
    return [_code(row) for row in rows]


async def count_living(wanted: CodeFilter) -> dict[CodeState, int]:
    """How many of them are in each state, without those of guides who left and stores that closed."""
    values = Values()
    condition = wanted.sql(values)
    rows = await database.fetch(
        f"""SELECT c.state, count(*) AS n FROM {CODES} WHERE {condition} AND w.left_at IS NULL AND s.closed_at IS NULL
        GROUP BY c.state""",
        *values,
    )
    counts = {CodeState(row["state"]): row["n"] for row in rows}
    return {state: counts.get(state, 0) for state in CodeState}


async def code(code_id: UUID, by: Colleague | None = None) -> CodeOut:
    """One code, if in reach of `by` (None: of the house). Raises CodeNotFound."""
    values = Values(code_id)
    row = await database.fetch_one(f"{_LIST} WHERE c.id = $1 AND {CodeFilter(by=by).sql(values)}", *values)
    if row is None:
        raise CodeNotFound
    return _code(row)


async def pictures(code_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """What the platform has drawn for codes of mini-programs."""
    rows = await database.fetch(
        "SELECT code_id, image FROM wechat_code_picture WHERE code_id = ANY($1::uuid[])", list(code_ids)
    )
    return {row["code_id"]: row["image"] for row in rows}


async def batch(by: Colleague, batch_id: UUID) -> CodeBatchOut:
    """How far the codes of a batch that are in reach of `by` have come. Raises CodeBatchNotFound."""
    values = Values(batch_id)
    row = await database.fetch_one(
        f"""SELECT min(c.name) AS name, count(*) AS count, count(*) FILTER (WHERE c.state = 'issued') AS issued,
        count(*) FILTER (WHERE c.state = 'pending') AS pending, count(*) FILTER (WHERE c.state = 'failed') AS failed
        FROM wechat_code c WHERE c.batch_id = $1 AND {_in_reach(by, values.put)}""",
        *values,
    )
    if row is None or not row["count"]:
        raise CodeBatchNotFound
    return CodeBatchOut(id=batch_id, **row)


async def expect_target(by: Colleague, kind: TargetKind, target_id: UUID) -> None:
    """Raises CodeTargetNotFound for a guide or a store beyond the reach of `by`."""
    reach = {TargetKind.GUIDE: reaches, TargetKind.STORE: reaches_store}.get(kind)
    if reach and not await reach(by, target_id):
        raise CodeTargetNotFound


async def stores_of(by: Colleague, channel_id: UUID, after: UUID | None, limit: int) -> list[ChannelStoreOut]:
    """The open stores of a channel in reach of `by` with their standing codes. Raises ChannelNotFound."""
    if not await channels.exists(channel_id):
        raise ChannelNotFound
    values = Values(channel_id, after, limit)
    rows = await database.fetch(_CHANNEL_STORES.format(reach=of_stores(by, values.put, "s.id")), *values)
    return [ChannelStoreOut.model_validate({**row, "codes": orjson.loads(row["codes"])}) for row in rows]


async def budgets() -> list[tuple[str, int]]:
    """Every official account with the permanent codes it has used: (app id, used)."""
    rows = await database.fetch(
        "SELECT app_id, permanent_codes FROM wechat_account WHERE kind = 'official' ORDER BY id"
    )
    return [(row["app_id"], row["permanent_codes"]) for row in rows]


def _terms(row: asyncpg.Record) -> Terms:
    return Terms(starts_at=row["starts_at"], ends_at=row["ends_at"], stopped_at=row["stopped_at"])


def _target(row: asyncpg.Record) -> Target:
    if not _terms(row).hold(clock.now()):
        return Target(app_id=row["app_id"], credit=Credit(code_id=row["id"]))
    credit = Credit(code_id=row["id"], guide_id=row["guide_id"], store_id=row["store_id"], channel_id=row["channel_id"])
    return Target(app_id=row["app_id"], credit=credit, guide=row["guide"], store=row["store"], channel=row["channel"])


def _code(row: asyncpg.Record) -> CodeOut:
    kind = next(kind for kind in TargetKind if row[f"{kind}_id"])
    path = f"/staff/v1/codes/{row['id']}"
    return CodeOut.model_validate(
        {**row, "kind": kind, "target_id": row[f"{kind}_id"], "png": f"{path}/code.png", "poster": f"{path}/poster.png"}
    )
