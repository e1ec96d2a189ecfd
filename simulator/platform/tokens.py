"""The two separate lines of access tokens, and the check that every call goes through."""

import re
import secrets
from typing import Literal

from simulator.world import quotas
from simulator.world.errors import (
    APP_ID_MISSING,
    INVALID_APP_ID,
    INVALID_CREDENTIAL,
    INVALID_GRANT_TYPE,
    INVALID_IP,
    INVALID_TOKEN,
    IP_AWAITS_APPROVAL,
    SECRET_FROZEN,
    SECRET_MISSING,
    TOKEN_EXPIRED,
    TOKEN_MISSING,
    PlatformError,
)
from simulator.world.records import Account, Token
from simulator.world.state import State

Line = Literal["plain", "stable"]
TOKEN_SHAPE = re.compile(r"\d{2}_[A-Za-z0-9_-]{61,509}")


def account_of(state: State, *, grant_type: str, app_id: str, secret: str) -> Account:
    """Return the account of a token request; errcode 40002, and those of `credentials_of`."""
    check_grant_type(grant_type, "client_credential")
    return credentials_of(state, app_id=app_id, secret=secret)


def check_grant_type(given: str, wanted: str) -> None:
    """Refuse another grant type; errcode 40002."""
    if given != wanted:
        raise PlatformError(INVALID_GRANT_TYPE)


def account_named(state: State, app_id: str, kind: str | None = None) -> Account:
    """Return the account of an app id, of that kind if asked; errcode 41002 or 40013."""
    if not app_id:
        raise PlatformError(APP_ID_MISSING)
    account = state.accounts.get(app_id)
    if account is None or kind not in (None, account.kind):
        raise PlatformError(INVALID_APP_ID)
    return account


def credentials_of(state: State, *, app_id: str, secret: str, kind: str | None = None) -> Account:
    """Return the account that proves itself; errcode 41002, 40013, 41004, 40001 or 40125, or 40243."""
    account = account_named(state, app_id, kind)
    if not secret:
        raise PlatformError(SECRET_MISSING)
    if not secrets.compare_digest(secret.encode(), account.secret.encode()):
        quotas.note_error(state, account, account.wrong_secret_errcode)
        raise PlatformError(account.wrong_secret_errcode)
    if account.secret_frozen:
        quotas.note_error(state, account, SECRET_FROZEN)
        raise PlatformError(SECRET_FROZEN)
    return account


def check_address(account: Account, address: str) -> None:
    """Refuse a server that is not in the white list; errcode 40164 or 89503. Mini-programs have no such list."""
    if account.kind == "mini":
        return
    if not account.ip_allowed:
        raise PlatformError(INVALID_IP, f"invalid ip {address} ipv6 ::ffff:{address}, not in whitelist")
    if account.ip_awaits_approval:
        raise PlatformError(IP_AWAITS_APPROVAL)


def issue_plain(state: State, account: Account) -> Token:
    """`/cgi-bin/token`: every call makes a new token, the former one works for another five minutes."""
    former = state.latest_token.get((account.app_id, "plain"))
    if former is not None:
        grace_end = state.clock.now() + account.limits.token_grace_seconds
        _retire(state, former, at=min(grace_end, former.expires_at))
    return _make(state, account, "plain")


def issue_stable(state: State, account: Account, *, force: bool) -> Token:
    """`/cgi-bin/stable_token`: the same token until its last five minutes, or a forced new one.

    A forced one kills the former at once; it is limited per day (45009), also when the former has died, and sooner
    than 30 s after the one before nothing is refreshed (official text). Without force both tokens work during the
    five minutes.
    """
    now = state.clock.now()
    limits = account.limits
    former = _living(state, account, "stable")
    if force:
        if former is not None and former.forced and now - former.issued_at < limits.force_refresh_gap_seconds:
            return former
        quotas.spend(state, account, "force_refresh")
        if former is not None:
            _retire(state, former, at=now)
        return _make(state, account, "stable", forced=True)
    if former is None:
        return _make(state, account, "stable")
    if former.expires_at - now > limits.token_grace_seconds:
        return former
    _retire(state, former, at=now + limits.token_grace_seconds)
    return _make(state, account, "stable")


def check(state: State, value: str) -> Account:
    """Return whose token it is; errcode 41001 missing, 40014 no token, 42001 expired, 40001 replaced."""
    if not value:
        raise PlatformError(TOKEN_MISSING)
    if not TOKEN_SHAPE.fullmatch(value):
        raise PlatformError(INVALID_TOKEN)
    token = state.tokens.get(value)
    if token is None:
        raise PlatformError(INVALID_CREDENTIAL)
    account = state.accounts[token.app_id]
    now = state.clock.now()
    if now >= (token.expires_at if token.retired_at is None else token.retired_at):
        errcode = TOKEN_EXPIRED if now >= token.expires_at else INVALID_CREDENTIAL
        quotas.note_error(state, account, errcode)
        raise PlatformError(errcode)
    return account


def _living(state: State, account: Account, line: Line) -> Token | None:
    token = state.latest_token.get((account.app_id, line))
    return token if token is not None and state.clock.now() < token.expires_at else None


def _retire(state: State, token: Token, *, at: float) -> None:
    token.retired_at = at
    state.save(token)


def _make(state: State, account: Account, line: Line, *, forced: bool = False) -> Token:
    now = state.clock.now()
    token = Token(
        value=f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(512)}"[: account.token_characters],
        app_id=account.app_id,
        line=line,
        issued_at=now,
        expires_at=now + account.limits.token_seconds,
        forced=forced,
    )
    state.save(token)
    return token
