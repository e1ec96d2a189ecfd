"""Access tokens by `stable_token` (wechat-platform §1.1): fetched once for all processes, refreshed ahead."""

from infra import alerts, crypto
from wechat.accounts.queries import Credentials
from wechat.platform.errors import PlatformRefused, TokenRefused
from wechat.platform.exchange import ask, expect, raise_alert
from wechat.platform.policy import OVER_WITH_A_TOKEN, Action
from wechat.platform.shared import Lease, Shared

_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path

_tokens = Shared("token")


async def token(account: Credentials, *, failed: Lease | None = None) -> Lease:
    """A live access token; `failed` is one the platform has just refused.

    Raises TokenRefused (and alerts) when the one that replaced it was refused too, PlatformRefused, PlatformAway,
    QuotaSpent.
    """

    async def fetch() -> tuple[str, int]:
        body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
        try:
            answer = expect(await ask(account.app_id, _TOKEN, body, repeatable=True), ("access_token", "expires_in"))
        except PlatformRefused as refusal:
            if refusal.action is Action.REFRESH_TOKEN:
                # Of a fetch this is the official word for a wrong secret.
                await raise_alert(account.app_id, refusal.errcode, refusal.errmsg)
            raise
        if failed is None:
            # It works again: what an operator was told about the secret or the address is over.
            await alerts.settle([f"wechat.{errcode}" for errcode in OVER_WITH_A_TOKEN], account.app_id)
        return answer["access_token"], answer["expires_in"]

    try:
        return await _tokens.get(_name(account), fetch, failed=failed)
    except TokenRefused as refusal:
        await raise_alert(account.app_id, refusal.errcode, refusal.errmsg)
        raise


async def forget(account: Credentials) -> None:
    """Fetch anew next time, whatever was refused before (an operator has mended something)."""
    await _tokens.forget(_name(account))


def _name(account: Credentials) -> str:
    # With another secret it is another token, and what was refused before says nothing any more.
    return f"{account.app_id}:{crypto.digest('secret', account.secret).hex()}"
