"""JS-SDK tickets (wechat-platform §1.2): fetched once for all processes, like tokens, and used to sign pages."""

import hashlib
import secrets
from dataclasses import dataclass

from infra import clock
from wechat.accounts.queries import Credentials
from wechat.platform.client import call
from wechat.platform.shared import Shared

_tickets = Shared("ticket")


@dataclass(frozen=True, slots=True)
class PageConfig:
    """What `wx.config` wants to hear from us."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


async def ticket(account: Credentials) -> str:
    """A live ticket. Raises as `call` does."""

    async def fetch() -> tuple[str, int]:
        path = "/cgi-bin/ticket/getticket"
        answer = await call(account, path, params={"type": "jsapi"}, fields=("ticket", "expires_in"))
        return answer["ticket"], answer["expires_in"]

    return (await _tickets.get(account.app_id, fetch)).value


async def page_config(account: Credentials, url: str) -> PageConfig:
    """The signed configuration of a page at `url`. Raises as `call` does."""
    timestamp, nonce = int(clock.timestamp()), secrets.token_hex(8)
    return PageConfig(account.app_id, timestamp, nonce, signature(await ticket(account), nonce, timestamp, url))


def signature(ticket_: str, nonce: str, timestamp: int, url: str) -> str:
    """SHA-1 of the four in this order, raw, the URL without its fragment."""
    page = url.partition("#")[0]
    text = f"jsapi_ticket={ticket_}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
