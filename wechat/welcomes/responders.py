"""The welcome as a passive reply: the most particular words win (guide, store, channel, everybody).

Words and targets are cached in the process and refreshed behind the answer, so that a welcome normally reads nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

from infra.logging import logger
from wechat.codes import queries as codes
from wechat.codes.queries import Target
from wechat.pushes.messages import Scan, Subscribe
from wechat.pushes.responders import Responder, Response, View
from wechat.welcomes import queries
from wechat.welcomes.models import Welcome
from wechat.welcomes.rules import fill

V = TypeVar("V")

_FRESH_SECONDS = 2.0
_MOST_KEYS = 50_000


class Cache(Generic[V]):
    """Values by key; an old one is given out once more while the new one is being read."""

    def __init__(self, read: Callable[[str], Awaitable[V]]) -> None:
        self._read = read
        self._values = dict[str, tuple[V, float]]()
        self._reading = set[asyncio.Task[V]]()

    async def get(self, key: str) -> V:
        known = self._values.get(key)
        if known is None:
            return await self._refresh(key)
        value, read_at = known
        if time.monotonic() - read_at > _FRESH_SECONDS:
            self._values[key] = value, time.monotonic()
            task = asyncio.create_task(self._refresh(key))
            self._reading.add(task)
            task.add_done_callback(self._settle)
        return value

    def put(self, key: str, value: V) -> None:
        if len(self._values) >= _MOST_KEYS:
            self._values.pop(next(iter(self._values)))
        self._values[key] = value, time.monotonic()

    def clear(self) -> None:
        self._values.clear()

    async def _refresh(self, key: str) -> V:
        value = await self._read(key)
        self.put(key, value)
        return value

    def _settle(self, task: asyncio.Task[V]) -> None:
        self._reading.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The old value stays in use; the next reader tries again.
            logger().warning("welcome_cache_stale", error=type(task.exception()).__name__)


async def _read_welcomes(_key: str) -> dict[UUID | None, Welcome]:
    return await queries.by_target()


_welcomes = Cache(_read_welcomes)
_targets = Cache(codes.target)


async def warm() -> None:
    """Read welcomes and the newest codes before the first push comes."""
    await _welcomes.get("")
    for key, target in (await codes.newest_targets(_MOST_KEYS // 2)).items():
        _targets.put(key, target)


def forget() -> None:
    """Read anew next time (between tests)."""
    _welcomes.clear()
    _targets.clear()


async def _welcome(view: View) -> Response | None:
    body = view.push.body
    if not isinstance(body, Subscribe | Scan):
        return None
    target = await _targets.get(body.scene) if body.scene else None
    if target is not None and target.app_id != view.app_id:
        target = None
    welcome = _most_particular(await _welcomes.get(""), target)
    if welcome is None:
        return None
    text = welcome.scan_text if isinstance(body, Scan) else welcome.follow_text
    if text is None:
        return None
    values = {"公众号": view.account}
    if target is not None:
        values |= {"导购": target.guide or "", "门店": target.store or "", "渠道": target.channel or ""}
    return Response(fill(text, values))


def _most_particular(welcomes: dict[UUID | None, Welcome], target: Target | None) -> Welcome | None:
    if target is not None:
        for owner in (target.credit.guide_id, target.credit.store_id, target.credit.channel_id):
            if owner is not None and owner in welcomes:
                return welcomes[owner]
    return welcomes.get(None)


RESPONDERS = (Responder("welcome", (Subscribe, Scan), _welcome),)
