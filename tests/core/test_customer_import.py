"""Imports: what becomes of each row, exactly; whoever is killed, cancelled or twice at work."""

import orjson
import pytest

from core.customers.privacy.errors import ConsentTextNotFound
from core.customers.privacy.schemas import ConsentTextIn
from core.customers.privacy.service import publish_text
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.core.file_world import empty_store
from tests.core.import_world import arrived, counts, customers, field, imported, order, table, tag


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def manager(db):
    return await make.colleague(RoleKey.ADMIN, "经理01")


async def test_good_rows_become_customers_of_the_importer(manager):
    done, report = await imported(manager, table(("顾客01", "13800138001"), ("顾客02", "13800138002")))
    assert counts(done) == {"created": 2, "linked": 0, "refused": 0, "warned": 0}
    assert (done.state, done.rows, done.done, done.error) == ("done", 2, 2, None)
    assert report == []
    assert await customers() == [("顾客01", "+8613800138001", "经理01"), ("顾客02", "+8613800138002", "经理01")]


async def test_at17_the_same_mobile_and_name_is_refused_inside_the_table_and_outside(manager):
    await imported(manager, table(("顾客 01", "13800138001")))
    again = table(("顾客01", "13800138001"), ("顾客02", "13800138002"), ("顾客02", "+86 138-0013-8002"))
    done, report = await imported(manager, again)
    assert counts(done) == {"created": 1, "linked": 0, "refused": 2, "warned": 0}
    assert report == [(2, "refused", "duplicate_customer", "手机"), (4, "refused", "duplicate_customer", "手机")]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_the_same_mobile_under_another_name_is_refused_or_kept_as_ordered(manager, dry_run):
    await imported(manager, table(("顾客01", "13800138001")))
    rows = table(("顾客02", "13800138001"), ("顾客03", "13800138003"), ("顾客04", "13800138003"))
    done, report = await imported(manager, rows, dry_run=dry_run or True)
    assert counts(done) == {"created": 1, "linked": 0, "refused": 2, "warned": 0}
    assert report == [(2, "refused", "possible_duplicate", "手机"), (4, "refused", "possible_duplicate", "手机")]
    done, report = await imported(manager, rows, on_possible_duplicate="keep", dry_run=dry_run)
    assert counts(done) == {"created": 1, "linked": 0, "refused": 0, "warned": 2}
    assert report == [(2, "warned", "possible_duplicate", "手机"), (4, "warned", "possible_duplicate", "手机")]
    assert len(await customers()) == (1 if dry_run else 4)
    assert await make.count("merge_candidate") == (0 if dry_run else 2)


async def test_at22_every_fault_is_reported_with_its_row_its_code_and_its_column(manager):
    headers = ("姓名", "手机号", "性别", "生日", "信用额度", "电话", "客户级别", "邮箱", "负责人", "标签", "上级单位")
    faults = [
        (("", "", "男"), "nobody_named", ""),
        (("顾客", "12345678901"), "phone_refused", "手机号"),
        (("顾客", "010-62345678"), "phone_refused", "手机号"),
        (("顾客", "1.38E+10"), "phone_refused", "手机号"),
        (("顾客", "", "不男不女"), "choice_unknown", "性别"),
        (("顾客", "", "", "2026-02-30"), "date_unreadable", "生日"),
        (("顾客", "", "", "2199-01-01"), "birthday_impossible", "生日"),
        (("顾客", "", "", "", "很多"), "money_unreadable", "信用额度"),
        (("顾客", "", "", "", "-5"), "money_unreadable", "信用额度"),
        (("顾客", "", "", "", "", "123456"), "phone_refused", "电话"),
        (("顾客", "", "", "", "", "", "Z"), "choice_unknown", "客户级别"),
        (("顾客", "", "", "", "", "", "", "没有"), "email_invalid", "邮箱"),
        (("顾客", "", "", "", "", "", "", "", "没有此人"), "owner_unknown", "负责人"),
        (("顾客", "", "", "", "", "", "", "", "", "没有"), "tag_unknown", "标签"),
        (("顾客", "", "", "", "", "", "", "", "", "", "没有"), "parent_unknown", "上级单位"),
        (("顾" * 101,), "too_long", "姓名"),
        (("顾\x01客",), "text_invalid", "姓名"),
        (("顾客", *[""] * 10, "多了一格"), "row_too_wide", ""),
    ]
    good = [(f"好顾客{number}", f"1390013{number:04d}") for number in range(len(faults))]
    rows = [row for pair in zip(good, [row for row, _, _ in faults], strict=True) for row in pair]
    for dry_run in (True, False):
        done, report = await imported(manager, table(*rows, headers=headers), dry_run=dry_run)
        assert counts(done) == {"created": len(good), "linked": 0, "refused": len(faults), "warned": 0}
        assert report == [(3 + 2 * at, "refused", code, column) for at, (_, code, column) in enumerate(faults)]
    assert [name for name, _, _ in await customers()] == [name for name, _ in good]


async def test_a_row_with_two_faults_is_told_of_both_and_counts_once(manager):
    done, report = await imported(manager, table(("顾客01", "1", "x"), headers=("姓名", "手机", "性别")))
    assert counts(done)["refused"] == 1
    assert report == [(2, "refused", "phone_refused", "手机"), (2, "refused", "choice_unknown", "性别")]


async def test_who_has_a_known_number_elsewhere_is_known_and_what_is_new_is_added(manager):
    headers = ("外部编号", "姓名", "手机", "城市")
    await imported(manager, table(("A-1", "顾客01", "13800138001", ""), headers=headers))
    again = table(
        ("A-1", "顾客01", "13800138001", "杭州市"),
        ("A-2", "顾客02", "", ""),
        ("A-2", "", "", "宁波市"),
        headers=headers,
    )
    done, report = await imported(manager, again)
    assert counts(done) == {"created": 1, "linked": 2, "refused": 0, "warned": 0}
    assert report == [(2, "linked", "known", ""), (4, "linked", "known", "")]
    rows = await make.rows("SELECT name, city FROM customer_profile ORDER BY name")
    assert [tuple(row.values()) for row in rows] == [("顾客01", "杭州市"), ("顾客02", "宁波市")]


async def test_who_proved_the_number_through_wechat_is_taken_for_the_row(manager):
    member = await arrived(phone="+8613800138001", verified=True)
    guide = await make.guide("导购01")
    await database.execute("UPDATE customer SET guide_id = $2 WHERE id = $1", member, guide.id)
    done, report = await imported(manager, table(("顾客01", "13800138001")))
    assert counts(done) == {"created": 0, "linked": 1, "refused": 0, "warned": 0}
    assert report == [(2, "linked", "known", "")]
    assert await customers() == [("顾客01", "+8613800138001", "导购01")]


async def test_who_is_not_the_importers_to_change_is_reported_and_left_alone(db):
    manager = await make.colleague(
        RoleKey.MANAGER, post=await make.post(await make.department("一区", parent=await make.department()))
    )
    elsewhere = await make.guide("导购01")
    headers = ("外部编号", "姓名", "城市")
    admin = await make.admin()
    await imported(admin, table(("A-1", "顾客01", ""), headers=headers))
    await database.execute("UPDATE customer SET guide_id = $1", elsewhere.id)
    done, report = await imported(manager, table(("A-1", "顾客01", "杭州市"), headers=headers))
    assert (counts(done)["linked"], report) == (1, [(2, "linked", "known_unchanged", "")])
    assert await make.rows("SELECT city FROM customer_profile") == [{"city": None}]


async def test_at08_a_pool_customer_is_not_changed_by_an_import(manager):
    headers = ("外部编号", "姓名", "城市")
    done, _ = await imported(manager, table(("A-1", "顾客01", ""), headers=headers), into="pool")
    assert counts(done)["created"] == 1
    assert await make.rows("SELECT pool_reason, guide_id FROM customer") == [
        {"pool_reason": "imported", "guide_id": None}
    ]
    _, report = await imported(manager, table(("A-1", "顾客01", "杭州市"), headers=headers))
    assert report == [(2, "linked", "known_unchanged", "")]
    assert await make.rows("SELECT city FROM customer_profile") == [{"city": None}]


OF_A_PERSON = ("customer", "customer_profile", "customer_phone", "customer_key", "customer_arrival", "customer_tag",
               "customer_stage_change", "timeline", "customer_search")  # fmt: skip


async def everything():
    return {table: await make.rows(f"SELECT * FROM {table} ORDER BY 1") for table in OF_A_PERSON}


@pytest.mark.parametrize("where", ["pool", "trash", "elsewhere"])
@pytest.mark.parametrize("known_by", ["key", "number"])
async def test_at08_nothing_at_all_is_added_to_who_is_not_the_importers_to_change(db, where, known_by):
    """No number, key, tag or arrival either; the other rows of the chunk are taken."""
    one = await make.post(await make.department("一区", parent=await make.department()))
    manager = await make.colleague(RoleKey.MANAGER, post=one)
    elsewhere = await make.guide("导购01")
    headers = ("外部编号", "姓名", "手机", "电话", "标签", "阶段")
    await tag("会员")
    if known_by == "key":
        await imported(await make.admin(), table(("A-1", "顾客01", "", "", "", ""), headers=headers))
    else:
        await arrived(phone="+8613800138001", verified=True, name="顾客01")
    states = {
        "pool": "guide_id = NULL, pooled_at = created_at, pool_reason = 'released'",
        "trash": "guide_id = NULL, discarded_at = created_at",
        "elsewhere": f"guide_id = '{elsewhere.id}'",
    }
    await database.execute(f"UPDATE customer SET {states[where]}")
    before = await everything()
    key = "A-1" if known_by == "key" else "A-2"
    rows = ((key, "顾客01", "13800138001", "010-12345678", "会员", "意向"), ("A-3", "顾客03", "", "", "会员", "意向"))
    done, report = await imported(manager, table(*rows, headers=headers))
    assert counts(done) == {"created": 1, "linked": 1, "refused": 0, "warned": 0}
    assert report == [(2, "linked", "known_unchanged", "")]
    new = await database.fetch_one("SELECT customer_id FROM customer_key WHERE value = 'A-3'")
    after = await everything()
    assert {
        name: [row for row in rows if (row.get("customer_id") or row["id"]) != new["customer_id"]]
        for name, rows in after.items()
    } == before


async def test_the_owner_column_names_colleagues_in_reach_who_are_at_work(manager):
    one, left = await make.guide("导购01"), await make.guide("导购02")
    await database.execute("UPDATE staff SET left_at = created_at WHERE id = $1", left.id)
    rows = table(
        ("顾客01", one.username.upper()), ("顾客02", left.username), ("顾客03", ""), headers=("姓名", "负责人")
    )
    done, report = await imported(manager, rows, into="column")
    assert report == [(3, "refused", "owner_unknown", "负责人"), (4, "refused", "owner_needed", "负责人")]
    assert await customers() == [("顾客01", None, "导购01")]
    assert counts(done)["created"] == 1


async def test_a_parent_unit_may_stand_above_in_the_table_and_never_in_a_circle(manager):
    headers = ("外部编号", "名称", "上级单位")
    rows = table(
        ("A", "集团", ""),
        ("B", "分公司", "A"),
        ("C", "门市部", "B"),
        ("D", "自己", "D"),
        ("E", "", "F"),
        headers=headers,
    )
    done, report = await imported(manager, rows)
    assert report == [(5, "refused", "parent_unknown", "上级单位"), (6, "refused", "parent_unknown", "上级单位")]
    found = await make.rows(
        """SELECT p.name, q.name AS parent FROM customer_profile p
        LEFT JOIN customer_profile q ON q.customer_id = p.parent_id ORDER BY p.name"""
    )
    assert {row["name"]: row["parent"] for row in found} == {"分公司": "集团", "集团": None, "门市部": "分公司"}
    assert counts(done)["created"] == 3
    _, report = await imported(manager, table(("A", "", "C"), headers=headers))
    assert report == [(2, "refused", "parent_refused", "上级单位")]


async def test_custom_fields_are_read_and_unique_values_belong_to_the_first(manager):
    card = await field("卡号", "line", unique=True)
    size = await field("尺码", "option", options=[{"id": "1", "name": "大码"}, {"id": "2", "name": "小码"}])
    headers = ("姓名", "卡号", "尺码")
    rows = table(("顾客01", "K1", "大码"), ("顾客02", "k1", "小码"), ("顾客03", "K3", "没有"), headers=headers)
    done, report = await imported(manager, rows)
    assert report == [(3, "refused", "field_value_taken", "卡号"), (4, "refused", "field_value_refused", "尺码")]
    assert await make.rows("SELECT custom FROM customer_profile") == [
        {"custom": orjson.dumps({str(card): "K1", str(size): "1"}).decode().replace(":", ": ").replace(",", ", ")}
    ]
    assert await make.count("customer") == counts(done)["created"] == 1


async def test_tags_of_the_import_and_of_the_rows_are_attached(manager):
    ours, theirs = [await tag(name) for name in ("展会", "大客户")]
    rows = table(("顾客01", "大客户"), ("顾客02", ""), headers=("姓名", "标签"))
    await imported(manager, rows, tag_ids=[ours])
    found = await make.rows(
        """SELECT p.name, t.name AS tag FROM customer_tag g JOIN tag t ON t.id = g.tag_id
        JOIN customer_profile p ON p.customer_id = g.customer_id ORDER BY p.name, t.name"""
    )
    assert [tuple(row.values()) for row in found] == [("顾客01", "大客户"), ("顾客01", "展会"), ("顾客02", "展会")]
    assert theirs != ours


async def test_what_is_imported_is_found_told_and_published(manager):
    done, _ = await imported(manager, table(*((f"顾客{number}",) for number in range(5)), headers=("姓名",)))
    assert await make.count("customer_search") == 5
    events = await make.rows("SELECT payload FROM outbox WHERE name = 'customers.imported.v1'")
    assert [len(orjson.loads(event["payload"])["created_ids"]) for event in events] == [5]
    assert await make.rows("SELECT kind, title FROM notice") == [
        {"kind": "customer_import.ended", "title": "客户导入完成：客户.csv"}
    ]
    live = await make.rows("SELECT payload FROM live_event WHERE kind = 'customer_import' ORDER BY seq DESC LIMIT 1")
    assert orjson.loads(live[0]["payload"])["state"] == done.state == "done"
    assert {row["reason"] for row in await make.rows("SELECT reason FROM customer_owner_change")} == {"imported"}


async def test_consent_is_recorded_for_everybody_who_was_taken(manager):
    await publish_text(manager, ConsentTextIn(purpose="marketing", version=0, body="同意接收营销信息"))
    await imported(manager, table(("顾客01", ""), ("", "1")), consent={"purpose": "marketing", "version": 1})
    assert [row["given"] for row in await make.rows("SELECT given FROM consent")] == [True]
    with pytest.raises(ConsentTextNotFound):
        await order(manager, table(("顾客01", "")), consent={"purpose": "marketing", "version": 2})
