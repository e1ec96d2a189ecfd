"""PostgreSQL: one pool per process, one way to open a transaction; only here the driver's errors are known."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError, IntegrityError
from tortoise.transactions import in_transaction as _tortoise_transaction

from infra.errors import DomainError, Unavailable
from infra.settings import Settings, settings

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# PostgreSQL chose a victim, or a lock was not to be had in time.
CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    DBConnectionError,
    ConnectionError,
)


# One connection is left over for whoever reads without a transaction: a cache that is read inside transactions reads on
# a connection of its own, and must get one while all transactions wait for it.
_transactions: asyncio.Semaphore | None = None


async def _keep_session(_connection: Connection) -> None:
    """Replace asyncpg's reset on release: it costs a round trip, and we never leave session state behind."""


def tortoise_config(model_modules: Sequence[str], config: Settings | None = None) -> dict[str, Any]:
    """What Tortoise needs; credentials as a dict, since a URL would drop the server settings (architecture, §7)."""
    config = config or settings()
    url = urlsplit(config.database_url.get_secret_value())
    return {
        "connections": {
            "default": {
                "engine": "tortoise.backends.asyncpg",
                "credentials": {
                    "host": url.hostname or "127.0.0.1",
                    "port": url.port or 5432,
                    "user": unquote(url.username or ""),
                    "password": unquote(url.password or ""),
                    "database": url.path.lstrip("/"),
                    "minsize": 1,
                    "maxsize": config.pool_size,
                    "application_name": "guanxi",
                    "timeout": 5,
                    "reset": _keep_session,
                    "server_settings": {
                        "timezone": "UTC",
                        "statement_timeout": str(config.statement_timeout_ms),
                        "lock_timeout": str(config.lock_timeout_ms),
                        "idle_in_transaction_session_timeout": "60000",
                    },
                },
            },
        },
        "apps": {
            "models": {
                "models": list(model_modules),
                "default_connection": "default",
                "migrations": "migrations",
            },
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(model_modules: Sequence[str]) -> None:
    """Make the models and the pool known to this process; connections open when first needed."""
    global _transactions  # noqa: PLW0603 - one pool per process
    await Tortoise.init(config=tortoise_config(model_modules), _enable_global_fallback=True)
    _transactions = asyncio.Semaphore(settings().pool_size - 1)


async def disconnect() -> None:
    await Tortoise.close_connections()


def pool_use() -> tuple[int, int]:
    """(connections open, connections in use) of this process's pool."""
    pool = getattr(get_connection("default"), "_pool", None)
    return (0, 0) if pool is None else (pool.get_size(), pool.get_size() - pool.get_idle_size())


def in_transaction() -> bool:
    """Whether the caller stands inside `transaction()`; nothing that talks to the network may."""
    return _ending.get() is not None


@dataclass(frozen=True, slots=True)
class _Ending:
    """What is left to do when the outermost transaction ends."""

    gathered: list[tuple[Callable[..., Awaitable[None]], Any]] = field(default_factory=list)
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def write_gathered(self, connection: Connection) -> None:
        """Until nothing is left: what is written at the end may hand in more."""
        while self.gathered:
            together = dict[Callable[..., Awaitable[None]], list[Any]]()
            for write, item in self.gathered:
                together.setdefault(write, []).append(item)
            self.gathered.clear()
            for write, items in together.items():
                await write(connection, items)


_ending: ContextVar[_Ending | None] = ContextVar("ending", default=None)


def gather(write: Callable[[Connection, list[T]], Awaitable[None]], items: Sequence[T]) -> None:
    """Write items at the very end of the caller's transaction, together with all others for the same `write`.

    For rows that many transactions want: they are locked in one order, and only for a moment. What is handed in under
    a savepoint that is rolled back is forgotten with it. Raises RuntimeError outside a transaction.
    """
    _ending_of("gather").gathered.extend((write, item) for item in items)


def after_commit(act: Callable[[], Awaitable[None]]) -> None:
    """Do something that may be lost when the caller's transaction has been committed: a wake-up, never an effect.

    It must not raise. Raises RuntimeError outside a transaction.
    """
    _ending_of("after_commit").afterwards.append(act)


def _ending_of(caller: str) -> _Ending:
    ending = _ending.get()
    if ending is None:
        raise RuntimeError(f"{caller}() belongs inside a transaction")
    return ending


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """One transaction, or a savepoint inside one; models used within join it. Yields the driver's connection for SQL.

    Raises Unavailable when PostgreSQL can't be reached.
    """
    outer = _ending.get()
    if outer is not None:
        with _forgetting(outer):
            async with _transaction(inside=True) as raw:
                yield raw
        return
    ending = _Ending()
    token = _ending.set(ending)
    try:
        async with _transaction(inside=False) as raw:
            yield raw
            await ending.write_gathered(raw)
    finally:
        _ending.reset(token)
    for act in ending.afterwards:
        await act()


@contextmanager
def _forgetting(ending: _Ending) -> Iterator[None]:
    """What was gathered inside goes when it is rolled back."""
    before = len(ending.gathered)
    try:
        yield
    except BaseException:
        del ending.gathered[before:]
        raise


@asynccontextmanager
async def _transaction(*, inside: bool) -> AsyncIterator[Connection]:
    with outages():
        async with AsyncExitStack() as stack:
            if _transactions is not None and not inside:
                await stack.enter_async_context(_transactions)
            with _connecting():
                client = await stack.enter_async_context(_tortoise_transaction())
            yield client._connection  # noqa: SLF001 - Tortoise offers no public way to it


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """The transaction's connection inside one, else one of the pool. Raises Unavailable."""
    if in_transaction():
        # Not through Tortoise, which would hold a lock meanwhile: what is called inside asks for the connection too.
        with outages():
            yield get_connection("default")._connection  # noqa: SLF001 - as in transaction()
        return
    with outages():
        async with AsyncExitStack() as stack:
            with _connecting():
                raw = await stack.enter_async_context(get_connection("default").acquire_connection())
            yield raw


@asynccontextmanager
async def exclusive(name: str) -> AsyncIterator[bool]:
    """Whether this is the only holder of a name in the whole installation; whoever dies holds it no more.

    Keeps a connection (PostgreSQL frees the advisory lock with it), but no transaction. Raises Unavailable.
    """
    async with connection() as raw:
        held = bool(await raw.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name))
        try:
            yield held
        finally:
            if held and not raw.is_closed():
                await raw.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)


async def fetch(sql: str, *values: object) -> list[asyncpg.Record]:
    """All rows. Raises Unavailable."""
    async with connection() as raw:
        return await raw.fetch(sql, *values)


async def fetch_one(sql: str, *values: object) -> asyncpg.Record | None:
    """The first row or None. Raises Unavailable."""
    async with connection() as raw:
        return await raw.fetchrow(sql, *values)


async def execute(sql: str, *values: object) -> int:
    """Run a statement and say how many rows it touched. Raises Unavailable."""
    async with connection() as raw:
        status = await raw.execute(sql, *values)
    return int(status.rsplit(" ", 1)[-1]) if status[-1:].isdigit() else 0


def is_outage(error: BaseException) -> bool:
    """Whether PostgreSQL was away, so that nothing is known to be wrong with the work itself."""
    return isinstance(error, (Unavailable, *_OUTAGES)) or _is_closed(error)


def _is_closed(error: BaseException) -> bool:
    # The driver uses one class for a lost connection and for its own misuse; only the words differ.
    return isinstance(error, asyncpg.InterfaceError) and ("closed" in str(error) or "closing" in str(error))


@contextmanager
def outages() -> Iterator[None]:
    """Turn the driver's many words for "the server is away" into Unavailable."""
    try:
        yield
    except (*_OUTAGES, asyncpg.InterfaceError) as error:
        if not is_outage(error):
            raise
        raise Unavailable({"server": "postgresql"}) from error


@contextmanager
def _connecting() -> Iterator[None]:
    # Only while connecting: the same errors raised by the work inside would be the work's own.
    try:
        yield
    except OSError as error:
        raise Unavailable({"server": "postgresql"}) from error


def violated_constraint(error: BaseException) -> str | None:
    """The name of the constraint that refused a row, whether the ORM or the driver reports it."""
    if isinstance(error, IntegrityError) and error.args:
        error = error.args[0]
    name = getattr(error, "constraint_name", None)
    return name if isinstance(name, str) else None


@contextmanager
def constraint_errors(errors: Mapping[str, DomainError | type[DomainError]]) -> Iterator[None]:
    """Raise the domain error that stands for a violated constraint, by the constraint's name."""
    try:
        yield
    except (IntegrityError, asyncpg.IntegrityConstraintViolationError) as error:
        meaning = errors.get(violated_constraint(error) or "")
        if meaning is None:
            raise
        raise meaning from error


def retry_on_conflict(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Three tries, with jitter, of a whole service function when PostgreSQL had to choose a victim.

    Only around the outermost function: a retry inside somebody's transaction would repeat half of it.
    """

    @wraps(function)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(2):
            try:
                return await function(*args, **kwargs)
            except CONFLICTS:
                await asyncio.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - jitter
        return await function(*args, **kwargs)

    return wrapped
