"""The URL verification, the three modes, and what a push leaves behind."""

from datetime import timedelta

import pytest

from app.contexts import registry
from infra import clock, crypto, database
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes, _signature, in_json, xml
from wechat.accounts import queries, service
from wechat.accounts.rules import Kind, Mode
from wechat.pushes.parsing import parse


async def _verify(http, account, at=None, token=make.TOKEN, echo="2847592"):
    stamp = str(int(clock.timestamp() if at is None else at))
    query = {"signature": _signature(token, stamp, "n"), "timestamp": stamp, "nonce": "n", "echostr": echo}
    return await http.get(f"/wechat/{account.app_id}/push", params=query)


async def test_the_url_is_verified_by_the_raw_echo(http):
    account = await make.account()
    answer = await _verify(http, account)
    assert (answer.status_code, answer.text) == (200, "2847592")
    assert answer.headers["content-type"].startswith("text/plain")
    assert error_of(await _verify(http, account, token="another")) == (403, "push_signature_wrong")
    assert error_of(await _verify(http, account, at=make.NOON.timestamp())) == (403, "push_signature_stale")
    assert error_of(await http.get("/wechat/wx404/push")) == (404, "account_not_found")


async def test_an_account_just_added_is_known_at_once(http):
    await make.account(1)
    await queries.credentials("wx0000000000000001")  # read a moment ago
    values = {"kind": "official", "mode": Mode.SAFE, "secret": make.SECRET, "token": make.TOKEN}
    added = await service.add_account(
        app_id="wx2222", original_id="gh_2222", name="二号", aes_key=make.AES_KEY, **values
    )
    assert (await _verify(http, added)).status_code == 200


@pytest.mark.parametrize("write", [xml, in_json])
@pytest.mark.parametrize("mode", list(Mode))
async def test_a_push_of_each_mode_and_format_is_kept_decrypted_and_answered_in_kind(http, mode, write):
    await make.welcome("欢迎")
    fan = Pushes(await make.account(mode=mode), make.openid(), write=write)
    answer = await fan.sealed(fan.follow()).send(http)
    assert ("<Encrypt>" in answer.text) == (mode is not Mode.PLAIN)
    reply = fan.opened(answer)
    assert (reply["Content"], reply["ToUserName"], reply["MsgType"]) == ("欢迎", fan.openid, "text")
    assert reply["FromUserName"] == fan.account.original_id
    kept = await make.rows("SELECT app_id, person, raw, reply FROM push")
    assert [(row["app_id"], row["person"]) for row in kept] == [
        (fan.account.app_id, crypto.digest(fan.account.app_id, fan.openid))
    ]
    assert parse(kept[0]["raw"]).openid == fan.openid
    assert "欢迎" in kept[0]["reply"]


@pytest.mark.parametrize("write", [xml, in_json])
async def test_the_clear_part_of_compatible_mode_is_not_trusted(http, write):
    fan = Pushes(await make.account(mode=Mode.COMPATIBLE), make.openid(), write=write)
    sealed = fan.sealed(fan.text("the signed words"))
    assert b"the signed words" in sealed.body
    forged = sealed.body.replace(b"the signed words", b"a forged word").replace(fan.openid.encode(), b"o-of-another")
    assert (await sealed.but(body=forged).send(http)).text == "success"
    kept = parse((await make.rows("SELECT raw FROM push"))[0]["raw"])
    assert (kept.openid, kept.body.content) == (fan.openid, "the signed words")


@pytest.mark.parametrize("change", ["shadow = true", "disabled_at = created_at"])
@pytest.mark.parametrize("changed_after", [False, True])
async def test_a_silent_account_keeps_everything_and_says_nothing(http, changed_after, change):
    await make.welcome("欢迎")
    fan = Pushes(await make.account(), make.openid())
    fields = fan.follow()
    if changed_after:
        assert fan.opened(await fan.sealed(fields).send(http))["Content"] == "欢迎"
    await database.execute(f"UPDATE wechat_account SET {change}")
    queries.forget()
    assert (await fan.sealed(fields).send(http)).text == "success"
    assert await make.count("push") == 1
    if not changed_after:
        assert await make.rows("SELECT FROM push WHERE reply IS NOT NULL OR answer IS NOT NULL") == []
    await make.settle(registry())
    assert (await make.customer_of(fan.openid))["following"]
    said = await make.rows("SELECT text FROM chat_message WHERE author = 'auto'")
    assert [row["text"] for row in said] == (["欢迎"] if changed_after else [])


async def test_who_writes_to_a_mini_program_is_known_but_follows_nothing(http):
    fan = Pushes(await make.account(kind=Kind.MINI), make.openid())
    await fan.sealed(fan.text("在吗")).send(http)
    await make.settle(registry())
    assert not (await make.customer_of(fan.openid))["following"]
    [identity] = await make.rows("SELECT following, talked_at FROM identity")
    assert not identity["following"]
    assert identity["talked_at"]


async def test_a_push_without_an_answer_is_acknowledged(http):
    fan = Pushes(await make.account(), make.openid())
    answer = await fan.sealed(fan.text("有人吗")).send(http)
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == ("success", "text/plain")


async def test_the_event_of_a_push_carries_no_openid_and_is_keyed_by_the_person(http):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.text("你好")).send(http, **{"X-Request-Id": "request-of-the-push"})
    events = await make.rows(
        "SELECT key, payload::text AS payload, request_id FROM outbox WHERE name = 'wechat.push_received.v1'"
    )
    assert [event["key"] for event in events] == [crypto.digest(fan.account.app_id, fan.openid).hex()]
    assert fan.openid not in events[0]["payload"]
    assert events[0]["request_id"] == "request-of-the-push"


async def test_pushes_become_customers_credited_to_the_code(http):
    account, channel = await make.account(), await make.channel()
    store = await make.store(channel=channel)
    guide = await make.guide(store=store)
    scene = await make.key_of(await make.code(account, guide))
    fan = Pushes(account, make.openid())
    for fields in (fan.follow(scene), fan.text("你好"), fan.unfollow(), fan.event("VIEW", EventKey="http://w")):
        assert (await fan.sealed(fields).send(http)).status_code == 200
    await make.settle(registry())
    found = await make.customer_of(fan.openid)
    assert (found["brought_by"], found["store_id"], found["channel_id"]) == (guide.id, store.id, channel.id)
    assert (found["following"], found["touches"]) == (False, 1)
    assert await make.count("timeline") == 3


@pytest.mark.parametrize("kind", ["text", "image", "location", "link", "hologram"])
async def test_a_message_of_any_kind_counts_as_one_even_if_it_cannot_be_read(http, kind):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.message(kind)).send(http)
    await make.settle(registry())
    told = [row["kind"] for row in await make.rows("SELECT kind FROM timeline WHERE kind <> 'case_opened'")]
    assert told == ["message"]


@pytest.mark.parametrize("event", ["CLICK", "LOCATION", "TEMPLATESENDJOBFINISH", "hologram"])
async def test_an_event_without_a_handler_is_kept_and_nobody_is_made_of_it(http, event):
    fan = Pushes(await make.account(), make.openid())
    await fan.sealed(fan.event(event, EventKey="k")).send(http)
    await make.settle(registry())
    assert (await make.count("push"), await make.count("customer"), await make.count("timeline")) == (1, 0, 0)


async def test_the_order_of_a_persons_pushes_survives_the_same_second(http):
    fan = Pushes(await make.account(), make.openid())
    for fields in (fan.follow(at=make.NOON), fan.unfollow(at=make.NOON), fan.follow(at=make.NOON)):
        await fan.sealed(fields).send(http)
    await make.settle(registry())
    # The second follow in that second is the platform repeating the first: same person, time, event and key.
    assert not (await make.customer_of(fan.openid))["following"]
    assert await make.count("push") == 2


@pytest.mark.parametrize("kind", ["guide", "store"])
async def test_a_closed_store_is_not_credited_but_its_channel_and_guide_are(http, kind):
    account, channel = await make.account(), await make.channel()
    store = await make.store(channel=channel)
    guide = await make.guide(store=store)
    scene = await make.key_of(await make.code(account, guide if kind == "guide" else store))
    boss = await make.headers(await make.manager())
    assert (await http.post(f"/staff/v1/stores/{store.id}/close", headers=boss)).status_code == 200
    fan = Pushes(account, make.openid())
    await fan.sealed(fan.follow(scene)).send(http)
    await make.settle(registry())
    found = await make.customer_of(fan.openid)
    expected = (guide.id if kind == "guide" else None, None, channel.id)
    assert (found["brought_by"], found["store_id"], found["channel_id"]) == expected


async def test_the_code_of_a_guide_who_left_leads_to_the_store(http):
    account, store = await make.account(), await make.store()
    guide = await make.guide(store=store)
    scene = await make.key_of(await make.code(account, guide))
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=boss)
    fan = Pushes(account, make.openid())
    await fan.sealed(fan.follow(scene)).send(http)
    await make.settle(registry())
    found = await make.customer_of(fan.openid)
    assert (found["brought_by"], found["guide_id"], found["store_id"]) == (None, None, store.id)


@pytest.mark.parametrize(("seconds", "credited"), [(-3600, True), (-1, True), (0, False), (1, False)])
async def test_a_scan_counts_for_who_had_the_code_through_its_second_however_late_we_hear_of_it(
    http, seconds, credited
):
    account, store = await make.account(), await make.store()
    guide = await make.guide(store=store)
    scene = await make.key_of(await make.code(account, guide))
    second = clock.now().replace(microsecond=0)
    left_at = second + timedelta(milliseconds=500)
    await database.execute("UPDATE staff SET left_at = $2 WHERE id = $1", guide.id, left_at)
    fan = Pushes(account, make.openid())
    await fan.sealed(fan.follow(scene, at=second + timedelta(seconds=seconds))).send(http)
    await make.settle(registry())
    found = await make.customer_of(fan.openid)
    assert (found["brought_by"], found["store_id"]) == (guide.id if credited else None, store.id)


async def test_a_scene_of_another_account_or_of_nobody_credits_no_one(http):
    one, two = await make.account(1), await make.account(2)
    guide = await make.guide()
    elsewhere = await make.key_of(await make.code(two, guide))
    for scene in (elsewhere, "nobody-made-this"):
        fan = Pushes(one, make.openid())
        await fan.sealed(fan.follow(scene)).send(http)
        await make.settle(registry())
        found = await make.customer_of(fan.openid)
        assert (found["touches"], found["brought_by"]) == (1, None)
