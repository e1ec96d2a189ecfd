"""The welcome as a passive reply: the most particular words win (guide, store, channel, everybody).

Words with a placeholder that has no value for this code leave their place to the next less particular ones.
Words and targets are cached in the process, so that a welcome normally reads nothing.
"""

from uuid import UUID

from core.customers.rules import NOBODY
from infra.cache import Cache
from wechat.codes import queries as codes
from wechat.codes.queries import Target
from wechat.pushes.messages import Scan, Subscribe
from wechat.pushes.replies import REPLY_TEXT_BYTES
from wechat.pushes.responders import Responder, Response, View
from wechat.welcomes import queries
from wechat.welcomes.models import Welcome
from wechat.welcomes.rules import fill

_MOST_CODES = 50_000


async def _read_welcomes(_key: str) -> dict[UUID | None, Welcome]:
    return await queries.by_target()


_welcomes = Cache("welcomes", _read_welcomes)
_targets = Cache("code targets", codes.target, most=_MOST_CODES)


async def warm() -> None:
    """Read welcomes and the newest codes before the first push comes."""
    await _welcomes.get()
    for key, target in (await codes.newest_targets(_MOST_CODES // 2)).items():
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
    values: dict[str, str | None] = {"公众号": view.account}
    if target is not None:
        values |= {"导购": target.guide, "门店": target.store, "渠道": target.channel}
    longest_bytes = await REPLY_TEXT_BYTES.get()
    for welcome in _most_particular_first(await _welcomes.get(), target):
        text = welcome.scan_text if isinstance(body, Scan) else welcome.follow_text
        if text is None:
            return None
        filled = fill(text, values, longest_bytes)
        if filled is not None:
            return Response(text=filled)
    return None


def _most_particular_first(welcomes: dict[UUID | None, Welcome], target: Target | None) -> list[Welcome]:
    credit = NOBODY if target is None else target.credit
    owners = [owner for owner in (credit.guide_id, credit.store_id, credit.channel_id) if owner is not None]
    return [welcomes[owner] for owner in (*owners, None) if owner in welcomes]


RESPONDERS = (Responder("welcome", (Subscribe, Scan), _welcome),)
