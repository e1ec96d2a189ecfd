"""What rows name besides the person: owners by user name, tags by name, parent units by number.

A file of its own: it is all that has to be looked up before a row can be taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.customers.imports.drafts import Draft
from core.customers.imports.rules import EXTERNAL, Problem
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import names
from infra.database import Connection

_OWNERS = """
SELECT id, username FROM staff
WHERE username = ANY($1::text[]) AND left_at IS NULL AND disabled_at IS NULL AND {reach}
"""
# Of a group and a tag of one name the tag is meant: the later one.
_TAGS = "SELECT id, name FROM tag WHERE rule IS NULL AND deleted_at IS NULL ORDER BY kind"
_PARENTS = """
SELECT k.value AS reference, c.id FROM customer_key k JOIN customer c ON c.id = k.customer_id
WHERE k.kind = $2 AND k.value = ANY($1::text[]) AND c.merged_into_id IS NULL AND {reach}
UNION ALL SELECT c.number::text, c.id FROM customer c
WHERE c.number::text = ANY($1::text[]) AND c.number = ANY($3::bigint[]) AND c.merged_into_id IS NULL AND {reach}
"""
_KNOWN = "SELECT value, customer_id FROM customer_key WHERE kind = $2 AND value = ANY($1::text[])"
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Found:
    """Owners by user name in small letters, tags by the key of their name, parents as they were written.

    `known` are the external numbers that belong to somebody already, and whom.
    """

    owners: Mapping[str, UUID]
    tags: Mapping[str, UUID]
    parents: Mapping[str, UUID]
    known: Mapping[str, UUID]

    def problems(self, draft: Draft) -> Iterator[Problem]:
        """What this row names that isn't there, or not for who imports it; a parent unit may be another row."""
        if draft.owner and draft.owner.lower() not in self.owners:
            yield Problem("owner_unknown", "owner")
        if any(names.key(tag) not in self.tags for tag in draft.tags):
            yield Problem("tag_unknown", "tags")


async def find(connection: Connection, by: Colleague, drafts: Sequence[Draft]) -> Found:
    """Look up what these rows name, as far as `by` reaches."""
    owners, parents = {d.owner.lower() for d in drafts if d.owner}, {d.parent for d in drafts if d.parent}
    external = [d.external_number for d in drafts if d.external_number]
    return Found(
        await _owners(connection, by, owners) if owners else {},
        await _tags(connection) if any(draft.tags for draft in drafts) else {},
        await _parents(connection, by, parents) if parents else {},
        await _known(connection, external) if external else {},
    )


async def _owners(connection: Connection, by: Colleague, usernames: set[str]) -> dict[str, UUID]:
    values = Values(sorted(usernames))
    rows = await connection.fetch(_OWNERS.format(reach=of_staff(by, values.put, "id")), *values)
    # The driver's own class of ids is none that events can carry.
    return {row["username"]: UUID(int=row["id"].int) for row in rows}


async def _known(connection: Connection, numbers: Sequence[str]) -> dict[str, UUID]:
    rows = await connection.fetch(_KNOWN, numbers, EXTERNAL)
    return {row["value"]: UUID(int=row["customer_id"].int) for row in rows}


async def _tags(connection: Connection) -> dict[str, UUID]:
    return {names.key(row["name"]): row["id"] for row in await connection.fetch(_TAGS)}


async def _parents(connection: Connection, by: Colleague, references: set[str]) -> dict[str, UUID]:
    digits = [int(one) for one in references if one.isascii() and one.isdigit() and len(one) <= _MOST_DIGITS]
    values = Values(sorted(references), EXTERNAL, digits)
    rows = await connection.fetch(_PARENTS.format(reach=of_staff(by, values.put, "c.guide_id")), *values)
    # An external number counts before one of ours.
    return {row["reference"]: UUID(int=row["id"].int) for row in reversed(rows)}
