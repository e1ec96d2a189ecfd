"""Follower lists from the command line."""

from infra import clock
from infra.settings import settings
from tests import factories as make
from tests.app.guanxi import guanxi


async def test_a_run_is_started_once_and_listed(db):
    account = await make.account()
    code, said = await guanxi("followers", "reconcile", account.app_id)
    assert code == 0, said
    assert said == "已开始，用 guanxi followers runs 查看\n"
    assert (await guanxi("followers", "reconcile", account.app_id))[1] == said
    assert await make.count("wechat_follower_run") == 1
    code, listed = await guanxi("followers", "runs")
    started = clock.now().astimezone(settings().timezone)
    assert code == 0
    assert f"{account.app_id}  {started:%Y-%m-%d} " in listed
    assert "读取名单：读到 0 位，补记关注 0，名单里没有的 0 位" in listed


async def test_an_unknown_account_is_one_clear_line(db):
    code, said = await guanxi("followers", "reconcile", "wxunknown")
    assert (code, "account_not_found" in said, "Traceback" in said) == (1, True, False)
