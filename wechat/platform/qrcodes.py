"""QR codes of official accounts and codes of mini-programs (wechat-platform §4)."""

from wechat.accounts.queries import Credentials
from wechat.platform.client import call, call_bytes

_CREATE = "/cgi-bin/qrcode/create"


async def create_permanent(account: Credentials, scene: str) -> tuple[str, str]:
    """A permanent code for a scene of 1-64 characters (`QR_LIMIT_STR_SCENE`): (ticket, the URL inside the picture).

    Asking again for the same scene gives a code for the same scene. Raises as `call` does.
    """
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
    answer = await call(account, _CREATE, body, fields=("ticket", "url"), writes=True, repeatable=True)
    return answer["ticket"], answer["url"]


async def create_temporary(account: Credentials, scene: str, seconds: int) -> tuple[str, str, int]:
    """A code that lives for seconds (30 days at most): (ticket, URL, seconds it lives). Raises as `call` does."""
    body = {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": seconds,
        "action_info": {"scene": {"scene_str": scene}},
    }
    answer = await call(account, _CREATE, body, fields=("ticket", "url"), writes=True, repeatable=True)
    return answer["ticket"], answer["url"], answer.get("expire_seconds", seconds)


async def draw_mini(
    account: Credentials, scene: str, page: str | None, *, check_path: bool = True, version: str = "release"
) -> bytes:
    """The picture of a mini-program code; it never expires. `scene`: at most 32 characters of a small alphabet.

    Raises as `call` does.
    """
    body = {"scene": scene, "check_path": check_path, "env_version": version} | ({"page": page} if page else {})
    return await call_bytes(account, "/wxa/getwxacodeunlimit", body, writes=True, repeatable=True)
