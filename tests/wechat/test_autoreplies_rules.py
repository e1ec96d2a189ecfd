"""How words match, when hours are open, and how texts are filled: the rules themselves."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wechat.autoreplies.book import fits
from wechat.autoreplies.errors import PatternInvalid
from wechat.autoreplies.filling import fill
from wechat.autoreplies.hours import are_open, hours, next_opening
from wechat.autoreplies.rules import Match, calling, fold, plain, written

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)

WORDS = st.text(st.sampled_from("abcXYZ会员积分卡0189 .?"), min_size=1, max_size=12).filter(fold)
AROUND = st.text(st.sampled_from(" \t\n\u3000\u200b"), max_size=3)


def _full_width(text):
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert plain(plain(text)) == plain(text)


@given(WORDS, AROUND, AROUND, st.booleans(), st.booleans())
def test_neither_width_nor_case_nor_space_around_hides_a_word(word, before, after, wide, upper):
    sent = before + (_full_width(word) if wide else word) + after
    sent = sent.upper() if upper else sent.lower()
    for match in (Match.EXACT, Match.CONTAINS):
        assert fits(match, [word])(written(sent))


@given(WORDS, st.text(st.sampled_from("问hw12"), min_size=1, max_size=5))
def test_exact_words_are_all_of_a_message_and_contained_ones_any_part(word, more):
    sent = written(f"{more}{word}{more}")
    assert fits(Match.CONTAINS, [word])(sent)
    assert not fits(Match.EXACT, [word])(sent)


@given(st.text(max_size=40), st.text(max_size=10))
def test_what_contains_a_word_has_it_in_its_folded_form(text, word):
    assume(fold(word))
    assert fits(Match.CONTAINS, [word])(written(text)) == (fold(word) in fold(text))


@pytest.mark.parametrize("sent", ["营业时间", "营业时间。", "营业时间？！", " 营业时间… ", "营业时间~"])
def test_closing_punctuation_of_speech_and_courtesy_doesnt_hide_a_word(sent):
    assert fits(Match.EXACT, ["营业时间"])(written(sent))


def test_a_word_that_is_punctuation_only_is_compared_as_it_is():
    asked = fits(Match.EXACT, ["?"])
    assert asked(written("？"))
    assert not asked(written("!"))


@pytest.mark.parametrize(
    ("pattern", "sent", "found"),
    [
        ("退(货|款)", "我要退款", True),
        ("^退(货|款)$", "我要退款", False),
        ("ORDER ?[0-9]+", "order９９", True),
        ("（退）", "想（退）", True),
        ("[0-9]{11}", "一三八", False),
    ],
)
def test_a_pattern_is_found_anywhere_in_any_case_and_width(pattern, sent, found):
    assert fits(Match.PATTERN, [pattern])(written(sent)) is found


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?=a)", r"(a)\1", "((a{1000}){1000})"])
def test_a_pattern_that_the_engine_cannot_read_is_refused(pattern):
    with pytest.raises(PatternInvalid) as refused:
        fits(Match.PATTERN, [pattern])
    assert refused.value.details["reason"]


CLOCK = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
WINDOW = st.builds(hours, st.lists(st.integers(1, 7), min_size=1, unique=True), CLOCK, CLOCK)
MOMENT = st.integers(0, 14 * 96).map(lambda quarter: MONDAY + timedelta(minutes=15 * quarter))


def _spans(window, at):
    """When a window is open around a moment: from each of its days, until the end that follows."""
    for back in range(9):
        day = (at - timedelta(days=back - 7)).date()
        if day.isoweekday() in window.days:
            begin = datetime.combine(day, window.since, ZONE)
            end = datetime.combine(day, window.until, ZONE)
            yield begin, end if end > begin else end + timedelta(days=1)


@given(st.lists(WINDOW, max_size=3), MOMENT)
def test_hours_are_open_between_their_ends_also_past_midnight(windows, at):
    expected = not windows or any(begin <= at < end for window in windows for begin, end in _spans(window, at))
    assert are_open(windows, at) is expected


@given(st.lists(WINDOW, min_size=1, max_size=3), MOMENT)
def test_the_next_opening_is_the_first_that_comes(windows, at):
    found = next_opening(windows, at)
    begins = [begin for window in windows for begin, _ in _spans(window, at) if begin > at]
    assert found == min(begins)
    assert are_open(windows, found)


@pytest.mark.parametrize(
    ("text", "without_guide"),
    [
        ("{称呼}好，我是{导购}。", "小王先生好。"),
        ("您好，我是{门店}的{导购}，很高兴为您服务。", "您好，很高兴为您服务。"),
        ("您好。我是{导购}。", "您好。"),
        ("导购：{导购}\n电话：见{公众号}菜单", "电话：见好店菜单"),
        ("我是{导购}", ""),
        ("您好，{导购}在等您", "您好"),
        ("Hi, I am {导购}. See you!", "Hi. See you!"),
        ("满 1.5 折，{公众号}", "满 1.5 折，好店"),
    ],
)
def test_a_clause_without_its_value_is_left_out_and_the_rest_can_be_read(text, without_guide):
    assert fill(text, {"称呼": "小王先生", "公众号": "好店"}) == without_guide


@given(st.text(st.sampled_from("你好我是，。！\n a.,{}导购门店"), max_size=40))
def test_with_all_values_nothing_is_left_out_and_no_placeholder_remains(text):
    filled = fill(text, {"导购": "01", "门店": "02"})
    if "{" not in text:
        assert filled == text.strip()
    assert "{导购}" not in filled


@given(st.text(st.sampled_from("你好，。{"), max_size=10), st.text(st.sampled_from("再见，。"), max_size=10))
def test_without_a_value_no_placeholder_is_seen_and_nothing_is_added(before, after):
    filled = fill(before + "{导购}" + after, {})
    assert "导购" not in filled
    assert set(filled) <= set(before + after)


def test_how_people_are_called():
    assert calling("小王", "male", "person") == "小王先生"
    assert calling("小李", "female", "person") == "小李女士"
    assert calling("小张", None, "person") == "小张您"
    assert calling(None, "male", "person") == "您"
    assert calling("某某公司", None, "business") == "您"
