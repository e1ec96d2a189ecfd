"""Custom fields: definitions that may change while records hold values, and the engine that checks what is entered."""

import asyncio
from uuid import uuid4

import pytest

from core.custom_fields import definitions, queries, service
from core.custom_fields.errors import FieldRequired, FieldTooLong, FieldValueRefused, FieldValueTaken, UnknownField
from core.custom_fields.rules import Subject
from core.custom_fields.service import Entered
from infra import database, parameters
from infra.errors import DomainError
from infra.ids import new_id
from tests import factories as make
from tests.core.field_world import customer, field, save, settings
from tests.core.task_world import Person
from tests.doors import error_of


@pytest.fixture
async def admin(http):
    staff = await make.admin()
    return Person(staff, await make.headers(staff), http)


async def added(admin, kind, name=None, **values):
    answer = await admin.call("POST", "/fields", settings(kind, name, **values))
    return answer.json() if answer.status_code == 201 else answer


async def patch(admin, one, **values):
    return await admin.call("PATCH", f"/fields/{one['id']}", {"version": one["version"]} | values)


async def shown(admin, **query):
    return [one["name"] for one in await admin.get("/fields", subject="customer", **query)]


async def test_at78_fields_of_all_types_and_settings_exist_for_every_subject(admin):
    for subject in Subject:
        kinds = ["line", "text", "option", "options", "number", "date", "address"]
        for kind in kinds:
            flags = {"required": True, "searchable": True, "listed": True, "help": "说明"}
            one = await added(admin, kind, subject=subject.value, **flags)
            assert one | flags == one
        found = await admin.get("/fields", subject=subject.value)
        assert [one["kind"] for one in found] == kinds
        assert [one["id"] for one in found[2]["options"]] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", {"max_length": 5}),
        ("line", {"max_length": 201}),
        ("text", {"unique": True}),
        ("options", {"unique": True}),
        ("option", {"options": []}),
        ("option", {"options": [{"name": "甲"}, {"name": " 甲"}]}),
        ("option", {"options": [{"id": "1", "name": "甲"}]}),
        ("line", {"options": [{"name": "甲"}]}),
    ],
)
async def test_settings_that_dont_fit_the_type_are_refused(admin, kind, values):
    assert error_of(await added(admin, kind, **values)) == (422, "field_setting_refused")


async def test_names_are_given_once_per_subject_and_there_is_a_limit(admin):
    await added(admin, "line", "生日")
    assert error_of(await added(admin, "date", "生日")) == (409, "field_name_taken")
    assert (await added(admin, "date", "生日", subject="contact"))["name"] == "生日"
    await parameters.change(definitions.MOST_FIELDS.name, 1, expected_version=0, by="test")
    assert error_of(await added(admin, "line", "又一个")) == (409, "fields_used_up")


async def test_k02_the_order_is_a_permutation_of_all_fields(admin):
    ids = [(await added(admin, "line", name))["id"] for name in "一二三"]
    wanted = [ids[2], ids[0], ids[1]]
    answer = await admin.call("PUT", "/fields/order?subject=customer", {"ids": wanted})
    assert [one["name"] for one in answer.json()] == ["三", "一", "二"]
    for wrong in (ids[:2], [*ids, str(uuid4())], [ids[0], *ids[:2]]):
        refused = await admin.call("PUT", "/fields/order?subject=customer", {"ids": wrong})
        assert error_of(refused) == (409, "field_order_incomplete")
    assert await shown(admin) == ["三", "一", "二"]


async def test_a_deleted_field_hides_keeps_its_values_and_comes_back(admin):
    one = await added(admin, "line", "暗号", required=True, unique=True)
    record = new_id()
    held = await save({one["id"]: "X"}, {}, record)
    assert (await admin.call("DELETE", f"/fields/{one['id']}", None)).status_code == 204
    assert await shown(admin) == []
    assert await shown(admin, deleted=True) == ["暗号"]
    assert await save({}, held, record) == held
    assert await save({one["id"]: "X"}, held, record) == held
    with pytest.raises(UnknownField):
        await save({one["id"]: "Y"}, held, record)
    assert await save({}) == {}
    await added(admin, "line", "暗号")
    again = f"/fields/{one['id']}/restore"
    assert error_of(await admin.call("POST", again, None)) == (409, "field_name_taken")
    assert error_of(await patch(admin, one, name="别名")) == (404, "field_not_found")
    await database.execute("UPDATE custom_field SET name = '新暗号' WHERE deleted_at IS NULL")
    assert (await admin.call("POST", again, None)).json()["position"] == 2
    assert (await admin.call("POST", again, None)).json()["version"] == one["version"] + 2
    with pytest.raises(FieldValueTaken):
        await save({one["id"]: "x"})


async def test_two_administrators_dont_overwrite_each_other(admin):
    one = await added(admin, "line")
    assert (await patch(admin, one, name="改名")).json()["version"] == 2
    assert error_of(await patch(admin, one, name="又改")) == (409, "field_changed")
    assert error_of(await admin.call("PATCH", f"/fields/{uuid4()}", {"version": 1})) == (404, "field_not_found")


async def test_at78_the_type_changes_only_where_nothing_is_lost(admin):
    free, line, option = await added(admin, "line"), await added(admin, "line"), await added(admin, "option")
    assert (await patch(admin, free, kind="date")).json()["kind"] == "date"
    held = await save({line["id"]: "字", option["id"]: "2"})
    await customer(custom=held)
    refused = await patch(admin, line, kind="number")
    assert error_of(refused) == (409, "field_in_use")
    assert refused.json()["error"]["details"] == {"setting": "kind", "records": 1}
    assert (await patch(admin, line, kind="text")).json()["kind"] == "text"
    assert error_of(await patch(admin, option, kind="options")) == (409, "field_in_use")


async def test_at78_a_length_below_what_is_held_is_refused(admin):
    one = await added(admin, "line", max_length=10)
    await customer(custom={one["id"]: "一二三四"})
    refused = await patch(admin, one, max_length=3)
    assert refused.json()["error"]["details"] == {"setting": "max_length", "records": 1}
    changed = (await patch(admin, one, max_length=4)).json()
    assert (await patch(admin, changed, max_length=None)).json()["max_length"] is None
    with pytest.raises(FieldTooLong):
        await save({one["id"]: "字" * 201})


async def test_at78_required_counts_from_the_next_save(admin):
    one = await added(admin, "line")
    await patch(admin, one, required=True)
    with pytest.raises(FieldRequired) as missing:
        await save({}, {})
    assert missing.value.details == {"field_id": one["id"], "name": one["name"]}
    with pytest.raises(FieldRequired):
        await save({one["id"]: None}, {one["id"]: "有"})
    assert await save({}, {one["id"]: "有"}) == {one["id"]: "有"}


async def test_at78_making_a_field_unique_looks_at_what_is_held(admin, monkeypatch):
    monkeypatch.setattr(definitions, "_BATCH", 2)
    one = await added(admin, "line")
    people = [await customer(custom={one["id"]: value}) for value in ("A 1", "Ｂ", "a1", "c", "b")]
    refused = await patch(admin, one, unique=True)
    assert error_of(refused) == (409, "field_values_clash")
    assert refused.json()["error"]["details"] == {"records": 2}
    assert await make.count("custom_unique_value") == 0
    for number, person in enumerate(people):
        await database.execute(
            "UPDATE customer_profile SET custom = jsonb_build_object($2::text, $3::text) WHERE customer_id = $1",
            person, one["id"], f"值{number}",
        )  # fmt: skip
    merged = await customer(custom={one["id"]: "值0"})
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", merged, people[0])
    changed = (await patch(admin, one, unique=True)).json()
    assert await make.count("custom_unique_value") == 5
    with pytest.raises(FieldValueTaken):
        await save({one["id"]: "值3"})
    await patch(admin, changed, unique=False)
    assert await make.count("custom_unique_value") == 0


async def test_a_removed_option_is_retired_and_stays_where_it_is_held(admin):
    one = await added(admin, "options")
    held = await save({one["id"]: ["1", "3"]})
    changed = (await patch(admin, one, options=[{"id": "2", "name": "乙"}, {"name": "丁"}])).json()
    assert [(o["id"], o["name"], o["retired"]) for o in changed["options"]] == [
        ("2", "乙", False), ("4", "丁", False), ("1", "甲", True), ("3", "丙", True)
    ]  # fmt: skip
    assert await save({one["id"]: ["3", "2"]}, held) == {one["id"]: ["2", "3"]}
    with pytest.raises(FieldValueRefused):
        await save({one["id"]: ["1"]})


async def test_what_is_entered_is_checked_by_field(db):
    line, number = await field("line"), await field("number")
    record = new_id()
    held = await save({line.key: " 一 ", number.key: "2.50"}, {}, record)
    assert held == {line.key: "一", number.key: 2.5}
    assert await save({line.key: None}, held, record) == {number.key: 2.5}
    for unknown in (str(uuid4()), "x", (await field("line", subject="contact")).key):
        with pytest.raises(UnknownField):
            await save({unknown: "一"})


async def test_at78_a_unique_value_is_held_by_one_record(db):
    one = await field("line", unique=True)
    first, second = new_id(), new_id()
    held = await save({one.key: "Ａ-1"}, {}, first)
    with pytest.raises(FieldValueTaken) as taken:
        await save({one.key: "a-1"}, {}, second)
    assert taken.value.details == {"field_id": one.key, "name": one.name}
    assert await save({one.key: "a-1"}, held, first) == {one.key: "a-1"}
    await save({one.key: "b"}, held, first)
    await save({one.key: "a-1"}, {}, second)
    await save({one.key: None}, {one.key: "b"}, first)
    assert [row["record_id"] for row in await make.rows("SELECT record_id FROM custom_unique_value")] == [second]


async def test_at78_two_at_once_want_the_same_unique_value(db):
    one = await field("line", unique=True)
    outcomes = await asyncio.gather(*(save({one.key: "同"}) for _ in range(8)), return_exceptions=True)
    assert sorted(isinstance(outcome, FieldValueTaken) for outcome in outcomes) == [False] + [True] * 7
    assert await make.count("custom_unique_value") == 1


async def test_a_save_under_the_former_definition_doesnt_slip_past_a_field_becoming_unique(db):
    one = await field("line")
    await customer(custom={one.key: "同"})
    saved, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        async with database.transaction() as connection:
            held = await service.check(connection, Subject.CUSTOMER, new_id(), {one.key: "同"}, {})
            saved.set()
            await go_on.wait()
            await connection.execute(
                "UPDATE customer_profile SET custom = $1::jsonb WHERE custom ->> $2 IS NULL", "{}", one.key
            )
        return held

    slowly = asyncio.create_task(slow())
    await saved.wait()
    changing = asyncio.create_task(definitions.change(one.id, 1, {"unique": True}))
    done, _ = await asyncio.wait({changing}, timeout=0.1)
    assert not done
    go_on.set()
    await slowly
    assert (await changing).unique


async def check_many(*rows):
    async with database.transaction() as connection:
        return await service.check_many(connection, Subject.CUSTOMER, rows)


async def test_of_many_rows_a_bad_one_fails_alone(db):
    code, size = await field("line", "编号", unique=True, required=True), await field("number", "大小")
    await save({code.key: "旧"}, {})
    holder = new_id()
    held = await save({code.key: "自己的"}, {}, holder)
    outcomes = await check_many(
        Entered(new_id(), {code.key: "1", size.key: 5}, {}),
        Entered(new_id(), {code.key: "1"}, {}),
        Entered(new_id(), {size.key: 5}, {}),
        Entered(new_id(), {code.key: "2", size.key: "多"}, {}),
        Entered(new_id(), {code.key: "旧"}, {}),
        Entered(holder, {code.key: "新的"}, held),
        Entered(new_id(), {code.key: "自己的"}, {}),
    )
    assert [one.code if isinstance(one, DomainError) else one for one in outcomes] == [
        {code.key: "1", size.key: 5}, "field_value_taken", "field_required", "field_value_refused",
        "field_value_taken", {code.key: "新的"}, "field_value_taken",
    ]  # fmt: skip
    values = {row["value"] for row in await make.rows("SELECT value FROM custom_unique_value")}
    assert values == {"旧", "1", "新的"}


async def test_who_loses_a_race_within_many_keeps_what_it_had(db):
    code = await field("line", unique=True)
    loser = new_id()
    held = await save({code.key: "原来"}, {}, loser)
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def faster():
        async with database.transaction() as connection:
            await service.check(connection, Subject.CUSTOMER, new_id(), {code.key: "抢"}, {})
            taken.set()
            await go_on.wait()

    first = asyncio.create_task(faster())
    await taken.wait()
    second = asyncio.create_task(
        check_many(Entered(loser, {code.key: "抢"}, held), Entered(new_id(), {code.key: "别的"}, {}))
    )
    await asyncio.sleep(0.05)
    go_on.set()
    await first
    outcomes = await second
    assert isinstance(outcomes[0], FieldValueTaken)
    assert outcomes[1] == {code.key: "别的"}
    rows = await make.rows("SELECT value, record_id FROM custom_unique_value ORDER BY value")
    assert {row["value"] for row in rows} == {"别的", "原来", "抢"}
    assert [row["record_id"] for row in rows if row["value"] == "原来"] == [loser]


async def test_a_merge_takes_the_values_along_and_an_erasure_frees_them(db):
    code = await field("line", unique=True)
    source, target = new_id(), new_id()
    held = await save({code.key: "值"}, {}, source)
    async with database.transaction() as connection:
        assert await service.hold(connection, Subject.CUSTOMER, {source: {}, target: held}) == {}
    with pytest.raises(FieldValueTaken):
        await save({code.key: "值"})
    async with database.transaction() as connection:
        await service.hold(connection, Subject.CUSTOMER, {target: {}})
    await save({code.key: "值"}, {}, new_id())
    async with database.transaction() as connection:
        assert await service.hold(connection, Subject.CUSTOMER, {source: held}) == {source: code.id}


async def test_a_thousand_rows_take_a_handful_of_statements(db):
    code, day = await field("line", unique=True), await field("date")
    rows = [Entered(new_id(), {code.key: f"号{n}", day.key: "2026-01-01"}, {}) for n in range(1000)]
    statements = []
    async with database.transaction() as connection:
        connection.add_query_logger(statements.append)
        outcomes = await service.check_many(connection, Subject.CUSTOMER, rows)
        connection.remove_query_logger(statements.append)
    assert not any(isinstance(outcome, DomainError) for outcome in outcomes)
    assert len(statements) <= 6


async def test_lists_read_definitions_from_the_cache(admin, monkeypatch):
    one = await added(admin, "line", listed=True, searchable=True)
    assert [found.key for found in await queries.listed(Subject.CUSTOMER)] == [one["id"]]
    monkeypatch.setattr(database, "fetch", None)
    assert len(await queries.fields(Subject.CUSTOMER)) == 1


async def test_definitions_are_audited_and_guarded(admin, http):
    one = await added(admin, "line", "旧名")
    await patch(admin, one, name="新名")
    await admin.call("DELETE", f"/fields/{one['id']}", None)
    rows = await make.rows("SELECT action FROM audit WHERE subject_id = $1 ORDER BY id", one["id"])
    assert [row["action"] for row in rows] == ["field.added", "field.changed", "field.deleted"]
    guide = await make.guide()
    person = Person(guide, await make.headers(guide), http)
    assert await person.get("/fields", subject="customer") == []
    assert error_of(await added(person, "line")) == (403, "forbidden")
