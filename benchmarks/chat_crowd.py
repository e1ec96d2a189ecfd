"""Ten thousand conversations with a million messages, and who asks for them: two guides, a store, a region,
an agent.

Made by hand in SQL and repeatable: few customers write very much, most little; one in twelve is being served, one in
twenty-five waits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import asyncpg

from benchmarks.crowd import Caller
from benchmarks.house import say, with_product
from benchmarks.sample_pushes import AES_KEY, TOKEN
from core.permissions.rules import READY_MADE, RoleKey, Scope

APP_ID = "wx0000000000chat"
ORIGINAL_ID = "gh_0000000chat"
CONVERSATIONS = 10_000
MESSAGES = 1_000_000
_REGIONS, _STORES, _GUIDES, _DAYS = 4, 100, 5, 75
_SENTENCES = 400
_WORDS = "您好请问有没有红色外套尺码发货时间优惠会员积分退换地址电话颜色价格新品到店预约谢谢好的稍等在吗"

_CUSTOMERS = """
INSERT INTO customer (id, guide_id, following, is_staff, created_at)
SELECT id, guide_id, true, false, $3 FROM unnest($1::uuid[], $2::uuid[]) AS c (id, guide_id)
"""
_IDENTITIES = """
INSERT INTO identity (id, customer_id, app_id, openid, digest, following, state_at, last_seen_at, created_at)
SELECT id, customer_id, $5, openid, digest, true, $6, $6, $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[]) AS i (id, customer_id, openid, digest)
"""
_CONVERSATIONS = """
INSERT INTO conversation (id, account_id, identity_id, staff_id, store_id, case_id, waiting_since, unread, last_number,
    last_author, last_text, last_at, version, created_at)
SELECT id, $9, identity_id, staff_id, store_id, case_id, CASE WHEN waits THEN last_at END, CASE WHEN waits THEN 1 ELSE 0
    END, many, 'fan', '在吗', last_at, 1, last_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bool[], $7::int[], $8::timestamptz[])
    AS k (id, identity_id, staff_id, store_id, case_id, waits, many, last_at)
"""
_CASES = """
INSERT INTO service_case (id, conversation_id, wanted, staff_id, store_id, opened_at, held_at, answers)
SELECT case_id, id, 'no_answer', staff_id, store_id, last_at, last_at, 0 FROM conversation WHERE case_id IS NOT NULL
"""
_WINDOWS = """
INSERT INTO customer_window (digest, account_id, message_until, message_left, short_until, short_left)
SELECT i.digest, k.account_id, k.last_at + interval '48 hours', 5, k.last_at, 0
FROM conversation k JOIN identity i ON i.id = k.identity_id
"""
# Of every three one is ours; each conversation's stand over the days until its last word.
_MESSAGES = """
INSERT INTO chat_message (conversation_id, number, created_at, said_at, author, kind, content, text, terms, check_state)
SELECT k.id, n, at, at, CASE WHEN n % 3 = 0 THEN 'staff' ELSE 'fan' END, 'text', '{}', s.text,
    s.terms || ('d:' || to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD')), CASE WHEN n % 3 <> 0 THEN 'unchecked' END
FROM (SELECT * FROM conversation ORDER BY last_at, id OFFSET $3 LIMIT $4) k
CROSS JOIN LATERAL generate_series(1, k.last_number) AS n
CROSS JOIN LATERAL (SELECT k.last_at - (k.last_number - n) * interval '1 day' * ($5::float8 / k.last_number) AS at) t
JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS u (text, terms, place)
    ON u.place = 1 + (n * 7919 + k.last_number) % $6
CROSS JOIN LATERAL (SELECT u.text, string_to_array(u.terms, E'\\x1f') AS terms) s
"""


@dataclass(frozen=True, slots=True)
class _Places:
    """Guides with their stores, and the stores."""

    guides: Sequence[tuple[UUID, UUID]]
    stores: Sequence[UUID]


async def gather(url: str) -> list[Caller]:
    """Make them all; somebody for every scope."""
    from infra.partitions import CHAT_MESSAGE, _create
    from wechat.conversations.rules import terms

    random, now = Random(17), datetime.now(UTC)
    for start in CHAT_MESSAGE.starts((now - timedelta(days=_DAYS)).date(), now.date()):
        await _create(CHAT_MESSAGE, start)
    connection = await asyncpg.connect(url)
    try:
        places, callers = await _organisation(connection)
        account_id = await _account()
        last = await _threads(connection, random, account_id, places)
        say(f"writing {sum(last):,} messages")
        texts = [_sentence(random) for _ in range(_SENTENCES)]
        words = ["\x1f".join(term for term in terms(text, now) if not term.startswith("d:")) for text in texts]
        for offset in range(0, CONVERSATIONS, 500):
            await connection.execute(_MESSAGES, texts, words, offset, 500, float(_DAYS - 15), _SENTENCES)
        # Nobody is told of all this.
        await connection.execute("TRUNCATE outbox, event_delivery")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return callers


def _sentence(random: Random) -> str:
    return "".join(random.choice(_WORDS) for _ in range(random.randint(4, 30)))


async def _account() -> UUID:
    from wechat.accounts import service as accounts
    from wechat.accounts.rules import Kind, Mode

    added = await accounts.add_account(
        app_id=APP_ID,
        original_id=ORIGINAL_ID,
        kind=Kind.OFFICIAL,
        mode=Mode.SAFE,
        name="会话基准",
        secret="secret-of-a-benchmark",
        token=TOKEN,
        aes_key=AES_KEY,
    )
    return UUID(int=added.id.int)


async def _organisation(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> tuple[_Places, list[Caller]]:
    """Where people work, and who asks."""
    from core.organisation import service as organisation
    from core.organisation.models import Department
    from core.stores import service as shops
    from infra import clock
    from infra.ids import new_id

    top = await organisation.first_post("会话总部", "员工")
    regions = [
        await Department.create(
            id=new_id(), name=f"会话{n}区", parent_id=top.department_id, position=n, created_at=clock.now()
        )
        for n in range(_REGIONS)
    ]
    posts = [await _post(region.id) for region in regions]

    async def hire(role: RoleKey, name: str, region: int, store_id: UUID | None) -> UUID:
        staff = await organisation.create_staff(
            name=name,
            username=name,
            password_hash="",
            role_id=READY_MADE[role].id,
            department_id=regions[region].id,
            post_id=posts[region],
            store_id=store_id,
            is_guide=role is RoleKey.GUIDE,
        )
        return UUID(int=staff.id.int)

    guides, stores = list[tuple[UUID, UUID]](), list[UUID]()
    for n in range(_STORES):
        store = UUID(int=(await shops.add_store(name=f"会话门店{n:03}")).id.int)
        await connection.execute("UPDATE store SET department_id = $2 WHERE id = $1", store, regions[n % _REGIONS].id)
        stores.append(store)
        guides += [
            (await hire(RoleKey.GUIDE, f"chat-guide{n:03}-{g}", n % _REGIONS, store), store) for g in range(_GUIDES)
        ]
    callers = [
        Caller("own", guides[0][0]),
        Caller("few", guides[7][0]),
        Caller("store", await hire(RoleKey.STORE_MANAGER, "chat-store", 0, stores[0])),
        Caller("region", await hire(RoleKey.MANAGER, "chat-region", 1, None)),
        Caller("all", await hire(RoleKey.SERVICE, "chat-agent", 0, None)),
    ]
    await connection.execute("UPDATE staff SET scope = $2 WHERE id = $1", callers[3].id, Scope.BELOW)
    return _Places(guides, stores), callers


async def _post(department_id: UUID) -> UUID:
    """A post in a department."""
    from core.organisation.models import Post
    from infra import clock
    from infra.ids import new_id

    made = await Post.create(id=new_id(), department_id=department_id, name="员工", created_at=clock.now())
    return UUID(int=made.id.int)


async def _threads(
    connection: "asyncpg.Connection[asyncpg.Record]", random: Random, account_id: UUID, places: _Places
) -> list[int]:
    """Customers, identities, conversations, open cases; how many messages each will have."""
    from infra import crypto
    from infra.ids import new_id

    now, guides = datetime.now(UTC), places.guides
    customers, identities, conversations = ([new_id() for _ in range(CONVERSATIONS)] for _ in range(3))
    # The first guide has a twentieth of all, one customer in twenty nobody.
    chosen = [random.choices((None, guides[0], random.choice(guides)), (1, 1, 18))[0] for _ in customers]
    openids = [f"o{'chat':0>10}{n:017d}" for n in range(CONVERSATIONS)]
    digests = [crypto.digest(APP_ID, openid) for openid in openids]
    weights = [min(random.paretovariate(1.1), 60.0) for _ in customers]
    many = [1 + round(weight * (MESSAGES - CONVERSATIONS) / sum(weights)) for weight in weights]
    open_ = [random.random() < 1 / 12 for _ in customers]
    served = [one is not None and random.random() < 0.6 for one in chosen]
    line = [random.choice((None, random.choice(places.stores))) for _ in customers]
    staff = [
        one[0] if one and (ours or not is_open) else None
        for one, ours, is_open in zip(chosen, served, open_, strict=True)
    ]
    store = [one[1] if one and has else place for one, has, place in zip(chosen, staff, line, strict=True)]
    owners = [one[0] if one else None for one in chosen]
    await connection.execute(_CUSTOMERS, customers, owners, now)
    await connection.execute(_IDENTITIES, identities, customers, openids, digests, APP_ID, now)
    await connection.execute(
        _CONVERSATIONS,
        conversations,
        identities,
        staff,
        store,
        [new_id() if is_open else None for is_open in open_],
        [is_open and random.random() < 0.5 for is_open in open_],
        many,
        [now - timedelta(seconds=random.randrange(15 * 86_400)) for _ in customers],
        account_id,
    )
    await connection.execute(_CASES)
    await connection.execute(_WINDOWS)
    return many


def gathered(url: str) -> list[Caller]:
    """The crowd, made once in a house."""
    if not _gathered:
        say(f"gathering {CONVERSATIONS:,} conversations")

        async def make() -> list[Caller]:
            return await gather(url)

        _gathered.extend(asyncio.run(with_product(make)))
    return _gathered


_gathered = list[Caller]()
