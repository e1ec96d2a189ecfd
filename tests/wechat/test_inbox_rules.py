"""Lines and working hours as pure rules, against a naive count of minutes."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from wechat.inbox.rules import AGENTS, Able, Agent, Crew, Holder, Hours, Standing, first_holder, give, next_holder

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
MINUTES = st.integers(0, 24 * 60 - 1)


def _is_open(moment, begin, end):
    """Whether the minute that begins then is working time."""
    local = moment.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end


@given(MINUTES, MINUTES, st.integers(-3_000, 3_000), st.integers(1, 1_500))
def test_working_minutes_are_counted_as_by_hand(begin, end, offset, minutes):
    hours = Hours(time(begin // 60, begin % 60), time(end // 60, end % 60), SHANGHAI)
    if 0 < (end - begin) % 1440 < 10:
        minutes %= 50
    start = NOON + offset * MINUTE
    moment, left = start, max(minutes, 1)
    while left:
        left -= _is_open(moment, begin, end)
        moment += MINUTE
    assert hours.after(start, max(minutes, 1) * MINUTE) == moment


def test_hours_are_read_as_they_are_written():
    assert Hours.of("09:00-21:30", SHANGHAI) == Hours(time(9), time(21, 30), SHANGHAI)
    assert Hours.of("22:00-00:00", SHANGHAI).after(NOON, MINUTE) == datetime(2026, 3, 4, 14, 1, tzinfo=UTC)


OWNER, MATE, AGENT, HERE, THERE = (UUID(int=n) for n in range(1, 6))


def _crew(*people, stores=(HERE, THERE), present=()):
    return Crew({one.id: one for one in people}, frozenset(stores), frozenset(present))


def test_the_first_line_is_the_owner_the_second_the_store_the_last_the_agents():
    standing = Standing(OWNER, HERE, THERE)
    owner, mate = Able(OWNER, HERE, everywhere=False), Able(MATE, HERE, everywhere=False)
    far = Able(MATE, THERE, everywhere=False)
    assert first_holder(standing, _crew(owner, mate)) == Holder(OWNER, HERE)
    assert first_holder(standing, _crew(mate)) == Holder(None, HERE)
    assert first_holder(standing, _crew(far)) == Holder(None, THERE)
    assert first_holder(standing, _crew(mate, stores=())) == AGENTS
    assert first_holder(Standing(None, None, None), _crew(owner)) == AGENTS


def test_the_next_line_is_never_one_that_was_asked():
    owner, mate = Able(OWNER, HERE, everywhere=False), Able(MATE, HERE, everywhere=False)
    held = Standing(OWNER, HERE, None, OWNER, HERE)
    assert next_holder(held, _crew(owner, mate)) == Holder(None, HERE)
    assert next_holder(held, _crew(owner)) == AGENTS
    assert next_holder(Standing(OWNER, HERE, None, None, HERE), _crew(owner, mate)) == AGENTS
    agent = Able(AGENT, None, everywhere=True)
    by_agent = Standing(OWNER, HERE, None, AGENT, None)
    assert next_holder(by_agent, _crew(agent, mate, present=[AGENT])) is None
    assert next_holder(by_agent, _crew(agent, mate)) == AGENTS


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 40), st.integers(1, 12))
def test_cases_are_shared_as_evenly_as_can_be_up_to_what_one_can_answer(loads, many, most):
    agents = [Agent(UUID(int=n), None, load, None) for n, load in enumerate(loads)]
    for turn in range(many):
        least = min(one.waiting for one in agents)
        given = give(agents, most, NOON + turn * MINUTE)
        assert given.waiting == least + 1 if least < most else given is None
    room = sum(max(most - load, 0) for load in loads)
    assert sum(one.waiting for one in agents) == sum(loads) + min(many, room)
    assert give([], most, NOON) is None


@given(MINUTES, MINUTES, st.integers(-3_000, 3_000))
def test_it_is_working_time_when_minutes_of_it_pass(begin, end, offset):
    hours = Hours(time(begin // 60, begin % 60), time(end // 60, end % 60), SHANGHAI)
    moment = NOON + offset * MINUTE
    assert hours.hold(moment) == (begin == end or _is_open(moment, begin, end))
