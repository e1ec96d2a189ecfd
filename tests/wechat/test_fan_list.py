"""Fans by every filter, one fan in full, the portrait; guides see their own."""

import asyncio
import json
from datetime import timedelta

import pytest

from core.customers.rules import ContactKind, Credit
from core.organisation.queries import colleague
from core.permissions.rules import RoleKey, Scope
from infra import clock, crypto, database
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from tests.factories import contact, customer_of, record, rows
from wechat.fans import listing
from wechat.fans.schemas import AllFansFilters
from wechat.outbound import windows
from wechat.outbound.windows import Action, Opening

FOLLOW, SCAN, UNFOLLOW, MESSAGE = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW, ContactKind.MESSAGE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TWO = "wx0000000000000002"


async def label(account, name, kind="tag"):
    label_id = new_id()
    await database.execute(
        """INSERT INTO wechat_label (id, account_id, kind, name, synced, attempts, next_at, created_at)
        VALUES ($1, $2, $3, $4, true, 0, $5, $5)""",
        label_id,
        account.id,
        kind,
        name,
        clock.now(),
    )
    return label_id


async def wear(label_id, person, app_id, kind="tag"):
    await database.execute(
        """INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
        SELECT $1, id, $3, true, true, 0, $4, $4 FROM identity WHERE digest = $2""",
        label_id,
        crypto.digest(app_id, person),
        kind,
        clock.now(),
    )


async def block(account, person):
    await database.execute(
        """INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by,
            changed_at) SELECT $1, $2, id, true, true, 0, $4, 'test', $4 FROM identity WHERE digest = $3""",
        new_id(),
        account.id,
        crypto.digest(account.app_id, person),
        clock.now(),
    )


@pytest.fixture
async def world(http):
    """Four fans: `new` brought by a guide, `talker` by a store, `gone` by a channel, `both` in two accounts."""
    now = clock.now()
    channel = await make.channel()
    store = await make.store(channel=channel)
    guide = await make.guide("导购01", store=store)
    account, other = await make.account(1), await make.account(2)
    code = await make.code(account, guide)
    credit = Credit(code_id=code.id, guide_id=guide.id, store_id=store.id, channel_id=channel.id)
    await record(
        contact(FOLLOW, now - 10 * DAY, person="new", credit=credit),
        contact(FOLLOW, now - 20 * DAY, person="talker", credit=Credit(store_id=store.id)),
        contact(MESSAGE, now - HOUR, person="talker"),
        contact(FOLLOW, now - 40 * DAY, person="gone", credit=Credit(channel_id=channel.id)),
        contact(MESSAGE, now - 39 * DAY, person="gone"),
        contact(UNFOLLOW, now - 30 * DAY, person="gone"),
        contact(FOLLOW, now - 5 * DAY, person="both"),
        contact(FOLLOW, now - 4 * DAY, person="both", app_id=TWO),
        contact(MESSAGE, now - 3 * DAY, person="both", app_id=TWO),
    )
    kept, left = (await customer_of("both"))["id"], (await customer_of("both", TWO))["id"]
    async with database.transaction() as connection:
        from core.customers.merging import learn_profiles
        from core.customers.rules import Profile

        await learn_profiles(
            connection,
            [
                Profile(identity=crypto.digest(app, "both"), unionid="u", subscribe_scene="S", profiled_at=now)
                for app in (account.app_id, TWO)
            ],
        )
        await windows.open_many(
            connection,
            [Opening(crypto.digest(account.app_id, "talker"), account.id, Action.MESSAGE, now - HOUR)],
        )
    tag = await label(account, "常客")
    await wear(tag, "talker", account.app_id)
    await block(other, "both")
    names = {name: (await customer_of(name))["id"] for name in ("new", "talker", "gone", "both")}
    return {
        "now": now, "guide": guide, "store": store, "channel": channel, "code": code, "tag": tag,
        "names": {str(v): k for k, v in names.items()}, "ids": names, "left": left, "kept": kept,
    }  # fmt: skip


async def listed(http, world, query="", path="/staff/v1/fans", by=None):
    headers = await make.headers(by or await make.manager())
    answer = await http.get(f"{path}?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return {world["names"][fan["id"]] for fan in answer.json()["items"]}


async def test_every_filter_finds_whom_it_says(http, world):
    def at(**before):
        return (world["now"] - timedelta(**before)).isoformat().replace("+00:00", "Z")

    cases = {
        "": {"new", "talker", "gone", "both"},
        "following=true": {"new", "talker", "both"},
        "following=false": {"gone"},
        f"guide_id={world['guide'].id}": {"new"},
        f"code_id={world['code'].id}": {"new"},
        f"store_id={world['store'].id}": {"new", "talker"},
        f"channel_id={world['channel'].id}": {"new", "gone"},
        f"followed_after={at(days=15)}": {"new", "both"},
        f"followed_before={at(days=15)}": {"talker", "gone"},
        f"talked_after={at(days=4)}": {"talker", "both"},
        f"talked_before={at(days=2)}": {"gone", "both"},
        f"talked_before={at(days=2)}&talked_after={at(days=20)}": {"both"},
        "window=open": {"talker"},
        "window=shut": {"new", "gone", "both"},
        f"label_id={world['tag']}": {"talker"},
        "blocked=true": {"both"},
        "blocked=false": {"new", "talker", "gone"},
        f"app_id={TWO}": {"both"},
        f"app_id={TWO}&blocked=true": {"both"},
        "app_id=wx0000000000000001&blocked=true": set(),
        f"app_id={TWO}&label_id={world['tag']}": set(),
        "app_id=wx0000000000000001&following=false": {"gone"},
        f"following=true&store_id={world['store'].id}&window=shut": {"new"},
    }
    for query, expected in cases.items():
        assert await listed(http, world, query) == expected, query


@pytest.mark.parametrize("gone", ["message_left = 0", "refused = 'blocked'", "message_until = closed_at"])
async def test_a_window_that_lets_nothing_through_is_shut(http, world, gone):
    assert await listed(http, world, "window=open") == {"talker"}
    await database.execute("UPDATE customer_window SET closed_at = $1", clock.now())
    await database.execute(f"UPDATE customer_window SET {gone}")
    assert await listed(http, world, "window=open") == set()
    assert await listed(http, world, "window=shut") == {"new", "talker", "gone", "both"}
    headers = await make.headers(await make.manager())
    assert (await http.get("/staff/v1/fans/portrait", headers=headers)).json()["window_open"] == 0


async def test_a_guide_filters_the_own_fans_only(http, world):
    mine = "/staff/v1/me/fans"
    assert await listed(http, world, "", mine, world["guide"]) == {"new"}
    assert await listed(http, world, "window=open", mine, world["guide"]) == set()
    headers = await make.headers(world["guide"])
    other = await http.get(f"{mine}?guide_id={world['guide'].id}", headers=headers)
    assert error_of(other) == (422, "invalid_input")


@pytest.mark.parametrize(
    "query",
    ["window=ajar", "talked_after=0001-01-01T00:00:00%2B14:00", "talked_before=2026-01-01T00:00:00", "code_id=x",
     "app_id=" + "w" * 33, "app_id=%00", "limit=0", "unknown=1"],
)  # fmt: skip
async def test_a_filter_that_is_none_is_refused(http, query):
    headers = await make.headers(await make.manager())
    assert error_of(await http.get(f"/staff/v1/fans?{query}", headers=headers)) == (422, "invalid_input")


async def test_pages_with_filters_hold_each_fan_once(http, world):
    headers = await make.headers(await make.manager())
    seen, cursor = [], ""
    while cursor is not None:
        page = (await http.get(f"/staff/v1/fans?following=true&limit=1{cursor}", headers=headers)).json()
        seen += [world["names"][fan["id"]] for fan in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert sorted(seen) == ["both", "new", "talker"]


async def test_one_fan_in_full(http, world):
    boss = await make.headers(await make.manager())
    answer = await http.get(f"/staff/v1/fans/{world['ids']['both']}", headers=boss)
    fan = answer.json()
    assert [(i["account"], i["following"], i["has_unionid"], i["blocked"]) for i in fan["identities"]] == [
        ("公众号1", True, True, False),
        ("公众号2", True, True, True),
    ]
    assert fan["touches"] == 2
    assert [i["followed_at"][:10] for i in fan["identities"]] == [
        (world["now"] - days * DAY).date().isoformat() for days in (5, 4)
    ]
    assert fan["timeline"] == f"/staff/v1/customers/{world['kept']}/timeline"
    merged = (await http.get(f"/staff/v1/fans/{world['left']}", headers=boss)).json()
    assert merged == fan
    talker = (await http.get(f"/staff/v1/fans/{world['ids']['talker']}", headers=boss)).json()
    (identity,) = talker["identities"]
    assert [(one["name"], one["kind"]) for one in identity["labels"]] == [("常客", "tag")]
    assert identity["window_until"] is not None
    gone = (await http.get(f"/staff/v1/fans/{world['ids']['gone']}", headers=boss)).json()
    assert (gone["identities"][0]["window_until"], gone["following"]) == (None, False)
    new = (await http.get(f"/staff/v1/fans/{world['ids']['new']}", headers=boss)).json()
    assert (new["guide"], new["first_touch"]["guide"], new["first_touch"]["code_id"]) == (
        "导购01",
        "导购01",
        str(world["code"].id),
    )


async def test_a_guide_sees_the_own_fan_and_cannot_tell_that_others_exist(http, world):
    headers = await make.headers(world["guide"])
    assert (await http.get(f"/staff/v1/fans/{world['ids']['new']}", headers=headers)).status_code == 200
    theirs = await http.get(f"/staff/v1/fans/{world['ids']['both']}", headers=headers)
    assert error_of(theirs) == (404, "customer_not_found")
    nobody = await http.get(f"/staff/v1/fans/{new_id()}", headers=headers)
    assert error_of(nobody) == (404, "customer_not_found")
    assert await listed(http, world, by=world["guide"]) == {"new"}
    assert await listed(http, world, "window=open", by=world["guide"]) == set()
    portrait = (await http.get("/staff/v1/fans/portrait", headers=headers)).json()
    assert (portrait["following"], portrait["left"]) == (1, 0)


async def test_neither_openid_nor_unionid_is_shown(http, world):
    boss = await make.headers(await make.manager())
    await database.execute("UPDATE identity SET unionid = 'the-unionid' WHERE unionid IS NOT NULL")
    await database.execute("UPDATE identity SET openid = 'the-openid' || id")
    for path in ("fans", "fans/portrait", f"fans/{world['ids']['both']}"):
        text = (await http.get(f"/staff/v1/{path}", headers=boss)).text
        assert "the-openid" not in text, path
        assert "the-unionid" not in text, path


async def test_the_portrait_counts_each_person_once(http, world):
    boss = await make.headers(await make.manager())
    portrait = (await http.get("/staff/v1/fans/portrait", headers=boss)).json()
    top = portrait.pop("top_labels")
    assert portrait == {
        "following": 3,
        "left": 1,
        "sources": {"guide": 1, "store": 1, "channel": 1, "none": 1},
        "window_open": 1,
        "talked_7_days": 2,
        "talked_30_days": 2,
    }
    assert [(one["name"], one["fans"]) for one in top] == [("常客", 1)]
    own = (await http.get(f"/staff/v1/fans/portrait?guide_id={world['guide'].id}", headers=boss)).json()
    assert (own["following"], own["sources"]["guide"], own["top_labels"]) == (1, 1, [])


FANS = 200_000


@pytest.mark.prove
async def test_no_filter_and_no_scope_reads_a_whole_table(db):
    await _fill()
    wanted = {
        "guide_id": await _id("g7"),
        "code_id": await _id("k7"),
        "store_id": await _id("s7"),
        "channel_id": await _id("h7"),
        "label_id": await _id("l1"),
        "followed_after": clock.now() - 2 * HOUR,
        "talked_after": clock.now() - HOUR,
    }
    cases = [{}, {"cursor": await _id("c100000")}, *({name: value} for name, value in wanted.items())]
    cases += [{"window": "open"}, {"blocked": True}, {"store_id": wanted["store_id"], "following": True}]
    for scope in Scope:
        await database.execute("UPDATE staff SET scope = $1 WHERE name = 'g7'", scope)
        by = await colleague(wanted["guide_id"])
        for case in cases:
            await _no_table_is_read(by, case)
        await _one_statement(by)


async def _no_table_is_read(by, case):
    filters = AllFansFilters(**case)
    sql, values = listing.page_sql(by, filters, filters.guide_id, clock.now() - 48 * HOUR, clock.now())
    found = await rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
    (plan,) = json.loads(found[0]["QUERY PLAN"])
    scans = set(_scans(plan["Plan"]))
    print(f"{by.scope} {next(iter(case), '')}: {plan['Execution Time']:.1f} ms")
    assert not scans & {"touch", "identity", "customer", "wechat_label_member"}, (by.scope, case, scans)
    assert plan["Plan"]["Actual Rows"] > 0 or (case and by.scope is not Scope.ALL), (by.scope, case)


async def _one_statement(by):
    """However many a page holds, it is read by one statement."""
    statements = []

    def note(record):
        statements.append(record.query)

    await windows.MESSAGE_HOURS.get()
    async with database.transaction() as connection:
        connection.add_query_logger(note)
        for case in ({}, {"following": True}, {"window": "open"}):
            await listing.page(by, AllFansFilters(limit=200, **case), None)
            # The driver tells of a query in the next turn of the loop.
            await asyncio.sleep(0)
        connection.remove_query_logger(note)
    assert len(statements) == 3


def _scans(node):
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _scans(child)


def md5(text):
    from uuid import UUID

    return UUID(text)


async def _one(sql):
    return next(iter((await rows(sql))[0].values()))


async def _id(name):
    return md5(await _one(f"SELECT md5('{name}')"))


async def _fill():
    """Fans of 500 guides in 100 stores and 10 channels; one in a hundred wrote within two days."""
    account = await make.account()
    now = clock.now()
    await _guides()
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute(
            """INSERT INTO customer (id, following, is_staff, created_at, guide_id)
            SELECT md5('c' || n)::uuid, n % 5 > 0, false, $1, md5('g' || n % 500)::uuid
            FROM generate_series(1, $2::int) n""",
            now,
            FANS,
        )
        await connection.execute(
            """INSERT INTO identity (id, customer_id, app_id, openid, digest, following, state_at, last_seen_at,
                created_at, talked_at)
            SELECT md5('i' || n)::uuid, md5('c' || n)::uuid, 'wx' || n % 2, 'o' || n, decode(md5('d' || n), 'hex'),
                n % 5 > 0, $1, $1, $1, CASE WHEN n % 3 = 0 THEN $1::timestamptz - make_interval(mins => n % 288000) END
            FROM generate_series(1, $2::int) n""",
            now,
            FANS,
        )
        await connection.execute(
            """INSERT INTO touch (id, customer_id, source, kind, code_id, guide_id, store_id, channel_id, is_first,
                occurred_at)
            SELECT md5('t' || n || '.' || f)::uuid, md5('c' || n)::uuid, md5('q' || n || '.' || f)::uuid, 'follow',
                md5('k' || n % 600)::uuid, md5('g' || n % 500)::uuid, md5('s' || n % 400)::uuid,
                md5('h' || n % 300)::uuid, f = 1, $1::timestamptz - make_interval(mins => n) + make_interval(mins => f)
            FROM generate_series(1, $2::int) n, generate_series(1, 2) f""",
            now,
            FANS,
        )
        await connection.execute(
            """INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at,
                changed_at)
            SELECT md5('l' || n % 50)::uuid, md5('i' || n)::uuid, 'tag', true, true, 0, $1, $1
            FROM generate_series(1, 20000) n""",
            now,
        )
        await connection.execute(
            """INSERT INTO wechat_block (id, account_id, identity_id, wanted, synced, attempts, next_at, changed_by,
                changed_at)
            SELECT md5('b' || n)::uuid, $2, md5('i' || n)::uuid, true, true, 0, $1, 'test', $1
            FROM generate_series(1, 300) n""",
            now,
            account.id,
        )
        await connection.execute(
            """INSERT INTO customer_window (digest, account_id, message_until, message_left, short_until, short_left)
            SELECT digest, $1, talked_at + interval '48 hours', 5, talked_at, 0 FROM identity
            WHERE talked_at IS NOT NULL""",
            account.id,
        )
    for table in ("staff", "customer", "identity", "touch", "wechat_label_member", "wechat_block", "customer_window"):
        await database.execute(f"ANALYZE {table}")


async def _guides():
    """Some of the guides: a hundred in the department below g7's, ten in g7's store, a few in g7's own department."""
    await make.department("别处")
    region = await make.department("大区")
    posts = [await make.post(one) for one in (region, await make.department("组", parent=region))]
    store = await make.store()
    first = await make.colleague(RoleKey.MANAGER, "g7", post=posts[0], store_id=store.id, is_guide=True)
    await database.execute("UPDATE staff SET id = md5('g7')::uuid")
    await database.execute(
        """INSERT INTO staff (id, name, username, password_hash, role_id, department_id, post_id, store_id, is_guide,
            special_rights, created_at)
        SELECT md5('g' || n)::uuid, 'g' || n, 'g' || n, '', role_id,
            CASE WHEN n < 100 THEN $1::uuid ELSE department_id END, CASE WHEN n < 100 THEN $2::uuid ELSE post_id END,
            CASE WHEN n < 10 THEN store_id END, false, '[]', $3
        FROM staff, generate_series(0, 120) n WHERE n <> 7""",
        posts[1].department_id,
        posts[1].id,
        first.created_at,
    )
