"""Seasons that are over before their codes are made."""

from datetime import timedelta

import pytest

from infra import clock
from tests import factories as make
from tests.doors import error_of


@pytest.mark.parametrize("path", ["/staff/v1/codes", "/staff/v1/code-batches"])
async def test_a_code_for_a_season_that_is_over_is_refused(http, path):
    account, store, boss = await make.account(), await make.store(), await make.headers(await make.manager())
    whose = {"store_id": str(store.id)} if path.endswith("codes") else {"kind": "store"}
    body = {"app_id": account.app_id, "name": "国庆"} | whose
    before = await make.count("wechat_code")
    over = (clock.now() - timedelta(seconds=1)).isoformat()
    answer = await http.post(path, headers=boss, json=body | {"ends_at": over})
    assert error_of(answer) == (422, "code_season_wrong")
    error = answer.json()["error"]
    assert (error["message"], error["details"]) == ("结束时间已经过去", {"reason": "over"})
    assert await make.count("wechat_code") == before
    soon = (clock.now() + timedelta(minutes=1)).isoformat()
    assert (await http.post(path, headers=boss, json=body | {"ends_at": soon})).status_code == 201
