"""Codes over HTTP: made, found, changed, stopped, aimed, in batches; who may; what is refused."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from infra import clock, database
from tests import factories as make
from tests.doors import error_of
from wechat.accounts.rules import Kind

CODES, BATCHES = "/staff/v1/codes", "/staff/v1/code-batches"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


@pytest.fixture
async def account(http):
    return await make.account()


async def _made(http, boss, account, target, kind="channel", **changes):
    body = {"app_id": account.app_id, f"{kind}_id": str(target.id), "name": "活动", "life": "temporary"} | changes
    answer = await http.post(CODES, headers=boss, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _ids(http, boss, query=""):
    ids, cursor = [], ""
    while True:
        page = (await http.get(f"{CODES}?limit=2{query}{cursor}", headers=boss)).json()
        ids += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return ids
        cursor = f"&cursor={page['next']}"


async def test_a_code_is_made_for_a_season_and_read_again(http, boss, account):
    store = await make.store("一店")
    starts_at, ends_at = clock.now(), clock.now() + timedelta(days=20)
    season = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    made = await _made(http, boss, account, store, "store", name="国庆", **season)
    assert (made["kind"], made["target_id"], made["target"], made["name"]) == ("store", str(store.id), "一店", "国庆")
    assert (made["life"], made["standing"], made["state"], made["stopped_at"]) == ("temporary", False, "pending", None)
    assert (await http.get(f"{CODES}/{made['id']}", headers=boss)).json() == made
    assert error_of(await http.get(f"{CODES}/{uuid4()}", headers=boss)) == (404, "code_not_found")


async def test_the_same_request_sent_again_makes_one_code(http, boss, account):
    channel = await make.channel()
    body = {"app_id": account.app_id, "channel_id": str(channel.id), "name": "活动"}
    answers = [await http.post(CODES, headers=boss | {"Idempotency-Key": "k1"}, json=body) for _ in range(3)]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert await make.count("wechat_code") == 1
    assert (await make.rows("SELECT permanent_codes AS n FROM wechat_account"))[0]["n"] == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"channel_id": None}, (422, "invalid_input")),
        ({"store_id": str(uuid4())}, (422, "invalid_input")),
        ({"channel_id": str(uuid4())}, (404, "code_target_not_found")),
        ({"app_id": "wx-unknown"}, (404, "account_not_found")),
        ({"name": " "}, (422, "invalid_input")),
        ({"life": "eternal"}, (422, "invalid_input")),
        ({"page": "pages/index"}, (422, "code_not_for_this_account")),
        ({"starts_at": "2026-05-01T00:00:00"}, (422, "invalid_input")),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, (422, "invalid_input")),
        ({"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"}, (422, "code_season_wrong")),
    ],
)
async def test_what_cannot_be_a_code_is_refused(http, boss, account, changes, expected):
    body = {"app_id": account.app_id, "channel_id": str((await make.channel()).id), "name": "活动"} | changes
    assert error_of(await http.post(CODES, headers=boss, json=body)) == expected
    assert await make.count("wechat_code") == 0


async def test_who_left_and_what_closed_gets_no_code_and_no_aim(http, boss, account):
    guide, store = await make.guide(), await make.store()
    made = await _made(http, boss, account, await make.channel())
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=await make.headers(await make.admin()))
    await http.post(f"/staff/v1/stores/{store.id}/close", headers=boss)
    for target in ({"guide_id": str(guide.id)}, {"store_id": str(store.id)}):
        body = {"app_id": account.app_id, "name": "活动"} | target
        assert error_of(await http.post(CODES, headers=boss, json=body)) == (404, "code_target_not_found")
        aimed = await http.post(f"{CODES}/{made['id']}/target", headers=boss, json=target)
        assert error_of(aimed) == (404, "code_target_not_found")


async def test_a_mini_programs_code_opens_a_page_and_is_never_temporary(http, boss):
    mini, channel = await make.account(2, kind=Kind.MINI), await make.channel()
    made = await _made(http, boss, mini, channel, life="permanent", page="pages/store/index")
    assert (made["account_kind"], made["life"], made["page"]) == ("mini", "permanent", "pages/store/index")
    body = {"app_id": mini.app_id, "channel_id": str(channel.id), "name": "活动", "life": "temporary"}
    assert error_of(await http.post(CODES, headers=boss, json=body)) == (422, "code_not_for_this_account")
    for page in ("/pages/index", "pages/index?a=1", "页", "p" * 129):
        answer = await http.post(CODES, headers=boss, json=body | {"life": "permanent", "page": page})
        assert error_of(answer) == (422, "invalid_input")


async def test_each_filter_picks_its_codes_and_they_combine(http, boss, account):
    other = await make.account(2)
    guide, store, channel = await make.guide("导购甲"), await make.store("南京路店"), await make.channel("展会")
    codes = {
        "guide": await _made(http, boss, account, guide, "guide"),
        "store": await _made(http, boss, account, store, "store", name="国庆 Sale"),
        "channel": await _made(http, boss, other, channel, life="permanent"),
        "stopped": await _made(http, boss, other, store, "store"),
    }
    await http.post(f"{CODES}/{codes['stopped']['id']}/stop", headers=boss)
    await database.execute("UPDATE wechat_code SET state = 'issued' WHERE id = $1", UUID(codes["guide"]["id"]))
    for query, names in (
        ("", ["guide", "store", "channel", "stopped"]),
        (f"&app_id={other.app_id}", ["channel", "stopped"]),
        ("&kind=store", ["store", "stopped"]),
        (f"&target_id={store.id}", ["store", "stopped"]),
        (f"&kind=guide&target_id={store.id}", []),
        ("&life=permanent", ["channel"]),
        ("&state=issued", ["guide"]),
        ("&stopped=true", ["stopped"]),
        ("&stopped=false&kind=store", ["store"]),
        ("&text=南京", ["store", "stopped"]),
        ("&text=sale", ["store"]),
        ("&text=%25", []),
        (f"&batch_id={uuid4()}", []),
    ):
        assert await _ids(http, boss, query) == [codes[name]["id"] for name in names], query
    for query in ("kind=fan", "text=", f"text={'x' * 51}", "text=%00", "state=x", "stopped=maybe", "batch_id=1"):
        assert error_of(await http.get(f"{CODES}?{query}", headers=boss)) == (422, "invalid_input"), query


async def test_a_code_is_renamed_and_its_season_changed_piece_by_piece(http, boss, account):
    code = await _made(http, boss, account, await make.channel(), ends_at="2199-06-01T00:00:00Z")
    path = f"{CODES}/{code['id']}"
    changed = (await http.patch(path, headers=boss, json={"name": "新名"})).json()
    assert (changed["name"], changed["ends_at"]) == ("新名", "2199-06-01T00:00:00Z")
    assert (await http.patch(path, headers=boss, json={})).json() == changed
    wrong = await http.patch(path, headers=boss, json={"starts_at": "2199-07-01T00:00:00Z"})
    assert error_of(wrong) == (422, "code_season_wrong")
    cleared = (await http.patch(path, headers=boss, json={"ends_at": None, "name": None})).json()
    assert (cleared["ends_at"], cleared["name"]) == (None, None)
    assert error_of(await http.patch(f"{CODES}/{uuid4()}", headers=boss, json={})) == (404, "code_not_found")


async def test_stopping_and_resuming_twice_is_the_same_as_once(http, boss, account):
    code = await _made(http, boss, account, await make.channel())
    stopped = [(await http.post(f"{CODES}/{code['id']}/stop", headers=boss)).json() for _ in range(2)]
    assert stopped[0] == stopped[1]
    assert stopped[0]["stopped_at"] is not None
    resumed = [(await http.post(f"{CODES}/{code['id']}/resume", headers=boss)).json() for _ in range(2)]
    assert resumed == [code, code]
    for act in ("stop", "resume"):
        assert error_of(await http.post(f"{CODES}/{uuid4()}/{act}", headers=boss)) == (404, "code_not_found")


async def test_a_code_is_aimed_at_another_target(http, boss, account):
    guide, store = await make.guide(), await make.store()
    code = await _made(http, boss, account, guide, "guide")
    path = f"{CODES}/{code['id']}/target"
    aimed = (await http.post(path, headers=boss, json={"store_id": str(store.id)})).json()
    assert (aimed["kind"], aimed["target_id"], aimed["id"]) == ("store", str(store.id), code["id"])
    assert error_of(await http.post(path, headers=boss, json={})) == (422, "invalid_input")
    both = {"store_id": str(store.id), "guide_id": str(guide.id)}
    assert error_of(await http.post(path, headers=boss, json=both)) == (422, "invalid_input")
    unknown = await http.post(f"{CODES}/{uuid4()}/target", headers=boss, json={"store_id": str(store.id)})
    assert error_of(unknown) == (404, "code_not_found")


async def test_a_guide_sees_the_own_codes_and_changes_none(http, boss, account):
    me, other = await make.guide(), await make.guide()
    mine, others = [await _made(http, boss, account, guide, "guide") for guide in (me, other)]
    headers = await make.headers(me)
    assert (await http.get("/staff/v1/me/codes", headers=headers)).json() == [mine]
    for end in ("", "/numbers"):
        assert (await http.get(f"{CODES}/{mine['id']}{end}", headers=headers)).status_code == 200
        assert error_of(await http.get(f"{CODES}/{others['id']}{end}", headers=headers)) == (404, "code_not_found")
    assert error_of(await http.post(f"{CODES}/{mine['id']}/stop", headers=headers)) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["store", "guide", "channel"])
async def test_a_batch_has_one_code_for_each_of_a_kind_that_is_there(http, boss, account, kind):
    makers = {"store": make.store, "guide": make.guide, "channel": make.channel}
    targets = [await makers[kind]() for _ in range(4)]
    if kind != "channel":
        gone = f"stores/{targets[0].id}/close" if kind == "store" else f"staff/{targets[0].id}/leave"
        await http.post(f"/staff/v1/{gone}", headers=await make.headers(await make.admin()))
        targets = targets[1:]
    expected = {str(target.id) for target in targets}
    if kind == "store":
        expected |= {str(row["id"]) for row in await make.rows("SELECT id FROM store WHERE closed_at IS NULL")}
    body = {"app_id": account.app_id, "kind": kind, "name": "国庆", "life": "temporary"}
    answer = await http.post(BATCHES, headers=boss, json=body | {"ends_at": "2199-01-01T00:00:00Z"})
    batch = answer.json()
    assert (answer.status_code, batch["count"]) == (201, len(expected))
    listed = (await http.get(f"{CODES}?batch_id={batch['id']}&limit=200", headers=boss)).json()["items"]
    assert {code["target_id"] for code in listed} == expected
    assert {(c["name"], c["life"], c["standing"], c["ends_at"]) for c in listed} == {
        ("国庆", "temporary", False, "2199-01-01T00:00:00Z")
    }
    first, second, *_ = (UUID(code["id"]) for code in listed)
    await database.execute("UPDATE wechat_code SET state = 'issued' WHERE id = $1", first)
    await database.execute("UPDATE wechat_code SET state = 'failed' WHERE id = $1", second)
    progress = (await http.get(f"{BATCHES}/{batch['id']}", headers=boss)).json()
    counts = {"count": len(expected), "issued": 1, "pending": len(expected) - 2, "failed": 1}
    assert progress == {"id": batch["id"], "name": "国庆"} | counts


async def test_a_batch_of_nothing_and_an_unknown_batch_are_refused(http, boss, account):
    body = {"app_id": account.app_id, "kind": "channel", "name": "国庆"}
    assert error_of(await http.post(BATCHES, headers=boss, json=body)) == (409, "code_targets_missing")
    assert error_of(await http.get(f"{BATCHES}/{uuid4()}", headers=boss)) == (404, "code_batch_not_found")


async def test_a_batch_sent_again_is_one_batch(http, boss, account):
    await make.channel()
    body = {"app_id": account.app_id, "kind": "channel", "name": "国庆"}
    keyed = boss | {"Idempotency-Key": "batch-1"}
    first, again = [(await http.post(BATCHES, headers=keyed, json=body)).json() for _ in range(2)]
    assert first == again
    assert await make.count("wechat_code") == 1
