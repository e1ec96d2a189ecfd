"""Everything we hold about a person as one JSON document: the base here, the rest from all parts.

A file of its own: it is made for the person, so nothing in it is masked.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from core.custom_fields import queries as custom_fields
from core.custom_fields.rules import Subject
from core.custom_fields.values import shown
from core.customers import parts
from core.customers.linking import phones
from infra import clock, database

# What names the person elsewhere (openid, unionid) is the platform's to tell.
_BASE = """
SELECT jsonb_build_object(
    'number', c.number, 'since', c.created_at, 'following', c.following,
    'owner', (SELECT name FROM staff WHERE id = c.guide_id),
    'record', (SELECT to_jsonb(p) - '{customer_id,name_key,sources,custom,version,created_by}'::text[]
        FROM customer_profile p WHERE p.customer_id = c.id),
    'custom_fields', (SELECT custom FROM customer_profile p WHERE p.customer_id = c.id),
    'contact_persons', (SELECT jsonb_agg(to_jsonb(o) - '{customer_id,name_key,custom,version}'::text[]
        || jsonb_build_object('custom_fields', o.custom) ORDER BY o.id)
        FROM contact_person o WHERE o.customer_id = c.id),
    'stages', (SELECT jsonb_agg(jsonb_build_object('stage', s.stage, 'at', s.changed_at) ORDER BY s.id)
        FROM customer_stage_change s WHERE s.customer_id = c.id),
    'mobile_changes', (SELECT jsonb_agg(jsonb_build_object('former', m.former, 'number', m.number, 'at', m.asked_at,
        'approved', m.approved) ORDER BY m.id) FROM customer_mobile_change m WHERE m.customer_id = c.id),
    'keys', (SELECT jsonb_agg(jsonb_build_object('kind', k.kind, 'value', k.value) ORDER BY k.id)
        FROM customer_key k WHERE k.customer_id = c.id),
    'tags', (SELECT jsonb_agg(g.name ORDER BY g.name) FROM customer_tag t JOIN tag g ON g.id = t.tag_id
        WHERE t.customer_id = c.id),
    'identities', (SELECT jsonb_agg(jsonb_build_object('app_id', i.app_id, 'following', i.following,
        'last_seen_at', i.last_seen_at, 'since', i.created_at) ORDER BY i.id)
        FROM identity i WHERE i.customer_id = c.id),
    'touches', (SELECT jsonb_agg(jsonb_build_object('kind', t.kind, 'at', t.occurred_at) ORDER BY t.occurred_at, t.id)
        FROM touch t WHERE t.customer_id = c.id),
    'timeline', (SELECT jsonb_agg(jsonb_build_object('kind', l.kind, 'at', l.occurred_at)
        ORDER BY l.occurred_at, l.id) FROM timeline l WHERE l.customer_id = c.id)
) FROM customer c WHERE c.id = $1
"""


async def document(customer_id: UUID) -> dict[str, Any]:
    """The document of a customer (not of a sign post), by the names of the parts."""
    (row,) = await database.fetch(_BASE, customer_id)
    base = orjson.loads(row[0]) | {"phones": await phones.of_person(customer_id)}
    base["custom_fields"] = await _in_words(Subject.CUSTOMER, base["custom_fields"])
    for person in base["contact_persons"] or ():
        person["custom_fields"] = await _in_words(Subject.CONTACT, person["custom_fields"])
    told = {part.name: await part.data(customer_id) for part in parts.registered() if part.data is not None}
    return {"made_at": clock.now().isoformat(), "customer": base} | told


async def _in_words(subject: Subject, custom: Mapping[str, Any] | None) -> dict[str, str]:
    """Values of custom fields, deleted ones too, under their names; of two of one name the one that is there."""
    fields = reversed(await custom_fields.known(subject))
    return {field.name: shown(field, custom[field.key]) for field in fields if custom and field.key in custom}
