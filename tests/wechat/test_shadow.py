"""Shadow mode against the platform: everything is received, nothing is sent; after it, all that waited is done."""

import pytest

from app.contexts import CONTEXTS, registry
from tests import factories as make
from tests.wechat.serving import serving
from wechat.accounts import queries as accounts
from wechat.accounts import service as account_service
from wechat.onboarding import service as onboarding

READING = {"stable_token", "get_current_selfmenu_info", "tags_get", "user_tag_get", "user_get", "user_info_batchget"}
READING |= {"menu_get", "tags_members_getblacklist"}


@pytest.fixture
async def address(db, fresh_settings):
    async with serving(fresh_settings) as address:
        yield address


async def _work():
    """Everything the background door does, once."""
    await make.settle(registry())
    for context in CONTEXTS:
        for job in context.jobs:
            await job.run()
    await make.settle(registry())


async def _follow(platform, app_id):
    fan = await platform.fan()
    told = await platform.act(fan, "follow", app_id=app_id)
    phone = await platform.ok(f"/sim/fans/{fan}/phone?app_id={app_id}")
    return told["openid"], [bubble["text"] for bubble in phone if bubble["from"] == "account"]


async def _called(platform, app_id):
    calls = (await platform.ok(f"/sim/stats?app_id={app_id}"))["calls"]
    return {name for name, count in calls.items() if count}


async def test_a_shadow_account_knows_its_fans_and_sends_nothing_until_it_goes_live(platform, address):
    account = await make.account(shadow=True)
    await platform.account(
        f"{address}/wechat/{account.app_id}/push",
        app_id=account.app_id,
        original_id=account.original_id,
        secret=account.secret,
        token=make.TOKEN,
        aes_key=make.AES_KEY,
        name=account.name,
    )
    await make.guide()
    await make.welcome("欢迎光临")
    openid, said = await _follow(platform, account.app_id)
    await _work()
    assert said == []
    assert (await make.customer_of(openid, account.app_id))["following"]
    assert await _called(platform, account.app_id) <= READING
    assert {row["state"] for row in await make.rows("SELECT state FROM wechat_code")} == {"pending"}
    assert {f.name: f.verdict for f in await onboarding.examine(account.app_id)}["shadow"] == "by_hand"

    await account_service.change_account(account.id, shadow=False)
    assert not (await accounts.credentials(account.app_id)).shadow
    await _work()
    assert {row["state"] for row in await make.rows("SELECT state FROM wechat_code")} == {"issued"}
    _, said = await _follow(platform, account.app_id)
    assert said == ["欢迎光临"]
