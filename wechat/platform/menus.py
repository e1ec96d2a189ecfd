"""The menu of an official account (wechat-platform §5)."""

from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform.client import call
from wechat.platform.errors import PlatformRefused

_NO_MENU = 46003


async def read(account: Credentials) -> dict[str, Any] | None:
    """The menu as it stands, made by whatever means: `is_menu_open` and `selfmenu_info`; None if there never was one.

    Menus made on the web page are only seen by `get_current_selfmenu_info`, so that is what is asked.
    """
    try:
        return await call(account, "/cgi-bin/get_current_selfmenu_info")
    except PlatformRefused as refusal:
        if refusal.errcode == _NO_MENU:
            return None
        raise
