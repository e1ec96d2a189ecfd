"""What goes of a person in the tables of customers, for having left and on request; docs/privacy.md has it as a table.

A file of its own: the one list of what is personal in core.customers. What contexts hang on customers they forget
themselves (CustomerPart.erase).
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers import indexing, parts
from core.customers.privacy.rules import PLATFORM_DOORS, ErasureKind
from core.customers.profiles.rules import FIELDS
from infra import clock
from infra.database import Connection

_ANONYMOUS = """
UPDATE identity SET openid = NULL, unionid = NULL, subscribe_scene = NULL, profiled_at = NULL, ask_at = NULL
WHERE customer_id = ANY($1::uuid[])
"""

# A merge remembers values that it replaced.
_MERGES_FORGET = """
UPDATE customer_merge SET moved = moved || '{"parts": {}, "phone": null}'
WHERE target_id = ANY($1::uuid[]) OR source_id = ANY($1::uuid[])
"""

_SETTLE_DISPUTES = """
UPDATE phone_dispute SET number = '', outcome = COALESCE(outcome, 'erased'), settled_at = COALESCE(settled_at, $2)
WHERE former_id = ANY($1::uuid[]) OR newcomer_id = ANY($1::uuid[])
"""

# What came in about a person, as digests to compare by.
_ARRIVALS = "UPDATE customer_arrival SET phone = NULL, name = NULL WHERE customer_id = ANY($1::uuid[])"

_COLUMNS = {"name": ("name", "name_key"), "position": ("latitude", "longitude", "datum")}
# What every record has, whoever said it.
_KEPT_FIELDS = {"nature", "party", "status"}
_CLEARED = ", ".join(
    f"{column} = CASE WHEN sources -> '{field}' ->> 0 = ANY($2::text[]) THEN NULL ELSE {column} END"
    for field in FIELDS
    if field not in _KEPT_FIELDS
    for column in _COLUMNS.get(field, (field,))
)

# In this order: what refers to something goes before it.
_OF_THE_PLATFORM = (
    f"{_ARRIVALS} AND door = ANY($2::text[])",
    "DELETE FROM customer_phone WHERE customer_id = ANY($1::uuid[]) AND contact_id IS NULL AND door = ANY($2::text[])",
    f"""UPDATE customer_profile SET {_CLEARED}, version = version + 1,
        custom = custom - ARRAY(
            SELECT substr(key, 8) FROM jsonb_each(sources)
            WHERE key LIKE 'custom.%' AND value ->> 0 = ANY($2::text[])
        ),
        sources = COALESCE((
            SELECT jsonb_object_agg(key, value) FROM jsonb_each(sources) WHERE NOT value ->> 0 = ANY($2::text[])
        ), '{{}}')
    WHERE customer_id = ANY($1::uuid[])
        AND EXISTS (SELECT FROM jsonb_each(sources) WHERE value ->> 0 = ANY($2::text[]))""",
    """DELETE FROM custom_unique_value u USING customer_profile p
    WHERE p.customer_id = ANY($1::uuid[]) AND u.record_id = p.customer_id AND NOT p.custom ? u.field_id::text
        AND $2::text[] IS NOT NULL""",
    # What a customer did (the stage) is no word of the platform's.
    """DELETE FROM customer_profile WHERE customer_id = ANY($1::uuid[]) AND sources = '{}' AND stage = 'new'
        AND $2::text[] IS NOT NULL""",
    # A fan of whom we know nothing else is not to be told by tags either.
    """DELETE FROM customer_tag t WHERE t.customer_id = ANY($1::uuid[]) AND $2::text[] IS NOT NULL
        AND NOT EXISTS (SELECT FROM customer_profile p WHERE p.customer_id = t.customer_id)
        AND NOT EXISTS (SELECT FROM customer_phone p WHERE p.customer_id = t.customer_id)
        AND NOT EXISTS (SELECT FROM customer_key k WHERE k.customer_id = t.customer_id)""",
)
_EVERYTHING = (
    _ARRIVALS,
    "DELETE FROM customer_phone WHERE customer_id = ANY($1::uuid[])",
    """DELETE FROM custom_unique_value WHERE record_id = ANY($1::uuid[])
        OR record_id IN (SELECT id FROM contact_person WHERE customer_id = ANY($1::uuid[]))""",
    "UPDATE contact_person SET superior_id = NULL WHERE customer_id = ANY($1::uuid[])",
    "DELETE FROM contact_person WHERE customer_id = ANY($1::uuid[])",
    "DELETE FROM customer_key WHERE customer_id = ANY($1::uuid[])",
    "DELETE FROM customer_profile WHERE customer_id = ANY($1::uuid[])",
    """UPDATE merge_candidate SET state = 'dismissed' WHERE state = 'open'
        AND (one_id = ANY($1::uuid[]) OR other_id = ANY($1::uuid[]))""",
)


async def forget(connection: Connection, customer_ids: Sequence[UUID], kind: ErasureKind) -> None:
    """Forget people, those merged into them among the ids, in the caller's transaction, which holds their locks.

    Customer ids, touches, counts, the ledgers of owners and sales, consents and the digests of identities stay.
    """
    ids = list(customer_ids)
    await connection.execute(_ANONYMOUS, ids)
    await connection.execute(_MERGES_FORGET, ids)
    await connection.execute(_SETTLE_DISPUTES, ids, clock.now())
    for part in parts.registered():
        if part.erase is not None:
            await part.erase(connection, ids, kind.value)
    if kind is ErasureKind.UNFOLLOW:
        for statement in _OF_THE_PLATFORM:
            await connection.execute(statement, ids, [door.value for door in PLATFORM_DOORS])
    else:
        for statement in _EVERYTHING:
            await connection.execute(statement, ids)
    indexing.changed(ids)
