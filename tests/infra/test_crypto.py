"""Secrets at rest survive a change of the key; digests never change."""

import json

import pytest
from cryptography.fernet import InvalidToken

from infra import crypto
from infra.settings import settings


@pytest.fixture
def keys(fresh_settings):
    """Sets the newest and the former keys of this process."""

    def use(newest, *former):
        fresh_settings.setenv("GUANXI_SECRET_KEY", newest)
        fresh_settings.setenv("GUANXI_FORMER_SECRET_KEYS", json.dumps(former))
        settings.cache_clear()
        crypto._vault.cache_clear()
        crypto._digest_key.cache_clear()

    return use


def test_a_secret_comes_back_and_no_two_ciphertexts_are_alike():
    one, two = crypto.encrypt("密码"), crypto.encrypt("密码")
    assert one != two
    assert crypto.decrypt(one) == crypto.decrypt(two) == "密码"


def test_a_former_key_still_decrypts_and_a_forgotten_one_does_not(keys):
    keys("first")
    stored = crypto.encrypt("secret")
    keys("second", "first")
    assert crypto.decrypt(stored) == "secret"
    keys("third", "second", "first")
    assert crypto.decrypt(stored) == "secret"
    keys("third", "second")
    with pytest.raises(InvalidToken):
        crypto.decrypt(stored)


def test_new_secrets_are_written_under_the_newest_key(keys):
    keys("second", "first")
    stored = crypto.encrypt("secret")
    keys("second")
    assert crypto.decrypt(stored) == "secret"


def test_a_digest_stays_the_same_through_changes_of_the_key(keys):
    keys("first")
    digest = crypto.digest("wx1", "openid")
    keys("second", "first")
    assert crypto.digest("wx1", "openid") == digest
    keys("third", "second", "first")
    assert crypto.digest("wx1", "openid") == digest
    keys("another")
    assert crypto.digest("wx1", "openid") != digest


def test_a_digest_tells_its_parts_apart():
    digests = [crypto.digest(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), ("c", "ab"))]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {16}


def test_tokens_are_new_each_time_and_stored_as_a_digest():
    tokens = {crypto.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    token = tokens.pop()
    assert len(crypto.token_digest(token)) == 32
    assert token.encode() not in crypto.token_digest(token)
