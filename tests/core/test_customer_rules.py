"""The pure fold of contacts: whatever the order of arrival, the same first touch and the same follow state."""

from datetime import timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from core.customers.rules import ContactKind, Credit, CustomerState, IdentityState, see, touch
from tests.factories import NOON, contact

KINDS = st.sampled_from(ContactKind)
GUIDES = [uuid4() for _ in range(3)]
SECONDS = st.integers(0, 10)
CREDITS = st.sampled_from([None, *GUIDES]).map(lambda guide: Credit(guide_id=guide))


@st.composite
def contacts(draw, *, unique_times):
    times = draw(st.lists(SECONDS, min_size=1, max_size=8, unique=unique_times))
    return [contact(draw(KINDS), NOON + timedelta(seconds=t), credit=draw(CREDITS)) for t in times]


def fold(arrivals, heirs=None, **customer):
    """State and touches after contacts arrived in this order."""
    first = arrivals[0]
    following = first.kind is not ContactKind.UNFOLLOW
    identity = IdentityState(uuid4(), following, first.occurred_at, first.occurred_at)
    customer = CustomerState(uuid4(), **{"guide_id": None, "first_touch_id": None, "first_order": None} | customer)
    touches = {}
    for one in arrivals:
        see(identity, one)
        made = touch(customer, one, uuid4(), heirs or {})
        if made is not None:
            touches[made.id] = made
    return identity, customer, touches


@given(contacts(unique_times=True).flatmap(lambda c: st.tuples(st.just(c), st.permutations(c))))
def test_any_order_of_arrival_gives_the_same_first_touch_and_follow_state(orders):
    (one, customer1, touches1), (two, customer2, touches2) = fold(orders[0]), fold(orders[1])
    assert (one.following, one.state_at, one.last_seen_at) == (two.following, two.state_at, two.last_seen_at)
    firsts = [
        touches[customer.first_touch_id].contact.source if customer.first_touch_id else None
        for customer, touches in ((customer1, touches1), (customer2, touches2))
    ]
    assert firsts[0] == firsts[1]


@given(contacts(unique_times=False))
def test_the_first_touch_is_the_earliest_follow_or_scan_and_each_of_them_is_a_touch(arrivals):
    _, customer, touches = fold(arrivals)
    touching = [c for c in arrivals if c.kind in {ContactKind.FOLLOW, ContactKind.SCAN}]
    assert [t.contact for t in touches.values()] == touching
    if touching:
        first = touches[customer.first_touch_id].contact
        assert first.occurred_at == min(c.occurred_at for c in touching)
        same_second = [c for c in touching if c.occurred_at == first.occurred_at]
        assert first.kind == min(same_second, key=lambda c: c.kind is ContactKind.SCAN).kind
    else:
        assert customer.first_touch_id is None


@given(contacts(unique_times=True))
def test_who_did_something_last_follows_unless_it_was_leaving(arrivals):
    identity, _, _ = fold(arrivals)
    last = max(arrivals, key=lambda c: c.occurred_at)
    assert identity.following == (last.kind is not ContactKind.UNFOLLOW)
    assert identity.last_seen_at == last.occurred_at


@given(contacts(unique_times=True))
def test_in_order_the_guide_is_the_first_one_met_as_long_as_nobody_left(arrivals):
    ordered = sorted(arrivals, key=lambda c: c.occurred_at)
    _, customer, touches = fold(ordered)
    met = [t.contact.credit.guide_id for t in touches.values() if t.contact.credit.guide_id]
    assert customer.guide_id == (met[0] if met else None)


def test_a_scan_of_another_guide_changes_the_guide_only_when_the_former_has_left():
    a, b, _ = GUIDES
    met = [contact(ContactKind.FOLLOW, credit=Credit(guide_id=a))]
    met.append(contact(ContactKind.SCAN, NOON + timedelta(hours=1), credit=Credit(guide_id=b)))
    assert fold(met)[1].guide_id == a
    assert fold(met[1:], {a: None}, guide_id=a)[1].guide_id == b
    assert fold(met, {b: None})[1].guide_id == a


def test_a_late_first_touch_brings_its_guide():
    a, b, _ = GUIDES
    late = contact(ContactKind.FOLLOW, NOON - timedelta(hours=1), credit=Credit(guide_id=a))
    assert fold([contact(ContactKind.SCAN, credit=Credit(guide_id=b)), late])[1].guide_id == a


def test_the_customer_of_a_leaver_goes_to_the_heir_and_to_the_next_guide_met_without_one():
    a, b, c = GUIDES
    met = [contact(ContactKind.FOLLOW, credit=Credit(guide_id=a))]
    assert fold(met, {a: c})[1].guide_id == c
    assert fold(met, {a: None})[1].guide_id is None
    met.append(contact(ContactKind.SCAN, NOON + timedelta(hours=1), credit=Credit(guide_id=b)))
    assert fold(met, {a: c})[1].guide_id == c
    assert fold(met, {a: None})[1].guide_id == b


def test_who_was_given_by_hand_stays_with_that_guide_until_the_guide_leaves():
    a, b, _ = GUIDES
    late = [contact(ContactKind.FOLLOW, credit=Credit(guide_id=a))]
    assert fold(late, guide_id=b)[1].guide_id == a
    assert fold(late, guide_id=b, given=True)[1].guide_id == b
    assert fold(late, {b: None}, guide_id=b, given=True)[1].guide_id == a


@given(contacts(unique_times=True), st.dictionaries(st.sampled_from(GUIDES), st.none()))
def test_a_guide_who_left_gets_nobody(arrivals, heirs):
    assert fold(arrivals, heirs)[1].guide_id not in heirs


def test_a_scan_or_a_message_in_the_second_of_leaving_proves_nothing():
    for kind in (ContactKind.SCAN, ContactKind.MESSAGE):
        assert not fold([contact(ContactKind.UNFOLLOW), contact(kind)])[0].following
        assert fold([contact(ContactKind.UNFOLLOW), contact(kind, NOON + timedelta(seconds=1))])[0].following


def test_following_again_in_the_second_of_leaving_counts_as_it_arrives():
    assert fold([contact(ContactKind.UNFOLLOW), contact(ContactKind.FOLLOW)])[0].following
    assert not fold([contact(ContactKind.FOLLOW), contact(ContactKind.UNFOLLOW)])[0].following
