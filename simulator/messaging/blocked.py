"""Template messages that the platform found to be marketing, as it lists them for the account."""

from typing import Any

from simulator.world.errors import INVALID_ARGUMENTS, PlatformError
from simulator.world.records import Account, Record
from simulator.world.state import State

PAGE_MOST = 100


class Blocked(Record):
    """One message by a template that was declared to be marketing."""

    number: int
    app_id: str
    template_id: str
    title: str
    openid: str
    sent_at: int

    def key(self) -> str:
        return str(self.number)


def note(state: State, account: Account, template_id: str, title: str, openid: str) -> None:
    """Keep what was found out."""
    state.save(
        Blocked(
            number=len(state.every(Blocked)) + 1,
            app_id=account.app_id,
            template_id=template_id,
            title=title,
            openid=openid,
            sent_at=int(state.clock.now()),
        )
    )


def page(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/wxa/sec/queryblocktmplmsg`: those of a template after `largest_id`; errcode 40097."""
    after, most = body.get("largest_id", 0), body.get("limit", PAGE_MOST)
    if not isinstance(after, int) or not isinstance(most, int) or not 1 <= most <= PAGE_MOST:
        raise PlatformError(INVALID_ARGUMENTS)
    found = [
        {
            "id": each.number,
            "tmpl_msg_id": each.template_id,
            "title": each.title,
            "openid": each.openid,
            "send_timestamp": each.sent_at,
        }
        for each in state.every(Blocked).values()
        if (each.app_id, each.template_id) == (account.app_id, body.get("tmpl_msg_id")) and each.number > after
    ]
    return {"errcode": 0, "errmsg": "ok", "msginfo": found[:most]}
