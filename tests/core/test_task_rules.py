"""Words about a task add up to the same, in whatever order, however often and in whatever batches they come."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.tasks.rules import Decision, Node, Standing, Step, clamp, heads_to_tell, join, join_all, of_word
from tests.factories import NOON

MINUTES = st.integers(0, 6)  # few, so that words of one moment are common
PERCENTS = st.integers(0, 100)


@st.composite
def words(draw):
    step = draw(st.sampled_from(Step))
    return of_word(
        step,
        NOON + timedelta(minutes=draw(MINUTES)),
        draw(st.integers(1, 3)),
        draw(PERCENTS) if step is Step.PROGRESS else None,
    )


@st.composite
def arrivals(draw):
    """Words, and the same ones shuffled, some of them several times, in batches."""
    said = draw(st.lists(words(), max_size=12))
    again = draw(st.lists(st.sampled_from(said), max_size=12)) if said else []
    shuffled = draw(st.permutations([*said, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    return said, [shuffled[start:end] for start, end in pairwise([0, *cuts, len(shuffled)])]


@given(arrivals())
def test_at61_order_repetition_and_batches_change_nothing(arrival):
    said, batches = arrival
    standing = Standing()
    for batch in batches:
        standing = join(standing, join_all(batch))
    assert standing == join_all(said)


@given(st.lists(words(), min_size=1, max_size=8))
def test_joining_is_a_least_upper_bound(said):
    whole = join_all(said)
    assert join(whole, Standing()) == whole == join(whole, whole)
    assert all(join(whole, word) == join(word, whole) == whole for word in said)


@given(st.lists(words(), max_size=12))
def test_done_implies_read_and_read_implies_delivered(said):
    standing = join_all(said)
    if standing.decision:
        assert standing.read_at <= standing.decided_at
    if standing.read_at:
        assert standing.delivered_at <= standing.read_at
        assert standing.read_version


def _at(step, minute, version=1, progress=None):
    return of_word(step, NOON + timedelta(minutes=minute), version, progress)


def test_the_first_time_of_a_step_and_the_latest_decision_stand():
    standing = join_all([_at(Step.READ, 5), _at(Step.READ, 2, version=2), _at(Step.ACCEPTED, 3), _at(Step.REJECTED, 4)])
    assert standing.read_at == NOON + timedelta(minutes=2)
    assert standing.read_version == 2
    assert standing.accepted_at == NOON + timedelta(minutes=3)
    assert (standing.decision, standing.decided_at) == (Decision.REJECTED, NOON + timedelta(minutes=4))
    assert join(standing, _at(Step.ACCEPTED, 6)).decision is Decision.ACCEPTED


def test_of_one_moment_done_beats_rejected_and_rejected_accepted():
    assert join_all([_at(Step.DONE, 1), _at(Step.REJECTED, 1), _at(Step.ACCEPTED, 1)]).decision is Decision.DONE
    assert join_all([_at(Step.ACCEPTED, 1), _at(Step.REJECTED, 1)]).decision is Decision.REJECTED


def test_progress_is_the_latest_and_of_one_moment_the_larger():
    assert join_all([_at(Step.PROGRESS, 2, progress=30), _at(Step.PROGRESS, 1, progress=80)]).progress == 30
    assert join_all([_at(Step.PROGRESS, 1, progress=30), _at(Step.PROGRESS, 1, progress=80)]).progress == 80
    assert join_all([_at(Step.PROGRESS, 1, progress=30), _at(Step.DONE, 2)]).progress == 100
    assert join_all([_at(Step.PROGRESS, 1, progress=0)]).progress_at == NOON + timedelta(minutes=1)


def test_a_phone_with_a_wrong_clock_is_brought_between_making_and_receiving():
    made, received = NOON, NOON + timedelta(hours=1)
    assert clamp(NOON - timedelta(days=400), made, received) == made
    assert clamp(NOON + timedelta(days=400), made, received) == received
    assert clamp(NOON + timedelta(minutes=5), made, received) == NOON + timedelta(minutes=5)


TOP, EAST, SHANGHAI = (UUID(int=n) for n in (1, 2, 3))
BOSS, HEAD, ONE, TWO = (UUID(int=n) for n in (11, 12, 13, 14))


def test_the_nearest_head_above_who_is_not_late_is_told():
    tree = {TOP: Node(None, BOSS), EAST: Node(TOP, HEAD), SHANGHAI: Node(EAST, None)}
    assert heads_to_tell({ONE: SHANGHAI, TWO: EAST}, tree) == {HEAD: 2}
    assert heads_to_tell({ONE: SHANGHAI, HEAD: EAST}, tree) == {BOSS: 2}
    assert heads_to_tell({BOSS: TOP, ONE: SHANGHAI}, tree) == {HEAD: 1}
    assert heads_to_tell({ONE: SHANGHAI}, {SHANGHAI: Node(None, None)}) == {}
