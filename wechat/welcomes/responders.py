"""The words of a welcome: the most particular win (guide, store, channel, everybody). `autoreplies` says when.

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
from wechat.pushes.responders import Response, View
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


async def target(view: View) -> Target | None:
    """What the code leads to through which a fan followed or scanned, if it is one of this account's."""
    body = view.push.body
    scene = body.scene if isinstance(body, Subscribe | Scan) else None
    found = await _targets.get(scene) if scene else None
    return found if found is not None and found.app_id == view.app_id else None


async def welcome(view: View, *, particular: bool, everybodys: bool) -> Response | None:
    """The words for a follow or a scan: those of its guide, store or channel, and everybody's, or one of the two."""
    scanned = isinstance(view.push.body, Scan)
    found = await target(view)
    values: dict[str, str | None] = {"公众号": view.account}
    if found is not None:
        values |= {"导购": found.guide, "门店": found.store, "渠道": found.channel}
    longest_bytes = await REPLY_TEXT_BYTES.get()
    owners = (_owners(found) if particular else []) + ([None] if everybodys else [])
    welcomes = await _welcomes.get()
    for one in [welcomes[owner] for owner in owners if owner in welcomes]:
        text = one.scan_text if scanned else one.follow_text
        if text is None:
            return None
        filled = fill(text, values, longest_bytes)
        if filled is not None:
            return Response(text=filled)
    return None


def _owners(found: Target | None) -> list[UUID | None]:
    credit = NOBODY if found is None else found.credit
    return [owner for owner in (credit.guide_id, credit.store_id, credit.channel_id) if owner is not None]
