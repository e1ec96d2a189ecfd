"""People who come in by every door, and a part of customers that counts what came: one row per arrival."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from core.customers import parts
from core.customers.linking.rules import Arrival, Door, WechatIdentity
from core.customers.linking.service import arrive_many
from core.customers.merging import learn_profiles
from core.customers.parts import PartKind
from core.customers.profiles.rules import Contribution
from core.customers.profiles.service import contribute_many
from core.customers.rules import ContactKind, Profile
from infra import crypto, database
from infra.context import CustomerPart
from infra.ids import new_id
from tests import factories as make
from tests.factories import NOON, rows

ONE, TWO, MINI = "wx0000000000000001", "wx0000000000000002", "wx0000000000000009"
NUMBER = "+8613800138000"
HOUR = timedelta(hours=1)


def at(hours):
    return NOON + hours * HOUR


def wechat(person, app_id=MINI):
    return WechatIdentity(app_id=app_id, openid=person, digest=crypto.digest(app_id, person))


def login(person, hours=1, **more):
    more = {"wechat": wechat(person), "unionid": f"u {person}"} | more
    return Arrival(**_values(Door.MINI_PROGRAM, hours, **more))


def proof(person, hours=2, number=NUMBER, **more):
    """The mini-program's phone button."""
    more = {"wechat": wechat(person), "unionid": f"u {person}"} | more
    return Arrival(**_values(Door.WECHAT_PHONE, hours, phone=number, phone_verified=True, **more))


def sms(hours=2, name=None, number=NUMBER):
    """A code repeated by somebody without WeChat."""
    return Arrival(**_values(Door.SMS, hours, phone=number, phone_verified=True, name=name))


def purchase(hours=3, number=NUMBER, **more):
    return Arrival(**_values(Door.POS, hours, phone=number, **more))


def row(name=None, hours=4, number=NUMBER, **more):
    return Arrival(**_values(Door.IMPORT, hours, phone=number, name=name, **more))


def _values(door, hours, **more):
    return {"source": new_id(), "door": door, "occurred_at": at(hours)} | more


async def follow(person, app_id=ONE, hours=0):
    """By push, and what the platform tells afterwards."""
    await make.record(make.contact(ContactKind.FOLLOW, at(hours), person=person, app_id=app_id))
    profile = Profile(
        identity=crypto.digest(app_id, person), unionid=f"u {person}", subscribe_scene=None, profiled_at=at(hours)
    )
    async with database.transaction() as connection:
        await learn_profiles(connection, [profile])


async def arrive(*arrivals):
    """Take them in; the counting part and the record hear of each, as a door would tell them."""
    async with database.transaction() as connection:
        answers = await arrive_many(connection, arrivals)
        for arrival, answer in zip(arrivals, answers, strict=True):
            if answer.customer_id is not None:
                await connection.execute(
                    "INSERT INTO counted (customer_id, source) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    answer.customer_id,
                    arrival.source,
                )
        said = [
            Contribution(
                customer_id=answer.customer_id,
                door=arrival.door,
                occurred_at=arrival.occurred_at,
                fields={"name": arrival.name},
            )
            for arrival, answer in zip(arrivals, answers, strict=True)
            if arrival.name and answer.customer_id
        ]
        await contribute_many(connection, said)
    return answers


async def name_of(customer_id):
    """What the record says."""
    found = await rows("SELECT name FROM customer_profile WHERE customer_id = $1", customer_id)
    return found[0]["name"] if found else None


def again(arrival):
    """The same happens once more, as something else."""
    return replace(arrival, source=new_id())


@asynccontextmanager
async def counting():
    """A context that hangs one row per arrival on a customer."""
    await database.execute(
        "CREATE TABLE counted (id bigserial PRIMARY KEY, customer_id uuid NOT NULL, source uuid NOT NULL UNIQUE)"
    )
    part = CustomerPart(name="counted", title="计数", kind=PartKind.ORDERS, tables=("counted",), reassign=_reassign)
    parts.register([part])
    try:
        yield
    finally:
        del parts._parts["counted"]
        await database.execute("DROP TABLE counted")


async def _reassign(connection, owners):
    await connection.execute(
        """UPDATE counted c SET customer_id = o.customer_id
        FROM unnest($1::uuid[], $2::uuid[]) AS o (source, customer_id) WHERE c.source = o.source""",
        list(owners),
        list(owners.values()),
    )


async def forget_everybody():
    """Between two stories of one test: cheaper than a test each."""
    tables = (
        "counted", "merge_candidate", "phone_dispute", "customer_phone", "customer_key", "customer_arrival",
        "customer_merge", "customer_owner_change", "customer_search", "customer_profile", "timeline", "touch",
        "identity", "outbox",
    )  # fmt: skip
    await database.execute("; ".join(f"DELETE FROM {table}" for table in tables))
    await database.execute("UPDATE customer SET merged_into_id = NULL; DELETE FROM customer")


async def people():
    """Of each customer: how many identities, touches, arrivals, counted rows."""
    return await rows(
        """SELECT (SELECT count(*) FROM identity x WHERE x.customer_id = c.id) AS identities,
            (SELECT count(*) FROM touch x WHERE x.customer_id = c.id) AS touches,
            (SELECT count(*) FROM customer_arrival x WHERE x.customer_id = c.id) AS arrivals,
            (SELECT count(*) FROM counted x WHERE x.customer_id = c.id) AS counted
        FROM customer c WHERE c.merged_into_id IS NULL ORDER BY 1, 2, 3, 4"""
    )


async def owner_of(arrival):
    """Whose an arrival is now; what the counting part thinks must be the same."""
    found = await rows(
        """SELECT a.customer_id, c.customer_id AS counted, p.merged_into_id FROM customer_arrival a
        JOIN counted c ON c.source = a.source JOIN customer p ON p.id = a.customer_id WHERE a.source = $1""",
        arrival.source,
    )
    assert (found[0]["customer_id"], found[0]["merged_into_id"]) == (found[0]["counted"], None)
    return found[0]["customer_id"]
