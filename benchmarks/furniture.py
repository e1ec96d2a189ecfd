"""What the push benchmarks find in the house: an account, guides with codes, welcomes, and the baseline's table."""

import asyncio
from functools import cache

from benchmarks.house import with_product
from benchmarks.sample_pushes import AES_KEY, APP_ID, ORIGINAL_ID, TOKEN
from infra import database

BARE = "bare Starlette: verify, decrypt, one durable INSERT from an asyncpg pool, `success`"
BARE_COMMAND = (
    *("-m", "uvicorn", "benchmarks.bare:app", "--port", "{port}", "--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "warning"),
)
_GUIDES = 20
_TABLE = "CREATE TABLE bench_push (id bigserial PRIMARY KEY, message text NOT NULL)"


@cache
def scenes() -> list[str]:
    """The scenes of the guides' codes; everything is made at the first call."""
    return asyncio.run(with_product(_furnish))


async def _furnish() -> list[str]:
    from core.organisation import service as organisation
    from core.permissions.rules import READY_MADE, RoleKey
    from core.stores import service as stores
    from wechat.accounts import service as accounts
    from wechat.accounts.rules import Kind, Mode
    from wechat.codes import service as codes
    from wechat.welcomes import service as welcomes

    await accounts.add_account(
        app_id=APP_ID,
        original_id=ORIGINAL_ID,
        kind=Kind.OFFICIAL,
        mode=Mode.SAFE,
        name="基准",
        secret="secret-of-a-benchmark",
        token=TOKEN,
        aes_key=AES_KEY,
    )
    store = await stores.add_store(name="门店01")
    post = await organisation.first_post("总部", "导购")
    for number in range(_GUIDES):
        await organisation.create_staff(
            name=f"导购{number:02}",
            username=f"guide{number:02}",
            password_hash="",
            role_id=READY_MADE[RoleKey.GUIDE].id,
            department_id=post.department_id,
            post_id=post.id,
            store_id=store.id,
            is_guide=True,
        )
    await welcomes.set_welcome(
        guide_id=None,
        store_id=store.id,
        channel_id=None,
        follow_text="欢迎关注{公众号}！我是{门店}的{导购}，回复“优惠”领取新人礼。",
        scan_text=None,
        version=0,
    )
    await codes.add_missing()
    await database.execute(_TABLE)
    rows = await database.fetch("SELECT key FROM wechat_code WHERE guide_id IS NOT NULL ORDER BY id")
    return [row["key"] for row in rows]
