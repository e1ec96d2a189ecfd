"""Open and end sessions; count attempts to log in.

Whatever ends sessions says so on the principal's live topic, in the same transaction, so that open streams end too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.sessions import queries
from core.sessions.errors import SessionNotFound, TooManyAttempts
from core.sessions.models import Session
from core.sessions.queries import LiveSession
from infra import clock, crypto, database, live, redis
from infra.ids import new_id
from infra.live import LiveEvent
from infra.logging import logger
from infra.parameters import Parameter

STAFF_HOURS = Parameter(
    name="sessions.staff_hours",
    default=12,
    least=1,
    most=720,
    help="员工登录后保持的小时数",
    english="How many hours a colleague stays logged in",
)
ATTEMPTS = Parameter(
    name="sessions.attempts",
    default=10,
    least=3,
    most=1000,
    help="同一账号同一来源每个时间窗内可登录失败的次数",
    english="The most failed log-ins of one account from one address within the time window",
)
ATTEMPTS_PER_ACCOUNT = Parameter(
    name="sessions.attempts_per_account",
    default=50,
    least=5,
    most=10_000,
    help="同一账号每个时间窗内可登录失败的总次数",
    english="The most failed log-ins of one account within the time window",
)
ATTEMPTS_PER_SOURCE = Parameter(
    name="sessions.attempts_per_source",
    default=200,
    least=10,
    most=100_000,
    help="同一来源每个时间窗内可登录失败的总次数",
    english="The most failed log-ins from one address within the time window",
)
WINDOW_SECONDS = Parameter(
    name="sessions.window_seconds",
    default=900,
    least=10,
    most=86_400,
    help="登录次数的时间窗（秒）",
    english="The time window for failed log-ins, in seconds",
)


_END = "DELETE FROM session WHERE {which} RETURNING id, kind, principal_id"

# A use is noted once a minute; whoever finds another one noting it goes on at once.
_SEEN_EVERY = timedelta(minutes=1)
_SEE = """
UPDATE session SET seen_at = $2
WHERE id = (SELECT id FROM session WHERE id = $1 AND COALESCE(seen_at, created_at) <= $3 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Opener:
    """Where a session is opened from: network address, and the browser or app as it names itself."""

    address: str = ""
    device: str = ""


NOWHERE = Opener()


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token is shown this once."""

    id: UUID
    token: str
    expires_at: datetime


async def open_session(kind: str, principal_id: UUID, *, way: str = "password", opener: Opener = NOWHERE) -> Opened:
    """A new session of a principal whose identity somebody above has proved, in whichever way."""
    token = crypto.new_token()
    now = clock.now()
    expires_at = now + timedelta(hours=await STAFF_HOURS.get())
    session = await Session.create(
        id=new_id(),
        token_digest=crypto.token_digest(token),
        kind=kind,
        principal_id=principal_id,
        created_at=now,
        expires_at=expires_at,
        seen_at=now,
        way=way,
        address=opener.address,
        device=opener.device,
    )
    return Opened(session.id, token, expires_at)


async def note_use(session: LiveSession) -> None:
    """Note that a session is in use, unless that was noted within the last minute."""
    now = clock.now()
    if session.seen_at <= now - _SEEN_EVERY:
        await database.execute(_SEE, session.id, now, now - _SEEN_EVERY)


async def end_session(token: str) -> None:
    """Log out; an unknown token is no error."""
    await _end("token_digest = $1", crypto.token_digest(token))


async def end_one(kind: str, principal_id: UUID, session_id: UUID) -> None:
    """End one of a principal's sessions. Raises SessionNotFound."""
    if not await _end("kind = $1 AND principal_id = $2 AND id = $3", kind, principal_id, session_id):
        raise SessionNotFound


async def end_all(kind: str, principal_id: UUID, *, but: UUID | None = None, way: str | None = None) -> int:
    """End every session of a principal at once (but one; of one way); returns how many."""
    which = "kind = $1 AND principal_id = $2 AND id IS DISTINCT FROM $3::uuid AND ($4::text IS NULL OR way = $4)"
    return await _end(which, kind, principal_id, but, way)


async def _end(which: str, *values: object) -> int:
    async with database.transaction() as connection:
        ended = await connection.fetch(_END.format(which=which), *values)
        if ended:
            topic = f"{ended[0]['kind']}:{ended[0]['principal_id']}"
            payload = {"session_ids": [row["id"] for row in ended]}
            await live.publish(connection, [LiveEvent(topic, "sessions_ended", payload)])
    return len(ended)


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
    """Delete sessions whose time is over, or that lay idle for too long; returns how many."""
    used_after = await queries.used_after()
    return await database.execute(
        "DELETE FROM session WHERE expires_at <= $1 OR COALESCE(seen_at, created_at) <= $2::timestamptz",
        clock.now(),
        used_after,
    )
