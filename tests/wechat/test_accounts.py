"""Accounts: secrets go in, are stored as ciphertext, and never come out."""

from uuid import uuid4

import pytest

from infra import crypto
from tests import factories as make
from tests.doors import error_of
from wechat.accounts import queries

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


async def _add(http, admin):
    return (await http.post(PATH, headers=admin, json=ACCOUNT)).json()


async def test_what_is_given_is_changed_and_the_rest_stays(http, admin):
    added = await _add(http, admin)
    path = f"{PATH}/{added['id']}"
    for changes in ({"name": "新店"}, {"mode": "plain"}, {"secret": "f" * 32}, {"name": None}, {}):
        answer = await http.patch(path, headers=admin, json=changes)
        added |= {name: value for name, value in changes.items() if name in added and value}
        assert (answer.status_code, answer.json()) == (200, added)
    known = await queries.credentials(ACCOUNT["app_id"])
    assert (known.name, known.mode, known.secret) == ("新店", "plain", "f" * 32)
    assert known.keys == (queries.Keys(make.TOKEN, make.AES_KEY),)


@pytest.mark.parametrize(
    "changes",
    [
        {"aes_key": make.AES_KEY[:-1]},
        {"token": "?!"},
        {"secret": "with space"},
        {"mode": "none"},
        {"name": ""},
        {"name": "a\x00"},
        {"app_id": "wx0000000000000008"},
        {"kind": "mini"},
    ],
)
async def test_a_change_the_platform_would_never_give_is_refused(http, admin, changes):
    added = await _add(http, admin)
    answer = await http.patch(f"{PATH}/{added['id']}", headers=admin, json=changes)
    assert error_of(answer) == (422, "invalid_input")
    assert (await http.get(PATH, headers=admin)).json()["items"] == [added]


async def test_nobody_s_account_cannot_be_changed(http, admin):
    assert error_of(await http.patch(f"{PATH}/{uuid4()}", headers=admin, json={})) == (404, "account_not_found")


async def test_credentials_show_no_secret_when_printed(db):
    account = await make.account()
    assert repr(account) == str(account) == f"Credentials({account.app_id})"
