"""Consents with their texts, and channels: what was said last stands, however late or often it is heard (B-11)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.customers import people
from core.customers.joining import MergeReason, merge
from core.customers.privacy import queries, service
from core.customers.privacy.errors import ConsentTextNotFound
from core.customers.privacy.rules import Channel, NewChoice, NewConsent, choose
from infra import clock
from infra.database import transaction
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world
from tests.doors import error_of

EMAIL, PHONE, SMS = Channel.EMAIL, Channel.PHONE, Channel.SMS
HOUR = timedelta(hours=1)


async def _text(http, boss, purpose="marketing", version=0):
    body = {"purpose": purpose, "body": "请阅读并同意", "version": version}
    return await http.post("/staff/v1/consent-texts", json=body, headers=boss)


async def _give(customer_id, *, given=True, ago=timedelta(), source=None, version=1):
    consent = NewConsent(
        customer_id=customer_id,
        purpose="marketing",
        version=version,
        given=given,
        door="mini_program",
        source=source or new_id(),
        occurred_at=clock.now() - ago,
    )
    async with transaction() as connection:
        return await service.give(connection, [consent])


async def _say(customer_id, channel, *, accepted, ago=timedelta(), door="staff"):
    choice = NewChoice(
        customer_id=customer_id, channel=channel, accepted=accepted, door=door, chosen_at=clock.now() - ago
    )
    async with transaction() as connection:
        return await service.choose_channels(connection, [choice])


async def test_a_text_gets_its_versions_in_order_and_none_ever_changes(http):
    boss = await make.headers(await make.admin())
    assert [(await _text(http, boss, version=n)).json()["version"] for n in range(3)] == [1, 2, 3]
    assert error_of(await _text(http, boss, version=1)) == (409, "consent_text_moved")
    assert (await _text(http, boss, purpose="membership")).json()["version"] == 1
    page = (await http.get("/staff/v1/consent-texts?purpose=marketing&limit=2", headers=boss)).json()
    rest = (await http.get(f"/staff/v1/consent-texts?purpose=marketing&cursor={page['next']}", headers=boss)).json()
    assert [one["version"] for one in page["items"] + rest["items"]] == [1, 2, 3]
    assert error_of(await _text(http, await make.headers(await make.manager()))) == (403, "forbidden")


async def test_a_consent_is_recorded_by_a_colleague_with_version_door_and_time(http):
    guide = await make.guide()
    await _text(http, await make.headers(await make.admin()))
    fan, headers = await world.fan(owner=guide), await make.headers(guide)
    path = f"/staff/v1/customers/{fan}/consents"
    body = {"purpose": "marketing", "version": 1, "given": True}
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    (consent,) = answer.json()["consents"]
    assert (consent["version"], consent["given"], consent["door"]) == (1, True, "staff")
    assert error_of(await http.post(path, json=body | {"version": 2}, headers=headers)) == (
        404,
        "consent_text_not_found",
    )
    stranger = await make.headers(await make.guide())
    assert error_of(await http.post(path, json=body, headers=stranger)) == (404, "customer_not_found")
    kinds = [row["kind"] for row in await make.rows("SELECT kind FROM timeline WHERE kind <> 'follow'")]
    assert kinds == ["consent_given"]


async def test_late_and_repeated_consents_are_harmless(http):
    await _text(http, await make.headers(await make.admin()))
    fan, source = await world.fan(), new_id()
    assert await _give(fan, given=False, source=source) == 1
    assert await _give(fan, given=False, source=source) == 0
    # Said before, heard of later.
    assert await _give(fan, given=True, ago=HOUR) == 1
    assert not (await queries.standing([fan], "marketing"))[fan].given
    later = await world.fan("later")
    assert await queries.standing([later], "marketing") == {}
    with pytest.raises(ConsentTextNotFound):
        await _give(fan, version=9)


async def test_at53_who_refuses_email_is_not_reached_by_email_but_by_the_accepted_phone(http):
    guide = await make.guide()
    fan, headers = await world.fan(owner=guide), await make.headers(guide)
    path = f"/staff/v1/customers/{fan}/channels"
    for channel, accepted in (("email", False), ("phone", True)):
        answer = await http.post(path, json={"channel": channel, "accepted": accepted}, headers=headers)
        assert answer.status_code == 201, answer.text
    assert await queries.refused([fan], EMAIL) == {fan}
    assert await queries.refused([fan], PHONE) == set()
    assert await queries.channels_for([fan], [EMAIL, PHONE]) == {fan: PHONE}
    assert await queries.channels_for([fan], [EMAIL]) == {fan: None}
    # Accepted comes before what was never asked about.
    assert await queries.channels_for([fan], [SMS, PHONE]) == {fan: PHONE}
    unasked = await world.fan("unasked")
    assert await queries.channels_for([unasked, fan], [EMAIL, PHONE]) == {unasked: EMAIL, fan: PHONE}


async def test_a_late_word_changes_nothing_and_of_one_moment_the_refusal_counts(db):
    fan = await world.fan()
    assert await _say(fan, EMAIL, accepted=False, door="mini_program") == 1
    assert await _say(fan, EMAIL, accepted=True, ago=HOUR) == 0
    assert await queries.refused([fan], EMAIL) == {fan}
    now = clock.now()
    both = [
        NewChoice(customer_id=fan, channel=SMS, accepted=accepted, door="staff", chosen_at=now)
        for accepted in (False, True)
    ]
    for choices in (both, both[::-1], both[1:]):
        async with transaction() as connection:
            await service.choose_channels(connection, choices)
        assert await queries.refused([fan], SMS) == {fan}


async def test_a_time_that_has_not_come_yet_is_taken_for_now(http):
    guide = await make.guide()
    fan, headers = await world.fan(owner=guide), await make.headers(guide)
    path = f"/staff/v1/customers/{fan}/channels"
    body = {"channel": "sms", "accepted": True, "chosen_at": "2198-01-01T00:00:00Z"}
    await http.post(path, json=body, headers=headers)
    await http.post(path, json={"channel": "sms", "accepted": False}, headers=headers)
    assert await queries.refused([fan], SMS) == {fan}


CHANNELS = st.lists(st.sampled_from(list(Channel)), unique=True)


@given(CHANNELS, st.sets(st.sampled_from(list(Channel))), st.sets(st.sampled_from(list(Channel))))
def test_at53_a_refused_channel_is_never_chosen_and_an_accepted_one_before_any_other(preferred, accepted, refused):
    accepted -= refused
    chosen = choose(preferred, accepted, refused)
    possible = [channel for channel in preferred if channel not in refused]
    assert (chosen is None) == (not possible)
    assert chosen is None or chosen in (set(possible) & accepted or set(possible))


async def test_whoever_holds_an_id_from_before_a_merge_hears_what_the_person_says_now(http):
    await _text(http, await make.headers(await make.admin()))
    target, source = await world.fan("one"), await world.fan("other")
    await _say(source, EMAIL, accepted=False)
    async with transaction() as connection:
        await people.lock_these(connection, [target, source])
        await merge(connection, {source: target}, MergeReason.BY_HAND)
    await _give(target)
    assert await queries.refused([source, target], EMAIL) == {source, target}
    assert await queries.channels_for([source], [EMAIL, SMS]) == {source: SMS}
    assert (await queries.standing([source], "marketing"))[source].given
