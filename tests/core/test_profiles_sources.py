"""What several doors say of one customer, over contributions, changes by hand, and merges (B-10)."""

import asyncio
from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from core.custom_fields.rules import FieldKind, Subject
from core.customers import joining
from core.customers.errors import MergeChanged
from core.customers.joining import MergeReason
from core.customers.linking import undoing
from core.customers.linking.rules import Door
from core.customers.ownership import Reason
from core.customers.profiles.creating import Draft, create_many
from core.customers.profiles.rules import Contribution, Stage
from core.customers.profiles.service import contribute_many
from core.customers.profiles.stages import Reached, reach_many
from core.permissions.rules import RoleKey
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world
from tests.core.record_world import desk, mobile
from tests.doors import error_of


def said(customer, door, hours=0, **fields):
    at = make.NOON + timedelta(hours=hours)
    return Contribution(customer_id=UUID(customer["id"]), door=door, occurred_at=at, fields=fields)


async def contribute(*contributions):
    async with database.transaction() as connection:
        await contribute_many(connection, contributions)


async def reach(*reached):
    async with database.transaction() as connection:
        return await reach_many(connection, reached)


async def merge(source, target):
    async with database.transaction() as connection:
        ids = [UUID(one["id"]) for one in (source, target)]
        await connection.fetch("SELECT id FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", ids)
        merges = await joining.merge(connection, {ids[0]: ids[1]}, MergeReason.BY_HAND)
    return merges[ids[0]]


async def undo(merge_id):
    async with database.transaction() as connection:
        await undoing.undo(connection, merge_id, None)


async def field(name, **values):
    field_id = new_id()
    columns = {"unique": False} | values
    await database.execute(
        """INSERT INTO custom_field (id, subject, kind, name, options, required, "unique", searchable, listed, position,
            version, created_at) VALUES ($1, $2, $3, $4, '[]', false, $5, false, false, 1, 1, $6)""",
        field_id,
        Subject.CUSTOMER,
        FieldKind.LINE,
        name,
        columns["unique"],
        clock.now(),
    )
    return str(field_id)


async def test_what_doors_say_ends_the_same_in_every_order_of_arrival(http):
    rep = await desk(http)
    contributions = [
        (Door.POS, 3, {"name": "收银台的名字", "city": "北京市"}),
        (Door.IMPORT, 1, {"name": "表里的名字", "city": "上海市", "birthday": date(1990, 1, 1)}),
        (Door.MINI_PROGRAM, 0, {"name": "本人的名字", "city": "天津市"}),
        (Door.IMPORT, 2, {"city": "重庆市"}),
    ]
    ends = set()
    for order in permutations(contributions):
        customer = {"id": str(new_id())}
        await database.execute(
            "INSERT INTO customer (id, guide_id, following, is_staff, created_at) VALUES ($1, $2, false, false, $3)",
            UUID(customer["id"]),
            rep.staff.id,
            clock.now(),
        )
        for door, hours, fields in order:
            await contribute(said(customer, door, hours, **fields))
        seen = await rep.get(f"customers/{customer['id']}")
        ends.add((seen["name"], seen["city"], seen["birthday"], seen["sources"]["city"]["door"]))
    assert ends == {("本人的名字", "天津市", "1990-01-01", "mini_program")}


async def test_the_same_contribution_again_changes_nothing(http):
    rep = await desk(http)
    customer = await rep.create()
    for _ in range(2):
        await contribute(said(customer, Door.POS, city="北京市"), said(customer, Door.POS, city="北京市"))
    assert (await rep.get(f"customers/{customer['id']}"))["version"] == customer["version"] + 1


async def test_a_colleague_overrules_an_import_but_not_what_people_said_of_themselves(http):
    rep = await desk(http)
    customer = await rep.create()
    await contribute(said(customer, Door.MINI_PROGRAM, birthday=date(1990, 1, 1), city="天津市"))
    customer = await rep.get(f"customers/{customer['id']}")
    refused = await rep.change(customer, birthday="1991-01-01", city="北京市")
    assert error_of(refused) == (409, "said_by_customer")
    assert refused.json()["error"]["details"] == {"fields": ["birthday"]}
    customer = (await rep.change(customer, city="北京市")).json()
    await contribute(said(customer, Door.IMPORT, 24 * 365 * 9, city="上海市"))
    assert (await rep.get(f"customers/{customer['id']}"))["city"] == "北京市"
    # What a colleague has taken away stays away.
    customer = (await rep.change(customer, city=None)).json()
    await contribute(said(customer, Door.IMPORT, 24 * 365 * 9, city="上海市"))
    assert (await rep.get(f"customers/{customer['id']}"))["city"] is None


async def test_custom_fields_are_checked_and_kept_with_their_door(http):
    rep = await desk(http)
    plain, unique = await field("备用"), await field("合同号", unique=True)
    customer = await rep.create(custom={plain: "甲", unique: "A-1"})
    assert customer["custom"] == {plain: "甲", unique: "A-1"}
    assert customer["sources"][f"custom.{plain}"]["door"] == "staff"
    refused = await rep.ask("POST", "customers", {"name": "顾客02", "custom": {unique: "a-1"}})
    assert error_of(refused) == (409, "field_value_taken")
    assert error_of(await rep.change(customer, custom={str(new_id()): "x"})) == (422, "unknown_field")
    customer = (await rep.change(customer, custom={unique: None})).json()
    assert customer["custom"] == {plain: "甲"}
    copied = (await rep.ask("POST", f"customers/{customer['id']}/copy", {"name": "顾客03"})).json()
    assert copied["custom"] == {plain: "甲"}
    number = mobile()
    await rep.create("顾客04", number=number)
    duplicate = {"name": "顾客04", "phones": {"mobile": number}, "custom": {unique: "A-2"}}
    assert error_of(await rep.ask("POST", "customers", duplicate)) == (409, "duplicate_customer")
    await rep.create("顾客05", custom={unique: "A-2"})


async def test_merged_records_are_joined_by_the_same_rule_and_parted_as_they_were(http):
    rep = await desk(http)
    unique = await field("合同号", unique=True)
    one = await rep.create("顾客01", city="深圳市", custom={unique: "A-1"})
    await contribute(said(one, Door.IMPORT, industry="制造"))
    other = await rep.create("顾客02", address="南山区", industry="零售")
    before = [await rep.get(f"customers/{each['id']}") for each in (one, other)]
    people = []
    for each in (one, other):
        answer = await rep.ask("POST", f"customers/{each['id']}/contact-persons", {"name": "联系人"})
        people.append(answer.json()["id"])

    merge_id = await merge(one, other)
    joined = await rep.get(f"customers/{one['id']}")
    assert joined["id"] == other["id"]
    assert [joined[name] for name in ("name", "city", "address", "industry")] == ["顾客02", "深圳市", "南山区", "零售"]
    assert joined["custom"] == {unique: "A-1"}
    persons = (await rep.get(f"customers/{other['id']}/contact-persons"))["items"]
    assert [(person["id"], person["is_main"]) for person in persons] == [(people[0], False), (people[1], True)]

    await undo(merge_id)
    after = [await rep.get(f"customers/{each['id']}") for each in (one, other)]
    ignored = {"version", "updated_at"}
    assert [{k: v for k, v in each.items() if k not in ignored} for each in after] == [
        {k: v for k, v in each.items() if k not in ignored} for each in before
    ]
    assert after[1]["version"] > before[1]["version"]
    assert (await rep.get(f"customers/{one['id']}/contact-persons"))["items"][0]["is_main"] is True
    refused = await rep.ask("POST", "customers", {"name": "顾客03", "custom": {unique: "A-1"}})
    assert error_of(refused) == (409, "field_value_taken")


async def test_a_merge_is_not_undone_over_a_changed_record(http):
    rep = await desk(http)
    one, other = await rep.create("顾客01", city="深圳市"), await rep.create("顾客02")
    merge_id = await merge(one, other)
    await rep.change(await rep.get(f"customers/{other['id']}"), city="广州市")
    with pytest.raises(MergeChanged) as caught:
        await undo(merge_id)
    assert caught.value.details == {"what": "customer_profile"}


async def test_a_merge_closes_no_circle_of_units(http):
    rep = await desk(http)
    top = await rep.create("总公司")
    middle = await rep.create("分公司", parent_unit_id=top["id"])
    low = await rep.create("门市", parent_unit_id=middle["id"])
    await merge(top, low)
    assert (await rep.get(f"customers/{low['id']}"))["parent_unit_id"] is None
    assert (await rep.get(f"customers/{middle['id']}"))["parent_unit_id"] == low["id"]


async def test_a_change_and_a_merge_at_once_lose_nothing(http):
    rep = await desk(http)
    for _ in range(3):
        one, other = await rep.create("顾客01"), await rep.create("顾客02")
        changed, _ = await asyncio.gather(rep.change(one, city="深圳市"), merge(one, other))
        seen = await rep.get(f"customers/{one['id']}")
        # Either the change came first and was merged, or it met the merged one in another version.
        assert (changed.status_code, seen["city"]) in {(200, "深圳市"), (409, None)}


async def test_stages_go_on_by_events_and_back_only_when_it_is_meant(http):
    rep = await desk(http)
    customer = await rep.create()
    order, at = new_id(), make.NOON
    bought = Reached(customer_id=UUID(customer["id"]), stage=Stage.BOUGHT, source=order, occurred_at=at)
    assert [await reach(bought, bought), await reach(bought)] == [1, 0]
    late = Reached(customer_id=UUID(customer["id"]), stage=Stage.INTERESTED, source=new_id(), occurred_at=at)
    assert await reach(late) == 0
    seen = await rep.get(f"customers/{customer['id']}")
    assert seen["stage"] == "bought"

    async def put(stage, **more):
        body = {"version": seen["version"], "stage": stage} | more
        return await rep.ask("PUT", f"customers/{customer['id']}/stage", body)

    assert error_of(await put("interested")) == (409, "stage_backwards")
    seen = (await put("interested", backwards=True)).json()
    # A repeated event doesn't bring back what a colleague has corrected.
    assert await reach(bought) == 0
    assert error_of(await rep.change(seen | {"version": 1}, city="x")) == (409, "customer_changed")
    history = (await rep.get(f"customers/{customer['id']}/stages"))["items"]
    assert [(one["former"], one["stage"], one["by"]) for one in history] == [
        ("bought", "interested", rep.staff.name),
        ("new", "bought", None),
    ]
    first = await rep.get(f"customers/{customer['id']}/stages?limit=1")
    second = await rep.get(f"customers/{customer['id']}/stages?limit=1&cursor={first['next']}")
    assert [*first["items"], *second["items"]] == history
    kinds = [one["kind"] for one in (await rep.get(f"customers/{customer['id']}/timeline"))["items"]]
    assert kinds == ["stage_changed", "created", "stage_changed"]


async def test_two_stages_by_hand_at_once_are_one(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    customer = await rep.create()
    path, body = f"customers/{customer['id']}/stage", {"version": customer["version"]}
    answers = await asyncio.gather(
        rep.ask("PUT", path, body | {"stage": "interested"}), manager.ask("PUT", path, body | {"stage": "lost"})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await make.count("customer_stage_change") == 1


async def contribute_and_tell(*contributions):
    async with database.transaction() as connection:
        return [refusal and refusal.code for refusal in await contribute_many(connection, contributions)]


async def test_a_contribution_that_is_no_choice_is_refused_alone_and_what_stands_may_be_said_again(http):
    rep = await desk(http)
    one, other = await rep.create("顾客01"), await rep.create("顾客02")
    codes = await contribute_and_tell(
        said(one, Door.IMPORT, level="Z", city="上海市"), said(other, Door.IMPORT, level="A")
    )
    assert codes == ["choice_unknown", None]
    assert [(row["level"], row["city"]) for row in await make.rows("SELECT * FROM customer_profile ORDER BY name")] == [
        (None, None),
        ("A", None),
    ]
    await database.execute("UPDATE customer_profile SET level = 'Z' WHERE name = '顾客02'")
    assert await contribute_and_tell(said(other, Door.IMPORT, 1, level="Z", city="北京市")) == [None]


async def test_contributions_close_no_circle_of_units_also_together(http):
    rep = await desk(http)
    one, two, three = [await rep.create(f"单位0{n}") for n in (1, 2, 3)]
    ids = [UUID(unit["id"]) for unit in (one, two, three)]
    assert await contribute_and_tell(
        said(one, Door.IMPORT, parent_id=ids[1]),
        said(two, Door.IMPORT, parent_id=ids[2]),
        said(three, Door.IMPORT, parent_id=ids[0]),
        said(three, Door.IMPORT, parent_id=ids[2]),
    ) == [None, None, "parent_refused", "parent_refused"]
    assert await contribute_and_tell(said(three, Door.IMPORT, parent_id=ids[0])) == ["parent_refused"]


async def test_a_fan_with_units_below_gets_no_record_that_closes_a_circle(http):
    rep = await desk(http)
    fan_id = await world.customer(rep.staff)
    below = await rep.create("单位01", parent_unit_id=str(fan_id))
    draft = Draft(fields={"name": "单位02", "parent_id": UUID(below["id"])}, customer_id=fan_id)
    async with database.transaction() as connection:
        (made,) = await create_many(connection, [draft], reason=Reason.IMPORTED, source=new_id(), by=None)
    assert (made.customer_id, made.refusal and made.refusal.code) == (None, "parent_refused")


async def test_a_value_that_does_not_stand_is_held_against_nobody(http):
    rep, unique = await desk(http), await field("编号", unique=True)
    customer = await rep.create(custom={unique: "01"})
    await contribute(said(customer, Door.POS, **{f"custom.{unique}": "02"}))
    held = await make.rows("SELECT value FROM custom_unique_value")
    assert [row["value"] for row in held] == ["01"]
