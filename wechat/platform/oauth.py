"""Web authorisation: the page that asks, and who it was that came back (wechat-platform §5.1)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from infra.settings import settings
from wechat.accounts.queries import Credentials
from wechat.platform.errors import AccountDisabled
from wechat.platform.exchange import ask, expect


@dataclass(frozen=True, slots=True)
class WebUser:
    """Who opened the page. A `snapshot` user is nobody: the platform's preview for those who have not agreed."""

    openid: str
    snapshot: bool


def silent_url(account: Credentials, redirect_uri: str, state: str) -> str:
    """The page that sends the phone on to `redirect_uri` with a code, without a question (`snsapi_base`).

    `state` comes back with it: letters and digits.
    """
    query = {
        "appid": account.app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }
    return f"{settings().wechat_open_url}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


async def web_user(account: Credentials, code: str) -> WebUser:
    """Whose code it is; a code opens once, within five minutes.

    Raises PlatformRefused (40029 a wrong code, 40163 a used one), PlatformAway, QuotaSpent, AccountDisabled.
    """
    if account.disabled:
        raise AccountDisabled
    params = {"appid": account.app_id, "secret": account.secret, "code": code, "grant_type": "authorization_code"}
    answer = expect(await ask(account.app_id, "/sns/oauth2/access_token", params=params), ("openid",))
    return WebUser(answer["openid"], snapshot=answer.get("is_snapshotuser") == 1)
