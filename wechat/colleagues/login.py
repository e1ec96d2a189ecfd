"""Silent log-in by WeChat: the platform says whose phone it is, and a bound one needs no password.

`state` is ours, signed and short-lived, so that nobody else's authorisation is taken for ours; the page compares it
with the one it was given before it hands it in, so that nobody is logged in as somebody else by a link.
"""

import hmac
import secrets

from core.organisation import bindings
from core.organisation.account import second_factor
from core.organisation.account import service as account_service
from core.organisation.account.errors import SecondFactorNeeded
from core.organisation.queries import Colleague, at_work
from core.sessions import service as sessions
from core.sessions.service import Opened, Opener
from infra import clock, crypto
from infra.database import transaction
from infra.parameters import Parameter
from infra.settings import settings
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.colleagues.errors import (
    LoginCodeRefused,
    LoginStateWrong,
    LoginUnavailable,
    NotBound,
    NoWebLogin,
    SnapshotUser,
)
from wechat.platform import oauth
from wechat.platform.errors import PlatformRefused
from wechat.platform.policy import Action

STATE_SECONDS = Parameter(
    name="wechat.login_seconds",
    default=600,
    least=60,
    most=3600,
    help="微信登录从打开到完成最多的秒数",
    english="How many seconds a log-in by WeChat may take",
)
ASK_SECOND_FACTOR = Parameter(
    name="wechat.login_second_factor",
    default=False,
    help="微信登录是否也要求动态验证码（对已设置动态验证码的员工；默认不要求，手机本身就是第二因素）",
    english=(
        "Whether a log-in by WeChat asks for a one-time code too, of those who have one (the phone "
        "itself is a second factor)"
    ),
)
WAY = "wechat"

_EXPIRY, _NONCE, _SEAL = 8, 16, 32  # hexadecimal digits
_BAD_CODE = {Action.ASK_USER_AGAIN, Action.REAUTHORISE, Action.REFUSE_LOGIN}


async def start(app_id: str, return_to: str) -> tuple[str, str]:
    """(the page to send the phone to, state); it comes back to `return_to`, a path of ours, with code and state.

    Raises AccountNotFound, NoWebLogin.
    """
    account, origin = await _account(app_id), settings().public_url
    if origin is None:
        raise NoWebLogin
    begun = f"{int(clock.timestamp()) + await STATE_SECONDS.get():0{_EXPIRY}x}{secrets.token_hex(_NONCE // 2)}"
    state = begun + _seal(app_id, begun)
    return oauth.silent_url(account, origin + return_to, state), state


async def log_in(
    app_id: str, code: str, state: str, opener: Opener, second_factor_code: str | None
) -> tuple[Opened, Colleague]:
    """A session for the colleague whose phone it is.

    Raises AccountNotFound, NoWebLogin, LoginStateWrong, TooManyAttempts, LoginCodeRefused, SnapshotUser, NotBound (also
    for who is not at work), SecondFactorNeeded, SecondFactorWrong, LoginUnavailable, PlatformAway, QuotaSpent.
    """
    account = await _account(app_id)
    _check(app_id, state)
    # The code stands for the account that is tried: an office shares one address.
    await sessions.count_attempt(code, opener.address)
    staff = await _colleague(account, code)
    async with transaction() as connection:
        if staff.has_second_factor and await ASK_SECOND_FACTOR.get():
            if second_factor_code is None:
                raise SecondFactorNeeded
            await second_factor.use(connection, staff.id, second_factor_code)
        let_in = await account_service.enter(staff.id, WAY, opener)
    await sessions.forgive_attempt(code, opener.address)
    return let_in


async def _colleague(account: Credentials, code: str) -> Colleague:
    try:
        user = await oauth.web_user(account, code)
    except PlatformRefused as refusal:
        raise (LoginCodeRefused if refusal.action in _BAD_CODE else LoginUnavailable) from refusal
    if user.snapshot:
        raise SnapshotUser
    staff_id = await bindings.bearer(account.app_id, user.openid)
    staff = await at_work(staff_id) if staff_id else None
    if staff is None:
        raise NotBound
    return staff


async def _account(app_id: str) -> Credentials:
    account = await accounts.credentials(app_id)
    if account.kind is not Kind.OFFICIAL or account.disabled:
        raise NoWebLogin
    return account


def _check(app_id: str, state: str) -> None:
    begun, seal = state[:-_SEAL], state[-_SEAL:]
    if len(begun) != _EXPIRY + _NONCE or not hmac.compare_digest(seal.encode(), _seal(app_id, begun).encode()):
        raise LoginStateWrong
    if int(begun[:_EXPIRY], 16) < clock.timestamp():
        raise LoginStateWrong


def _seal(app_id: str, begun: str) -> str:
    return crypto.digest("wechat login", app_id, begun).hex()
