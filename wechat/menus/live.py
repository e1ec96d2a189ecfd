"""What the platform shows now, and which of our editions that is.

A file of its own: here the platform is asked, which `queries` never does.
"""

from uuid import UUID

from infra import clock, database
from wechat.menus import queries
from wechat.menus.errors import LiveMenuUnread
from wechat.menus.schemas import LiveMenuOut
from wechat.menus.wording import said, understood
from wechat.platform import menus as platform
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.menus import Menus

_LOOKED_AT = 50  # editions: what was live long ago is no answer
_SENT = """
SELECT id, buttons, personal FROM menu_edition WHERE account_id = $1 AND state <> 'draft'
ORDER BY state = 'live' DESC, number DESC LIMIT $2
"""


async def shown(account_id: UUID) -> LiveMenuOut:
    """Ask the platform. Raises AccountNotFound, AccountHasNoMenu, AccountDisabled, LiveMenuUnread."""
    _, account = await queries.official(account_id)
    try:
        live = await platform.live(account)
    except (PlatformAway, PlatformRefused, QuotaSpent) as error:
        raise LiveMenuUnread({"reason": error.code} | error.details) from error
    numbers = await queries.numbers(account_id)
    buttons, _ = understood(live, {number: label for label, number in numbers.items()})
    return LiveMenuOut(
        buttons=buttons, personal=len(live.personal), ours=await _ours(account_id, live, numbers), read_at=clock.now()
    )


async def _ours(account_id: UUID, live: Menus, numbers: dict[UUID, int]) -> UUID | None:
    for row in await database.fetch(_SENT, account_id, _LOOKED_AT):
        try:
            same = said(*queries.buttons_of(row), numbers) == live
        except KeyError:  # a label of it is no more, so it can't be there
            continue
        if same:
            found: UUID = row["id"]
            return found
    return None
