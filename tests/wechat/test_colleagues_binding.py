"""Staff and their WeChat: bound once by a one-time code, never a fan, unbound again."""

import asyncio

import pytest

from app.contexts import registry
from core.customers.rules import Credit
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from tests.wechat.colleague_world import carry, phone
from wechat.accounts import service as accounts
from wechat.welcomes import responders

CODE, MINE = "/staff/v1/me/wechat/code", "/staff/v1/me/wechat"


@pytest.fixture
async def rep(db):
    return await make.colleague(RoleKey.REP, "外勤一号")


@pytest.fixture
async def mine(rep):
    return await make.headers(rep)


async def scene_of(platform, account, made):
    """What a phone reads from the code."""
    codes = (await platform.ok(f"/sim/codes?app_id={account.app_id}"))["codes"]
    [scene] = [code["scene"] for code in codes if code["url"] == made["url"]]
    return scene


async def code(http, platform, account, headers, path=CODE):
    answer = await http.post(path, headers=headers)
    assert answer.status_code == 201, answer.text
    return await scene_of(platform, account, answer.json())


async def scan(http, account, scene, openid, *, follows=False, settle=True):
    """Scan with a phone; gives the words that come back at once."""
    pushes = Pushes(account, openid)
    fields = pushes.scan(scene) if follows else pushes.follow(scene)
    reply = pushes.opened(await pushes.sealed(fields).send(http)).get("Content")
    if settle:
        await make.settle(registry())
    return reply


async def bound(http, headers):
    return [each["app_id"] for each in (await http.get(MINE, headers=headers)).json()["items"]]


@pytest.mark.parametrize("follows", [True, False])
async def test_whoever_scans_the_code_is_the_colleague_and_no_fan(http, platform, account, rep, *, mine, follows):
    await make.welcome("欢迎光临", "欢迎回来")
    responders.forget()
    scene = await code(http, platform, account, mine)
    assert "外勤一号" in await scan(http, account, scene, "o-rep", follows=follows)
    assert await bound(http, mine) == [account.app_id]
    assert await make.customer_of("o-rep") is None
    assert await make.count("touch") == 0
    [told] = await make.rows("SELECT topic, payload FROM live_event WHERE kind = 'wechat_bound'")
    assert told["topic"] == f"staff:{rep.id}"
    [notice] = await make.rows("SELECT staff_id, title FROM notice")
    assert (notice["staff_id"], notice["title"]) == (rep.id, "微信绑定成功")


async def test_the_answer_shows_a_picture_and_when_it_is_over(http, platform, account, mine):
    made = (await http.post(CODE, headers=mine, json={"app_id": account.app_id})).json()
    assert made["picture"].startswith("data:image/png;base64,")
    assert made["account"] == account.name
    assert "bind_" not in str(made)


async def test_a_code_opens_once(http, platform, account, mine):
    scene = await code(http, platform, account, mine)
    await scan(http, account, scene, "o-rep")
    assert await scan(http, account, scene, "o-other") == "二维码已失效，请在工作台重新获取。"
    assert await make.count("staff_wechat") == 1
    assert (await make.customer_of("o-other"))["brought_by"] is None


async def test_two_phones_at_once_one_is_bound(http, platform, account, mine):
    scene = await code(http, platform, account, mine)
    await asyncio.gather(*(scan(http, account, scene, f"o-{n}", settle=False) for n in range(6)))
    await asyncio.gather(*(make.settle(registry()) for _ in range(3)))
    assert await make.count("staff_wechat") == 1
    assert await make.count("customer") == 5
    used = await make.rows("SELECT used_at FROM staff_binding_code")
    assert [row["used_at"] is not None for row in used] == [True]


async def test_a_repeated_push_reads_the_same_words(http, platform, account, mine):
    scene = await code(http, platform, account, mine)
    pushes = Pushes(account, "o-rep")
    fields = pushes.follow(scene)
    first = pushes.opened(await pushes.sealed(fields).send(http))
    await make.settle(registry())
    later = pushes.opened(await pushes.sealed(fields).send(http))
    assert first["Content"] == later["Content"]
    assert await make.count("staff_wechat") == 1


async def test_a_newer_code_takes_the_place_of_the_older(http, platform, account, mine):
    older = await code(http, platform, account, mine)
    newer = await code(http, platform, account, mine)
    assert "失效" in await scan(http, account, older, "o-rep")
    assert await bound(http, mine) == []
    await scan(http, account, newer, "o-rep", follows=True)
    assert await bound(http, mine) == [account.app_id]
    await make.settle(registry())
    assert (await make.customer_of("o-rep"))["is_staff"], "who scanned the older one became a fan, and is none"


async def test_codes_made_at_once_leave_one_that_counts(http, platform, account, mine):
    answers = await asyncio.gather(*(http.post(CODE, headers=mine) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert await make.count("staff_binding_code") == 1


async def test_an_expired_code_is_a_scan_of_an_unknown_one(http, platform, account, mine, db):
    scene = await code(http, platform, account, mine)
    make.jump(db, minutes=11)
    assert "失效" in await scan(http, account, scene, "o-late")
    assert await make.count("staff_wechat") == 0
    assert await make.customer_of("o-late") is not None


async def test_a_scan_in_time_counts_however_late_it_is_handled(http, platform, account, mine, db):
    scene = await code(http, platform, account, mine)
    await scan(http, account, scene, "o-rep", settle=False)
    make.jump(db, hours=2)
    await make.settle(registry())
    assert await make.count("staff_wechat") == 1


async def test_a_guessed_scene_binds_nobody(http, platform, account, rep):
    assert "失效" in await scan(http, account, "bind_00000000000000000000", "o-guesser")
    assert await make.count("staff_wechat") == 0


async def test_a_code_holds_in_its_own_account_only(http, platform, account, mine):
    other = await make.account(2)
    scene = await code(http, platform, account, mine)
    assert "失效" in await scan(http, other, scene, "o-rep")
    assert await make.count("staff_wechat") == 0


async def test_the_phone_of_another_colleague_is_refused_and_told(http, platform, account, mine):
    other = await phone(platform, account)
    scene = await code(http, platform, account, mine)
    assert "已绑定其他员工" in await scan(http, account, scene, other.openid, follows=True)
    assert await bound(http, mine) == []
    assert len(await make.rows("SELECT 1 FROM live_event WHERE kind = 'wechat_refused'")) == 1
    await scan(http, account, scene, "o-right-phone")
    assert await bound(http, mine) == [account.app_id], "the code is still good"


async def test_one_colleague_has_several_identities(http, platform, account, mine):
    for openid in ("o-one", "o-two"):
        await scan(http, account, await code(http, platform, account, mine), openid)
    assert len(await bound(http, mine)) == 2


@pytest.mark.parametrize("column", ["left_at", "disabled_at"])
async def test_the_code_of_one_who_is_no_longer_at_work_binds_nobody(http, platform, account, mine, *, rep, column):
    scene = await code(http, platform, account, mine)
    await database.execute(f"UPDATE staff SET {column} = created_at WHERE id = $1", rep.id)
    assert "失效" in await scan(http, account, scene, "o-rep")
    assert await make.count("staff_wechat") == 0


async def test_a_fan_who_is_bound_is_none_any_more_and_after_the_last_unbinding_one_again(
    http, platform, account, mine, rep
):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    await make.record(make.contact(make.ContactKind.FOLLOW, person="o-rep", credit=Credit(guide_id=guide.id)))
    await scan(http, account, await code(http, platform, account, mine), "o-rep", follows=True)
    assert (await make.customer_of("o-rep"))["is_staff"]
    [binding] = (await http.get(MINE, headers=mine)).json()["items"]
    assert (await http.delete(f"{MINE}/{binding['id']}", headers=mine)).status_code == 204
    await make.settle(registry())
    assert not (await make.customer_of("o-rep"))["is_staff"]
    fans = (await http.get("/staff/v1/fans", headers=boss)).json()["items"]
    assert len(fans) == 1


async def test_bound_and_unbound_before_anybody_hears_of_it_ends_as_it_is(http, platform, account, mine, rep):
    await make.record(make.contact(make.ContactKind.FOLLOW, person="o-rep"))
    scene = await code(http, platform, account, mine)
    for _ in range(2):
        await scan(http, account, scene, "o-rep", follows=True)
        [binding] = await make.rows("SELECT id FROM staff_wechat")
        await http.delete(f"{MINE}/{binding['id']}", headers=mine)
        scene = await code(http, platform, account, mine)
    await make.settle(registry())
    assert not (await make.customer_of("o-rep"))["is_staff"]


async def test_one_who_left_is_no_fan_either(http, platform, account, mine, rep):
    await scan(http, account, await code(http, platform, account, mine), "o-rep")
    boss = await make.headers(await make.admin())
    assert (await http.post(f"/staff/v1/staff/{rep.id}/leave", headers=boss)).status_code == 200
    pushes = Pushes(account, "o-rep")
    await pushes.sealed(pushes.text("还在吗")).send(http)
    await make.settle(registry())
    assert await make.customer_of("o-rep") is None


async def test_an_administrator_does_it_for_others_within_reach(http, platform, account, rep, mine):
    boss = await make.headers(await make.admin())
    path = f"/staff/v1/staff/{rep.id}/wechat"
    await scan(http, account, await code(http, platform, account, boss, f"{path}/code"), "o-rep")
    [binding] = (await http.get(path, headers=boss)).json()["items"]
    assert set(binding) == {"id", "app_id", "bound_at"}
    assert error_of(await http.delete(f"{MINE}/{binding['id']}", headers=boss)) == (404, "binding_not_found")
    assert (await http.delete(f"{path}/{binding['id']}", headers=boss)).status_code == 204
    assert await bound(http, mine) == []
    notes = await make.rows("SELECT action FROM audit WHERE subject_id = $1", str(rep.id))
    assert {row["action"] for row in notes} >= {"staff.wechat_code_made", "staff.wechat_bound", "staff.wechat_unbound"}


async def test_who_may_not_and_who_is_not_there(http, platform, account, rep, mine):
    boss = await make.headers(await make.admin())
    for method, path in (("POST", "wechat/code"), ("GET", "wechat"), ("DELETE", f"wechat/{rep.id}")):
        answer = await http.request(method, f"/staff/v1/staff/{rep.id}/{path}", headers=mine)
        assert error_of(answer) == (403, "forbidden")
        answer = await http.request(method, f"/staff/v1/staff/{account.id}/{path}", headers=boss)
        assert error_of(answer) == (404, "staff_not_found")


async def test_without_an_account_that_sends_there_is_no_code(http, platform, account, mine):
    await accounts.change_account(account.id, shadow=True)
    assert error_of(await http.post(CODE, headers=mine)) == (409, "binding_account_missing")
    assert error_of(await http.post(CODE, headers=mine, json={"app_id": account.app_id})) == (
        409,
        "binding_account_missing",
    )
    assert error_of(await http.post(CODE, headers=mine, json={"app_id": "wxnobody"})) == (404, "account_not_found")


@pytest.mark.parametrize(
    ("trouble", "code_"),
    [({"kind": "http_500"}, "wechat_unavailable"), ({"errcode": 48001}, "binding_code_not_issued")],
)
async def test_when_the_platform_gives_none_the_former_stays(http, platform, account, mine, *, trouble, code_):
    scene = await code(http, platform, account, mine)
    await platform.fault(account.app_id, "/cgi-bin/qrcode/create", **trouble)
    assert error_of(await http.post(CODE, headers=mine)) == (503, code_)
    await platform.mend(account.app_id)
    await scan(http, account, scene, "o-rep")
    assert await bound(http, mine) == [account.app_id]


async def test_nothing_of_it_shows_an_openid_or_the_key(http, platform, account, mine, rep):
    scene = await code(http, platform, account, mine)
    await scan(http, account, scene, "o-secret-openid")
    stored = await make.rows(
        """SELECT payload::text AS text FROM outbox UNION ALL SELECT details::text FROM audit
        UNION ALL SELECT payload::text FROM live_event UNION ALL SELECT title || body || key FROM notice"""
    )
    kept = await make.rows("SELECT encode(key_digest, 'escape') AS text FROM staff_binding_code")
    assert not any(secret in row["text"] for row in stored + kept for secret in ("o-secret-openid", scene))


async def test_the_code_is_of_an_account_that_can_ring_if_there_is_one(http, platform, account):
    second = await make.account(2)
    await platform.account(app_id=second.app_id, original_id=second.original_id, secret=second.secret)
    headers = await make.headers(await make.admin())
    made = (await http.post(CODE, headers=headers)).json()
    assert (made["account"], made["rings"]) == (account.name, False)
    await carry(second)
    made = (await http.post(CODE, headers=headers)).json()
    assert (made["account"], made["rings"]) == (second.name, True)
