"""Accounts that the simulator and the product both know, and fans whose pushes never arrive."""

from core.customers.rules import ContactKind
from infra import clock, database
from tests import factories as make
from tests.factories import rows
from tests.simulator.harness import Simulator
from wechat.accounts import queries as accounts
from wechat.followers import profiles, service


async def connected(platform: Simulator, number: int = 1, **changes):
    """An account known on both sides; nobody listens at its push address."""
    account = await make.account(number)
    await platform.account(
        app_id=account.app_id,
        original_id=account.original_id,
        secret=account.secret,
        name=account.name,
        **changes,
    )
    return account


async def imported(account):
    """What was on the platform before has been read, so it may be written to."""
    await database.execute("UPDATE wechat_account SET imported_at = $2 WHERE id = $1", account.id, clock.now())
    forget()


def forget():
    """Accounts are read anew."""
    accounts.forget()


async def people(platform, count):
    """People of the simulator, by their ids."""
    made = await platform.ok("/sim/fans", {"name": "顾客", "count": count})
    return [fan["fan_id"] for fan in made["fans"]]


async def act(platform, account, fan_id, action, **body):
    """Something a person does; its push is lost."""
    await platform.ok(f"/sim/fans/{fan_id}/{action}", {"app_id": account.app_id, "wait": False} | body)


async def follow(platform, account, *fan_ids, scene=None):
    for fan_id in fan_ids:
        if scene:
            await act(platform, account, fan_id, "scan", scene=scene)
        else:
            await act(platform, account, fan_id, "follow")


async def openids(platform, account):
    return (await platform.ok(f"/sim/followers?app_id={account.app_id}"))["openids"]


async def calls(platform, account, endpoint):
    return (await platform.ok(f"/sim/stats?app_id={account.app_id}"))["calls"].get(endpoint, 0)


async def nobody_takes(*_told):
    """Tags are looked at in other tests."""


async def ask():
    return await profiles.ask_due(nobody_takes)


async def reconcile(account):
    """A whole run."""
    await service.start(account.id)
    await service.reconcile_due(nobody_takes)
    return await last_run()


async def last_run():
    return (await rows("SELECT * FROM wechat_follower_run ORDER BY started_at DESC LIMIT 1"))[0]


async def record_follows(account, openids_, at=None):
    """Follows whose pushes arrived."""
    at = {} if at is None else {"at": at}
    await make.record(
        *(make.contact(ContactKind.FOLLOW, person=openid, app_id=account.app_id, **at) for openid in openids_)
    )
