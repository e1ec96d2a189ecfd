"""Use cases around tags: defining them, and giving them by hand."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from core.customers import indexing, ownership, queries
from core.customers.search.asking import expect_askable, told
from core.customers.search.schemas import CustomerFilters
from core.customers.tags.errors import (
    RuleNeedsRule,
    TagByHand,
    TagChanged,
    TagHasRule,
    TagNameTaken,
    TagNotFound,
    TagsUsedUp,
)
from core.customers.tags.rules import TagKind
from core.customers.tags.schemas import TaggedOut, TaggingOutcome
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import audit, clock
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id
from infra.parameters import Parameter

MOST_TAGS = Parameter(
    name="tags.most",
    default=1000,
    least=1,
    most=10_000,
    help="客户标签与分组的总数上限",
    english="The most customer tags and groups there may be",
    unit="个",
)

_HOLD_ALL = "SELECT pg_advisory_xact_lock(hashtextextended('customers.tags', 0))"

_ADD = """
INSERT INTO tag (id, kind, name, rule, evaluate_at, version, created_by, created_at)
VALUES ($1, $2, $3, $4::jsonb, CASE WHEN $4::jsonb IS NOT NULL THEN $6::timestamptz END, 1, $5, $6)
"""

_CHANGE = """
UPDATE tag SET name = COALESCE($3, name), rule = COALESCE($4::jsonb, rule), version = version + 1,
    evaluate_at = CASE WHEN $4::jsonb IS NULL THEN evaluate_at ELSE $5 END,
    evaluated_at = CASE WHEN $4::jsonb IS NULL THEN evaluated_at END
WHERE id = $1 AND version = $2 AND deleted_at IS NULL
"""

# Whoever has it loses it soon after, as if a rule found nobody.
_DELETE = """
UPDATE tag SET deleted_at = $2, evaluate_at = $2, version = version + 1
WHERE id = $1 AND deleted_at IS NULL RETURNING name
"""

_TAGS = """
SELECT id, rule IS NOT NULL AS has_rule FROM tag WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL
ORDER BY id FOR SHARE
"""

_PLACES = """
SELECT id, pooled_at IS NOT NULL AS pooled, discarded_at IS NOT NULL AS discarded, {reach} AS reached
FROM customer WHERE id = ANY($1::uuid[]) AND merged_into_id IS NULL
"""

_GIVE = """
INSERT INTO customer_tag (customer_id, tag_id, added_by, added_at)
SELECT customer_id, tag_id, $3, $4 FROM unnest($1::uuid[]) AS customer_id, unnest($2::uuid[]) AS tag_id
ON CONFLICT (customer_id, tag_id) DO NOTHING RETURNING customer_id
"""

_TAKE = """
DELETE FROM customer_tag WHERE customer_id = ANY($1::uuid[]) AND tag_id = ANY($2::uuid[]) RETURNING customer_id
"""


async def add_tag(by: Colleague, *, kind: TagKind, name: str, rule: CustomerFilters | None) -> UUID:
    """A new tag; a rule is evaluated soon.

    Raises TagNameTaken, TagsUsedUp, and for the rule TagNotFound, RuleNeedsRule, and as `search.asking` does.
    """
    most, tag_id = await MOST_TAGS.get(), new_id()
    with constraint_errors({"tag_name_key": TagNameTaken}):
        async with transaction() as connection:
            await connection.execute(_HOLD_ALL)
            if await connection.fetchval("SELECT count(*) FROM tag WHERE deleted_at IS NULL") >= most:
                raise TagsUsedUp({"most": most})
            stored = await _stored(connection, rule)
            await connection.execute(_ADD, tag_id, kind.value, name, stored, by.id, clock.now())
            await audit.note("tag.added", "tag", tag_id, {"kind": kind, "name": name, "rule": rule and told(rule)})
    return tag_id


async def change_tag(tag_id: UUID, version: int, values: Mapping[str, Any]) -> None:
    """Rename a tag, change its rule. Raises TagNotFound, TagChanged, TagByHand, and as `add_tag` does."""
    with constraint_errors({"tag_name_key": TagNameTaken}):
        async with transaction() as connection:
            await connection.execute(_HOLD_ALL)
            tag = (await _tags(connection, [tag_id]))[tag_id]
            rule = values.get("rule")
            if "rule" in values and (rule is not None) != tag["has_rule"]:
                raise TagByHand
            stored = await _stored(connection, rule)
            status = await connection.execute(_CHANGE, tag_id, version, values.get("name"), stored, clock.now())
            if status != "UPDATE 1":
                present = await connection.fetchval("SELECT version FROM tag WHERE id = $1", tag_id)
                raise TagChanged({"version": present})
            await audit.note("tag.changed", "tag", tag_id, {"name": values.get("name"), "rule": rule and told(rule)})


async def delete_tag(tag_id: UUID) -> None:
    """Delete a tag; it is seen nowhere any more, and customers lose it within moments. Raises TagNotFound."""
    async with transaction() as connection:
        name = await connection.fetchval(_DELETE, tag_id, clock.now())
        if name is None:
            raise TagNotFound
        await audit.note("tag.deleted", "tag", tag_id, {"name": name})


@retry_on_conflict
async def tag_customers(
    by: Colleague, customer_ids: Collection[UUID], add: Collection[UUID], remove: Collection[UUID]
) -> list[TaggedOut]:
    """Put tags on customers and take others off, those that `by` may edit; what came of it, for each one asked for.

    Raises TagNotFound, TagHasRule.
    """
    asked = list(dict.fromkeys(customer_ids))
    async with transaction() as connection:
        tags = await _tags(connection, {*add, *remove})
        if any(tag["has_rule"] for tag in tags.values()):
            raise TagHasRule
        standing = await queries.standing_many(connection, asked)
        outcomes = await _outcomes(connection, by, set(standing.values()))
        editable = sorted(one for one, outcome in outcomes.items() if outcome is TaggingOutcome.UNCHANGED)
        taken = await connection.fetch(_TAKE, editable, list(set(remove) - set(add)))
        given = await connection.fetch(_GIVE, editable, sorted(set(add)), by.id, clock.now())
        changed = sorted({UUID(int=row["customer_id"].int) for row in (*taken, *given)})
        outcomes |= dict.fromkeys(changed, TaggingOutcome.CHANGED)
        await _tell(connection, changed, sorted(set(add)), sorted(set(remove) - set(add)))
    return [TaggedOut(customer_id=one, outcome=_outcome(outcomes, standing.get(one))) for one in asked]


def _outcome(outcomes: Mapping[UUID, TaggingOutcome], customer_id: UUID | None) -> TaggingOutcome:
    return outcomes.get(customer_id, TaggingOutcome.NOT_FOUND) if customer_id else TaggingOutcome.NOT_FOUND


async def _outcomes(connection: Connection, by: Colleague, customer_ids: set[UUID]) -> dict[UUID, TaggingOutcome]:
    """Who may not be edited and why not, under the locks; UNCHANGED for the others."""
    await ownership.hold(connection, sorted(customer_ids))
    values = Values(sorted(customer_ids))
    rows = await connection.fetch(_PLACES.format(reach=of_staff(by, values.put, "guide_id")), *values)
    return {UUID(int=row["id"].int): _place(row, by) for row in rows}


def _place(row: asyncpg.Record, by: Colleague) -> TaggingOutcome:
    """As `ownership.expect_editable` judges."""
    if row["pooled"] and by.may("pool:read"):
        return TaggingOutcome.IN_POOL
    if row["discarded"] and by.may("pool:discard"):
        return TaggingOutcome.IN_TRASH
    hidden = row["pooled"] or row["discarded"] or not row["reached"]
    return TaggingOutcome.NOT_FOUND if hidden else TaggingOutcome.UNCHANGED


async def _tell(connection: Connection, changed: Sequence[UUID], add: Sequence[UUID], remove: Sequence[UUID]) -> None:
    if not changed:
        return
    act, now, details = new_id(), clock.now(), {"added": add, "removed": remove}
    await tell(connection, [Entry(one, now, "tagged", act, details) for one in changed])
    indexing.changed(changed)
    await audit.note("customers.tagged", "tagging", act, {"customer_ids": changed} | details)


async def _stored(connection: Connection, rule: CustomerFilters | None) -> str | None:
    """A rule as it is kept. Raises TagNotFound, RuleNeedsRule, and as `search.asking` does."""
    if rule is None:
        return None
    await expect_askable(rule)
    named = {*(rule.tags_all or ()), *(rule.tags_any or ()), *(rule.tags_none or ())}
    if any(tag["has_rule"] for tag in (await _tags(connection, named)).values()):
        raise RuleNeedsRule
    return rule.model_dump_json(exclude_none=True)


async def _tags(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """The tags, held until the transaction ends. Raises TagNotFound."""
    rows = await connection.fetch(_TAGS, list(tag_ids))
    if len(rows) < len(set(tag_ids)):
        raise TagNotFound
    return {row["id"]: row for row in rows}
