"""What the platform may answer (wechat-platform §8)."""

from infra.errors import DomainError


class PlatformRefused(DomainError):
    """The platform answered with an errcode; `errcode` and `rid` tell which and where to look it up."""

    code = "wechat_refused"
    status = 502
    message = "微信拒绝了这次请求"
    english = "WeChat refused the request"

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__({"errcode": errcode})
        self.errcode = errcode
        self.errmsg = errmsg

    def __str__(self) -> str:
        return f"{self.errcode} {self.errmsg}"


class PlatformAway(DomainError):
    """No answer, a broken one, or "busy" three times; whether the call took effect is unknown."""

    code = "wechat_unavailable"
    status = 503
    message = "微信暂时没有响应"
    english = "WeChat does not answer"
