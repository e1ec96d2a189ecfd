"""Template messages (3.2) and subscription notices (3.3)."""

import pytest

from simulator.messaging.values import check
from simulator.world.limits import Limits
from tests.simulator.harness import APP_ID, until
from tests.simulator.opened import fields
from tests.simulator.outbound import Account

TEMPLATE = "/cgi-bin/message/template/send"
BIZ = "/cgi-bin/message/subscribe/bizsend"
MINI = "/cgi-bin/message/subscribe/send"
DATA = {"thing1": {"value": "品茶会"}, "time2": {"value": "2026年11月22日 15:00"}}


@pytest.fixture
async def person(account):
    fan, openid = await account.follower()
    await account.template("t1", "template", ["thing1", "time2"], title="活动提醒")
    await account.template("s1", "subscribe", ["thing1", "time2"], title="活动提醒")
    account.receiver.received.clear()
    return fan, openid


async def told(account, event):
    await until(lambda: account.receiver.has(1))
    content = fields(account.receiver.received[-1])
    assert content.pop("MsgType") == "event"
    assert content.pop("Event") == event
    return content


async def test_a_template_message_and_what_became_of_it(account, person):
    fan, openid = person
    answer = await account.call(
        TEMPLATE, {"touser": openid, "template_id": "t1", "data": DATA, "url": "https://a.example/"}
    )
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    assert await told(account, "TEMPLATESENDJOBFINISH") == {"MsgID": str(answer["msgid"]), "Status": "success"}
    [bubble] = await account.bubbles(fan)
    assert (bubble["kind"], bubble["channel"], bubble["content"]["title"]) == ("template", "template", "活动提醒")
    assert bubble["content"]["url"] == "https://a.example/"
    assert [row["value"] for row in bubble["content"]["rows"]] == ["品茶会", "2026年11月22日 15:00"]


@pytest.mark.parametrize("status", ["failed:user block", "failed: system failed", "failed:freq limit"])
async def test_a_message_that_fails_later(account, person, status):
    fan, openid = person
    await account.template("t1", "template", ["thing1", "time2"], status=status)
    assert await account.errcode(TEMPLATE, {"touser": openid, "template_id": "t1", "data": DATA}) == 0
    assert (await told(account, "TEMPLATESENDJOBFINISH"))["Status"] == status
    assert await account.bubbles(fan) == []


async def test_who_refuses_is_told_of_later(account, person):
    fan, openid = person
    await account.put(f"/sim/fans/{fan}/refuses", refuses=True)
    assert await account.errcode(TEMPLATE, {"touser": openid, "template_id": "t1", "data": DATA}) == 0
    assert (await told(account, "TEMPLATESENDJOBFINISH"))["Status"] == "failed:user block"


async def test_the_same_client_id_is_one_message(account, person):
    fan, openid = person
    body = {"touser": openid, "template_id": "t1", "data": DATA, "client_msg_id": "c1"}
    first, second = await account.call(TEMPLATE, body), await account.call(TEMPLATE, body)
    assert first["msgid"] == second["msgid"]
    assert len(await account.bubbles(fan)) == 1
    account.simulator.move_clock(601)
    assert (await account.call(TEMPLATE, body))["msgid"] != first["msgid"]
    assert (await account.stats())["sends_to"] == {fan: 2}


async def test_marketing_by_template_is_counted(account, person):
    _, openid = person
    await account.template("t2", "template", ["thing1"], marketing=True)
    assert await account.errcode(TEMPLATE, {"touser": openid, "template_id": "t1", "data": DATA}) == 0
    assert (await account.stats())["marketing_templates"] == 0
    data = {"thing1": {"value": "大促"}}
    assert await account.errcode(TEMPLATE, {"touser": openid, "template_id": "t2", "data": data}) == 0
    stats = await account.stats()
    assert (stats["marketing_templates"], stats["messages"]["template"]) == (1, 2)


async def test_refused_template_messages(account, person):
    fan, openid = person

    async def errcode(**changes):
        return await account.errcode(TEMPLATE, {"touser": openid, "template_id": "t1", "data": DATA} | changes)

    assert await errcode(touser="o404") == 40003
    assert await errcode(template_id="") == 40036
    assert await errcode(template_id="t404") == 40037
    assert await errcode(template_id="s1") == 40037
    assert await errcode(data='{"thing1": {"value": "a"}}') == 47003
    assert await errcode(data={"thing1": {"value": "a"}}) == 47003
    assert await errcode(data=DATA | {"thing9": {"value": "a"}}) == 47003
    assert await errcode(miniprogram={"appid": "wx404", "pagepath": "a"}) == 40166
    await account.simulator.act(fan, "unfollow")
    assert await errcode() == 43004
    await account.simulator.account(account.receiver.url, verified=False)
    assert await errcode() == 48001
    assert await account.bubbles(fan) == []


async def test_a_notice_costs_what_was_allowed(account, person):
    fan, openid = person
    body = {"touser": openid, "template_id": "s1", "data": DATA, "page": "https://a.example/"}
    assert await account.errcode(BIZ, body) == 43101
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=[])
    account.receiver.received.clear()
    assert await account.errcode(BIZ, body) == 0
    sent = (await told(account, "subscribe_msg_sent_event"))["SubscribeMsgSentEvent"]["List"]
    assert sent.pop("MsgID").isdecimal()
    assert sent == {"TemplateId": "s1", "ErrorCode": "0", "ErrorStatus": "success"}
    assert [await account.errcode(BIZ, body) for _ in range(2)] == [0, 43101]
    assert await account.simulator.ok(f"/sim/fans/{fan}/grants?app_id={APP_ID}") == {"grants": {"s1": 0}}
    assert [each["kind"] for each in await account.bubbles(fan)] == ["subscribe"] * 2
    # No window is needed, and none is used up.
    assert (await account.stats())["messages"] == {"custom": 0, "template": 0, "subscribe": 2, "mass": 0}


async def test_a_notice_that_fails_later(account, person):
    fan, openid = person
    await account.template("s1", "subscribe", ["thing1", "time2"], error_code="20002", status="send failed")
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
    account.receiver.received.clear()
    assert await account.errcode(BIZ, {"touser": openid, "template_id": "s1", "data": DATA}) == 0
    sent = (await told(account, "subscribe_msg_sent_event"))["SubscribeMsgSentEvent"]["List"]
    assert (sent["ErrorCode"], sent["ErrorStatus"]) == ("20002", "send failed")
    assert await account.bubbles(fan) == []
    assert await account.simulator.ok(f"/sim/fans/{fan}/grants?app_id={APP_ID}") == {"grants": {"s1": 0}}


async def test_who_refuses_everything_gets_no_notice(account, person):
    fan, openid = person
    body = {"touser": openid, "template_id": "s1", "data": DATA}
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
    await account.put(f"/sim/fans/{fan}/refuses", refuses=True)
    assert await account.errcode(BIZ, body) == 43101
    await account.put(f"/sim/fans/{fan}/refuses", refuses=False)
    assert await account.errcode(BIZ, body) == 0
    assert len(await account.bubbles(fan)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "template", "status": "other"},
        {"kind": "template", "error_code": "1"},
        {"kind": "subscribe", "error_code": "1"},
        {"kind": "subscribe", "status": "failed"},
    ],
)
async def test_results_that_no_message_has(account, body):
    assert await account.put("/sim/templates", template_id="t9", keys=["thing1"], **body) == 422


async def test_what_is_switched_off_is_refused(account, person):
    fan, openid = person
    await account.simulator.act(fan, "subscribe_dialog", template_ids=["s1"], accept=["s1"])
    await account.simulator.act(fan, "subscribe_change", template_ids=["s1"])
    assert await account.errcode(BIZ, {"touser": openid, "template_id": "s1", "data": DATA}) == 43101


async def test_each_account_has_its_own_send(account, person):
    _, openid = person
    assert await account.errcode(MINI, {"touser": openid, "template_id": "s1", "data": DATA}) == 48001


@pytest.fixture
async def mini(simulator, receiver):
    await simulator.account(receiver.url, app_id="wxmini", original_id="gh_9", kind="mini", pages=["pages/home"])
    account = Account(simulator, receiver, "wxmini")
    await account.template("s1", "subscribe", ["thing1", "time2"])
    return account


async def test_a_mini_program_s_notice(mini):
    fan = await mini.simulator.fan()
    asked = {"app_id": "wxmini", "template_ids": ["s1"], "accept": ["s1"], "scene": "0"}
    openid = (await mini.simulator.act(fan, "subscribe_dialog", **asked))["openid"]

    async def errcode(**changes):
        return await mini.errcode(MINI, {"touser": openid, "template_id": "s1", "data": DATA} | changes)

    assert await errcode(page="pages/404") == 41030
    assert await errcode(page="/pages/home") == 41030
    assert await errcode(miniprogram_state="beta") == 40097
    assert await errcode(lang="fr") == 40097
    assert await errcode(template_id="t404") == 40037
    assert await errcode(touser="o404") == 40003
    good = {"page": "pages/home?id=1", "miniprogram_state": "trial", "lang": "zh_CN"}
    assert [await errcode(**good), await errcode(**good)] == [0, 43101]
    assert await mini.errcode(BIZ, {}) == 48001


async def test_templates_are_picked_listed_and_deleted(account):
    picked = await account.call(
        "/cgi-bin/template/api_add_template", {"template_id_short": "1001", "keyword_name_list": ["预约时间", "门店"]}
    )
    [listed] = (await account.call("/cgi-bin/template/get_all_private_template"))["template_list"]
    assert listed["template_id"] == picked["template_id"]
    assert listed["content"] == "预约时间:{{time2.DATA}}\n门店:{{thing3.DATA}}"
    added = await account.call("/wxaapi/newtmpl/addtemplate", {"tid": "1003", "kidList": [1, 2], "sceneDesc": "积分"})
    [subscription] = (await account.call("/wxaapi/newtmpl/gettemplate"))["data"]
    assert (subscription["priTmplId"], subscription["type"]) == (added["priTmplId"], 2)
    assert (await account.call("/wxaapi/newtmpl/getcategory"))["data"]
    delete = ("/cgi-bin/template/del_private_template", {"template_id": picked["template_id"]})
    assert [await account.errcode(*delete), await account.errcode(*delete)] == [0, 40037]
    delete = ("/wxaapi/newtmpl/deltemplate", {"priTmplId": added["priTmplId"]})
    assert [await account.errcode(*delete), await account.errcode(*delete)] == [0, 40037]
    path = "/wxaapi/newtmpl/addtemplate"
    assert await account.errcode(path, {"tid": "404", "kidList": [1, 2]}) == 200012
    assert await account.errcode(path, {"tid": "1003", "kidList": [1]}) == 200014
    assert await account.errcode(path, {"tid": "1003", "kidList": [1, 1]}) == 200014
    assert await account.errcode(path, {"tid": "1003", "kidList": "12"}) == 200014


async def test_no_more_than_twenty_five(account):
    body = {"tid": "1003", "kidList": [1, 2]}
    codes = [await account.errcode("/wxaapi/newtmpl/addtemplate", body) for _ in range(26)]
    assert codes == [0] * 25 + [45026]


VALUES = [
    ("thing1", "长" * 20, "长" * 21),
    ("thing1", "a", "a\nb"),
    ("number1", "1" * 32, "1" * 33),
    ("number1", "1.5", "一"),
    ("letter1", "a" * 32, "a" * 33),
    ("letter1", "abc", "a1"),
    ("symbol1", "!!!!!", "!!!!!!"),
    ("symbol1", "※", "a"),
    ("character_string1", "A-1" * 10, "A" * 33),
    ("character_string1", "A1", "单"),
    ("time1", "15:01", "25:01"),
    ("time1", "2019年10月1日 15:01~2019年10月1日 16:01", "2019-10-01 15:01"),
    ("date1", "2019年10月1日", "10月1日"),
    ("date1", "2019年10月1日 15:01", "2019年10月1日T15:01"),
    ("amount1", "¥1234567.89", "¥12345678901"),
    ("amount1", "100元", "¥¥1"),
    ("phone_number1", "+86-0755-12345678", "1" * 18),
    ("phone_number1", "13800000000", "电话"),
    ("car_number1", "粤A8Z888挂", "粤粤A8Z888"),
    ("name1", "长" * 10, "长" * 11),
    ("name1", "a" * 20, "a" * 21),
    ("phrase1", "已发货", "已发货了没有"),
    ("phrase1", "完成", "done"),
    ("remark", "长" * 300, ""),
]


@pytest.mark.parametrize(("key", "right", "wrong"), VALUES)
def test_values_by_the_name_of_their_key(key, right, wrong):
    assert check(Limits(), {key: key}, {key: {"value": right}}) == {key: right}
    for value in (wrong, "", 1, None):
        with pytest.raises(Exception, match="47003"):
            check(Limits(), {key: key}, {key: {"value": value}})


async def test_the_error_names_the_key(account, person):
    _, openid = person
    body = {"touser": openid, "template_id": "t1", "data": DATA | {"thing1": {"value": "长" * 21}}}
    assert (await account.call(TEMPLATE, body))["errmsg"].startswith("argument invalid! data.thing1.value invalid")
    body["data"] = DATA | {"thing1": {"value": ""}}
    assert (await account.call(TEMPLATE, body))["errmsg"].startswith("argument invalid! data.thing1.value is empty")
