"""Imports under way: interrupted, twice at work, cancelled, rehearsed; whatever happens, each row once."""

import asyncio
import random

import orjson
import pytest

from core.custom_fields import queries as custom_fields
from core.customers.imports import leases, reading, running, service
from core.customers.imports.drafts import Draft
from core.customers.imports.earlier import Earlier
from core.customers.imports.queries import run
from core.permissions.rules import RoleKey
from infra import database
from infra.parameters import change
from tests import factories as make
from tests.core.file_world import empty_store
from tests.core.import_world import counts, customers, field, imported, order, report_of, table, tag


@pytest.fixture(autouse=True)
def _small_chunks(db, monkeypatch):
    empty_store()
    monkeypatch.setattr(running, "CHUNK", 3)


@pytest.fixture
async def manager(db):
    return await make.colleague(RoleKey.ADMIN, "经理01")


def dirty(count, seed=7):
    """Rows of known and unknown people, faults, the same again, keys; anything may come together."""
    luck = random.Random(seed)
    rows = []
    for _ in range(count):
        number = luck.choice([None, None, None, luck.randrange(4)])
        parent = luck.choice(["", "", "", "", f"A-{luck.randrange(4)}"])
        if number is None:
            mobile = luck.choice(["", "12345", *(f"138001380{luck.randrange(12):02}" for _ in range(3))])
            name = luck.choice(["", *(f"顾客{luck.randrange(8)}" for _ in range(4))])
            card = "" if mobile else luck.choice(["", f"K{luck.randrange(6)}"])
            rows.append((name, mobile, "", parent, card, "备注"))
        else:
            # In another system everybody has one name and one number.
            name, mobile = luck.choice(["", f"顾客{number}"]), luck.choice(["", f"1390013900{number}"])
            rows.append((name, mobile, f"A-{number}", parent, "", "备注"))
    return table(*rows, headers=("姓名", "手机", "外部编号", "上级单位", "卡号", "备注"))


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(more, marks=pytest.mark.prove) for more in range(3, 20))])
@pytest.mark.parametrize("doubtful", ["refuse", "keep"])
async def test_a_dry_run_says_what_the_import_then_does_and_does_nothing(manager, seed, doubtful):
    await field("卡号", "line", unique=True)
    content = dirty(40, seed)
    rehearsed, said = await imported(manager, content, dry_run=True, on_possible_duplicate=doubtful)
    for untouched in ("customer", "customer_phone", "customer_arrival", "merge_candidate", "custom_unique_value"):
        assert await make.count(untouched) == 0, untouched
    done, report = await imported(manager, content, on_possible_duplicate=doubtful)
    assert said == report
    assert counts(rehearsed) == counts(done)
    assert done.created + done.warned == await make.count("customer")
    assert sum(counts(done).values()) == done.done == done.rows == 40


@pytest.mark.parametrize("seed", [2, *(pytest.param(more, marks=pytest.mark.prove) for more in range(3, 12))])
@pytest.mark.parametrize("size", [1, 40])
async def test_how_many_rows_are_taken_at_once_changes_nothing(manager, monkeypatch, seed, size):
    await field("卡号", "line", unique=True)
    content = dirty(40, seed)
    _, report = await imported(manager, content, dry_run=True)
    monkeypatch.setattr(running, "CHUNK", size)
    _, other = await imported(manager, content)
    assert other == report


class Killed(BaseException):
    """As a process ends: nothing is put in order."""


def kill_at(monkeypatch, chunk):
    """Whoever imports dies before the end of this chunk's transaction, once."""
    left = iter(range(chunk))
    advance = leases.tell

    async def dying(*values):
        if next(left, None) is None:
            monkeypatch.setattr(leases, "tell", advance)
            raise Killed
        return await advance(*values)

    monkeypatch.setattr(leases, "tell", dying)


@pytest.mark.parametrize("dry_run", [False, True])
async def test_who_is_killed_in_the_middle_leaves_whole_chunks_and_another_goes_on(manager, monkeypatch, db, dry_run):
    whole, report = await imported(manager, dirty(20), dry_run=True)
    ordered = await order(manager, dirty(20), dry_run=dry_run)
    kill_at(monkeypatch, 2)
    with pytest.raises(Killed):
        await running.run_due()
    halfway = await run(ordered.id, manager)
    assert (halfway.state, halfway.done) == ("running", 6)
    assert await running.run_due() == 0
    make.jump(db, seconds=121)
    assert await running.run_due() == 1
    done = await run(ordered.id, manager)
    assert (done.state, counts(done)) == ("done", counts(whole))
    assert await report_of(ordered.id) == report
    assert await make.count("customer") == (0 if dry_run else done.created)


async def test_two_workers_at_once_take_each_row_once(manager):
    ordered = await order(manager, table(*((f"顾客{number}", "") for number in range(30))))
    assert sorted(await asyncio.gather(*(running.run_due() for _ in range(3)))) == [0, 0, 1]
    done = await run(ordered.id, manager)
    assert (done.created, await make.count("customer"), done.state) == (30, 30, "done")


async def test_who_lost_the_lease_writes_nothing_more(manager, monkeypatch):
    ordered = await order(manager, table(*((f"顾客{number}", "") for number in range(12))))
    take = running._take

    async def overtaken(run_, *values):
        if run_.next_row == 6:
            await database.execute("UPDATE customer_import SET lease_until = lease_until + interval '1 second'")
        await take(run_, *values)

    monkeypatch.setattr(running, "_take", overtaken)
    assert await running.run_due() == 0
    assert (await make.count("customer"), (await run(ordered.id, manager)).done) == (6, 6)


async def test_a_cancelled_import_stops_and_keeps_what_it_took(manager, monkeypatch):
    ordered = await order(manager, table(*((f"顾客{number}", "") for number in range(12))))
    take = running._take

    async def until_cancelled(run_, *values):
        if run_.next_row == 6:
            await service.cancel(ordered.id, manager)
        await take(run_, *values)

    monkeypatch.setattr(running, "_take", until_cancelled)
    assert await running.run_due() == 0
    done = await run(ordered.id, manager)
    assert (done.state, done.done, await make.count("customer")) == ("cancelled", 6, 6)
    with pytest.raises(service.ImportEnded):
        await service.cancel(ordered.id, manager)


async def test_of_a_table_that_breaks_off_nothing_is_imported(manager):
    broken = table(*((f"顾客{number}", "") for number in range(12))) + b'"' + b"x\n" * 90_000
    done, report = await imported(manager, broken, mapping=["name", "mobile"])
    assert (done.state, done.error, report) == ("failed", "csv_unreadable", [])
    assert await make.count("customer") == 0
    assert [row["title"] for row in await make.rows("SELECT title FROM notice")] == ["客户导入中止：客户.csv"]


async def test_more_rows_than_are_taken_are_refused_before_the_first(manager):
    await change("customers.import_most_rows", 100, expected_version=0, by="test")
    done, _ = await imported(manager, table(*((f"顾客{number}", "") for number in range(101))))
    assert (done.state, done.error, await make.count("customer")) == ("failed", "table_refused", 0)


async def test_who_left_or_lost_the_right_imports_no_more(manager):
    ordered = await order(manager, table(("顾客01", "")))
    await database.execute("UPDATE staff SET disabled_at = created_at WHERE id = $1", manager.id)
    assert await running.run_due() == 1
    done = await run(ordered.id, manager)
    assert (done.state, done.error, await make.count("customer")) == ("failed", "forbidden", 0)


async def test_old_files_and_reports_are_forgotten(manager, db):
    _, report = await imported(manager, table(("", "1")))
    assert len(report) == 1
    assert await service.forget_old() == 0
    make.jump(db, days=31)
    assert await service.forget_old() == 1
    assert await make.count("stored_file") == 0
    make.jump(db, days=181)
    assert await service.forget_old() == 1
    assert await make.count("customer_import_row") == 0
    assert await customers() == []


async def test_progress_is_told_on_the_live_stream_once_in_a_while_and_at_the_end(manager, monkeypatch):
    monkeypatch.setattr(leases, "_BETWEEN_WORDS", 3600.0)
    await imported(manager, table(*((f"顾客{number}", "") for number in range(12))))
    events = await make.rows("SELECT payload FROM live_event WHERE kind = 'customer_import' ORDER BY seq")
    told = [orjson.loads(event["payload"]) for event in events]
    assert [(one["state"], one["done"], one["rows"]) for one in told] == [("running", 3, 12), ("done", 12, 12)]


async def test_a_short_import_overtakes_a_long_one_whose_turn_is_over(manager, monkeypatch):
    long = await order(manager, table(*((f"顾客{number}", "") for number in range(12))))
    short = await order(manager, table(("顾客99", "")))
    monkeypatch.setattr(running, "_TURN_SECONDS", -1.0)
    assert await running.run_due() == 2
    ended = [(await run(one.id, manager)).ended_at for one in (short, long)]
    assert ended == sorted(ended)
    assert await make.count("customer") == 13


async def test_who_reads_for_longer_than_a_lease_keeps_the_import(manager, monkeypatch, db):
    ordered = await order(manager, table(*((f"顾客{number}", "") for number in range(12))))
    monkeypatch.setattr(running, "_STRIDE", 3)
    skip, claims = reading.Reading.skip, []

    async def slowly(self, count=None):
        make.jump(db, seconds=70)
        passed = await skip(self, count)
        claims.append(await leases.claim())
        return passed

    monkeypatch.setattr(reading.Reading, "skip", slowly)
    assert await running.run_due() == 1
    assert ((await run(ordered.id, manager)).created, set(claims)) == (12, {None})


async def test_a_field_that_was_deleted_meanwhile_ends_the_import_with_its_name(manager):
    gone = await field("卡号", "line")
    ordered = await order(manager, table(("顾客01", "K1"), headers=("姓名", "卡号")))
    await database.execute("UPDATE custom_field SET deleted_at = created_at WHERE id = $1", gone)
    custom_fields.forget()
    assert await running.run_due() == 1
    done = await run(ordered.id, manager)
    assert (done.state, done.error, await make.count("customer")) == ("failed", "mapping_refused", 0)
    assert await make.count("alert") == 0


async def test_rows_of_no_unique_value_are_not_played_again(manager):
    """Else a chunk of a table with a column of options would be compared with nearly all that came before."""
    earlier = Earlier(["1"])
    earlier.add([Draft(2, custom={"1": "K1", "2": "red"}), Draft(3, custom={"1": "K2", "2": "red"})])
    assert earlier.like([Draft(4, custom={"1": "K2", "2": "red"})]) == [Draft(3, custom={"1": "K2", "2": "red"})]


async def test_a_tag_that_was_deleted_meanwhile_is_given_to_nobody(manager):
    wanted, gone = await tag("留下"), await tag("删除")
    ordered = await order(manager, table(("顾客01", "")), tag_ids=[wanted, gone])
    await database.execute("UPDATE tag SET deleted_at = created_at WHERE id = $1", gone)
    await running.run_due()
    assert (await run(ordered.id, manager)).created == 1
    assert [row["tag_id"] for row in await make.rows("SELECT tag_id FROM customer_tag")] == [wanted]
