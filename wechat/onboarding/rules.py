"""What a check may find, and what the platform's refusals ask of an operator. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from wechat.platform.policy import ALERTS

VERIFY_FILE = re.compile(r"MP_verify_[A-Za-z0-9]{1,40}\.txt")

_UNSET = "〈GUANXI_PUBLIC_URL〉"
_ADDRESS = re.compile(r"invalid ip ([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+)")
_CONSOLE = "登录 https://mp.weixin.qq.com，"
_HINTS = {
    40001: f"{_CONSOLE}核对“基本配置 → 开发者密码(AppSecret)”，重置后运行 guanxi account set APPID --secret",
    40013: f"{_CONSOLE}在“设置与开发 → 基本配置”核对 AppID；AppID 不能修改，填错时请停用后重新添加账号",
    40125: f"{_CONSOLE}在“基本配置 → 开发者密码(AppSecret)”重置，再运行 guanxi account set APPID --secret",
    40243: f"{_CONSOLE}在“基本配置 → 开发者密码(AppSecret)”解冻；已泄露则重置并运行 guanxi account set APPID --secret",
    89503: "微信已向公众号管理员发出确认请求：请管理员在微信“公众平台安全助手”里同意；若被拒绝，一小时内无法再试",
    45009: "今天的调用次数已用完：明天零点后恢复，或运行 guanxi quota clear APPID（每月 10 次）",
    45011: "这一分钟的调用次数已用完：一分钟后再试",
}


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    BY_HAND = "by_hand"

    @property
    def word(self) -> str:
        return {"passed": "通过", "failed": "不通过", "by_hand": "需人工确认"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found: `name` is a stable code, `words` say what is so, `hint` what to do about it."""

    name: str
    verdict: Verdict
    words: str
    hint: str = ""
    app_id: str | None = None


def explain(errcode: int, errmsg: str, app_id: str) -> tuple[str, str]:
    """(what the platform refused, what to do), in Chinese; 40164 names the address to be added."""
    words = f"{ALERTS.get(errcode, '微信拒绝了请求')}（{errcode}）"
    if errcode == 40164:  # noqa: PLR2004 - the platform's code for an address that is not on the list
        found = _ADDRESS.search(errmsg)
        address = f"：{found[1]}" if found else "（微信没有说明是哪个 IP：请在本机查询出口 IP）"
        return words, (
            f"{_CONSOLE}在“设置与开发 → 基本配置 → IP 白名单”加入本机的出口 IP{address}；"
            "每台运行 API 和 worker 的主机都要加，约十分钟后生效"
        )
    return words, _HINTS.get(errcode, f"微信的原话：{errmsg}").replace("APPID", app_id)


def push_url(public_url: str | None, app_id: str) -> str:
    """The address to enter as 服务器地址(URL)."""
    return f"{public_url or _UNSET}/wechat/{app_id}/push"


def domain(public_url: str | None) -> str:
    """What to enter where the platform asks for a domain: no scheme, no port."""
    return urlsplit(public_url or "").hostname or _UNSET
