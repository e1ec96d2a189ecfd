"""Accounts: secrets go in, are stored as ciphertext, and never come out."""

import pytest

from infra import crypto
from tests import factories as make
from tests.doors import error_of

PATH = "/staff/v1/accounts"
ACCOUNT = {
    "app_id": "wx0000000000000009",
    "original_id": "gh_000000000009",
    "name": "好店",
    "secret": make.SECRET,
    "token": make.TOKEN,
    "aes_key": make.AES_KEY,
}


@pytest.fixture
async def admin(http):
    return await make.headers(await make.admin())


async def test_secrets_never_come_out_and_are_ciphertext_in_the_table(http, admin):
    added = await http.post(PATH, headers=admin, json=ACCOUNT)
    listed = await http.get(PATH, headers=admin)
    assert (added.status_code, added.json()["mode"], added.json()["kind"]) == (201, "safe", "official")
    assert listed.json()["items"] == [added.json()]
    stored = (await make.rows("SELECT secret, token, aes_key FROM wechat_account"))[0]
    for name in ("secret", "token", "aes_key"):
        assert ACCOUNT[name] not in added.text + listed.text
        assert ACCOUNT[name].encode() not in stored[name]
        assert crypto.decrypt(stored[name]) == ACCOUNT[name]


async def test_an_account_is_added_once(http, admin):
    await http.post(PATH, headers=admin, json=ACCOUNT)
    for changes in ({}, {"app_id": "wx0000000000000008"}, {"original_id": "gh_000000000008"}):
        assert error_of(await http.post(PATH, headers=admin, json=ACCOUNT | changes)) == (409, "account_exists")


@pytest.mark.parametrize(
    "changes",
    [
        {"aes_key": make.AES_KEY[:-1]},
        {"aes_key": make.AES_KEY[:-1] + "="},
        {"token": "?!"},
        {"token": "t" * 33},
        {"secret": "with space"},
        {"app_id": "wx"},
        {"app_id": "wx/../push"},
        {"mode": "none"},
        {"kind": "pay"},
        {"name": ""},
    ],
)
async def test_what_the_platform_would_never_give_is_refused_and_not_repeated(http, admin, changes):
    answer = await http.post(PATH, headers=admin, json=ACCOUNT | changes)
    assert error_of(answer) == (422, "invalid_input")
    for name in ("secret", "token", "aes_key"):
        assert (ACCOUNT | changes)[name] not in answer.text


async def test_credentials_show_no_secret_when_printed(db):
    account = await make.account()
    assert repr(account) == str(account) == f"Credentials({account.app_id})"
