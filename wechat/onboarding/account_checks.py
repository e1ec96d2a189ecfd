"""The checks of one account, in the order in which they are told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from infra import alerts, clock, redis
from infra.errors import DomainError
from infra.settings import settings
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.codes.budget import BUDGET
from wechat.colleagues import templates
from wechat.forwards import queries as forwards
from wechat.onboarding import queries
from wechat.onboarding.push_checks import push_address, push_mode
from wechat.onboarding.rules import Finding, Verdict, domain, explain
from wechat.onboarding.visits import NotReached, visit
from wechat.platform import quotas, tokens
from wechat.platform.errors import PlatformAway, PlatformRefused, TokenRefused
from wechat.platform.exchange import ask, expect
from wechat.platform.policy import Action
from wechat.platform.shared import Lease
from wechat.platform.transport import send

_LONGEST_SECONDS = 12.0
_HARMLESS = "/cgi-bin/get_current_selfmenu_info"
_NEARLY = 0.8  # of a day's calls

Check = Callable[[Credentials], Awaitable[Finding]]


async def examine(account: Credentials) -> list[Finding]:
    """All findings of an account; a check that takes too long or breaks off has failed."""
    if account.disabled:
        words, hint = "账号已停用，未检查", f"启用：guanxi account enable {account.app_id}"
        return [Finding(name="disabled", verdict=Verdict.BY_HAND, words=words, hint=hint, app_id=account.app_id)]
    found = await _secret_and_token(account)
    found += await asyncio.gather(*(_run(check, account) for check in _THEN))
    return [replace(finding, app_id=account.app_id) for finding in found]


async def refusal_of(app_id: str, app_secret: str) -> Finding | None:
    """Why the platform gives no token for these, if so; for an account that is not written yet."""
    body = {"grant_type": "client_credential", "appid": app_id, "secret": app_secret}
    try:
        answer = expect(await send("/cgi-bin/stable_token", body), ())
        if "access_token" in answer:
            return None
        refusal = PlatformRefused(int(answer.get("errcode", 0)), str(answer.get("errmsg", "")))
        return _refused("secret", refusal, app_id)
    except PlatformAway as away:
        return _away("secret", away)


async def _secret_and_token(account: Credentials) -> list[Finding]:
    """AppSecret first, as it is told; but its check lets go of the token, so that is looked at before.

    A refusal that was remembered and is over by now says nothing about the token: then it is looked at again.
    """
    held = await _run(token_shared, account)
    found = await _run(secret, account)
    if found.verdict is Verdict.PASSED and held.verdict is Verdict.BY_HAND:
        held = await _run(token_shared, account)
    return [found, held]


async def _run(check: Check, account: Credentials) -> Finding:
    name = check.__name__
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            return await check(account)
    except PlatformRefused as refusal:
        return _refused(name, refusal, account.app_id)
    except PlatformAway as away:
        return _away(name, away)
    except DomainError as error:
        return Finding(name=name, verdict=Verdict.FAILED, words=error.message, hint=error.code)
    except redis.RedisError:
        return Finding(name=name, verdict=Verdict.FAILED, words="连不上 Redis，未检查", hint="检查 GUANXI_REDIS_URL")
    except TimeoutError:
        return Finding(name=name, verdict=Verdict.FAILED, words="检查超时", hint="稍后再试")


def _refused(name: str, refusal: PlatformRefused, app_id: str) -> Finding:
    words, hint = explain(refusal.errcode, refusal.errmsg, app_id)
    return Finding(name=name, verdict=Verdict.FAILED, words=words, hint=hint)


def _away(name: str, away: PlatformAway) -> Finding:
    words = f"微信没有正常应答（{away.details.get('reason', '')}）"
    hint = f"检查本机能否访问 {settings().wechat_api_url}（DNS、防火墙、代理），稍后再试"
    return Finding(name=name, verdict=Verdict.FAILED, words=words, hint=hint)


async def token_shared(account: Credentials) -> Finding:
    """Whether somebody else kills the token we hold."""
    hint = (
        "我们用 stable_token 取令牌：用 /cgi-bin/token 的其他系统不会影响我们；只有用 stable_token 且 "
        "force_refresh=true 的系统会使令牌立即失效，请找到它并关掉强制刷新，或让它改用我们的令牌"
    )
    try:
        held = await tokens.token(account)
    except PlatformRefused:
        words = "取不到令牌，无法判断是否被其他系统占用"
        return Finding(name="token_shared", verdict=Verdict.BY_HAND, words=words, hint="先解决上面的 AppSecret 一项")
    if account.kind is Kind.OFFICIAL and await _refuses(account, held):
        try:
            await tokens.token(account, failed=held)
        except TokenRefused:
            return _paused(held)
        words = f"我们持有的令牌已被别人作废（离到期还有 {max(int(held.ends_at - clock.timestamp()), 0)} 秒）"
        return Finding(name="token_shared", verdict=Verdict.FAILED, words=words, hint=hint)
    fetched = (await quotas.today(account.app_id))["/cgi-bin/stable_token"][0]
    words = f"令牌有效；今天取过 {fetched} 次（平时每天十几次，明显偏多说明有系统在强制刷新）"
    return Finding(name="token_shared", verdict=Verdict.PASSED, words=words)


def _paused(held: Lease) -> Finding:
    words = f"令牌暂停获取中（刚被拒绝过），约 {max(round(held.pause_until - clock.timestamp()), 1)} 秒后自动恢复"
    hint = "被拒绝的是刚换过的令牌，不是 AppSecret：多半有系统在反复强制刷新，请找到它并关掉；之后再检查一次"
    return Finding(name="token_shared", verdict=Verdict.FAILED, words=words, hint=hint)


async def _refuses(account: Credentials, held: Lease) -> bool:
    try:
        expect(await ask(account.app_id, _HARMLESS, params={"access_token": held.value}), ())
    except PlatformRefused as refusal:
        return refusal.action is Action.REFRESH_TOKEN
    return False


async def secret(account: Credentials) -> Finding:
    """AppSecret and the caller's address, by a fresh fetch; what was refused a moment ago is asked again.

    A token that has just replaced a refused one is fresh enough: with it the pause before the next would be forgotten.
    """
    if not await _just_replaced(account):
        await tokens.forget(account)
        await tokens.token(account)
    return Finding(name="secret", verdict=Verdict.PASSED, words="AppSecret 有效，本机 IP 已被微信接受")


async def _just_replaced(account: Credentials) -> bool:
    try:
        return (await tokens.token(account)).pause_until > clock.timestamp()
    except (PlatformRefused, PlatformAway):
        return False


async def last_push(account: Credentials) -> Finding:
    at = await queries.last_push(account.app_id)
    if at is None:
        words = f"最近 {await queries.PUSH_HOURS.get()} 小时没有收到推送"
        hint = "在“基本配置 → 服务器配置”点“启用”，用自己的微信关注或发一条消息，再检查一次"
        return Finding(name="last_push", verdict=Verdict.BY_HAND, words=words, hint=hint)
    if at > clock.now():
        words = "最近一次推送的时间在未来，时钟被拨动过"
        return Finding(name="last_push", verdict=Verdict.BY_HAND, words=words, hint="核对各主机的时间")
    words = f"最近一次推送：{at.astimezone(settings().timezone):%Y-%m-%d %H:%M}"
    return Finding(name="last_push", verdict=Verdict.PASSED, words=words)


async def forwarding(account: Credentials) -> Finding:
    if account.forward_url is None:
        return Finding(name="forwarding", verdict=Verdict.PASSED, words="没有转发到其他系统")
    counts = await forwards.counts(account.app_id)
    words = "转发到其他系统：已送达 {} 条，等待 {} 条，放弃 {} 条".format(
        *(counts.get(state, 0) for state in ("sent", "pending", "failed"))
    )
    if counts.get("failed"):
        hint = f"对方恢复后运行 guanxi account forward {account.app_id} retry"
        return Finding(name="forwarding", verdict=Verdict.FAILED, words=words, hint=hint)
    return Finding(name="forwarding", verdict=Verdict.PASSED, words=words)


async def quota(account: Credentials) -> Finding:
    today = await quotas.today(account.app_id)
    used = {path: calls / most for path, (calls, most) in today.items() if most}
    fullest = max(used, key=lambda path: used[path])
    words = f"今天共调用 {sum(calls for calls, _ in today.values())} 次；用得最多的 {fullest} 已用 {used[fullest]:.0%}"
    if used[fullest] < _NEARLY:
        return Finding(name="quota", verdict=Verdict.PASSED, words=words)
    verdict = Verdict.BY_HAND if used[fullest] < 1 else Verdict.FAILED
    hint = f"详情 guanxi quota {account.app_id}；清零 guanxi quota clear {account.app_id}（每月 10 次）"
    return Finding(name="quota", verdict=verdict, words=words, hint=hint)


async def permanent_codes(account: Credentials) -> Finding:
    used, budget = (await accounts.account(account.app_id)).permanent_codes, await BUDGET.get()
    words = f"永久二维码：已用 {used}，共 {budget}"
    if used < _NEARLY * budget:
        return Finding(name="permanent_codes", verdict=Verdict.PASSED, words=words)
    hint = "用完后新的二维码改为临时的并自动续期；其他系统已用的名额请从参数 wechat.permanent_codes_budget 中扣除"
    return Finding(name="permanent_codes", verdict=Verdict.BY_HAND, words=words, hint=hint)


async def verify_file(_account: Credentials) -> Finding:
    """Whether each uploaded file can be read where the platform looks for it."""
    files, origin = await queries.verify_files(), settings().public_url
    if not files or origin is None:
        words = "还没有上传网页授权的验证文件"
        hint = "“设置与开发 → 公众号设置 → 功能设置”下载 MP_verify_….txt，再运行 guanxi account verify-file 文件路径"
        return Finding(name="verify_file", verdict=Verdict.BY_HAND, words=words, hint=hint)
    for name, content in files.items():
        try:
            seen = await visit(f"{origin}/{name}")
        except NotReached as error:
            return _unseen(name, str(error))
        if (seen.status, seen.text) != (200, content):
            return _unseen(name, f"状态 {seen.status}")
    return Finding(name="verify_file", verdict=Verdict.PASSED, words=f"验证文件可访问：{'、'.join(files)}")


def _unseen(name: str, why: str) -> Finding:
    hint = "反向代理要把 /MP_verify_*.txt 转给 guanxi api，不改内容、不重定向"
    words = f"{settings().public_url}/{name} 读不到（{why}）"
    return Finding(name="verify_file", verdict=Verdict.FAILED, words=words, hint=hint)


async def domains(account: Credentials) -> Finding:
    if account.kind is Kind.MINI:
        words = f"小程序的 request、uploadFile、downloadFile 合法域名与业务域名都应是：{domain(settings().public_url)}"
        hint = "“开发 → 开发管理 → 服务器域名”；域名须已备案，每月修改次数有限"
        return Finding(name="domains", verdict=Verdict.BY_HAND, words=words, hint=hint)
    hint = "“设置与开发 → 公众号设置 → 功能设置”，三项都填；填之前先上传验证文件；域名须已备案，每月修改次数有限"
    words = f"业务域名、JS接口安全域名、网页授权域名都应是：{domain(settings().public_url)}"
    return Finding(name="domains", verdict=Verdict.BY_HAND, words=words, hint=hint)


async def imported(account: Credentials) -> Finding:
    if account.imported:
        return Finding(name="imported", verdict=Verdict.PASSED, words="原有的菜单与标签已读入，粉丝名单在后台核对")
    error = await queries.import_error(account.id)
    if error is None:
        hint = "几秒后再看；一直没有完成请确认 guanxi beat 与 guanxi worker 在运行"
        return Finding(name="imported", verdict=Verdict.BY_HAND, words="原有的菜单、标签、粉丝还没有读入", hint=hint)
    hint = f"解决后会自动重试，或运行 guanxi account import {account.app_id}；读入之前不会改动平台上的任何东西"
    return Finding(name="imported", verdict=Verdict.FAILED, words=f"读入原有内容失败：{error}", hint=hint)


async def shadow(account: Credentials) -> Finding:
    if not account.shadow:
        return Finding(name="shadow", verdict=Verdict.PASSED, words="已上线：接收并发送")
    hint = f"确认推送与粉丝都正常后运行 guanxi account shadow off {account.app_id}"
    return Finding(name="shadow", verdict=Verdict.BY_HAND, words="观察模式：只接收，不发送", hint=hint)


async def notice_template(account: Credentials) -> Finding:
    """Whether notices reach colleagues' phones through this account; it need not be this one."""
    known = await templates.present(account)
    if known is None:
        words, hint = "没有设置员工通知的模板（可选）", "设置：PUT /staff/v1/accounts/{account_id}/notice-template"
        return Finding(name="notice_template", verdict=Verdict.BY_HAND, words=words, hint=hint)
    if not known:
        words, hint = "员工通知的模板在公众平台上已不存在", "在公众平台重新选用模板，再修改这里的模板 ID"
        return Finding(name="notice_template", verdict=Verdict.FAILED, words=words, hint=hint)
    return Finding(name="notice_template", verdict=Verdict.PASSED, words="员工通知的模板可用")


async def open_alerts(account: Credentials) -> Finding:
    kinds = [alert["kind"] for alert in await alerts.listed() if alert["subject"] == account.app_id]
    if kinds:
        words = f"有 {len(kinds)} 条未处理的告警：{'、'.join(kinds)}"
        return Finding(name="open_alerts", verdict=Verdict.FAILED, words=words, hint="查看：guanxi alerts")
    return Finding(name="open_alerts", verdict=Verdict.PASSED, words="没有未处理的告警")


async def pay(_account: Credentials) -> Finding:
    words, hint = "微信支付：商户号、API 证书与 APIv3 密钥以后接入支付时再配置", "现在无需处理"
    return Finding(name="pay", verdict=Verdict.BY_HAND, words=words, hint=hint)


# After secret and token: what those find out settles or raises alerts.
_THEN: tuple[Check, ...] = (
    push_address,
    push_mode,
    last_push,
    forwarding,
    quota,
    permanent_codes,
    verify_file,
    domains,
    imported,
    shadow,
    notice_template,
    open_alerts,
    pay,
)
