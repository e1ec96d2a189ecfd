"""What the tests of hand-overs share: guides with customers, and the calls."""

from datetime import timedelta

from core.customers.rules import ContactKind, Credit
from tests import factories as make
from tests.factories import NOON, contact


def credit(guide):
    return Credit(guide_id=guide.id, store_id=guide.store_id)


def person(guide, number):
    return f"{guide.username} {number}"


async def with_customers(guide, count):
    """Customers whom the guide brought."""
    contacts = [
        contact(ContactKind.FOLLOW, NOON + timedelta(seconds=n), person=person(guide, n), credit=credit(guide))
        for n in range(count)
    ]
    await make.record(*contacts)


async def owners():
    """How many customers each colleague looks after, by name."""
    rows = await make.rows(
        """SELECT s.name, count(*) AS n FROM customer c LEFT JOIN staff s ON s.id = c.guide_id
        WHERE c.merged_into_id IS NULL GROUP BY s.name"""
    )
    return {row["name"]: row["n"] for row in rows}


async def hand_over(http, by, giver, receiver, **more):
    path = f"/staff/v1/staff/{giver.id}/handover"
    return await http.post(path, headers=await make.headers(by), json={"to": str(receiver.id)} | more)


async def leave(http, by, leaver, **body):
    path = f"/staff/v1/staff/{leaver.id}/leave"
    return await http.post(path, headers=await make.headers(by), json=body or None)
