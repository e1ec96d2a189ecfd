"""Calls to the platform with a token: one guarded refresh when it is refused, nothing sent for a shadow account."""

from collections.abc import Sequence
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform import tokens
from wechat.platform.errors import AccountDisabled, AccountInShadow, PlatformAway, PlatformRefused, TokenRefused
from wechat.platform.exchange import Body, ask, expect
from wechat.platform.policy import Action
from wechat.platform.shared import Lease
from wechat.platform.transport import Form, Taker, close

__all__ = ["call", "call_bytes", "call_file", "close"]


async def call(
    account: Credentials,
    path: str,
    body: Body | Form | None = None,
    *,
    params: dict[str, str] | None = None,
    fields: Sequence[str] = (),
    writes: bool = False,
    repeatable: bool | None = None,
    once: bool = False,
) -> dict[str, Any]:
    """POST a body, or GET without one; the answer as an object that has these fields.

    `writes`: the call changes something on the platform or reaches a person. `repeatable` (by default: what does not
    write): it may be made again when it is unknown what became of it. `once`: not even when the platform is busy.

    Raises PlatformRefused, PlatformAway, QuotaSpent, and for calls that write AccountInShadow; AccountDisabled.
    """
    answer = await _authorised(account, path, body, params, writes=writes, repeatable=repeatable, once=once)
    return expect(answer, fields)


async def call_bytes(
    account: Credentials, path: str, body: Body | None = None, *, writes: bool = False, repeatable: bool | None = None
) -> bytes:
    """The bytes (of a picture, of media) a call answers with. Raises as `call` does."""
    answer = await _authorised(account, path, body, None, writes=writes, repeatable=repeatable)
    # Neither a picture nor media begins like a page of a proxy in between.
    if isinstance(answer, dict) or not answer or answer.lstrip().startswith(b"<"):
        raise PlatformAway({"reason": "no bytes"})
    return answer


async def call_file(account: Credentials, path: str, params: dict[str, str], take: Taker) -> None:
    """GET a file; `take` gets its bytes as they come, anew if the first answer broke off. Raises as `call` does."""
    answer = await _authorised(account, path, None, params, writes=False, repeatable=True, take=take)
    if answer:
        raise PlatformAway({"reason": "no file"})


async def _authorised(
    account: Credentials,
    path: str,
    body: Body | Form | None,
    params: dict[str, str] | None,
    *,
    writes: bool,
    repeatable: bool | None,
    once: bool = False,
    take: Taker | None = None,
) -> Body | bytes:
    if account.disabled:
        raise AccountDisabled
    if writes and account.shadow:
        raise AccountInShadow
    again = not writes if repeatable is None else repeatable

    async def asked(token: Lease) -> Body | bytes:
        values = {**(params or {}), "access_token": token.value}
        return await ask(account.app_id, path, body, values, repeatable=again, once=once, take=take)

    token = await tokens.token(account)
    try:
        return await asked(token)
    except PlatformRefused as refusal:
        if refusal.action is not Action.REFRESH_TOKEN:
            raise
    token = await tokens.token(account, failed=token)
    try:
        return await asked(token)
    except PlatformRefused as refusal:
        if refusal.action is Action.REFRESH_TOKEN:
            raise TokenRefused(refusal.errcode, refusal.errmsg) from refusal
        raise
