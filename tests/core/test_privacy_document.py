"""Everything we hold about a person as one document; and what privacy does when two customers are one person."""

from datetime import timedelta
from uuid import UUID

from app.contexts import registry
from core.custom_fields import definitions
from core.custom_fields import queries as queries_of_fields
from core.customers.joining import MergeReason, merge
from core.customers.linking.rules import Door
from core.customers.privacy import queries, service
from core.customers.privacy.document import document
from core.customers.privacy.parts import PART
from core.customers.privacy.rules import Channel, NewChoice
from infra import clock
from infra.database import transaction
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world
from tests.core.field_world import customer, field
from tests.doors import error_of
from tests.pushes import Pushes


async def test_the_document_holds_what_every_part_knows_and_nobody_but_an_administrator_takes_it(http):
    account, guide, boss = await make.account(), await make.guide(), await make.admin()
    person = Pushes(account, make.openid())
    for fields in (person.follow(), person.text("你好")):
        await person.sealed(fields).send(http)
    await make.settle(registry())
    customer_id = (await world.one("SELECT customer_id FROM identity"))["customer_id"]
    await world.record(customer_id, city="杭州")
    await world.phone(customer_id)
    path = f"/staff/v1/customers/{customer_id}/data"
    answer = await http.get(path, headers=await make.headers(boss))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    found = answer.json()
    assert found["customer"]["record"]["city"] == "杭州"
    assert found["customer"]["phones"] == [{"label": "mobile", "number": world.PHONE}]
    assert [touch["kind"] for touch in found["customer"]["touches"]] == ["follow"]
    assert [push["kind"] for push in found["wechat.pushes"]] == ["Subscribe", "Text"]
    assert found["wechat.pushes"][1]["content"] == "你好"
    assert found["customers.privacy"] == {"consents": [], "channels": [], "erasures": []}
    assert person.openid not in answer.text
    assert error_of(await http.get(path, headers=await make.headers(guide))) == (403, "forbidden")
    (noted,) = await make.rows("SELECT subject_id FROM audit WHERE action = 'customer.data_given'")
    assert noted["subject_id"] == str(customer_id)


async def _say(customer_id, channel, *, accepted, ago):
    at = clock.now() - timedelta(hours=ago)
    async with transaction() as connection:
        choice = NewChoice(customer_id=customer_id, channel=channel, accepted=accepted, door=Door.STAFF, chosen_at=at)
        await service.choose_channels(connection, [choice])


async def test_of_two_customers_who_are_one_the_newest_word_about_a_channel_stands_and_goes_back(db):
    target, source = await world.customer(), await world.customer()
    await _say(target, Channel.EMAIL, accepted=True, ago=2)
    await _say(source, Channel.EMAIL, accepted=False, ago=1)
    await _say(target, Channel.SMS, accepted=False, ago=1)
    await _say(source, Channel.SMS, accepted=True, ago=2)
    await _say(source, Channel.PHONE, accepted=False, ago=1)
    async with transaction() as connection:
        answers = await PART.merge(connection, {source: target})
        assert set(answers) == {source}
    assert await queries.channels_for([target], [Channel.EMAIL]) == {target: None}
    assert await queries.channels_for([target], [Channel.SMS]) == {target: None}
    async with transaction() as connection:
        await PART.unmerge(connection, source, target, answers[source])
    assert await queries.channels_for([target], [Channel.EMAIL]) == {target: Channel.EMAIL}


async def test_a_merge_takes_consents_choices_and_what_is_to_be_forgotten_along(db):
    target, source = await world.fan("a"), await world.fan("b")
    await world.leaves("b")
    await _say(source, Channel.PHONE, accepted=False, ago=1)
    async with transaction() as connection:
        await connection.execute("SELECT FROM customer ORDER BY id FOR UPDATE")
        await merge(connection, {source: target}, MergeReason.BY_HAND, by=new_id())
    assert await queries.refused([target], Channel.PHONE) == {target}
    # The one who stays still follows.
    make.jump(db, days=40)
    assert await world.forget_due() == 0
    assert await world.erasures(target) == [("unfollow", False, True)]
    assert UUID(int=(await world.one("SELECT merged_into_id AS id FROM customer WHERE id = $1", source))["id"].int)


async def test_custom_fields_are_told_in_words(db):
    colours, old = await field("options", "颜色"), await field("option", "等级")
    person = await customer("顾客01", custom={colours.key: ["1", "3"], old.key: "2"})
    await definitions.delete(old.id)
    queries_of_fields.forget()
    found = (await document(person))["customer"]
    assert found["custom_fields"] == {"颜色": "甲、丙", "等级": "乙"}
