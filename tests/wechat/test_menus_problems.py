"""What the platform would refuse is told before anything leaves, and where; nothing it takes is called wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.wechat.menu_world import IOS, MORE, POINTS, SHOP, label, named, personal
from wechat.menus import problems, queries
from wechat.menus.problems import Known, Limits
from wechat.menus.rules import words_of
from wechat.menus.schemas import ButtonIn, PersonalIn
from wechat.menus.wording import TYPES, said, understood
from wechat.platform import menus as platform

LIMITS = Limits((3, 5), (16, 60), (4, 7), 128, 1024, 3)
LABEL, WAITING, GONE = new_id(), new_id(), new_id()
KNOWN = Known(frozenset({"points"}), labels={LABEL: 100, WAITING: None})
MINI = {"title": "商城", "kind": "mini_program", "app_id": "wx2", "page": "pages/index", "url": "https://shop.example/"}


def checked(buttons, personal_menus=(), known=KNOWN):
    found = problems.problems_of(
        TypeAdapter(list[ButtonIn]).validate_python(buttons),
        TypeAdapter(list[PersonalIn]).validate_python(personal_menus),
        LIMITS,
        known,
    )
    return [(problem.where, problem.code) for problem in found]


@pytest.mark.parametrize(
    ("buttons", "where", "code"),
    [
        ([POINTS] * 4, "buttons", "too_many_buttons"),
        ([MORE | {"children": [POINTS] * 6}], "buttons.0.children", "too_many_buttons"),
        ([named("名" * 6)], "buttons.0.title", "title_too_long"),
        ([named("名" * 5)], "buttons.0.title", "title_cut"),
        ([MORE | {"children": [named("名" * 21)]}], "buttons.0.children.0.title", "title_too_long"),
        ([MORE | {"children": [POINTS, named("名" * 8)]}], "buttons.0.children.1.title", "title_cut"),
        ([MORE | {"children": [MORE]}], "buttons.0.children.0.children", "too_deep"),
        ([MORE | {"kind": "click", "key": "k"}], "buttons.0.kind", "opens_children"),
        ([{"title": "空"}], "buttons.0.kind", "action_missing"),
        ([{"title": "空", "kind": "click"}], "buttons.0.key", "key_missing"),
        ([{"title": "拍照", "kind": "camera"}], "buttons.0.key", "key_missing"),
        ([POINTS | {"key": "k" * 129}], "buttons.0.key", "key_too_long"),
        ([POINTS | {"key": "钥" * 43}], "buttons.0.key", "key_too_long"),
        ([POINTS | {"key": "other"}], "buttons.0.key", "key_unanswered"),
        ([{"title": "扫码", "kind": "scan_wait", "key": "x"}], "buttons.0.key", "key_unanswered"),
        ([{"title": "空", "kind": "view"}], "buttons.0.url", "url_missing"),
        ([SHOP | {"url": "https://shop.example/" + "店" * 400}], "buttons.0.url", "url_too_long"),
        ([SHOP | {"url": "shop.example"}], "buttons.0.url", "url_invalid"),
        ([SHOP | {"url": "https://["}], "buttons.0.url", "url_invalid"),
        ([MINI | {"app_id": None}], "buttons.0.app_id", "app_id_missing"),
        ([MINI | {"page": None}], "buttons.0.page", "page_missing"),
        ([MINI | {"url": None}], "buttons.0.url", "url_missing"),
    ],
)
def test_a_problem_says_where_it_is(buttons, where, code):
    assert (where, code) in checked(buttons)


@pytest.mark.parametrize(
    ("menus", "where", "code"),
    [
        ([personal(POINTS)], "personal.0.for_whom", "nobody_chosen"),
        ([personal(POINTS, label_id=str(GONE))], "personal.0.for_whom.label_id", "label_unknown"),
        ([personal(POINTS, label_id=str(WAITING))], "personal.0.for_whom.label_id", "label_waits"),
        ([personal(POINTS, **IOS), personal(SHOP, **IOS)], "personal.1.for_whom", "never_shown"),
        ([{"for_whom": IOS, "buttons": []}], "personal.0.buttons", "menu_empty"),
        ([personal(named("名" * 6), **IOS)], "personal.0.buttons.0.title", "title_too_long"),
        (
            [
                {
                    "for_whom": IOS,
                    "buttons": [MORE | {"children": [SHOP | {"url": f"https://{i}.example"} for i in "abcd"]}],
                }
            ],
            "personal",
            "too_many_domains",
        ),
    ],
)
def test_so_does_one_of_a_personal_menu(menus, where, code):
    assert checked([POINTS], menus) == [(where, code)]


def test_personal_menus_need_one_for_all():
    assert checked([], [personal(POINTS, **IOS)]) == [("buttons", "default_missing")]


def test_what_fits_has_no_problems():
    every = [{"title": "按钮", "kind": kind, "key": "points"} for kind in TYPES if kind not in ("view", "mini_program")]
    menu = [MORE | {"children": every[:5]}, MORE | {"children": [*every[5:], SHOP, MINI]}, POINTS]
    assert checked(menu, [personal(SHOP, label_id=str(LABEL), client="ios")]) == []
    assert checked([]) == []


def test_a_short_title_in_letters_is_not_cut():
    assert checked([named("Members!")]) == []
    assert checked([named("Membership")]) == [("buttons.0.title", "title_cut")]


async def test_a_key_is_answered_by_a_rule_that_holds_here(db):
    account, other = await make.account(), await make.account(2)
    staff = await make.admin()
    rules = {"here": {"account_id": account.id}, "everywhere": {}, "there": {"account_id": other.id}}
    rules |= {"off": {"enabled": False}, "gone": {"deleted_at": clock.now()}, "word": {"trigger": "keyword"}}
    rules |= {"click": {"trigger": "event"}, "scan": {"trigger": "event", "account_id": other.id}}
    for word, changes in rules.items():
        values = {"account_id": None, "trigger": "menu", "enabled": True, "deleted_at": None} | changes
        await database.execute(
            """INSERT INTO auto_reply (id, account_id, name, trigger, match, words, hours, contents, hand_over,
                priority, enabled, version, changed_by_id, changed_at, created_at, deleted_at)
            VALUES ($1, $2, $3::text, $4::text, CASE WHEN $4 = 'keyword' THEN 'exact' END, jsonb_build_array($3::text),
                '[]', '[]', true, 1, $5, 1, $6, $7, $7, $8)""",
            new_id(),
            values["account_id"],
            word,
            values["trigger"],
            values["enabled"],
            staff.id,
            clock.now(),
            values["deleted_at"],
        )
    known = await queries.known(account.id)
    assert known.answered >= {"here", "everywhere", "人工"}, "and commands of the chat"
    assert not known.answered & {*rules, "scan"} - {"here", "everywhere"}
    assert known.events == {"click"}


def test_an_event_rule_answers_every_key_of_its_kind():
    buttons = [named("一") | {"key": "a"}, named("二") | {"key": "B", "kind": "scan_wait"}]
    found = checked(buttons, known=Known(events=frozenset({"click"})))
    assert found == [("buttons.1.key", "key_unanswered")]
    assert checked(buttons, known=Known(events=frozenset({"click", "scancode_waitmsg"}))) == []


async def test_a_deleted_label_is_none(db):
    account = await make.account()
    kept, gone = await label(account, 100), await label(account, 101, "旧")
    await database.execute("UPDATE wechat_label SET deleted_at = $2 WHERE id = $1::uuid", gone, clock.now())
    assert {str(label_id): number for label_id, number in (await queries.labels(account.id)).items()} == {kept: 100}


def test_refusals_have_words():
    assert words_of(40018) == "微信拒绝了这份菜单：按钮名称不合要求（40018）"
    assert "已关闭" in words_of(65309)
    assert "IP" in words_of(40164)
    assert words_of(12345) == "微信拒绝了这份菜单：未说明原因（12345）"


_words = st.text("积分官网abc", min_size=1, max_size=5)
_leaf = st.one_of(
    st.builds(lambda t, k, v: ButtonIn(title=t, kind=k, key=v), _words, st.sampled_from(["click", "location"]), _words),
    st.builds(lambda t, v: ButtonIn(title=t, kind="view", url=f"https://{v}.example"), _words, _words),
    st.builds(lambda t: ButtonIn.model_validate(MINI | {"title": t}), _words),
)
_button = st.one_of(
    _leaf, st.builds(lambda t, c: ButtonIn(title=t, children=c), _words, st.lists(_leaf, min_size=1, max_size=5))
)
_whom = st.sampled_from([{"label_id": LABEL}, {"client": "others"}, {"label_id": LABEL, "client": "android"}])
_personal = st.builds(
    lambda whom, buttons: PersonalIn.model_validate({"for_whom": whom, "buttons": buttons}),
    _whom,
    st.lists(_button, min_size=1, max_size=3),
)


@settings(max_examples=40)
@given(st.lists(_button, min_size=1, max_size=3), st.lists(_personal, max_size=3))
def test_what_is_said_to_the_platform_is_understood_when_it_comes_back(buttons, personal_menus):
    theirs = said(buttons, personal_menus, {LABEL: 100})
    assert understood(theirs, {100: LABEL}) == (buttons, personal_menus)
    wrapped = [
        {"name": one["name"], "sub_button": {"list": one["sub_button"]}} if "sub_button" in one else one
        for one in theirs.buttons
    ]
    listed = [
        {"button": one.buttons, "matchrule": one.rule, "menuid": number} for number, one in enumerate(theirs.personal)
    ]
    content = {"is_menu_open": 1, "selfmenu_info": {"button": wrapped}, "conditionalmenu": listed[::-1]}
    assert platform.parsed(content) == theirs


@pytest.mark.parametrize("content", [{}, {"is_menu_open": 0, "selfmenu_info": {"button": [MINI]}}, {"is_menu_open": 1}])
def test_no_menu_is_understood_as_none(content):
    assert platform.parsed(content) == platform.Menus([], [])


@pytest.mark.parametrize("strange", [None, "x", [None, "x", []], {"list": 1}, [{"sub_button": "x"}]])
def test_an_answer_of_another_shape_is_passed_over(strange):
    menus = {"button": strange, "matchrule": strange, "menuid": strange}
    content = {"is_menu_open": 1, "selfmenu_info": {"button": strange}, "conditionalmenu": [menus, strange]}
    assert understood(platform.parsed(content), {})
    assert platform.parsed({"is_menu_open": 1, "selfmenu_info": strange, "conditionalmenu": strange})


def test_a_tag_told_by_its_former_name_is_a_tag():
    told = {"button": [], "matchrule": {"group_id": 100, "sex": ""}, "menuid": 1}
    assert platform.parsed({"conditionalmenu": [told]}).personal[0].rule == {"tag_id": "100"}


def test_what_we_have_no_words_for_is_shown_by_its_title():
    strange = platform.Menus(
        [
            {"name": "", "type": "view", "url": "https://a.example/" + "a" * 2000},
            {"name": "图文" * 60, "type": "news", "value": "m1"},
        ],
        [platform.Personal({"sex": "1"}, [{"name": "老", "type": "click", "key": "k"}])],
    )
    (link, news), (old,) = understood(strange, {})
    assert (link.title, link.kind, link.url) == ("（无名称）", "view", None)
    assert (len(news.title), news.kind) == (60, None)
    assert old.for_whom.model_dump() == {"label_id": None, "client": None}
