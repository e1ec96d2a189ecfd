"""What becomes of records when customers are merged, taken apart again, or forgotten.

A file of its own: merges, erasure and the person's own document know it by its CustomerPart.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from core.custom_fields import service as custom_fields
from core.custom_fields.rules import Subject
from core.customers.errors import MergeChanged
from core.customers.parts import PartKind
from core.customers.profiles import parents, records
from core.customers.profiles.mobiles import telling
from core.customers.profiles.records import Record
from core.customers.profiles.rules import joined, stage_of_both
from infra.context import CustomerPart
from infra.database import Connection

_AT_REQUEST = "request"

_FORGET_CHANGES = "DELETE FROM customer_mobile_change WHERE customer_id = ANY($1::uuid[]) RETURNING id"

_AS_JSON = """
SELECT customer_id, to_jsonb(p) AS row FROM customer_profile p WHERE customer_id = ANY($1::uuid[])
"""

_DEMOTE = """
UPDATE contact_person s SET is_main = false FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE s.customer_id = m.source AND s.is_main AND s.removed_at IS NULL AND EXISTS (
    SELECT FROM contact_person t WHERE t.customer_id = m.target AND t.is_main AND t.removed_at IS NULL
) RETURNING s.id, s.customer_id
"""

_PROMOTE = "UPDATE contact_person SET is_main = true WHERE id::text = ANY($1::text[])"

# Who was put below somebody of the other customer meanwhile has no superior again.
_PART = """
UPDATE contact_person t SET superior_id = NULL FROM contact_person s
WHERE s.id = t.superior_id AND s.customer_id <> t.customer_id AND t.customer_id = ANY($1::uuid[])
"""


async def merge_records(connection: Connection, targets: Mapping[UUID, UUID]) -> dict[UUID, dict[str, Any]]:
    """Join the records of sources and targets field by field (B-10); what was overwritten, by source.

    The source's own row stays as it is. One main contact is enough: the target's.
    """
    found = await records.read_many(connection, [*targets, *targets.values()])
    demoted: dict[UUID, list[str]] = {}
    for row in await connection.fetch(_DEMOTE, list(targets), list(targets.values())):
        demoted.setdefault(UUID(int=row["customer_id"].int), []).append(str(row["id"]))
    joining = {source: target for source, target in targets.items() if found[source].version}
    rows = await connection.fetch(_AS_JSON, list(joining.values()))
    former = {UUID(int=row["customer_id"].int): orjson.loads(row["row"]) for row in rows}
    for source, target in joining.items():
        await _join(connection, found[source], found[target])
    await records.write_many(connection, [found[target] for target in joining.values()])
    answers: dict[UUID, dict[str, Any]] = {source: {"demoted": demoted.get(source, [])} for source in targets}
    for source, target in joining.items():
        answers[source]["record"] = {"former": former.get(target), "version": found[target].version}
    return answers


async def _join(connection: Connection, source: Record, target: Record) -> None:
    custom = bool(source.custom)
    target.said = joined(source.said, target.said)
    target.stage = stage_of_both(source.stage, target.stage) if target.version else source.stage
    target.created_at = target.created_at or source.created_at
    target.created_by = target.created_by or source.created_by
    parent_id = target.value("parent_id")
    if parent_id:
        tree = await parents.hold(connection, [parent_id])
        if tree.is_above([source.customer_id, target.customer_id], parent_id):
            del target.said["parent_id"]
    if custom:
        await custom_fields.hold(
            connection, Subject.CUSTOMER, {source.customer_id: {}, target.customer_id: target.custom}
        )


async def unmerge_records(connection: Connection, source: UUID, target: UUID, answer: Any) -> None:
    """Give the target its former record back; the rows are given back already.

    Raises MergeChanged when the record was changed since.
    """
    if "record" in answer:
        found = await records.read_many(connection, [source, target])
        if found[target].version != answer["record"]["version"]:
            raise MergeChanged({"what": "customer_profile"})
        former = await records.put_back(connection, found[target], answer["record"]["former"])
        if found[source].custom:
            held = {target: former.custom, source: found[source].custom}
            await custom_fields.hold(connection, Subject.CUSTOMER, held)
    await connection.execute(_PROMOTE, answer["demoted"])
    await connection.execute(_PART, [source, target])


async def counts(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many contact persons each has."""
    rows = await connection.fetch(
        """SELECT customer_id, count(*) AS n FROM contact_person
        WHERE customer_id = ANY($1::uuid[]) AND removed_at IS NULL GROUP BY 1""",
        list(customer_ids),
    )
    return {UUID(int=row["customer_id"].int): row["n"] for row in rows}


async def _erase(connection: Connection, customer_ids: Sequence[UUID], kind: str) -> None:
    """At request the corrections of mobiles go, and what waits on lists because of them."""
    if kind == _AT_REQUEST:
        for row in await connection.fetch(_FORGET_CHANGES, list(customer_ids)):
            await telling.drop(connection, row["id"])


PART = CustomerPart(
    name="profiles",
    title="客户资料",
    kind=PartKind.BASE,
    tables=("contact_person", "customer_stage_change", "customer_mobile_change"),
    erase=_erase,
    merge=merge_records,
    unmerge=unmerge_records,
    counts=counts,
)
