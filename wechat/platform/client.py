"""Calls to the platform with a token: one guarded refresh when it is refused, nothing sent for a shadow account."""

from collections.abc import Sequence
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform import tokens
from wechat.platform.errors import AccountDisabled, AccountInShadow, PlatformAway, PlatformRefused, TokenRefused
from wechat.platform.exchange import Body, ask, expect
from wechat.platform.policy import Action
from wechat.platform.transport import close

__all__ = ["call", "call_bytes", "close"]


async def call(
    account: Credentials,
    path: str,
    body: Body | None = None,
    *,
    params: dict[str, str] | None = None,
    fields: Sequence[str] = (),
    writes: bool = False,
    repeatable: bool | None = None,
) -> dict[str, Any]:
    """POST a body, or GET without one; the answer as an object that has these fields.

    `writes`: the call changes something on the platform or reaches a person. `repeatable` (by default: what does not
    write): it may be made again when it is unknown what became of it.

    Raises PlatformRefused, PlatformAway, QuotaSpent, and for calls that write AccountInShadow; AccountDisabled.
    """
    return expect(await _authorised(account, path, body, params, writes=writes, repeatable=repeatable), fields)


async def call_bytes(
    account: Credentials, path: str, body: Body | None = None, *, writes: bool = False, repeatable: bool | None = None
) -> bytes:
    """The bytes (of a picture, of media) a call answers with. Raises as `call` does."""
    answer = await _authorised(account, path, body, None, writes=writes, repeatable=repeatable)
    # Neither a picture nor media begins like a page of a proxy in between.
    if isinstance(answer, dict) or not answer or answer.lstrip().startswith(b"<"):
        raise PlatformAway({"reason": "no bytes"})
    return answer


async def _authorised(
    account: Credentials,
    path: str,
    body: Body | None,
    params: dict[str, str] | None,
    *,
    writes: bool,
    repeatable: bool | None,
) -> Body | bytes:
    if account.disabled:
        raise AccountDisabled
    if writes and account.shadow:
        raise AccountInShadow
    again = not writes if repeatable is None else repeatable
    token = await tokens.token(account)
    try:
        return await ask(account.app_id, path, body, {**(params or {}), "access_token": token.value}, repeatable=again)
    except PlatformRefused as refusal:
        if refusal.action is not Action.REFRESH_TOKEN:
            raise
    token = await tokens.token(account, failed=token)
    try:
        return await ask(account.app_id, path, body, {**(params or {}), "access_token": token.value}, repeatable=again)
    except PlatformRefused as refusal:
        if refusal.action is Action.REFRESH_TOKEN:
            raise TokenRefused(refusal.errcode, refusal.errmsg) from refusal
        raise
