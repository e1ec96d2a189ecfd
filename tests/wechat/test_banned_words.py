"""Behaviour 20: a local list of words comes first; what it finds is folded away, and nobody of us says it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.permissions.rules import RoleKey
from infra import parameters
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from tests.wechat.chat_world import conversation, hear, thread
from wechat.conversations import words
from wechat.conversations.errors import BannedWordInText
from wechat.conversations.rules import Check
from wechat.conversations.words import Words
from wechat.outbound.contents import ImageContent, MiniProgramContent, NewsContent, TextContent

HIDING = ["加微信", "加 微 信", "加，微。信！", "加\u200b微\u200b信", "请加微信吧", "加\n微信", "加-微_信"]
LATIN = ["ABC", "abc", "ＡＢＣ", "a b c", "A.B.C", "xxabcxx"]


@pytest.fixture
async def marketer(db):
    return await make.headers(await make.colleague(RoleKey.MARKETER))


async def ban(http, marketer, word):
    return await http.post("/staff/v1/banned-words", json={"word": word}, headers=marketer)


@pytest.mark.parametrize(("word", "text"), [("加微信", text) for text in HIDING] + [("Abc", text) for text in LATIN])
def test_a_word_is_found_however_it_is_written(word, text):
    assert Words.of([word]).find(text) == word


@pytest.mark.parametrize("text", ["加微", "微信加", "", "  ", "加了微信"])
def test_other_words_are_not(text):
    assert Words.of(["加微信"]).find(text) is None


@given(st.lists(st.text("abc文字", min_size=1, max_size=4), max_size=8), st.text("abc文字 ,。", max_size=30))
def test_finding_says_what_looking_for_each_word_says(banned, text):
    found = Words.of(banned).find(text)
    assert (found is not None) == any(words.key(word) in words.key(text) for word in banned)


@pytest.mark.parametrize("words", [{"follow_text": "请加 微信"}, {"follow_text": "您好", "scan_text": "加微信"}])
async def test_a_welcome_with_a_banned_word_is_refused(http, marketer, words):
    assert (await ban(http, marketer, "加微信")).status_code == 201
    answer = await http.put("/staff/v1/welcomes", json=words, headers=marketer)
    assert error_of(answer) == (422, "banned_word_in_text")
    assert (await http.put("/staff/v1/welcomes", json={"follow_text": "您好"}, headers=marketer)).status_code == 200


@pytest.mark.parametrize("content", [TextContent(text="请加 微信"), NewsContent(title="加微信", url="https://w")])
async def test_behaviour_20_a_reply_with_a_banned_word_is_refused_and_the_word_named(http, marketer, content):
    assert (await ban(http, marketer, "加微信")).status_code == 201
    with pytest.raises(BannedWordInText) as refused:
        await words.refuse_banned(content)
    assert refused.value.details == {"word": "加微信"}
    picture = new_id()
    await words.refuse_banned(
        ImageContent(file_id=picture),
        MiniProgramContent(app_id="wxm", page="p", title="加微", picture_id=picture),
        TextContent(text="信"),
    )


async def test_behaviour_20_a_fans_words_are_risky_or_unchecked_and_a_picture_is_unchecked(http, marketer):
    await ban(http, marketer, "加微信")
    fan = Pushes(await make.account(), make.openid())
    spoken = fan.message("voice", MediaId="m1", Format="amr", Recognition="加我微信，不，加微信")
    picture = fan.message("image", PicUrl="http://p", MediaId="m1")
    await hear(fan, fan.follow(), fan.text("你好"), picture, spoken, fan.text("请加-微-信"))
    assert [one.check for one in reversed(await thread())] == [
        None,
        Check.UNCHECKED,
        Check.UNCHECKED,
        Check.RISKY,
        Check.RISKY,
    ]
    assert "微" not in (await conversation())["last_text"]


async def test_a_word_counts_once_in_all_its_spellings(http, marketer):
    assert (await ban(http, marketer, "ABC")).json()["word"] == "ABC"
    assert error_of(await ban(http, marketer, "ａ b c")) == (409, "banned_word_exists")
    assert error_of(await ban(http, marketer, "。 !")) == (422, "banned_word_empty")


async def test_words_are_listed_removed_and_noted(http, marketer):
    first, second = [(await ban(http, marketer, word)).json() for word in ("一词", "二词")]
    page = (await http.get("/staff/v1/banned-words?limit=1", headers=marketer)).json()
    assert page == {"items": [second], "next": second["id"]}
    rest = (await http.get(f"/staff/v1/banned-words?cursor={page['next']}", headers=marketer)).json()
    assert rest == {"items": [first], "next": None}
    gone = f"/staff/v1/banned-words/{first['id']}"
    assert (await http.delete(gone, headers=marketer)).status_code == 204
    assert error_of(await http.delete(gone, headers=marketer)) == (404, "banned_word_not_found")
    await words.refuse_banned(TextContent(text="一词"))
    noted = await make.rows("SELECT action FROM audit WHERE subject_kind = 'banned_word' ORDER BY id")
    assert [row["action"] for row in noted] == ["banned_word.added", "banned_word.added", "banned_word.removed"]


async def test_two_at_once_do_not_pass_the_limit(http, marketer):
    await parameters.change("chat.banned_words", 1, expected_version=0, by="test")
    answers = await asyncio.gather(*(ban(http, marketer, f"词{n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_guide_does_not_change_the_list(http, db):
    headers = await make.headers(await make.guide())
    assert error_of(await ban(http, headers, "词")) == (403, "forbidden")
