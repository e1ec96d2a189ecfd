"""Whose data somebody sees: the same people in lists, details, exports and totals, for every data scope (J-11)."""

import io
import zipfile

import pytest

from core.customers.rules import ContactKind, Credit
from core.organisation.queries import colleague
from core.permissions.rules import READY_MADE, RoleKey, Scope
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of

PEOPLE = ("region", "me", "mate", "neighbour", "other")
# Whom somebody of this scope reaches, in the team's store and department; `region` works in the department above.
REACH = {
    Scope.OWN: {"me"},
    Scope.STORE: {"me", "mate"},
    Scope.DEPARTMENT: {"me", "mate", "neighbour"},
    Scope.BELOW: {"me", "mate", "neighbour"},
    Scope.ALL: set(PEOPLE),
}


@pytest.fixture
async def world(http):
    """A guide each with a store code, a code and a fan who carries a label and is blacklisted; a fan of nobody."""
    top = await make.department("总部")
    region = await make.department("大区", parent=top)
    team, elsewhere = await make.department("一组", parent=region), await make.department("别处", parent=top)
    account, channel = await make.account(), await make.channel("渠道甲")
    stores = {name: await make.store(name, channel=channel) for name in ("region", "team", "neighbour", "other")}
    places = {
        "region": (region, "region"),
        "me": (team, "team"),
        "mate": (team, "team"),
        "neighbour": (team, "neighbour"),
        "other": (elsewhere, "other"),
    }
    people = {}
    for name, (department, store) in places.items():
        post = await make.post(department)
        values = {"store_id": stores[store].id, "is_guide": True}
        people[name] = await make.colleague(RoleKey.MARKETER, name, post=post, **values)
        await database.execute("UPDATE store SET department_id = $2 WHERE id = $1", stores[store].id, department.id)
    codes = {name: await make.code(account, staff) for name, staff in people.items()}
    fans = {name: await fan(name, staff, codes[name].id) for name, staff in people.items()} | {
        "nobody": await fan("nobody")
    }
    label_id = await wear_and_block(account)
    return {
        "people": people, "codes": codes, "fans": fans, "stores": stores, "label": label_id, "elsewhere": elsewhere,
        "account": account, "channel": channel,
        "departments": {"top": top, "region": region, "team": team},
        "names": {str(fan): name for name, fan in fans.items()} | {str(one.id): name for name, one in people.items()},
    }  # fmt: skip


async def fan(name, guide=None, code_id=None):
    credit = Credit(code_id=code_id, guide_id=guide.id, store_id=guide.store_id) if guide else Credit()
    await make.record(make.contact(ContactKind.FOLLOW, clock.now(), person=f"fan of {name}", credit=credit))
    return (await make.customer_of(f"fan of {name}"))["id"]


async def wear_and_block(account):
    label_id = new_id()
    await database.execute(
        """INSERT INTO wechat_label (id, account_id, kind, name, synced, attempts, next_at, created_at)
        VALUES ($1, $2, 'tag', '常客', true, 0, $3, $3)""",
        label_id,
        account.id,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
        SELECT $1, id, 'tag', true, true, 0, $2, $2 FROM identity""",
        label_id,
        clock.now(),
    )
    for row in await make.rows("SELECT id FROM identity"):
        await database.execute(
            """INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by,
                changed_at) VALUES ($1, $2, $3, true, true, 0, $4, 'test', $4)""",
            new_id(),
            account.id,
            row["id"],
            clock.now(),
        )
    return label_id


async def caller(world, scope, name="me", role=RoleKey.MANAGER, granted=()):
    """One of the guides with every right of a manager over the data of a scope."""
    staff = world["people"][name]
    await database.execute(
        "UPDATE staff SET scope = $2, role_id = $3 WHERE id = $1", staff.id, scope, READY_MADE[role].id
    )
    for department in granted:
        await database.execute(
            "INSERT INTO staff_department_grant (id, staff_id, department_id) VALUES ($1, $2, $3)",
            new_id(),
            staff.id,
            department.id,
        )
    return await make.headers(await colleague(staff.id))


async def get(http, headers, path):
    answer = await http.get(f"/staff/v1/{path}", headers=headers)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def seen(http, world, headers, path, key="id"):
    page = await get(http, headers, path)
    items = page if isinstance(page, list) else page.get("items", page.get("guides"))
    return {world["names"][item[key]] for item in items}


async def expect(http, world, headers, reach, *, nobodys=False):
    """Every way of reading shows the data of these people and of no others."""
    fans = reach | ({"nobody"} if nobodys else set())
    assert await seen(http, world, headers, "fans") == fans
    assert await seen(http, world, headers, "fans?following=true&limit=3") <= fans
    assert await seen(http, world, headers, f"fans?label_id={world['label']}") == fans
    assert await seen(http, world, headers, f"fans?code_id={world['codes']['mate'].id}") == {"mate"} & reach
    assert await seen(http, world, headers, "blocks", "customer_id") == fans
    assert await seen(http, world, headers, "guides") == reach
    assert await seen(http, world, headers, "ranking", "guide_id") == reach
    assert await seen(http, world, headers, "codes?kind=guide", "target_id") == reach
    assert await seen(http, world, headers, "codes/numbers?kind=guide", "target_id") == reach
    portrait = await get(http, headers, "fans/portrait")
    assert (portrait["following"], portrait["sources"]["guide"]) == (len(fans), len(reach))
    assert portrait["top_labels"][0]["fans"] == len(fans)
    assert [label["fans"] for label in await get(http, headers, "labels")] == [len(fans)]
    assert sum(day["gross"] for day in await get(http, headers, "ranking/trend")) == len(reach)
    for name, fan_id in world["fans"].items():
        for path in (f"fans/{fan_id}", f"customers/{fan_id}/timeline"):
            answer = await http.get(f"/staff/v1/{path}", headers=headers)
            assert answer.status_code == (200 if name in fans else 404), (name, path)
    for name, staff in world["people"].items():
        listed = await seen(http, world, headers, f"fans?guide_id={staff.id}")
        assert listed == ({name} if name in reach else set())
        portrait = await get(http, headers, f"fans/portrait?guide_id={staff.id}")
        assert portrait["following"] == len(listed)
        days = await get(http, headers, f"ranking/trend?guide_id={staff.id}")
        assert sum(day["gross"] for day in days) == len(listed)
        for end in ("", "/numbers", "/code.png", "/poster.png"):
            answer = await http.get(f"/staff/v1/codes/{world['codes'][name].id}{end}", headers=headers)
            assert answer.status_code == (200 if name in reach else 404), (name, end)
    posters = await http.get("/staff/v1/codes/posters.zip?kind=guide", headers=headers)
    assert len(zipfile.ZipFile(io.BytesIO(posters.content)).namelist()) == len(reach)


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_scope_is_the_same_in_lists_details_exports_and_totals(http, world, scope):
    await expect(http, world, await caller(world, scope), REACH[scope], nobodys=scope is Scope.ALL)


async def test_below_holds_the_departments_below_and_at_the_top_everything(http, world):
    await expect(http, world, await caller(world, Scope.BELOW, "region"), {"region", "me", "mate", "neighbour"})
    me = world["people"]["other"]
    post = await make.post(world["departments"]["top"])
    await database.execute(
        "UPDATE staff SET department_id = $2, post_id = $3 WHERE id = $1", me.id, post.department_id, post.id
    )
    await expect(http, world, await caller(world, Scope.BELOW, "other"), set(PEOPLE), nobodys=True)


async def test_the_department_alone_leaves_out_those_below(http, world):
    await expect(http, world, await caller(world, Scope.DEPARTMENT, "region"), {"region"})


async def test_granted_departments_are_seen_besides(http, world):
    await expect(http, world, await caller(world, Scope.OWN, granted=[world["elsewhere"]]), {"me", "other"})
    with_store = await caller(world, Scope.STORE, "neighbour", granted=[world["departments"]["region"]])
    await expect(http, world, with_store, {"neighbour", "region"})


async def test_ones_own_routes_show_the_own_whatever_the_scope(http, world):
    headers = await caller(world, Scope.ALL)
    assert await seen(http, world, headers, "me/fans") == {"me"}
    assert await seen(http, world, headers, "me/codes", "target_id") == {"me"}
    assert (await get(http, headers, "me/numbers"))["following"] == 1


async def test_stores_and_their_codes_are_those_in_reach_and_channels_are_everybodys(http, world):
    account, channel = world["account"], world["channel"]
    for store in world["stores"].values():
        await make.code(account, store)
    channel_code = await make.code(account, channel)
    for scope, name, expected in (
        (Scope.OWN, "me", {"team"}),
        (Scope.BELOW, "me", {"team", "neighbour"}),
        (Scope.BELOW, "region", {"region", "team", "neighbour"}),
        (Scope.ALL, "me", set(world["stores"])),
    ):
        # The stores of team and neighbour belong to the team's department.
        headers = await caller(world, scope, name)
        codes = (await get(http, headers, "codes?kind=store"))["items"]
        assert {code["target"] for code in codes} == expected
        stores = (await get(http, headers, f"channels/{channel.id}/stores"))["items"]
        assert {store["name"] for store in stores} == expected
        assert (await http.get(f"/staff/v1/codes/{channel_code.id}", headers=headers)).status_code == 200
    guide = await caller(world, Scope.OWN, role=RoleKey.GUIDE)
    unseen = await http.get(f"/staff/v1/codes/{channel_code.id}", headers=guide)
    assert error_of(unseen) == (404, "code_not_found")


async def test_nothing_is_done_to_what_is_out_of_reach(http, world):
    headers = await caller(world, Scope.STORE)
    other, store = world["people"]["other"], world["stores"]["other"]
    fan_id, code = world["fans"]["other"], world["codes"]["other"]
    app_id = world["account"].app_id
    aim = {"guide_id": str(other.id)}
    mine = world["codes"]["me"]
    for method, path, body, expected in (
        ("PUT", f"fans/{fan_id}/labels", {"label_ids": []}, "customer_not_found"),
        ("POST", f"fans/{fan_id}/labels", {"label_ids": [str(world["label"])]}, "customer_not_found"),
        ("DELETE", f"fans/{fan_id}/labels/{world['label']}", None, "customer_not_found"),
        ("PUT", f"fans/{fan_id}/block", None, "customer_not_found"),
        ("DELETE", f"fans/{fan_id}/block", None, "customer_not_found"),
        ("PATCH", f"codes/{code.id}", {"name": "新名"}, "code_not_found"),
        ("POST", f"codes/{code.id}/stop", None, "code_not_found"),
        ("POST", f"codes/{code.id}/resume", None, "code_not_found"),
        ("POST", f"codes/{code.id}/target", {"guide_id": str(world["people"]["me"].id)}, "code_not_found"),
        ("POST", f"codes/{mine.id}/target", aim, "code_target_not_found"),
        ("POST", "codes", {"app_id": app_id, "name": "活动", "life": "temporary"} | aim, "code_target_not_found"),
        ("PUT", "welcomes", {"follow_text": "欢迎"} | aim, "welcome_target_not_found"),
        ("PUT", "welcomes", {"follow_text": "欢迎", "store_id": str(store.id)}, "welcome_target_not_found"),
    ):
        answer = await http.request(method, f"/staff/v1/{path}", headers=headers, json=body)
        assert error_of(answer) == (404, expected), (method, path)
    both = [str(world["fans"][name]) for name in ("me", "other", "nobody")]
    answer = await http.post(f"/staff/v1/labels/{world['label']}/fans", headers=headers, json={"customer_ids": both})
    assert answer.json() == {"labelled": 1, "left_out": 2}


async def test_a_batch_is_for_those_in_reach_and_seen_by_those_who_reach_one_of_its_codes(http, world):
    body = {"app_id": world["account"].app_id, "kind": "guide", "name": "国庆", "life": "temporary"}
    team = await caller(world, Scope.DEPARTMENT)
    batch = (await http.post("/staff/v1/code-batches", headers=team, json=body)).json()
    assert batch["count"] == 3
    path = f"/staff/v1/code-batches/{batch['id']}"
    assert (await http.get(path, headers=team)).json()["count"] == 3
    assert (await http.get(path, headers=await caller(world, Scope.OWN, "mate"))).json()["count"] == 1
    foreign = await http.get(path, headers=await caller(world, Scope.OWN, "other"))
    assert error_of(foreign) == (404, "code_batch_not_found")


async def test_welcomes_are_seen_with_their_guide_or_store(http, world):
    people, stores = world["people"], world["stores"]
    await make.welcome("所有人")
    await make.welcome("渠道的", channel_id=world["channel"].id)
    for name in ("me", "other"):
        await make.welcome(f"导购{name}", guide_id=people[name].id)
        await make.welcome(f"门店{name}", store_id=people[name].store_id)
    assert stores["team"].id == people["me"].store_id

    async def words(scope):
        page = await get(http, await caller(world, scope), "welcomes")
        return {welcome["follow_text"] for welcome in page["items"]}

    assert await words(Scope.STORE) == {"所有人", "渠道的", "导购me", "门店me"}
    assert len(await words(Scope.ALL)) == 6


async def test_at75_the_three_kinds_of_right_move_apart(http, world):
    me = world["people"]["me"]

    async def three():
        staff = await colleague(me.id)
        headers = await make.headers(staff)
        return (
            frozenset(await seen(http, world, headers, "fans")),
            frozenset(card["key"] for card in await get(http, headers, "me/cards")),
            (await http.get("/staff/v1/blocks", headers=headers)).status_code,
        )

    await caller(world, Scope.OWN, role=RoleKey.GUIDE)
    assert await three() == ({"me"}, frozenset(), 403)
    await caller(world, Scope.OWN, role=RoleKey.GUIDE, granted=[world["elsewhere"]])
    assert await three() == ({"me", "other"}, frozenset(), 403)
    await database.execute("""UPDATE staff SET special_rights = '["schedule"]' WHERE id = $1""", me.id)
    assert await three() == ({"me", "other"}, {"schedule"}, 403)
    await caller(world, Scope.STORE, role=RoleKey.GUIDE)
    assert await three() == ({"me", "mate", "other"}, {"schedule"}, 403)
    role_id = new_id()
    await database.execute(
        """INSERT INTO role (id, name, points, scope, special_rights, version, created_at)
        VALUES ($1, '试', '["fans:read", "blocks:write"]', 'own', '[]', 1, $2)""",
        role_id,
        clock.now(),
    )
    await database.execute("UPDATE staff SET role_id = $2 WHERE id = $1", me.id, role_id)
    assert await three() == ({"me", "mate", "other"}, {"schedule"}, 200)
