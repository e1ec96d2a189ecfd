"""Calling our own push address as the platform does; whatever is refused writes nothing."""

import secrets
from dataclasses import replace

import orjson

from infra import clock
from infra.settings import settings
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Mode
from wechat.forwards.sealing import seal, signed_query
from wechat.onboarding.rules import Finding, Verdict, push_url
from wechat.onboarding.visits import NotReached, Visit, visit

_NOBODY = "oXXXXXXXXXXXXXXXXXXXXXXXXXXX"
_REFUSED = 403


async def push_address(account: Credentials) -> Finding:
    """The URL verification: the echo for a right signature, a refusal for a wrong one."""
    if settings().public_url is None:
        return _no_address("push_address")
    url, echo = push_url(settings().public_url, account.app_id), secrets.token_hex(8)
    query = signed_query(account, clock.timestamp(), echostr=echo)
    try:
        right = await visit(url, query)
        wrong = await visit(url, query | {"signature": "0" * 40})
    except NotReached as error:
        hint = "检查域名解析、https 证书、防火墙和反向代理；/wechat/ 要转给 guanxi api"
        return Finding(
            name="push_address", verdict=Verdict.FAILED, words=f"推送地址 {url} 访问不了（{error}）", hint=hint
        )
    if (right.status, right.text) != (200, echo):
        hint = "反向代理要把 /wechat/ 原样转给 guanxi api（保留查询参数、不重定向）；主机时间要准确"
        words = f"推送地址 {url} 没有正确应答验证请求（状态 {right.status} {_code(right)}）"
        return Finding(name="push_address", verdict=Verdict.FAILED, words=words, hint=hint)
    if wrong.status != _REFUSED:
        words = f"推送地址 {url} 没有拒绝错误的签名（状态 {wrong.status}）"
        hint = "应答的似乎不是 guanxi：检查反向代理是否缓存，或转到了别的程序"
        return Finding(name="push_address", verdict=Verdict.FAILED, words=words, hint=hint)
    return Finding(name="push_address", verdict=Verdict.PASSED, words=f"推送地址可用：{url}")


async def push_mode(account: Credentials) -> Finding:
    """Two pushes that must be refused in the way this mode and these keys refuse them."""
    if settings().public_url is None:
        return _no_address("push_mode")
    url, now = push_url(settings().public_url, account.app_id), clock.timestamp()
    wants_clear = account.mode is Mode.PLAIN
    foreign = seal(replace(account, app_id="wx-of-nobody", mode=Mode.SAFE), _push("gh_nobody"), openid=_NOBODY, now=now)
    clear = seal(replace(account, mode=Mode.PLAIN), _push("gh_nobody"), openid=_NOBODY, now=now)
    try:
        seen = [_code(await visit(url, sealed.query, sealed.body)) for sealed in (foreign, clear)]
    except NotReached as error:
        return Finding(name="push_mode", verdict=Verdict.FAILED, words=f"推送地址访问不了（{error}）", hint="见上一项")
    if seen != ["push_undecryptable", "push_for_another_account" if wants_clear else "push_unencrypted"]:
        words = f"推送没有按账号的加密方式处理（{seen[0]}，{seen[1]}）"
        hint = "反向代理要原样转发 POST 的正文；确认各主机用同一个数据库和 GUANXI_SECRET_KEY"
        return Finding(name="push_mode", verdict=Verdict.FAILED, words=words, hint=hint)
    words = {Mode.PLAIN: "明文模式", Mode.COMPATIBLE: "兼容模式", Mode.SAFE: "安全模式"}[account.mode]
    hint = "建议在公众平台和这里都改为安全模式" if wants_clear else ""
    return Finding(name="push_mode", verdict=Verdict.PASSED, words=f"加解密正常：{words}", hint=hint)


def _push(to: str) -> str:
    return (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>{_NOBODY}</FromUserName>"
        "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>doctor</Content><MsgId>1</MsgId></xml>"
    )


def _code(answer: Visit) -> str:
    """The stable code of a refusal of ours, or the status of somebody else's answer."""
    try:
        return str(orjson.loads(answer.text)["error"]["code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"状态 {answer.status}"


def _no_address(name: str) -> Finding:
    return Finding(name=name, verdict=Verdict.BY_HAND, words="没有设置 GUANXI_PUBLIC_URL，未检查", hint="设置后再检查")
