"""Putting the platform's counters back to zero (wechat-platform §1.3)."""

from wechat.accounts.queries import Credentials
from wechat.platform import quotas
from wechat.platform.client import call


async def clear_quota(account: Credentials) -> None:
    """Start the day's counts of an account anew; ten times a month. Raises PlatformRefused (48006: used up, alerts)."""
    await call(account, "/cgi-bin/clear_quota", {"appid": account.app_id}, writes=True, repeatable=False)
    await quotas.forget(account.app_id)
