"""Codes that a phone hands over once: web authorisation, mini-program login, mini-program phone number."""

import secrets
from typing import Literal

from simulator.world.errors import CODE_USED, INVALID_CODE, PlatformError
from simulator.world.identities import visit
from simulator.world.records import Account, Record
from simulator.world.state import State

Purpose = Literal["web", "login", "phone"]


class LoginCode(Record):
    """`scope` and `snapshot` belong to web authorisation; a snapshot user is nobody real."""

    value: str
    app_id: str
    fan_id: str
    purpose: Purpose
    expires_at: float
    scope: str = ""
    snapshot: bool = False
    used: bool = False

    def key(self) -> str:
        return self.value


def make(
    state: State, account: Account, fan_id: str, purpose: Purpose, *, scope: str = "", snapshot: bool = False
) -> LoginCode:
    """Make a code for a person who is at the account's page or in its mini-program now."""
    person = state.person(fan_id)
    code = LoginCode(
        value=f"0{secrets.randbelow(10)}1{secrets.token_urlsafe(22)}",
        app_id=account.app_id,
        fan_id=person.fan_id,
        purpose=purpose,
        expires_at=state.clock.now() + account.limits.login_code_seconds,
        scope=scope,
        snapshot=snapshot,
    )
    with state.atomic():
        state.save(code)
        if not snapshot:
            visit(state, account, person.fan_id)
    return code


def redeem(state: State, account: Account, value: str, purpose: Purpose) -> LoginCode:
    """Use a code up; errcode 40029 unknown, late, or made for something else, 40163 used before."""
    code = state.every(LoginCode).get(value)
    if code is None or (code.app_id, code.purpose) != (account.app_id, purpose):
        raise PlatformError(INVALID_CODE)
    if code.used:
        raise PlatformError(CODE_USED)
    if state.clock.now() >= code.expires_at:
        raise PlatformError(INVALID_CODE)
    code.used = True
    state.save(code)
    return code
