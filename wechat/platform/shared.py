"""What the platform gives for a while and counts how often it is asked: access tokens and JS-SDK tickets.

One fetch serves all processes: the value lies in Redis, and a lock lets one of them fetch. A refusal lies there too,
so that many callers don't ask in turn for what was just refused. Without Redis each process keeps its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import orjson

from infra import clock, redis
from infra.logging import logger
from infra.parameters import Parameter
from wechat.platform.errors import PlatformAway, PlatformRefused, TokenRefused

EARLY_SECONDS = Parameter(
    name="wechat.token_early_seconds",
    default=300,
    least=0,
    most=3000,
    help="令牌与票据到期前多少秒提前刷新",
    english="Tokens and tickets are renewed so many seconds before they end",
)
PAUSE_SECONDS = Parameter(
    name="wechat.token_pause_seconds",
    default=60,
    least=5,
    most=3600,
    help="令牌被拒绝后，多少秒内不再重新获取",
    english="After a token was refused none is fetched for so many seconds",
)
_AWAY_SECONDS = 2
_LOCK_SECONDS = 40  # longer than a fetch can take
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Lease:
    """A value until `ends_at`; `number` grows with every fetch, so that an equal value fetched anew is told apart.

    `pause_until`: no other fetch before, because the last one was refused (`errcode`), failed, or mended a refusal.
    """

    value: str
    ends_at: float
    number: int
    pause_until: float = 0.0
    errcode: int = 0
    errmsg: str = ""


Fetch = Callable[[], Awaitable[tuple[str, int]]]
"""Asks the platform: (value, seconds it lives). Raises PlatformRefused, PlatformAway."""

_NOTHING = Lease("", 0.0, 0)


class Shared:
    """The values of one kind, by name: an app id, and what else makes it another one."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._own = dict[str, Lease]()  # what this process knows; used when Redis is away
        self._own_locks = dict[str, asyncio.Lock]()

    async def get(self, name: str, fetch: Fetch, *, failed: Lease | None = None) -> Lease:
        """A live value. `failed` is one the platform has just refused: it is replaced once for all callers.

        Raises TokenRefused when its replacement was refused too, and what `fetch` raises.
        """
        lock = self._own_locks.setdefault(name, asyncio.Lock())
        try:
            known = await self._read(name)
            if (lease := self._usable(known, failed)) is not None:
                return lease
            shared_lock = redis.lock(f"{self._key(name)}:lock", seconds=_LOCK_SECONDS, poll_seconds=_POLL_SECONDS)
            async with lock, shared_lock:
                known = await self._read(name)
                return self._usable(known, failed) or await self._fetched(name, known, fetch, failed)
        except redis.RedisError as error:
            logger().warning("not_shared", kind=self._kind, error=type(error).__name__)
        async with lock:
            known = self._own.get(name, _NOTHING)
            return self._usable(known, failed) or await self._fetched(name, known, fetch, failed, alone=True)

    async def forget(self, name: str) -> None:
        """Fetch anew next time, whatever happened before (after a change of the secret)."""
        self._own.pop(name, None)
        try:
            await redis.client().delete(self._key(name))
        except redis.RedisError as error:
            logger().warning("not_shared", kind=self._kind, error=type(error).__name__)

    def _usable(self, known: Lease, failed: Lease | None) -> Lease | None:
        now = clock.timestamp()
        if known.errcode and now < known.pause_until:
            if known.errcode == PlatformAway.status:
                raise PlatformAway({"reason": known.errmsg})
            raise PlatformRefused(known.errcode, known.errmsg)
        if failed is None or known.number > failed.number:
            return known if known.ends_at > now else None
        if known.number == failed.number and now < known.pause_until:
            raise TokenRefused(40001, "the token was replaced a moment ago and is refused again")
        return None

    async def _fetched(
        self, name: str, known: Lease, fetch: Fetch, failed: Lease | None, *, alone: bool = False
    ) -> Lease:
        now, pause = clock.timestamp(), await PAUSE_SECONDS.get()
        number = max(known.number, failed.number if failed else 0) + 1
        error: PlatformRefused | PlatformAway | None = None
        try:
            value, seconds = await fetch()
            ends_at = now + max(seconds - await EARLY_SECONDS.get(), 1)
            lease = Lease(value, ends_at, number, now + pause if failed else 0.0)
        except PlatformRefused as refusal:
            error, lease = refusal, Lease("", 0.0, number, now + pause, refusal.errcode, refusal.errmsg)
        except PlatformAway as away:
            error, lease = away, Lease("", 0.0, number, now + _AWAY_SECONDS, away.status, str(away))
        self._own[name] = lease
        if not alone:
            await redis.client().set(self._key(name), orjson.dumps(asdict(lease)))
        if error is not None:
            raise error
        return lease

    async def _read(self, name: str) -> Lease:
        stored = await redis.client().get(self._key(name))
        return Lease(**orjson.loads(stored)) if stored else _NOTHING

    def _key(self, name: str) -> str:
        return f"wechat:{self._kind}:{name}"
