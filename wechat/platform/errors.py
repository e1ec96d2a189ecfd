"""What the platform may answer, and why it is not asked."""

import re
from datetime import datetime

from infra.errors import Conflict, DomainError
from wechat.platform.policy import Action, action_of

_RID = re.compile(r"rid: ([0-9a-f-]+)")


class PlatformRefused(DomainError):
    """The platform answered with an errcode; `action` is what follows from it, `rid` where to look it up."""

    code = "wechat_refused"
    status = 502
    message = "微信拒绝了这次请求"
    english = "WeChat refused the request"

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__({"errcode": errcode})
        self.errcode = errcode
        self.errmsg = errmsg

    @property
    def action(self) -> Action:
        return action_of(self.errcode)

    @property
    def rid(self) -> str | None:
        found = _RID.search(self.errmsg)
        return found[1] if found else None

    def __str__(self) -> str:
        return f"{self.errcode} {self.errmsg}"


class TokenRefused(PlatformRefused):
    """The platform refuses the very token it has just given: it is not asked for another one for a while."""

    code = "wechat_token_refused"
    message = "微信不接受访问令牌，请联系管理员"
    english = "WeChat refuses its own access token"


class PlatformAway(DomainError):
    """No answer, a broken one, or "busy" three times; whether the call took effect is unknown."""

    code = "wechat_unavailable"
    status = 503
    message = "微信暂时没有响应"
    english = "WeChat does not answer"


class PlatformUnreached(PlatformAway):
    """No connection came about: the platform has not heard of the call."""


class QuotaSpent(DomainError):
    """The endpoint's calls of the day or minute are used up; nothing is asked before `until`."""

    code = "wechat_quota_spent"
    status = 503
    message = "微信接口的调用次数已用完，请稍后再试"
    english = "The quota of this WeChat interface is spent"

    def __init__(self, path: str, until: datetime) -> None:
        super().__init__({"endpoint": path, "until": until.isoformat()})
        self.until = until


class MediaGone(DomainError):
    """The platform keeps a file for three days."""

    code = "wechat_media_gone"
    status = 410
    message = "微信已不再保存这个文件"
    english = "WeChat doesn't keep this file any more"


class AccountInShadow(Conflict):
    """A shadow account receives everything and sends nothing."""

    code = "account_in_shadow"
    message = "该账号处于观察模式：只接收，不发送"
    english = "The account is in shadow mode: it receives and sends nothing"


class AccountDisabled(Conflict):
    code = "account_disabled"
    message = "该账号已停用"
    english = "The account is disabled"
