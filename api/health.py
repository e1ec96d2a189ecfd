"""Is the process alive, is it ready, and how is it doing?"""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from infra import database, metrics, redis
from infra.errors import Unavailable

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    status: str


@router.get("/healthz")
async def alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz")
async def ready() -> Health:
    """PostgreSQL answers (503 if not); without Redis the service goes on and says so."""
    await database.fetch_one("SELECT 1")
    try:
        await redis.client().ping()
    except redis.RedisError:
        return Health(status="without redis")
    return Health(status="ok")


@router.get("/metrics", response_class=Response)
async def prometheus() -> Response:
    """Metrics of all processes, in Prometheus' text format; keep it behind the proxy."""
    try:
        text = await metrics.render()
    except Unavailable:
        text = metrics.of_processes()
    return Response(text, media_type=metrics.CONTENT_TYPE)
