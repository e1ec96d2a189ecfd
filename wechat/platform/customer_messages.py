"""Customer-service messages: what may be written while the platform's window is open (wechat-platform §3.1)."""

from collections.abc import Mapping
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform.client import call


async def send(account: Credentials, openid: str, message: Mapping[str, Any]) -> None:
    """One message, as the platform words it: `msgtype` and the part of that name.

    It can neither be asked about nor be repeated, so it is tried once. Raises as `call` does: after PlatformUnreached
    nothing was sent, after any other PlatformAway nobody knows.
    """
    await call(account, "/cgi-bin/message/custom/send", {"touser": openid, **message}, writes=True, once=True)
