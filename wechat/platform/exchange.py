"""A request and its answer, judged: quota, busy platform, errcode, alerts (wechat-platform §8)."""

import asyncio
from collections.abc import Sequence
from typing import Any

from infra import alerts
from infra.logging import logger
from wechat.platform import quotas, transport
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.policy import ALERTS, Action
from wechat.platform.transport import Form, Taker

_TRIES_BUSY = 3
_TRIES_AWAY = 2
_BACK_OFF_SECONDS = 0.2
_TOKEN_INVALID = 40001  # 40014 and 42001 say the same of a token

Body = dict[str, Any]


async def ask(
    app_id: str,
    path: str,
    body: Body | Form | None = None,
    params: dict[str, str] | None = None,
    *,
    repeatable: bool = False,
    once: bool = False,
    take: Taker | None = None,
) -> Body | bytes:
    """The answer of a call that succeeded. `repeatable`: asked again also when it is unknown what became of it.

    `once`: never asked again, not even when the platform says that it is busy. With `take`, a file's bytes go there.

    Raises PlatformRefused, PlatformAway, QuotaSpent.
    """
    for attempt in range(1, _TRIES_BUSY + 1):
        await quotas.spend(app_id, path)
        try:
            answer = await transport.send(path, body, params, take)
        except PlatformAway as away:
            if not repeatable or attempt >= _TRIES_AWAY:
                if attempt == 1:
                    raise
                # Whatever became of this try, the platform may have heard of an earlier one.
                raise PlatformAway(away.details) from None
        else:
            if isinstance(answer, bytes) or not answer.get("errcode"):
                return answer
            refusal = PlatformRefused(answer["errcode"], str(answer.get("errmsg", "")))
            if refusal.action is not Action.RETRY:
                await _act(app_id, path, refusal)
                raise refusal
            if once:
                break
        await asyncio.sleep(_BACK_OFF_SECONDS * attempt)
    raise PlatformAway({"reason": "busy"})


def expect(answer: Body | bytes, fields: Sequence[str]) -> Body:
    """An answer without these fields is no answer. Raises PlatformAway."""
    if isinstance(answer, bytes):
        raise PlatformAway({"reason": "no JSON object"})
    if any(name not in answer for name in fields):
        raise PlatformAway({"reason": "fields missing"})
    return answer


async def raise_alert(app_id: str, errcode: int, errmsg: str) -> None:
    """Tell an operator, in words that say what to do; the platform's own words name the caller's address (40164)."""
    known = errcode if errcode in ALERTS else _TOKEN_INVALID
    await alerts.raise_alert(f"wechat.{known}", app_id, f"{ALERTS[known]}（{errcode} {errmsg}）")


async def _act(app_id: str, path: str, refusal: PlatformRefused) -> None:
    logger().warning(
        "wechat_refused", app_id=app_id, path=path, errcode=refusal.errcode, rid=refusal.rid, action=refusal.action
    )
    match refusal.action:
        case Action.STOP_TODAY:
            raise QuotaSpent(path, await quotas.note_day_spent(app_id, path)) from refusal
        case Action.SLOW_DOWN:
            raise QuotaSpent(path, await quotas.note_minute_spent(app_id, path)) from refusal
        case Action.ALERT | Action.DISABLE_TEMPLATE:
            await raise_alert(app_id, refusal.errcode, refusal.errmsg)
