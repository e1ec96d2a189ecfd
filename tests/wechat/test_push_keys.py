"""After a change of token or AES key the former pair opens pushes for some days, and answers what it opened."""

import pytest

from infra import clock, parameters
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes, _signature
from wechat.accounts import queries
from wechat.accounts.queries import Keys
from wechat.accounts.rules import Mode

OLD = Keys(make.TOKEN, make.AES_KEY)
NEW = Keys("token0002", "Z" * 43)
WRONG = (403, "push_signature_wrong")


@pytest.fixture
async def admin(http):
    return await make.headers(await make.admin())


async def _change(http, admin, account, **changes):
    answer = await http.patch(f"/staff/v1/accounts/{account.id}", headers=admin, json=changes)
    assert answer.status_code == 200, answer.text
    return await queries.credentials(account.app_id)


async def _change_keys(http, admin, account, keys=NEW):
    return await _change(http, admin, account, token=keys.token, aes_key=keys.aes_key)


def _pushes(account, keys):
    return Pushes(account, make.openid(), keys=keys)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("keys", [OLD, NEW], ids=["former", "newest"])
async def test_both_pairs_open_a_push_and_the_one_that_did_answers(http, admin, mode, keys):
    await make.welcome("欢迎")
    account = await _change_keys(http, admin, await make.account(mode=mode))
    fan = _pushes(account, keys)
    # `opened` decrypts and verifies with the pair that sealed the push.
    assert fan.opened(await fan.sealed(fan.follow()).send(http))["Content"] == "欢迎"


@pytest.mark.parametrize("keys", [Keys(OLD.token, NEW.aes_key), Keys(NEW.token, OLD.aes_key)], ids=["token", "key"])
async def test_a_mixed_pair_is_none(http, admin, keys):
    account = await _change_keys(http, admin, await make.account())
    fan = _pushes(account, keys)
    assert error_of(await fan.sealed(fan.follow()).send(http)) == (400, "push_undecryptable")
    assert await make.count("push") == 0


@pytest.mark.parametrize("changes", [{"aes_key": NEW.aes_key}, {"token": NEW.token}], ids=["key", "token"])
async def test_half_a_pair_may_be_changed(http, admin, changes):
    await make.welcome("欢迎")
    account = await _change(http, admin, await make.account(), **changes)
    assert len(account.keys) == 2
    for keys in account.keys:
        fan = _pushes(account, keys)
        assert fan.opened(await fan.sealed(fan.follow()).send(http))["Content"] == "欢迎"


async def test_every_pair_of_late_opens_a_push_but_not_for_ever_so_many(http, admin):
    account = await make.account()
    pairs = [OLD, *(Keys(f"token{number:04d}", str(number) * 43) for number in range(2, 9))]
    for pair in pairs[1:]:
        account = await _change_keys(http, admin, account, pair)
    for pair in pairs:
        fan = _pushes(account, pair)
        answer = await fan.sealed(fan.follow()).send(http)
        assert answer.text == "success" if pair in pairs[-6:] else error_of(answer) == WRONG


@pytest.mark.parametrize("hours", [72, 1])
async def test_the_former_pair_ends_after_the_hours_of_the_parameter(http, admin, db, hours):
    if hours != 72:
        await parameters.change("wechat.former_key_hours", hours, expected_version=0, by="test")
    account = await _change_keys(http, admin, await make.account())
    for offset, accepted in ((hours - 0.01, True), (hours + 0.01, False)):
        make.jump(db, hours=offset)
        clock.reset()
        queries.forget()
        fan = _pushes(account, OLD)
        answer = await fan.sealed(fan.text("x")).send(http)
        assert answer.text == "success" if accepted else error_of(answer) == WRONG
        assert len((await queries.credentials(account.app_id)).keys) == (2 if accepted else 1)


async def test_a_repeat_sealed_with_the_other_pair_gets_the_same_reply(http, admin):
    await make.welcome("欢迎")
    account = await make.account()
    first = _pushes(account, OLD)
    fields = first.follow()
    before = first.opened(await first.sealed(fields).send(http))
    await make.welcome("别的话", version=1)
    again = _pushes(await _change_keys(http, admin, account), NEW)
    assert again.opened(await again.sealed(fields).send(http)) == before
    assert await make.count("push") == 1


@pytest.mark.parametrize("token", [OLD.token, NEW.token])
async def test_the_url_is_verified_with_either_token(http, admin, token):
    account = await _change_keys(http, admin, await make.account())
    stamp = str(int(clock.timestamp()))
    query = {"signature": _signature(token, stamp, "n"), "timestamp": stamp, "nonce": "n", "echostr": "42"}
    assert (await http.get(f"/wechat/{account.app_id}/push", params=query)).text == "42"


async def test_giving_the_present_pair_again_changes_nothing(http, admin):
    account = await _change_keys(http, admin, await make.account())
    assert await _change_keys(http, admin, account) == account
    assert account.keys == (NEW, OLD)


async def test_pairs_are_ciphertext_in_the_table_and_show_nothing_when_printed(http, admin):
    account = await _change_keys(http, admin, await make.account())
    stored = (await make.rows("SELECT former_keys, token, aes_key FROM wechat_account"))[0]
    for secret in (*vars(OLD).values(), *vars(NEW).values()):
        assert str(secret) not in repr(account.keys)
        assert all(str(secret).encode() not in column for column in stored.values())


async def test_a_slip_that_is_mended_leaves_the_pair_that_is_still_in_use(http, admin):
    """Whoever mistypes the new pair and corrects it must not lock the platform out meanwhile."""
    account = await _change(http, admin, await make.account(), token="aSlipOfTheHand")
    account = await _change_keys(http, admin, account)
    fan = _pushes(account, OLD)
    assert (await fan.sealed(fan.follow()).send(http)).text == "success"
