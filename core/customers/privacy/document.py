"""Everything we hold about a person as one JSON document: the base here, the rest from all parts.

A file of its own: it is made for the person, so nothing in it is masked.
"""

from typing import Any
from uuid import UUID

import orjson

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
    'custom_fields', (SELECT jsonb_object_agg(f.name, held.value) FROM customer_profile p, jsonb_each(p.custom) AS held
        JOIN custom_field f ON f.id = held.key::uuid WHERE p.customer_id = c.id),
    'contact_persons', (SELECT jsonb_agg(to_jsonb(o) - '{customer_id,name_key,custom,version}'::text[] ORDER BY o.id)
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
    told = {part.name: await part.data(customer_id) for part in parts.registered() if part.data is not None}
    return {"made_at": clock.now().isoformat(), "customer": base} | told
