"""Open and end sessions; count attempts to log in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.sessions.errors import TooManyAttempts
from core.sessions.models import Session
from infra import clock, crypto, redis
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter

STAFF_HOURS = Parameter(name="sessions.staff_hours", default=12, least=1, most=720, help="员工登录后保持的小时数")
ATTEMPTS = Parameter(
    name="sessions.attempts", default=10, least=3, most=1000, help="同一账号同一来源每个时间窗内可登录失败的次数"
)
ATTEMPTS_PER_ACCOUNT = Parameter(
    name="sessions.attempts_per_account",
    default=50,
    least=5,
    most=10_000,
    help="同一账号每个时间窗内可登录失败的总次数",
)
ATTEMPTS_PER_SOURCE = Parameter(
    name="sessions.attempts_per_source",
    default=200,
    least=10,
    most=100_000,
    help="同一来源每个时间窗内可登录失败的总次数",
)
WINDOW_SECONDS = Parameter(
    name="sessions.window_seconds", default=900, least=10, most=86_400, help="登录次数的时间窗（秒）"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token is shown this once."""

    token: str
    expires_at: datetime


async def open_session(kind: str, principal_id: UUID) -> Opened:
    """A new session of a principal whose identity somebody above has proved."""
    token = crypto.new_token()
    now = clock.now()
    expires_at = now + timedelta(hours=await STAFF_HOURS.get())
    await Session.create(
        id=new_id(),
        token_digest=crypto.token_digest(token),
        kind=kind,
        principal_id=principal_id,
        created_at=now,
        expires_at=expires_at,
    )
    return Opened(token, expires_at)


async def end_session(token: str) -> None:
    """Log out; an unknown token is no error."""
    await Session.filter(token_digest=crypto.token_digest(token)).delete()


async def end_all(kind: str, principal_id: UUID) -> int:
    """End every session of a principal at once; returns how many."""
    return await Session.filter(kind=kind, principal_id=principal_id).delete()


async def count_attempt(account: str, source: str) -> None:
    """Count a log-in attempt before the password is looked at. Raises TooManyAttempts with the seconds to wait.

    The windows are numbered by our clock; Redis' own expiry only tidies up. Without Redis nobody is locked out: argon2
    slows a guesser down by itself.
    """
    names, window, into = await _counters(account, source)
    limits = [await ATTEMPTS.get(), await ATTEMPTS_PER_ACCOUNT.get(), await ATTEMPTS_PER_SOURCE.get()]
    try:
        async with redis.client().pipeline(transaction=True) as pipe:
            for name in names:
                pipe.incr(name)
                pipe.expire(name, window)
            counts = (await pipe.execute())[::2]
    except redis.RedisError as error:
        logger().warning("login_attempts_uncounted", error=type(error).__name__)
        return
    if any(count > limit for count, limit in zip(counts, limits, strict=True)):
        raise TooManyAttempts(retry_after=window - into)


async def forgive_attempt(account: str, source: str) -> None:
    """Take an attempt back: the password was right, and a whole head office may share one address."""
    names, _, _ = await _counters(account, source)
    try:
        async with redis.client().pipeline(transaction=True) as pipe:
            for name in names:
                pipe.decr(name)
            await pipe.execute()
    except redis.RedisError as error:
        logger().warning("login_attempts_uncounted", error=type(error).__name__)


async def _counters(account: str, source: str) -> tuple[list[str], int, int]:
    """The counters of this window (of both, of the account, of the source), its length and how far it is gone."""
    window = await WINDOW_SECONDS.get()
    number, into = divmod(int(clock.timestamp()), window)
    subjects = (("both", account, source), ("account", account), ("source", source))
    return [f"login:{number}:{crypto.digest('login', *subject).hex()}" for subject in subjects], window, into


async def drop_expired() -> int:
    """Delete sessions whose time is over; returns how many."""
    return await Session.filter(expires_at__lte=clock.now()).delete()
