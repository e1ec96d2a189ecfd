"""Signatures of pages: checked against the tickets that the account really got."""

import hashlib

import pytest

from tests.simulator.harness import APP_ID

URL = "https://shop.example/join?from=1"


async def ticket(account):
    return (await account.call("/cgi-bin/ticket/getticket", type="jsapi"))["ticket"]


async def checked(account, value, signed_url=URL, **changes):
    text = f"jsapi_ticket={value}&noncestr=n1&timestamp=1700000000&url={signed_url}"
    body = {
        "app_id": APP_ID,
        "url": URL,
        "timestamp": "1700000000",
        "nonce": "n1",
        "signature": hashlib.sha1(text.encode()).hexdigest(),
    }
    answer = await account.simulator.ok("/sim/check_page_signature", body | changes)
    assert answer["ok"] is (answer["reason"] is None)
    return answer["reason"]


async def test_a_right_signature(account):
    value = await ticket(account)
    assert await checked(account, value) is None
    assert await checked(account, value, url=f"{URL}#part") is None
    newer = await ticket(account)
    assert [await checked(account, each) for each in (value, newer)] == [None, None]


@pytest.mark.parametrize("changes", [{"url": f"{URL}2"}, {"nonce": "N1"}, {"timestamp": "1"}, {"signature": "0" * 40}])
async def test_a_wrong_one(account, changes):
    assert await checked(account, await ticket(account), **changes) == "wrong_signature"


async def test_the_part_behind_the_hash_is_not_signed(account):
    assert await checked(account, await ticket(account), signed_url=f"{URL}#part") == "wrong_signature"


async def test_a_ticket_dies(account):
    assert await checked(account, "none") == "no_ticket"
    value = await ticket(account)
    account.simulator.move_clock(7199)
    assert await checked(account, value) is None
    account.simulator.move_clock(7201)
    assert await checked(account, value) == "ticket_expired"


async def test_another_account_s_ticket_is_none(account):
    value = await ticket(account)
    await account.simulator.account(account.receiver.url, app_id="wx2", original_id="gh_2")
    assert await checked(account, value, app_id="wx2") == "no_ticket"
    assert (await account.simulator.post("/sim/check_page_signature", {"app_id": "wx404"}))[0] == 422
