"""Asking the platform about people: unionid, tags, and whether they follow. A claim is a lease on `identity.ask_at`."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg

from core.customers.merging import learn_profiles
from core.customers.rules import NOBODY, Contact, ContactKind, Credit, Profile
from core.customers.service import record_contacts
from infra import clock, crypto, database
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.codes import queries as codes
from wechat.followers.rules import Told, read
from wechat.platform import users
from wechat.platform.errors import PlatformRefused, QuotaSpent
from wechat.platform.policy import Action

SIZE = Parameter(
    name="wechat.profile_batch", default=100, least=1, most=100, help="一次向平台查询多少位粉丝的资料（平台上限 100）"
)
RETRY_SECONDS = Parameter(
    name="wechat.profile_retry_seconds", default=300, least=10, most=86_400, help="资料查询未成功时，多少秒后再试"
)

# Whoever knows what a tag is learns who carries which: digests of identities, the platform's numbers of tags, and when
# it was asked.
TakeTags: TypeAlias = Callable[[Credentials, Mapping[bytes, Sequence[int]], datetime], Awaitable[None]]

_SLICE_SECONDS = 30.0
_LEASE = timedelta(minutes=3)
_AT_ONCE = 500

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM identity WHERE ask_at <= $1 AND following AND openid IS NOT NULL
    ORDER BY ask_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE identity i SET ask_at = $2 FROM due WHERE i.id = due.id RETURNING i.app_id, i.openid
"""

# Skips whoever is being written: nobody holding a customer waits for us.
_POSTPONE = """
UPDATE identity i SET ask_at = $3 FROM (
    SELECT id FROM identity WHERE digest = ANY($1::bytea[]) AND ask_at = $2 FOR UPDATE SKIP LOCKED
) due WHERE i.id = due.id
"""

_STILL_FOLLOWING = "SELECT digest FROM identity WHERE digest = ANY($1::bytea[]) AND following AND state_at < $2"


async def ask_due(take_tags: TakeTags) -> int:
    """Ask about everybody who is due; returns about how many the platform told something."""
    told, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        now = clock.now()
        lease = now + _LEASE
        claimed = await database.fetch(_CLAIM, now, lease, _AT_ONCE)
        if not claimed:
            break
        official = {account.app_id: account for account in await accounts.every() if account.kind is Kind.OFFICIAL}
        for app_id, openids in _by_account(claimed).items():
            told += await _ask(official.get(app_id), app_id, openids, lease, take_tags)
    return told


def _by_account(claimed: Sequence[asyncpg.Record]) -> dict[str, list[str]]:
    openids = defaultdict[str, list[str]](list)
    for row in claimed:
        openids[row["app_id"]].append(row["openid"])
    return openids


async def _ask(
    account: Credentials | None, app_id: str, openids: Sequence[str], lease: datetime, take_tags: TakeTags
) -> int:
    if account is None:
        # Only official accounts can be asked; a disabled one may come back.
        await _postpone(app_id, openids, lease, clock.now() + timedelta(hours=1))
        return 0
    told, size = 0, await SIZE.get()
    for start in range(0, len(openids), size):
        chunk, at = openids[start : start + size], present()
        try:
            people = await asked(account, chunk)
        except DomainError as error:
            logger().warning("profiles_wait", app_id=app_id, error=str(error))
            later = error.until if isinstance(error, QuotaSpent) else await _later()
            await _postpone(app_id, openids[start:], lease, later)
            break
        await learn(account, people, at, take_tags)
        missing = set(chunk) - {person.openid for person in people}
        await _postpone(app_id, list(missing), lease, await _later())
        told += len(people)
    return told


async def _later() -> datetime:
    return clock.now() + timedelta(seconds=await RETRY_SECONDS.get())


async def _postpone(app_id: str, openids: Sequence[str], lease: datetime, until: datetime) -> None:
    if openids:
        await database.execute(_POSTPONE, [crypto.digest(app_id, openid) for openid in openids], lease, until)


async def asked(account: Credentials, openids: Sequence[str]) -> list[Told]:
    """What the platform tells about these people; one it doesn't know counts as one who doesn't follow.

    Raises PlatformRefused, PlatformAway, QuotaSpent.
    """
    try:
        infos = await users.user_infos(account, openids)
    except PlatformRefused as refusal:
        if refusal.action is not Action.MARK_OPENID_WRONG:
            raise
        if len(openids) == 1:
            return [Told(openid=openids[0], follows=False)]
        # One wrong openid spoils the call: halve until it stands alone.
        middle = len(openids) // 2
        return await asked(account, openids[:middle]) + await asked(account, openids[middle:])
    wanted = set(openids)
    return [told for info in infos if (told := read(info)) is not None and told.openid in wanted]


def present() -> datetime:
    """The second in which the platform is asked: WeChat's times have no fractions."""
    return clock.now().replace(microsecond=0)


async def learn(account: Credentials, people: Sequence[Told], at: datetime, take_tags: TakeTags) -> None:
    """Keep what was told when asked `at`: who has left, who follows, who is one person, which tags they carry."""
    digests = {person.openid: crypto.digest(account.app_id, person.openid) for person in people}
    gone = [person for person in people if not person.follows]
    if gone:
        await _record_departures(account, {digests[person.openid]: person.openid for person in gone}, at)
    profiles = [
        Profile(
            identity=digests[person.openid],
            unionid=person.unionid,
            subscribe_scene=person.subscribe_scene,
            profiled_at=at,
            follows=person.follows,
        )
        for person in people
    ]
    await _learn(profiles)
    carried = {digests[person.openid]: person.tags for person in people if person.follows}
    if carried:
        await take_tags(account, carried, at)


@database.retry_on_conflict
async def _learn(profiles: Sequence[Profile]) -> None:
    async with database.transaction() as connection:
        await learn_profiles(connection, profiles)


@database.retry_on_conflict
async def _record_departures(account: Credentials, gone: Mapping[bytes, str], at: datetime) -> None:
    async with database.transaction() as connection:
        rows = await connection.fetch(_STILL_FOLLOWING, list(gone), at)
        contacts = [departure(account, gone[row["digest"]], at) for row in rows]
        if contacts:
            await record_contacts(connection, contacts)


@database.retry_on_conflict
async def record_follows(account: Credentials, people: Sequence[Told]) -> int:
    """Write down follows that no push had told of, credited to whose code they came by; returns how many counted."""
    async with database.transaction() as connection:
        scenes = {person.scene for person in people if person.scene}
        owners = await codes.owners(connection, scenes) if scenes else {}
        contacts = []
        for person in people:
            code = owners.get((account.app_id, person.scene or ""))
            if person.follows and person.since is not None:
                credit = code.credit(person.since) if code else NOBODY
                contacts.append(_contact(account, person.openid, ContactKind.FOLLOW, person.since, credit=credit))
        return await record_contacts(connection, contacts) if contacts else 0


def departure(account: Credentials, openid: str, at: datetime) -> Contact:
    """A person left and no push told of it."""
    return _contact(account, openid, ContactKind.UNFOLLOW, at)


def _contact(account: Credentials, openid: str, kind: ContactKind, at: datetime, *, credit: Credit = NOBODY) -> Contact:
    return Contact(
        source=new_id(),
        app_id=account.app_id,
        openid=openid,
        identity=crypto.digest(account.app_id, openid),
        kind=kind,
        occurred_at=at,
        credit=credit,
    )
