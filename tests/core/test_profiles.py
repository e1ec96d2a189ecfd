"""Records of customers: entering, reading, changing, copying, credit (F-01, F-02, F-15, F-18, E-13)."""

from core.customers.rules import ContactKind, Credit
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of
from tests.routes import routes

FULL = {
    "nature": "business",
    "party": "partner",
    "status": "active",
    "mnemonic": "ABC",
    "level": "A",
    "industry": "制造",
    "province": "广东省",
    "city": "深圳市",
    "address": "南山区1号",
    "postcode": "518000",
    "email": "buyer@example.com",
    "home_page": "www.example.com",
    "remark": "老客户介绍",
    "registered_at": "2020-01-02T03:04:05+08:00",
}


async def test_a_record_holds_the_whole_field_set_and_belongs_to_who_entered_it(http):
    rep = await desk(http)
    phones = {"mobile": mobile(), "main": "0755-82345678", "finance": "0755-82345679转12"}
    made = await rep.create("甲公司", phones=phones, **FULL)
    seen = await rep.get(f"customers/{made['id']}")
    assert seen == made | {"updated_at": seen["updated_at"]}
    assert {name: seen[name] for name in FULL if name != "registered_at"} == {
        name: value for name, value in FULL.items() if name != "registered_at"
    }
    assert seen["owner"]["id"] == str(rep.staff.id)
    assert seen["place"] == "owned"
    assert {one["label"]: one["text"] for one in seen["phones"]} == {
        "mobile": f"+86{phones['mobile']}",
        "main": "+8675582345678",
        "finance": "+8675582345679;ext=12",
    }
    assert seen["sources"]["name"]["door"] == "staff"
    timeline = await rep.get(f"customers/{made['id']}/timeline")
    assert [entry["kind"] for entry in timeline["items"]] == ["created"]


async def test_a_position_keeps_the_datum_it_came_in(http):
    rep = await desk(http)
    made = await rep.create(position={"latitude": 22.5, "longitude": 114.0, "datum": "gcj02"})
    assert made["position"]["datum"] == "gcj02"
    assert abs(made["position"]["latitude"] - 22.5) < 1e-6
    assert made["position"]["wgs84_latitude"] != 22.5
    gone = (await rep.change(made, position=None)).json()
    assert gone["position"] is None


async def test_another_ones_customer_needs_the_right_to_assign_and_reach(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    other = await make.colleague(RoleKey.REP)
    assert error_of(await rep.ask("POST", "customers", {"name": "顾客01", "owner_id": str(other.id)}))[1] == "forbidden"
    made = await manager.create(owner_id=str(other.id))
    assert made["owner"]["id"] == str(other.id)
    away = await make.colleague(RoleKey.REP, post=await make.post(await make.department()))
    refused = await manager.ask("POST", "customers", {"name": "顾客02", "owner_id": str(away.id)})
    assert error_of(refused) == (404, "staff_not_found")
    await database.execute("UPDATE staff SET disabled_at = created_at WHERE id = $1", other.id)
    refused = await manager.ask("POST", "customers", {"name": "顾客02", "owner_id": str(other.id)})
    assert error_of(refused) == (422, "owner_refused")
    assert await make.count("customer") == 1


async def test_entering_once_with_one_key_makes_one_customer(http):
    rep = await desk(http)
    body, key = {"name": "顾客01", "phones": {"mobile": mobile()}}, {"Idempotency-Key": "one"}
    answers = [await rep.ask("POST", "customers", body, **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await make.count("customer") == 1


async def test_a_change_needs_the_present_version_and_is_told_and_audited(http):
    rep = await desk(http)
    made = await rep.create(city="深圳市")
    changed = (await rep.change(made, city="广州市", address=None)).json()
    assert (changed["city"], changed["version"]) == ("广州市", made["version"] + 1)
    late = await rep.change(made, city="珠海市")
    assert error_of(late) == (409, "customer_changed")
    assert late.json()["error"]["details"]["version"] == changed["version"]
    # The same again is no change.
    assert (await rep.change(changed, city="广州市")).json()["version"] == changed["version"]
    timeline = await rep.get(f"customers/{made['id']}/timeline")
    assert [entry["kind"] for entry in timeline["items"]] == ["record_changed", "created"]
    rows = await make.rows("SELECT details FROM audit WHERE action = 'customer.changed'")
    assert [row["details"] for row in rows] == ['{"fields": ["city"]}']


async def test_what_must_stand_cannot_be_taken_away(http):
    rep = await desk(http)
    made = await rep.create()
    for name in ("name", "nature", "party", "status"):
        assert error_of(await rep.change(made, **{name: None}))[0] == 422
    assert error_of(await rep.change(made, name="\u200b"))[0] == 422
    for wrong in ({"birthday": "2999-01-01"}, {"registered_at": "2999-01-01T00:00:00Z"}, {"email": "x"}):
        assert error_of(await rep.change(made, **wrong))[0] == 422
    assert error_of(await rep.change(made, home_page="javascript:alert(1)"))[0] == 422


async def test_levels_and_credit_grades_are_choices_of_a_parameter(http):
    rep = await desk(http)
    refused = await rep.ask("POST", "customers", {"name": "顾客01", "level": "Z"})
    assert error_of(refused) == (422, "choice_unknown")
    assert refused.json()["error"]["details"] == {"field": "level", "choices": ["A", "B", "C", "D"]}
    made = await rep.create(level="A")
    assert error_of(await rep.change(made, level="Z")) == (422, "choice_unknown")


async def test_at08_a_pool_customer_is_edited_by_nobody(http):
    rep, admin = await desk(http), await desk(http, RoleKey.ADMIN)
    made = await rep.create(number=mobile(), email="buyer@example.com")
    await send_to_pool(made["id"])
    for one in (rep, admin):
        assert error_of(await one.change(made, city="广州市")) == (409, "customer_in_pool")
        stage = {"version": made["version"], "stage": "lost"}
        assert error_of(await one.ask("PUT", f"customers/{made['id']}/stage", stage)) == (409, "customer_in_pool")
        copy = await one.ask("POST", f"customers/{made['id']}/copy", {"name": "顾客02"})
        assert error_of(copy) == (409, "customer_in_pool")
        seen = await one.get(f"customers/{made['id']}")
        assert ([number["text"] for number in seen["phones"]], seen["email"]) == ([None], None)


async def test_at12_the_owner_edits_all_but_the_mobile_that_is_there(http):
    rep = await desk(http)
    made = await rep.create()
    first = mobile()
    made = (await rep.change(made, phones={"mobile": first, "office": "82345678"})).json()
    assert {one["text"] for one in made["phones"]} == {f"+86{first}", "82345678"}
    for number in (mobile(), None):
        assert error_of(await rep.change(made, phones={"mobile": number})) == (409, "mobile_by_request")
    made = (await rep.change(made, phones={"office": "82345679", "fax": "82345670"})).json()
    assert {one["text"] for one in made["phones"]} == {f"+86{first}", "82345679", "82345670"}
    made = (await rep.change(made, phones={"office": None})).json()
    assert {one["label"] for one in made["phones"]} == {"mobile", "fax"}


def test_at13_no_route_deletes_a_customer():
    deleting = {route.path for route in routes() if route.method == "DELETE"}
    assert [path for path in deleting if path.endswith("{customer_id}")] == []


async def test_at14_a_superior_sees_masks_and_the_owner_all(http):
    rep, manager, stranger = await desk(http), await desk(http, RoleKey.MANAGER), await desk(http)
    made = await rep.create(number="13812345678", email="buyer@example.com")
    seen = await manager.get(f"customers/{made['id']}")
    assert [one["text"] for one in seen["phones"]] == ["138****5678"]
    assert seen["email"] == "b***@example.com"
    assert (await rep.get(f"customers/{made['id']}"))["email"] == "buyer@example.com"
    unseen = await stranger.ask("GET", f"customers/{made['id']}")
    assert error_of(unseen) == (404, "customer_not_found")
    assert error_of(await stranger.change(made, city="x")) == (404, "customer_not_found")
    looks = await make.rows("SELECT DISTINCT actor FROM audit WHERE action = 'customer.seen'")
    assert {row["actor"] for row in looks} == {f"staff:{one.staff.id}" for one in (rep, manager)}


async def test_credit_is_set_by_who_holds_the_right(http):
    rep, finance = await desk(http), await desk(http, RoleKey.FINANCE)
    made = await rep.create()
    body = {"version": made["version"], "grade": "AA", "limit": 5_000_000}
    assert error_of(await rep.ask("PUT", f"customers/{made['id']}/credit", body)) == (403, "forbidden")
    seen = (await finance.ask("PUT", f"customers/{made['id']}/credit", body)).json()
    assert (seen["credit_grade"], seen["credit_limit"]) == ("AA", 5_000_000)
    body |= {"version": seen["version"], "grade": "ZZ"}
    assert error_of(await finance.ask("PUT", f"customers/{made['id']}/credit", body)) == (422, "choice_unknown")


async def test_units_stand_below_units_without_a_circle(http):
    rep, other = await desk(http), await desk(http)
    top = await rep.create("总公司")
    middle = await rep.create("分公司", parent_unit_id=top["id"])
    low = await rep.create("门市", parent_unit_id=middle["id"])
    assert (low["parent_unit_id"], low["parent_unit"]) == (middle["id"], "分公司")
    for parent in (top, low, middle):
        assert error_of(await rep.change(top, parent_unit_id=parent["id"])) == (422, "parent_refused")
    foreign = await other.create("别家")
    assert error_of(await rep.change(low, parent_unit_id=foreign["id"])) == (422, "parent_refused")


async def test_a_fan_gets_a_record_by_the_first_change(http):
    guide = await desk(http, RoleKey.GUIDE, store_id=(await make.store()).id, is_guide=True)
    await make.record(make.contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.staff.id)))
    fan = await guide.get(f"customers/{(await make.customer_of())['id']}")
    assert (fan["version"], fan["name"], fan["party"], fan["stage"]) == (0, None, "prospect", "new")
    changed = (await guide.change(fan, name="顾客01", phones={"mobile": mobile()})).json()
    assert (changed["version"], changed["name"], changed["following"]) == (1, "顾客01", True)
    assert len(changed["phones"]) == 1


async def test_a_copy_takes_over_the_record_but_nothing_that_names_somebody(http):
    rep, finance = await desk(http), await desk(http, RoleKey.FINANCE)
    made = await rep.create("甲公司", number=mobile(), **FULL)
    credit = {"version": made["version"], "grade": "AA", "limit": 1}
    await finance.ask("PUT", f"customers/{made['id']}/credit", credit)
    copied = (await rep.ask("POST", f"customers/{made['id']}/copy", {"name": "乙公司"})).json()
    assert copied["name"] == "乙公司"
    assert copied["id"] != made["id"]
    assert {name: copied[name] for name in ("city", "industry", "level", "nature", "postcode")} == {
        name: FULL[name] for name in ("city", "industry", "level", "nature", "postcode")
    }
    assert (copied["phones"], copied["email"], copied["credit_grade"], copied["credit_limit"]) == ([], None, None, None)


async def test_an_id_from_before_a_merge_leads_to_who_it_is_now(http):
    rep = await desk(http)
    one, other = await rep.create("顾客01"), await rep.create("顾客02")
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", other["id"], one["id"])
    assert (await rep.get(f"customers/{other['id']}"))["id"] == one["id"]
    assert (await rep.change(one | {"id": other["id"]}, city="深圳市")).json()["id"] == one["id"]


async def test_at79_who_sees_totals_and_changes_nobody_learns_no_way_to_reach_anybody(http):
    rep, marketer, manager = await desk(http), await desk(http, RoleKey.MARKETER), await desk(http, RoleKey.MANAGER)
    position = {"latitude": 31.2, "longitude": 121.4, "datum": "gcj02"}
    where = {"email": "one@example.com", "address": "某路 1 号", "postcode": "200000", "position": position}
    customer = await rep.create(number=mobile(), city="上海市", **where)
    person = {"name": "联系人01", "email": "two@example.com", "phones": {"mobile": mobile()}}
    await rep.ask("POST", f"customers/{customer['id']}/contact-persons", person)
    paths = f"customers/{customer['id']}", f"customers/{customer['id']}/contact-persons", "customers"
    record, persons, listed = [await marketer.get(path) for path in paths]
    assert {record[name] for name in where} == {None}
    assert (record["phones"], record["city"]) == ([], "上海市")
    assert [(one["name"], one["email"], one["phones"]) for one in persons["items"]] == [("联系人01", None, [])]
    assert [one["phones"] for one in listed["items"]] == [[]]
    # Whoever may change customers has to do with them, in whatever layout.
    seen = await manager.get(paths[0])
    assert (seen["email"], seen["address"], len(seen["phones"])) == ("o***@example.com", "某路 1 号", 1)


async def test_at12_a_mobile_for_another_purpose_is_not_the_mobile(http):
    rep = await desk(http)
    customer = await rep.create(phones={"office": mobile()})
    entered = await rep.change(customer, phones={"mobile": mobile()})
    assert (entered.status_code, len(entered.json()["phones"])) == (200, 2)
    assert error_of(await rep.change(entered.json(), phones={"mobile": mobile()})) == (409, "mobile_by_request")


async def test_a_number_that_is_sent_again_as_it_is_changes_nothing(http):
    rep, numbers = await desk(http), {"mobile": mobile(), "main": "62345678"}
    customer = await rep.create(phones=numbers)
    again = await rep.change(customer, phones=numbers | {"fax": None})
    assert (again.status_code, again.json()) == (200, customer)


async def test_each_look_at_a_customer_is_written_down_under_who_it_is_now(http):
    rep = await desk(http)
    target, former = await rep.create("顾客01"), await rep.create("顾客02")
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", former["id"], target["id"])
    for part in ("", "/stages", "/contact-persons", "/mobile-changes", "/privacy", "/timeline", "/picture"):
        await rep.get(f"customers/{former['id']}{part}")
    looks = await make.rows("SELECT subject_id, details FROM audit WHERE action = 'customer.seen' ORDER BY id")
    assert {row["subject_id"] for row in looks} == {target["id"]}
    assert len(looks) == 7
