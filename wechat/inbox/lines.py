"""Who can take cases right now, and who gets one: owners, lines of stores, agents present.

A file of its own: new cases, escalation, hand-overs and people who come or go all ask here, each under the locks of the
conversations in question.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from core.organisation import queries as organisation
from infra import clock
from infra.database import Connection
from infra.parameters import Parameter
from infra.settings import settings
from wechat.inbox.rules import AGENTS, Able, Agent, Crew, Holder, Hours, Standing, first_holder, give, next_holder
from wechat.inbox.scopes import is_agent

PRESENT_SECONDS = Parameter(
    name="inbox.present_seconds",
    default=150,
    least=30,
    most=3600,
    unit="秒",
    help="多少秒内打开过消息页面的同事算在线，未被接待的会话分给在线的客服",
    english=(
        "Who had the messages open within so long counts as present, and is given conversations that nobody serves"
    ),
)
ESCALATE_MINUTES = Parameter(
    name="inbox.escalate_minutes",
    default=10,
    least=0,
    most=1440,
    unit="分钟",
    help="客户在工作时间内等待多少分钟无人回复，会话转给下一级（导购→门店→客服）；0 表示不转",
    english=(
        "A customer who waited so many minutes of working time for an answer goes on to the next "
        "(guide, store, agents); 0: never"
    ),
)
HOURS = Parameter(
    name="inbox.hours",
    default="09:00-21:00",
    pattern=r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d",
    help="每天的接待时间，此外的时间会话不转给下一级",
    english="The hours of service; outside of them no conversation goes on to the next",
)

MOST_WAITING = Parameter(
    name="inbox.most_waiting",
    default=10,
    least=1,
    most=1000,
    unit="位",
    help="分给一位客服、正在等他回复的客户最多多少位，其余的留在客服队列，等有人空出来再分",
    english="An agent with so many waiting customers is given no more",
)

POINT = "inbox:reply"
AT_WORK = "s.left_at IS NULL AND s.disabled_at IS NULL"
_THERE = "EXISTS (SELECT FROM staff_presence p WHERE p.id = s.id AND p.seen_at > {0})"
# Whoever gives cases to agents takes turns, or two would give theirs to the same one.
_TURN = "SELECT pg_advisory_xact_lock(hashtext('inbox.agents'))"

_STANDINGS = """
SELECT k.id, k.staff_id, k.store_id, c.guide_id, g.store_id AS owner_store_id, t.store_id AS touch_store_id
FROM conversation k JOIN identity i ON i.id = k.identity_id JOIN customer c ON c.id = i.customer_id
LEFT JOIN staff g ON g.id = c.guide_id
LEFT JOIN touch t ON t.customer_id = c.id AND t.is_first
WHERE k.id = ANY($1::uuid[])
"""

_OPEN = "SELECT id FROM store WHERE id = ANY($1::uuid[]) AND closed_at IS NULL"

_PRESENT = "SELECT id FROM staff_presence WHERE id = ANY($1::uuid[]) AND seen_at > $2"

_WAITING = """
SELECT p.id, p.given_at, (
    SELECT count(*) FROM conversation k WHERE k.staff_id = p.id AND k.waiting_since IS NOT NULL) AS waiting
FROM staff_presence p WHERE p.id = ANY($1::uuid[]) AND NOT p.away
"""

_GIVEN = "UPDATE staff_presence SET given_at = $2 WHERE id = ANY($1::uuid[])"


async def first(connection: Connection, conversation_ids: Collection[UUID]) -> dict[UUID, Holder]:
    """Who gets the new cases of conversations."""
    standings = await _standings(connection, conversation_ids)
    crew = await _crew(connection, standings.values())
    holders = {one: first_holder(standing, crew) for one, standing in standings.items()}
    return await with_agents(connection, holders)


async def following(connection: Connection, conversation_ids: Collection[UUID]) -> dict[UUID, Holder | None]:
    """Who gets those that whoever has them doesn't answer; None: they stay."""
    standings = await _standings(connection, conversation_ids)
    crew = await _crew(connection, standings.values())
    holders = {one: next_holder(standing, crew) for one, standing in standings.items()}
    moving = {one: holder for one, holder in holders.items() if holder is not None}
    return holders | await with_agents(connection, moving)


async def with_agents(
    connection: Connection, holders: Mapping[UUID, Holder], *, declined: Mapping[UUID, UUID] | None = None
) -> dict[UUID, Holder]:
    """The same, where what comes to the agents' line is given to agents who are there; to nobody who declined it."""
    given, found = list[Agent](), dict(holders)
    unserved = [one for one, holder in holders.items() if holder == AGENTS]
    agents, most = await _agents(connection) if unserved else [], await MOST_WAITING.get()
    for one in unserved:
        willing = [agent for agent in agents if agent.id != (declined or {}).get(one)]
        if agent := give(willing, most, clock.now()):
            given.append(agent)
            found[one] = Holder(agent.id, agent.store_id)
    if given:
        await connection.execute(_GIVEN, sorted({agent.id for agent in given}), clock.now())
    return found


async def rooms(connection: Connection) -> dict[UUID, int]:
    """The agents to whom something may be given just now, and how much."""
    most = await MOST_WAITING.get()
    rows = await connection.fetch(_WAITING, [one.id for one in await agents_present()])
    return {row["id"]: most - row["waiting"] for row in rows if row["waiting"] < most}


async def present_since() -> datetime:
    """Who was seen since then is there."""
    return clock.now() - timedelta(seconds=await PRESENT_SECONDS.get())


async def agents_present() -> list[Able]:
    """The agents who are there, also those who want no new cases."""
    since = await present_since()
    # Only these may be agents: others see a part of the data.
    wide = "COALESCE(s.scope, r.scope) IN ('all', 'below')"
    found = await organisation.colleagues(f"{AT_WORK} AND {wide} AND {_THERE.format('$1')}", since)
    return [Able(one.id, one.store_id, everywhere=True) for one in found if is_agent(one)]


async def answering_in(store_ids: Collection[UUID], since: datetime | None = None) -> list[Able]:
    """Who may answer what waits in the lines of stores; with `since` those who have been at the inbox since then.

    Whoever was there last comes first.
    """
    condition = f"{AT_WORK} AND s.store_id = ANY($1::uuid[]) AND ($2::timestamptz IS NULL OR {_THERE.format('$2')})"
    seen = "(SELECT p.seen_at FROM staff_presence p WHERE p.id = s.id)"
    found = await organisation.colleagues(f"{condition} ORDER BY {seen} DESC NULLS LAST, s.id", list(store_ids), since)
    return [Able(one.id, one.store_id, is_agent(one)) for one in found if one.may(POINT)]


async def unable(connection: Connection, holders: Collection[Holder]) -> tuple[list[UUID], list[UUID]]:
    """Those of the colleagues who can't answer (any more), and of the lines of stores where nobody can."""
    people = {one.staff_id for one in holders if one.staff_id}
    stores = {one.store_id for one in holders if one.store_id and not one.staff_id}
    found = await organisation.colleagues(f"{AT_WORK} AND s.id = ANY($1::uuid[])", list(people))
    is_open = {row["id"] for row in await connection.fetch(_OPEN, list(stores))}
    manned = {one.store_id for one in await answering_in(is_open)}
    return sorted(people - {one.id for one in found if one.may(POINT)}), sorted(stores - manned)


async def escalates_at(holder: Holder, since: datetime) -> datetime | None:
    """When a fan who waits since then has waited too long for whoever has the case; None: it stays where it is."""
    minutes = await ESCALATE_MINUTES.get()
    return None if not minutes or holder == AGENTS else (await hours()).after(since, timedelta(minutes=minutes))


async def hours() -> Hours:
    """When cases go on to the next line."""
    return Hours.of(await HOURS.get(), settings().timezone)


async def _agents(connection: Connection) -> list[Agent]:
    able = {one.id: one for one in await agents_present()}
    if not able:
        return []
    await connection.execute(_TURN)
    rows = await connection.fetch(_WAITING, list(able))
    return [Agent(row["id"], able[row["id"]].store_id, row["waiting"], row["given_at"]) for row in rows]


async def _standings(connection: Connection, conversation_ids: Collection[UUID]) -> dict[UUID, Standing]:
    return {
        row["id"]: Standing(
            owner_id=row["guide_id"],
            owner_store_id=row["owner_store_id"],
            touch_store_id=row["touch_store_id"],
            holder_id=row["staff_id"],
            holder_store_id=row["store_id"],
        )
        for row in await connection.fetch(_STANDINGS, list(conversation_ids))
    }


async def _crew(connection: Connection, standings: Collection[Standing]) -> Crew:
    named = {staff_id for one in standings for staff_id in (one.owner_id, one.holder_id) if staff_id}
    stores = {
        store_id
        for one in standings
        for store_id in (one.owner_store_id, one.touch_store_id, one.holder_store_id)
        if store_id
    }
    condition = f"{AT_WORK} AND (s.id = ANY($1::uuid[]) OR s.store_id = ANY($2::uuid[]))"
    people = await organisation.colleagues(condition, list(named), list(stores))
    rows = await connection.fetch(_OPEN, list(stores))
    there = await connection.fetch(_PRESENT, list(named), await present_since())
    return Crew(
        {one.id: Able(one.id, one.store_id, is_agent(one)) for one in people if one.may(POINT)},
        frozenset(row["id"] for row in rows),
        frozenset(row["id"] for row in there),
    )
