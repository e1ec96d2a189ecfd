"""Labels and who carries them, as staff want it. The platform hears of it afterwards (`syncing.py`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from core.customers import people
from core.customers import queries as customers
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.labels.errors import (
    FanLabelsUsedUp,
    FanNotInAccount,
    LabelExists,
    LabelNameReserved,
    LabelNameTooLong,
    LabelNotFound,
    LabelsUsedUp,
    TwoGroups,
)
from wechat.labels.importing import import_labels
from wechat.labels.rules import RESERVED_NAMES, LabelKind
from wechat.labels.schemas import LabelledOut

__all__ = ["import_labels"]

MOST_LABELS = Parameter(
    name="wechat.labels_per_account",
    default=100,
    least=1,
    most=1000,
    help="每个公众号的标签与分组总数上限（平台规定）",
    english="The most labels and groups of an account (set by WeChat)",
)
MOST_PER_FAN = Parameter(
    name="wechat.labels_per_fan",
    default=20,
    least=1,
    most=100,
    help="每位粉丝的标签与分组总数上限（平台规定）",
    english="The most labels and groups of a fan (set by WeChat)",
)
NAME_BYTES = Parameter(
    name="wechat.label_name_bytes",
    default=30,
    least=3,
    most=90,
    help="标签名的最大字节数（平台规定，一个汉字 3 字节）",
    english="The longest name of a label in bytes (set by WeChat; a Chinese character has 3)",
)

_ADD = """
INSERT INTO wechat_label (id, account_id, kind, name, synced, attempts, next_at, created_at)
VALUES ($1, $2, $3, $4, false, 0, $5, $5)
"""

_RENAME = """
UPDATE wechat_label SET name = $2, synced = false, attempts = 0, error = NULL, next_at = GREATEST(next_at, $3)
WHERE id = $1 AND deleted_at IS NULL AND name <> $2
"""

_DELETE = """
UPDATE wechat_label SET deleted_at = $2, synced = false, attempts = 0, error = NULL, next_at = GREATEST(next_at, $2)
WHERE id = $1 AND deleted_at IS NULL
"""

# A call that is under way keeps its lease: the next one must not overtake it. What was refused is tried again.
_WANT = """
INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
SELECT l.id, p.identity, l.kind, true, false, 0, $3, $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label
ORDER BY l.id, p.identity
ON CONFLICT (label_id, identity_id) DO UPDATE SET wanted = true, synced = false, attempts = 0, error = NULL,
    next_at = GREATEST(wechat_label_member.next_at, $3), changed_at = $3
WHERE NOT wechat_label_member.wanted OR (wechat_label_member.synced AND wechat_label_member.error IS NOT NULL)
"""

_UNWANT = """
UPDATE wechat_label_member m SET wanted = false, synced = false, attempts = 0, error = NULL,
    next_at = GREATEST(m.next_at, $3), changed_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity)
WHERE m.label_id = p.label AND m.identity_id = p.identity AND m.wanted
"""

_LEAVE_GROUPS = """
UPDATE wechat_label_member m SET wanted = false, synced = false, attempts = 0, error = NULL,
    next_at = GREATEST(m.next_at, $3), changed_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS p (label, identity) JOIN wechat_label l ON l.id = p.label AND l.kind = 'group'
WHERE m.identity_id = p.identity AND m.label_id <> p.label AND m.kind = 'group' AND m.wanted
"""

_OVERFULL = """
SELECT count(*) FROM (
    SELECT FROM wechat_label_member WHERE identity_id = ANY($1::uuid[]) AND wanted
    GROUP BY identity_id HAVING count(*) > $2
) o
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """An account that takes one more label of this name, unless it has so many or one of this name."""

    account_id: UUID
    name: str
    most: int


async def offer(app_id: str, name: str) -> Offered:
    """What a label needs, read before the transaction that makes it.

    Raises AccountNotFound, LabelNameTooLong, LabelNameReserved.
    """
    await _check_name(name)
    return Offered((await accounts.credentials(app_id)).id, name, await MOST_LABELS.get())


async def add_label(offered: Offered, kind: LabelKind) -> UUID:
    """A new label; returns its id. Raises LabelExists, LabelsUsedUp."""
    label_id = new_id()
    with constraint_errors({"wechat_label_name_key": LabelExists}):
        async with transaction() as connection:
            # Whoever adds a label to this account takes turns.
            await connection.execute("SELECT FROM wechat_account WHERE id = $1 FOR NO KEY UPDATE", offered.account_id)
            await connection.execute(_ADD, label_id, offered.account_id, kind, offered.name, clock.now())
            sql = "SELECT count(*) FROM wechat_label WHERE account_id = $1 AND deleted_at IS NULL"
            if await connection.fetchval(sql, offered.account_id) > offered.most:
                raise LabelsUsedUp({"most": offered.most})
            await audit.note("label.added", "label", label_id, {"name": offered.name, "kind": kind})
    return label_id


async def rename_label(label_id: UUID, name: str) -> None:
    """Give a label, if there is such a one, another name. Raises LabelExists, LabelNameTooLong, LabelNameReserved."""
    await _check_name(name)
    with constraint_errors({"wechat_label_name_key": LabelExists}):
        async with transaction() as connection:
            if await connection.execute(_RENAME, label_id, name, clock.now()) == "UPDATE 1":
                await audit.note("label.renamed", "label", label_id, {"name": name})


async def delete_label(label_id: UUID) -> None:
    """Delete a label here at once, on the platform soon. Raises LabelNotFound."""
    async with transaction() as connection:
        if await connection.execute(_DELETE, label_id, clock.now()) != "UPDATE 1":
            raise LabelNotFound
        await connection.execute("DELETE FROM wechat_label_member WHERE label_id = $1", label_id)
        await audit.note("label.deleted", "label", label_id)


async def label_many(label_id: UUID, customer_ids: Collection[UUID], by: Colleague) -> LabelledOut:
    """Put a label on fans; who is unknown to the label's account or beyond the reach of `by` is left out.

    Raises LabelNotFound, FanLabelsUsedUp.
    """
    most = await MOST_PER_FAN.get()
    async with transaction() as connection:
        label = (await _labels(connection, [label_id]))[label_id]
        fans = await customers.reachable(connection, customer_ids, by)
        found = [one for one in fans if one["app_id"] == label["app_id"]]
        await people.lock(connection, [one["digest"] for one in found])
        await _want(connection, [(label_id, one["id"]) for one in found], most)
        asked = sorted({one["asked"] for one in found})
        await audit.note("label.given", "label", label_id, {"customer_ids": asked})
    return LabelledOut(labelled=len(asked), left_out=len(set(customer_ids)) - len(asked))


async def label_fan(customer_id: UUID, label_ids: Collection[UUID]) -> None:
    """Put labels on a fan. Raises LabelNotFound, FanNotInAccount, FanLabelsUsedUp, TwoGroups."""
    await _change_fan(customer_id, label_ids, only=False)


async def set_labels(customer_id: UUID, label_ids: Collection[UUID]) -> None:
    """The fan shall carry these labels and no others. Raises as `label_fan` does."""
    await _change_fan(customer_id, label_ids, only=True)


async def unlabel_fan(customer_id: UUID, label_id: UUID) -> None:
    """Take a label off a fan; one who doesn't carry it stays as is. Raises LabelNotFound."""
    async with transaction() as connection:
        await _labels(connection, [label_id])
        found = await customers.reachable(connection, [customer_id])
        await people.lock(connection, [one["digest"] for one in found])
        ids = [one["id"] for one in found]
        await connection.execute(_UNWANT, [label_id] * len(ids), ids, clock.now())
        await audit.note("customer.unlabelled", "customer", customer_id, {"label_id": label_id})


async def _change_fan(customer_id: UUID, label_ids: Collection[UUID], *, only: bool) -> None:
    most = await MOST_PER_FAN.get()
    async with transaction() as connection:
        labels = await _labels(connection, label_ids)
        groups = [label["app_id"] for label in labels.values() if label["kind"] == LabelKind.GROUP]
        if len(groups) != len(set(groups)):
            raise TwoGroups
        found = await customers.reachable(connection, [customer_id])
        if not {label["app_id"] for label in labels.values()} <= {one["app_id"] for one in found}:
            raise FanNotInAccount
        await people.lock(connection, [one["digest"] for one in found])
        if only:
            await _drop_others(connection, [one["id"] for one in found], list(labels))
        pairs = [
            (label_id, one["id"])
            for label_id, label in labels.items()
            for one in found
            if one["app_id"] == label["app_id"]
        ]
        await _want(connection, pairs, most)
        details = {"label_ids": sorted(labels), "only": only}
        await audit.note("customer.labelled", "customer", customer_id, details)


async def _drop_others(connection: Connection, identities: Sequence[UUID], kept: Sequence[UUID]) -> None:
    others = await connection.fetch(
        """SELECT label_id, identity_id FROM wechat_label_member
        WHERE identity_id = ANY($1::uuid[]) AND wanted AND label_id <> ALL($2::uuid[])""",
        identities,
        kept,
    )
    pairs = [row["label_id"] for row in others], [row["identity_id"] for row in others]
    await connection.execute(_UNWANT, *pairs, clock.now())


async def _want(connection: Connection, pairs: Sequence[tuple[UUID, UUID]], most: int) -> None:
    """These labels on these identities, whose customers are locked; one group replaces another."""
    labels, identities = [label for label, _ in pairs], [identity for _, identity in pairs]
    await connection.execute(_LEAVE_GROUPS, labels, identities, clock.now())
    await connection.execute(_WANT, labels, identities, clock.now())
    overfull = await connection.fetchval(_OVERFULL, identities, most)
    if overfull:
        raise FanLabelsUsedUp({"fans": overfull, "most": most})


async def _labels(connection: Connection, label_ids: Collection[UUID]) -> Mapping[UUID, asyncpg.Record]:
    """The labels, held until the transaction ends. Raises LabelNotFound."""
    rows = await connection.fetch(
        """SELECT l.id, l.kind, a.app_id FROM wechat_label l JOIN wechat_account a ON a.id = l.account_id
        WHERE l.id = ANY($1::uuid[]) AND l.deleted_at IS NULL ORDER BY l.id FOR SHARE OF l""",
        list(label_ids),
    )
    if len(rows) < len(set(label_ids)):
        raise LabelNotFound
    return {row["id"]: row for row in rows}


async def _check_name(name: str) -> None:
    most = await NAME_BYTES.get()
    if len(name.encode()) > most:
        raise LabelNameTooLong({"most_bytes": most})
    if name in RESERVED_NAMES:
        raise LabelNameReserved
