"""A POST that may arrive twice: the stored answer commits together with the effect.

Same key and same body gives the stored answer; same key and another body is a 409. A second request that arrives while
the first is under way waits for it at the unique key.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from infra import clock, crypto, database
from infra.errors import Conflict, InvalidInput
from infra.parameters import Parameter

KEPT_DAYS = Parameter(
    name="idempotency.kept_days",
    default=14,
    least=1,
    most=90,
    help="同一请求编号（Idempotency-Key）保留的天数",
    english="How many days the answer to an Idempotency-Key is kept",
)
_LONGEST_KEY = 100


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "同一请求编号用在了不同的内容上"
    english = "This Idempotency-Key was used with another body"


class BadKey(InvalidInput):
    code = "idempotency_key_invalid"
    message = "请求编号不合要求"
    english = "An Idempotency-Key is 1 to 100 visible ASCII characters"


async def once(*, principal: str, route: str, key: str, body: bytes, act: Callable[[], Awaitable[str]]) -> str:
    """Run `act` at most once per (principal, route, key), inside one transaction with the stored answer.

    Raises BadKey, KeyReused, and whatever `act` raises (then nothing is stored and the key is free again).
    """
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadKey
    # Keyed: a body may hold a password, and a plain digest of it could be guessed at.
    digest = crypto.digest("idempotency", hashlib.sha256(body).hexdigest())
    async with database.transaction() as connection:
        row_id = await connection.fetchval(
            """INSERT INTO idempotency_key (principal, route, key, body_digest, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (principal, route, key) DO NOTHING RETURNING id""",
            principal,
            route,
            key,
            digest,
            clock.now(),
        )
        if row_id is None:
            former = await connection.fetchrow(
                """SELECT body_digest, answer FROM idempotency_key
                WHERE principal = $1 AND route = $2 AND key = $3""",
                principal,
                route,
                key,
            )
            if former is None or former["body_digest"] != digest:
                raise KeyReused
            stored: str = former["answer"]
            return stored
        answer = await act()
        await connection.execute("UPDATE idempotency_key SET answer = $2 WHERE id = $1", row_id, answer)
    return answer


async def forget_old() -> int:
    """Drop keys past their days; returns how many."""
    before = clock.now() - timedelta(days=await KEPT_DAYS.get())
    return await database.execute("DELETE FROM idempotency_key WHERE created_at < $1", before)
