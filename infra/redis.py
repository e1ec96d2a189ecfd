"""Redis (or Valkey): one client per process. It holds nothing that can't be lost."""

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from infra.settings import settings

_client: "Redis | None" = None

__all__ = ["RedisError", "client", "disconnect", "lock"]


def client() -> "Redis":
    """The process's client; it connects when first used."""
    global _client  # noqa: PLW0603 - one per process
    if _client is None:
        _client = Redis.from_url(
            settings().redis_url.get_secret_value(),
            socket_timeout=2,
            socket_connect_timeout=2,
            health_check_interval=30,
        )
    return _client


def lock(name: str, *, seconds: float, poll_seconds: float) -> Lock:
    """One holder among all processes, at most for seconds; others look again and again."""
    return client().lock(name, timeout=seconds, sleep=poll_seconds, raise_on_release_error=False)


async def disconnect() -> None:
    global _client  # noqa: PLW0603
    if _client is not None:
        await _client.aclose()
        _client = None
