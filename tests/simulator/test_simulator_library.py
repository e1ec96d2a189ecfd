"""Where templates come from: industries, public titles and their key words; what was found to be marketing."""

import pytest

ADD = "/cgi-bin/template/api_add_template"
DELETE = "/cgi-bin/template/del_private_template"
BLOCKED = "/wxa/sec/queryblocktmplmsg"
PICKED = {"template_id_short": "1001", "keyword_name_list": ["预约时间", "门店"]}


async def test_two_industries(account):
    path = "/cgi-bin/template/api_set_industry"
    assert await account.errcode(path, {"industry_id1": "10", "industry_id2": "41"}) == 0
    assert await account.call("/cgi-bin/template/get_industry") == {
        "primary_industry": {"first_class": "餐饮", "second_class": "餐饮"},
        "secondary_industry": {"first_class": "其它", "second_class": "其它"},
    }
    await account.call(ADD, PICKED)
    [listed] = (await account.call("/cgi-bin/template/get_all_private_template"))["template_list"]
    assert (listed["primary_industry"], listed["deputy_industry"]) == ("餐饮", "其它")
    assert await account.errcode(path, {"industry_id1": "10", "industry_id2": "10"}) == 40097
    assert await account.errcode(path, {"industry_id1": "10"}) == 40097


async def test_public_titles_by_category(account):
    path = "/wxaapi/newtmpl/getpubtemplatetitles"
    everything = await account.call(path, ids="307,616", start="0", limit="30")
    assert (everything["count"], len(everything["data"])) == (4, 4)
    [last] = (await account.call(path, ids="307", start="1", limit="1"))["data"]
    assert last == {"tid": 1003, "title": "积分变动通知", "type": 2, "categoryId": "307"}
    for wrong in ({"limit": "31"}, {"limit": "0"}, {"start": "-1"}):
        assert await account.errcode(path, **({"ids": "307", "start": "0", "limit": "30"} | wrong)) == 200016


async def test_key_words_of_a_public_title(account):
    path = "/wxaapi/newtmpl/getpubtemplatekeywords"
    words = await account.call(path, tid="1003")
    assert words["count"] == 3
    assert words["data"][1] == {"kid": 2, "name": "变动积分", "example": "", "rule": "number"}
    assert await account.errcode(path, tid="404") == 200012


async def test_five_changes_a_month(account):
    ids = [(await account.call(ADD, PICKED))["template_id"] for _ in range(3)]
    assert [await account.errcode(DELETE, {"template_id": each}) for each in ids] == [0, 0, 45009]
    assert await account.errcode(ADD, PICKED) == 45009
    # What is refused for another reason is no change, and subscription templates have no such number.
    assert await account.errcode(DELETE, {"template_id": "t404"}) == 40037
    assert await account.errcode("/wxaapi/newtmpl/addtemplate", {"tid": "1003", "kidList": [1, 2]}) == 0
    account.simulator.move_clock(32 * 86_400)
    assert await account.errcode(ADD, PICKED) == 0


async def test_so_many_categories(account):
    await account.simulator.account(account.receiver.url, limits={"categories": 1})
    path = "/wxaapi/newtmpl/addtemplate"
    codes = [await account.errcode(path, {"tid": tid, "kidList": [1, 2]}) for tid in ("1003", "1002", "1001")]
    assert codes == [0, 0, 45026]


async def test_marketing_is_found_out(account):
    _, openid = await account.follower()
    await account.template("t1", "template", ["thing1"], marketing=True, title="大促")
    await account.template("t2", "template", ["thing1"])
    for template_id in ("t1", "t2", "t1"):
        body = {"touser": openid, "template_id": template_id, "data": {"thing1": {"value": "a"}}}
        assert await account.errcode("/cgi-bin/message/template/send", body) == 0
    found = (await account.call(BLOCKED, {"tmpl_msg_id": "t1", "largest_id": 0, "limit": 100}))["msginfo"]
    assert [(each["title"], each["openid"]) for each in found] == [("大促", openid)] * 2
    newer = {"tmpl_msg_id": "t1", "largest_id": found[0]["id"], "limit": 100}
    assert (await account.call(BLOCKED, newer))["msginfo"] == found[1:]
    assert (await account.call(BLOCKED, {"tmpl_msg_id": "t2"}))["msginfo"] == []


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 101}, {"largest_id": "a"}])
async def test_bad_questions_about_marketing(account, body):
    assert await account.errcode(BLOCKED, {"tmpl_msg_id": "t1"} | body) == 40097


@pytest.mark.parametrize(
    ("path", "errcode"),
    [
        ("/cgi-bin/message/wxopen/template/uniform_send", 45109),
        ("/cgi-bin/message/wxopen/template/send", 45103),
    ],
)
async def test_retired_paths(account, path, errcode):
    assert await account.errcode(path, {"touser": "o1"}) == errcode
    assert (await account.simulator.post(path, {}))[1]["errcode"] == 41001
    assert (await account.stats())["errors"] == {str(errcode): 1}
