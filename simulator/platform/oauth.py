"""Web authorisation: who may be sent where with a code, and what the code is good for."""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from simulator.platform import login_codes
from simulator.world.errors import (
    API_UNAUTHORIZED,
    INVALID_ARGUMENTS,
    INVALID_CREDENTIAL,
    INVALID_OPENID,
    INVALID_REFRESH_TOKEN,
    INVALID_SCOPE,
    PASSWORD_CHANGED,
    REDIRECT_DOMAIN,
    REFRESH_TOKEN_EXPIRED,
    TOKEN_EXPIRED,
    PlatformError,
)
from simulator.world.identities import openid_of, unionid_of
from simulator.world.records import Account, Record
from simulator.world.state import State

# Letters and digits are all that the platform promises to bring back.
STATE = re.compile(r"[A-Za-z0-9]*")
SCOPES = ("snsapi_base", "snsapi_userinfo")


class Grant(Record):
    """What a person let the account know; one access token that lives on while it is refreshed."""

    access_token: str
    refresh_token: str
    app_id: str
    fan_id: str
    openid: str
    scope: str
    snapshot: bool
    expires_at: float
    refresh_until: float
    password_changed: bool = False

    def key(self) -> str:
        return self.access_token


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an account asks for, and where it wants the answer."""

    scope: str
    redirect_uri: str
    state: str


def check_wanted(account: Account, wanted: Wanted) -> None:
    """Refuse what the platform's page refuses; errcode 10005 scope or account, 10003 domain, 40097 state."""
    if account.kind != "official" or not account.verified or wanted.scope not in SCOPES:
        raise PlatformError(INVALID_SCOPE)
    target = urlsplit(wanted.redirect_uri)
    if target.scheme not in ("http", "https") or target.hostname not in account.oauth_domains:
        raise PlatformError(REDIRECT_DOMAIN)
    if not STATE.fullmatch(wanted.state) or len(wanted.state) > account.limits.oauth_state_length:
        raise PlatformError(INVALID_ARGUMENTS)


def authorise(state: State, account: Account, fan_id: str, wanted: Wanted, *, snapshot: bool) -> str:
    """Return where the phone goes with its code; errcodes as `check_wanted` has them."""
    check_wanted(account, wanted)
    target = urlsplit(wanted.redirect_uri)
    code = login_codes.make(state, account, fan_id, "web", scope=wanted.scope, snapshot=snapshot)
    added = urlencode({"code": code.value, "state": wanted.state})
    return target._replace(query=f"{target.query}&{added}" if target.query else added).geturl()


def exchange(state: State, account: Account, value: str) -> dict[str, Any]:
    """Answer `/sns/oauth2/access_token`: a unionid for the wide scope only, a virtual openid for a snapshot."""
    code = login_codes.redeem(state, account, value, "web")
    now = state.clock.now()
    who = f"snapshot|{code.value}" if code.snapshot else code.fan_id
    grant = Grant(
        access_token=_token(),
        refresh_token=_token(),
        app_id=account.app_id,
        fan_id=code.fan_id,
        openid=openid_of(account.app_id, who),
        scope=code.scope,
        snapshot=code.snapshot,
        expires_at=now + account.limits.oauth_token_seconds,
        refresh_until=now + account.limits.refresh_token_seconds,
    )
    state.save(grant)
    result = _tokens(state, grant)
    if code.scope == "snsapi_userinfo" and account.open_platform is not None:
        result["unionid"] = unionid_of(account.open_platform, who)
    if code.snapshot:
        result["is_snapshotuser"] = 1
    return result


def refresh(state: State, account: Account, refresh_token: str) -> dict[str, Any]:
    """Answer `/sns/oauth2/refresh_token`: a living token lives anew, a dead one is replaced; 40030, 42002, 42007."""
    everyone = state.every(Grant).values()
    grant = next((grant for grant in everyone if grant.refresh_token == refresh_token), None)
    if grant is None or grant.app_id != account.app_id:
        raise PlatformError(INVALID_REFRESH_TOKEN)
    now = state.clock.now()
    if now >= grant.refresh_until:
        raise PlatformError(REFRESH_TOKEN_EXPIRED)
    if grant.password_changed:
        raise PlatformError(PASSWORD_CHANGED)
    if now >= grant.expires_at:
        state.drop(grant)
        grant.access_token = _token()
    grant.expires_at = now + account.limits.oauth_token_seconds
    state.save(grant)
    return _tokens(state, grant)


def check(state: State, grant: Grant | None, openid: str) -> Grant:
    """Return a grant that is good; errcode 40001 none, 42001 expired, 42007 password, 40003 another's openid."""
    if grant is None:
        raise PlatformError(INVALID_CREDENTIAL)
    if state.clock.now() >= grant.expires_at:
        raise PlatformError(TOKEN_EXPIRED)
    if grant.password_changed:
        raise PlatformError(PASSWORD_CHANGED)
    if grant.openid != openid:
        raise PlatformError(INVALID_OPENID)
    return grant


def user_info(state: State, grant: Grant) -> dict[str, Any]:
    """Answer `/sns/userinfo`; errcode 48001 for the narrow scope and for a snapshot user."""
    if grant.scope != "snsapi_userinfo" or grant.snapshot:
        raise PlatformError(API_UNAUTHORIZED)
    account = state.account(grant.app_id)
    result = {
        "openid": grant.openid,
        "nickname": state.person(grant.fan_id).name,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": f"https://thirdwx.qlogo.cn/mmopen/vi_32/{grant.openid}/132",
        "privilege": [],
    }
    if account.open_platform is not None:
        result["unionid"] = unionid_of(account.open_platform, grant.fan_id)
    return result


def change_password(state: State, fan_id: str) -> None:
    """Let every grant of a person die, as a new password does."""
    for grant in list(state.every(Grant).values()):
        if grant.fan_id == fan_id:
            grant.password_changed = True
            state.save(grant)


def _tokens(state: State, grant: Grant) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "expires_in": round(grant.expires_at - state.clock.now()),
        "refresh_token": grant.refresh_token,
        "openid": grant.openid,
        "scope": grant.scope,
    }


def _token() -> str:
    return f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(64)}"
