"""Template messages of a verified service account (wechat-platform §3.2)."""

from collections.abc import Mapping
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform.client import call


async def send(
    account: Credentials, openid: str, *, template_id: str, data: Mapping[str, str], url: str, client_msg_id: str
) -> int:
    """The platform's number of the message; what becomes of it is reported later (TEMPLATESENDJOBFINISH).

    The same `client_msg_id` to the same person is one message for ten minutes. Raises as `call` does: after
    PlatformUnreached nothing was sent, after any other PlatformAway nobody knows.
    """
    body: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "client_msg_id": client_msg_id,
        "data": {key: {"value": value} for key, value in data.items()},
    }
    if url:
        body["url"] = url
    answer = await call(account, "/cgi-bin/message/template/send", body, fields=("msgid",), writes=True)
    number: int = answer["msgid"]
    return number


async def listed(account: Credentials) -> list[dict[str, Any]]:
    """The account's templates: template_id, title, content with `{{key.DATA}}` places. Raises as `call` does."""
    answer = await call(account, "/cgi-bin/template/get_all_private_template", fields=("template_list",))
    found: list[dict[str, Any]] = answer["template_list"]
    return found
