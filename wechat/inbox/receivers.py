"""To whom conversations may be handed, and who is there: colleagues in reach, those of the own store, and agents.

A file of its own: the list of who is present and the hand-over itself ask the same.
"""

from collections.abc import Sequence
from uuid import UUID

from core.organisation import queries as organisation
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff, reaches_store
from infra import database
from wechat.inbox import lines
from wechat.inbox.errors import ReceiverNotFound, StoreCannotAnswer
from wechat.inbox.lines import AT_WORK, POINT
from wechat.inbox.rules import AGENTS, Holder
from wechat.inbox.schemas import PresenceOut
from wechat.inbox.scopes import is_agent

_SHOWN = 500

_PRESENCE = """
SELECT s.id, p.away, COALESCE(p.seen_at > $2, false) AS here,
    (SELECT count(*) FROM service_case o WHERE o.staff_id = s.id AND o.closed_at IS NULL) AS open_cases
FROM staff s LEFT JOIN staff_presence p ON p.id = s.id WHERE s.id = ANY($1::uuid[])
"""

_OPEN_STORE = "SELECT id FROM store WHERE id = $1 AND closed_at IS NULL"


async def chosen(by: Colleague, staff_id: UUID | None, store_id: UUID | None) -> Holder:
    """Who gets what `by` hands over; without either the agents. Raises ReceiverNotFound, StoreCannotAnswer."""
    if staff_id is not None:
        found = await _receivers(by, "s.id = $1", staff_id)
        if not found:
            raise ReceiverNotFound
        return Holder(found[0].id, found[0].store_id)
    if store_id is not None:
        if not await reaches_store(by, store_id):
            raise ReceiverNotFound
        is_open = await database.fetch_one(_OPEN_STORE, store_id)
        if not is_open or not await lines.answering_in([store_id]):
            raise StoreCannotAnswer
        return Holder(None, store_id)
    return AGENTS


async def presence(by: Colleague) -> list[PresenceOut]:
    """To whom `by` may hand over, who is there first."""
    people = {one.id: one for one in await _receivers(by, "true")}
    rows = {row["id"]: row for row in await database.fetch(_PRESENCE, list(people), await lines.present_since())}
    found = [
        PresenceOut(
            staff_id=id_,
            name=one.name,
            here=rows[id_]["here"],
            away=bool(rows[id_]["away"]),
            open_cases=rows[id_]["open_cases"],
        )
        for id_, one in people.items()
        if id_ in rows
    ]
    return sorted(found, key=lambda one: (not one.here, one.away, one.name, one.staff_id))


async def _receivers(by: Colleague, condition: str, *asked: object) -> Sequence[Colleague]:
    values = Values(*asked)
    reached = of_staff(by, values.put, "s.id")
    near = (
        f"{reached} OR s.store_id = {values.put(by.store_id)}::uuid OR COALESCE(s.scope, r.scope) IN ('all', 'below')"
    )
    # Whoever is there comes first: of very many, these are wanted.
    here = f"(SELECT p.seen_at > {values.put(await lines.present_since())} FROM staff_presence p WHERE p.id = s.id)"
    order = f"COALESCE({here}, false) DESC, s.name, s.id"
    sql = f"{condition} AND {AT_WORK} AND ({near}) ORDER BY {order} LIMIT {_SHOWN}"
    found = [one for one in await organisation.colleagues(sql, *values) if one.may(POINT)]
    allowed = await _reached(by, [one.id for one in found])
    return [one for one in found if is_agent(one) or one.id in allowed]


async def _reached(by: Colleague, staff_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them who are in reach of `by` or work in the same store."""
    values = Values(list(staff_ids), by.store_id)
    reached = of_staff(by, values.put, "s.id")
    sql = f"SELECT s.id FROM staff s WHERE s.id = ANY($1::uuid[]) AND ({reached} OR s.store_id = $2::uuid)"
    return {row["id"] for row in await database.fetch(sql, *values)}
