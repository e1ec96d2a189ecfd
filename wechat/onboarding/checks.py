"""The checks of this installation: settings, servers, schema, clock. Those of an account are in `account_checks`."""

from collections.abc import Awaitable, Callable, Sequence

from infra import clock, database, redis
from infra.errors import Unavailable
from infra.settings import settings
from wechat.onboarding import queries
from wechat.onboarding.rules import Finding, Verdict
from wechat.onboarding.visits import NotReached, visit

Pending = Callable[[], Awaitable[list[str]]]
"""Names the migrations that are not applied yet."""


async def installation(pending: Pending) -> Sequence[Finding]:
    """What has nothing to do with a single account; the rest is left out while PostgreSQL is away."""
    found = [secret_key(), public_url(), await postgresql()]
    if found[-1].verdict is Verdict.FAILED:
        return found
    return [*found, await schema(pending), await redis_server(), await clock_skew()]


def secret_key() -> Finding:
    if settings().has_development_secret:
        hint = "设置 GUANXI_SECRET_KEY（例如 openssl rand -base64 32），更换前添加的账号要重新填写密钥"
        return Finding(name="secret_key", verdict=Verdict.FAILED, words="GUANXI_SECRET_KEY 是公开的开发密钥", hint=hint)
    return Finding(name="secret_key", verdict=Verdict.PASSED, words="GUANXI_SECRET_KEY 已设置")


def public_url() -> Finding:
    url = settings().public_url
    if url is None:
        hint = "设置 GUANXI_PUBLIC_URL，例如 https://guanxi.example.com：微信和手机通过它访问我们"
        return Finding(name="public_url", verdict=Verdict.FAILED, words="没有设置 GUANXI_PUBLIC_URL", hint=hint)
    if not url.startswith("https://"):
        hint = "真实账号需要备案域名和 https 证书；http 只用于演示"
        return Finding(name="public_url", verdict=Verdict.BY_HAND, words=f"公网地址 {url} 不是 https", hint=hint)
    return Finding(name="public_url", verdict=Verdict.PASSED, words=f"公网地址 {url}")


async def postgresql() -> Finding:
    try:
        await database.fetch_one("SELECT 1")
    except Unavailable:
        hint = "检查 GUANXI_DATABASE_URL 与 PostgreSQL 是否运行"
        return Finding(name="postgresql", verdict=Verdict.FAILED, words="连不上 PostgreSQL", hint=hint)
    return Finding(name="postgresql", verdict=Verdict.PASSED, words="PostgreSQL 可用")


async def schema(pending: Pending) -> Finding:
    missing = await pending()
    if missing:
        words = f"数据库缺少 {len(missing)} 个迁移：{'、'.join(missing)}"
        return Finding(name="schema", verdict=Verdict.FAILED, words=words, hint="运行 guanxi migrate")
    return Finding(name="schema", verdict=Verdict.PASSED, words="数据库结构是最新的")


async def redis_server() -> Finding:
    try:
        await redis.client().ping()
    except redis.RedisError:
        hint = "检查 GUANXI_REDIS_URL 与 Redis 是否运行；没有它任务不会执行，令牌不能共用"
        return Finding(name="redis", verdict=Verdict.FAILED, words="连不上 Redis", hint=hint)
    return Finding(name="redis", verdict=Verdict.PASSED, words="Redis 可用")


async def clock_skew() -> Finding:
    """Signatures are judged by the time: compared with the Date header of the platform's answers."""
    if settings().clock_file is not None:
        return Finding(name="clock", verdict=Verdict.PASSED, words="演示时钟，不与微信比较")
    address = settings().wechat_api_url
    try:
        answer = await visit(f"{address}/")
    except NotReached as error:
        hint = "检查本机能否访问外网（DNS、防火墙、代理）"
        return Finding(name="clock", verdict=Verdict.FAILED, words=f"访问不了 {address}（{error}）", hint=hint)
    if answer.date is None:
        hint = "请自行核对本机时间"
        return Finding(name="clock", verdict=Verdict.BY_HAND, words=f"{address} 没有报告时间", hint=hint)
    skew = round(clock.timestamp() - answer.date.timestamp())
    if abs(skew) > await queries.SKEW_SECONDS.get():
        words = f"本机时钟与微信相差 {skew} 秒"
        return Finding(name="clock", verdict=Verdict.FAILED, words=words, hint="用 NTP（chrony）校准所有主机的时间")
    return Finding(name="clock", verdict=Verdict.PASSED, words=f"本机时钟与微信相差 {skew} 秒")
