"""Access tokens by `stable_token` (wechat-platform §1.1): one fetch for all processes, refreshed before they end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from infra import clock, redis
from infra.ids import opaque_key
from infra.logging import logger

_EARLY_SECONDS = 300
_LOCK_MS = 40_000  # longer than the fetch can take
_WAIT_SECONDS = 0.05

# Deletes the lock only if it is still ours: another process may have taken it after ours ran out.
_UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"

FetchToken = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    ends_at: float


async def token(app_id: str, fetch: FetchToken, *, failed: str | None = None) -> str:
    """A live token, shared through Redis. `failed` is a token the platform just refused: it is not given out again.

    Without Redis every call asks for itself: `stable_token` then gives all of them the same token.
    """
    try:
        return await _shared(app_id, fetch, failed)
    except redis.RedisError as error:
        logger().warning("token_not_shared", error=type(error).__name__)
        return (await _fetched(fetch)).value


async def _shared(app_id: str, fetch: FetchToken, failed: str | None) -> str:
    name, lock, owner = f"wechat:token:{app_id}", f"wechat:token-lock:{app_id}", opaque_key()
    while (known := await _stored(name, failed)) is None:
        if not await redis.client().set(lock, owner, nx=True, px=_LOCK_MS):
            await asyncio.sleep(_WAIT_SECONDS)
            continue
        try:
            # Somebody may have stored one between our look and our lock.
            known = await _stored(name, failed)
            if known is None:
                fresh = await _fetched(fetch)
                await redis.client().set(name, orjson.dumps(fresh))
                known = fresh.value
        finally:
            await redis.client().eval(_UNLOCK, 1, lock, owner)
        return known
    return known


async def _stored(name: str, failed: str | None) -> str | None:
    stored = await redis.client().get(name)
    if stored is None:
        return None
    known = _Token(**orjson.loads(stored))
    return known.value if known.value != failed and known.ends_at > clock.timestamp() else None


async def _fetched(fetch: FetchToken) -> _Token:
    answer = await fetch()
    # The platform renews a stable token in its last five minutes; asking then gives the next one.
    return _Token(answer["access_token"], clock.timestamp() + max(answer["expires_in"] - _EARLY_SECONDS, 1))
