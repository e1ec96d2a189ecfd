"""Follower lists from the command line."""

from tests import factories as make
from tests.app.guanxi import guanxi


async def test_a_run_is_started_once_and_listed(db):
    account = await make.account()
    code, said = await guanxi("followers", "reconcile", account.app_id)
    assert code == 0, said
    assert (await guanxi("followers", "reconcile", account.app_id))[1] == said
    code, listed = await guanxi("followers", "runs")
    assert (code, f"{account.app_id} reading" in listed, "0 seen" in listed) == (0, True, True)


async def test_an_unknown_account_is_one_clear_line(db):
    code, said = await guanxi("followers", "reconcile", "wxunknown")
    assert (code, "account_not_found" in said, "Traceback" in said) == (1, True, False)
