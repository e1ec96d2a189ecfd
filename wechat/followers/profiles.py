"""Asking the platform about people: unionid, tags, and whether they follow. A claim is a lease on `identity.ask_at`."""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

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
from wechat.platform.errors import PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.policy import Action

SIZE = Parameter(
    name="wechat.profile_batch",
    default=100,
    least=1,
    most=100,
    help="一次向平台查询多少位粉丝的资料（平台上限 100）",
    english="How many fans' profiles are asked for at once (WeChat allows 100)",
)
RETRY_SECONDS = Parameter(
    name="wechat.profile_retry_seconds",
    default=300,
    least=10,
    most=86_400,
    help="资料查询被拒绝或无响应时，该账号多少秒后再试",
    english=("When WeChat refuses profiles or does not answer, the account is asked again after so many seconds"),
)

# Whoever knows what a tag is learns who carries which: digests of identities, the platform's numbers of tags, and when
# it was asked.
TakeTags: TypeAlias = Callable[[Credentials, Mapping[bytes, Sequence[int]], datetime], Awaitable[None]]

_SLICE_SECONDS = 30.0
_LEASE = timedelta(minutes=3)

# An account that can't be asked now keeps nobody else waiting, and its own people keep their place.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM identity WHERE app_id = $1 AND ask_at <= $2 AND following AND openid IS NOT NULL AND EXISTS (
        SELECT FROM wechat_account
        WHERE app_id = $1 AND kind = 'official' AND disabled_at IS NULL AND (ask_from IS NULL OR ask_from <= $2)
    ) ORDER BY ask_at LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE identity i SET ask_at = $3 FROM due WHERE i.id = due.id RETURNING i.openid
"""

# Skips whoever is being written: nobody holding a customer waits for us.
_LEAVE_OUT = """
UPDATE identity i SET ask_at = NULL FROM (
    SELECT id FROM identity WHERE digest = ANY($1::bytea[]) AND ask_at = $2 FOR UPDATE SKIP LOCKED
) due WHERE i.id = due.id
"""

_STILL_FOLLOWING = """
SELECT digest FROM identity WHERE digest = ANY($1::bytea[]) AND following AND state_at < $2 AND ask_at = $3
"""


async def ask_due(take_tags: TakeTags) -> int:
    """Ask about everybody who is due, account by account; returns about how many the platform told something."""
    told, started = 0, time.monotonic()
    waiting = deque(account for account in await accounts.every() if account.kind is Kind.OFFICIAL)
    while waiting and time.monotonic() - started < _SLICE_SECONDS:
        account, now = waiting.popleft(), clock.now()
        lease = now + _LEASE
        claimed = await database.fetch(_CLAIM, account.app_id, now, lease, await SIZE.get())
        if not claimed:
            continue
        try:
            told += await _ask(account, [row["openid"] for row in claimed], lease, take_tags)
        except QuotaSpent as error:
            await _rest(account, error.until, error)
        except (PlatformRefused, PlatformAway) as error:
            await _rest(account, clock.now() + timedelta(seconds=await RETRY_SECONDS.get()), error)
            if isinstance(error, PlatformAway):
                break
        else:
            waiting.append(account)
    return told


async def _ask(account: Credentials, openids: Sequence[str], lease: datetime, take_tags: TakeTags) -> int:
    at = present()
    people = await asked(account, openids)
    await learn(account, people, at, take_tags, lease)
    missing = set(openids) - {person.openid for person in people}
    if missing:
        digests = [crypto.digest(account.app_id, openid) for openid in missing]
        await database.execute(_LEAVE_OUT, digests, lease)
    return len(people)


async def _rest(account: Credentials, until: datetime, error: DomainError) -> None:
    """The account is left alone by all workers; whom it claimed is due again when the lease is over."""
    logger().warning("profiles_wait", app_id=account.app_id, error=str(error))
    await database.execute("UPDATE wechat_account SET ask_from = $2 WHERE id = $1", account.id, until)


async def asked(account: Credentials, openids: Sequence[str]) -> list[Told]:
    """What the platform tells about these people; of one whose openid it refuses it tells nothing.

    Raises PlatformRefused, PlatformAway, QuotaSpent.
    """
    try:
        infos = await users.user_infos(account, openids)
    except PlatformRefused as refusal:
        if refusal.action is not Action.MARK_OPENID_WRONG:
            raise
        if len(openids) == 1:
            return []
        # One wrong openid spoils the call: halve until it stands alone.
        middle = len(openids) // 2
        return await asked(account, openids[:middle]) + await asked(account, openids[middle:])
    wanted = set(openids)
    return [told for info in infos if (told := read(info)) is not None and told.openid in wanted]


def present() -> datetime:
    """The second in which the platform is asked: WeChat's times have no fractions."""
    return clock.now().replace(microsecond=0)


async def learn(
    account: Credentials, people: Sequence[Told], at: datetime, take_tags: TakeTags, lease: datetime | None = None
) -> None:
    """Keep what was told when asked `at`: who has left, who follows, who is one person, which tags they carry.

    Nobody leaves without a `lease`; who followed anew since it was taken stays, and is asked about again.
    """
    digests = {person.openid: crypto.digest(account.app_id, person.openid) for person in people}
    gone = [person for person in people if not person.follows]
    if gone:
        await _record_departures(account, {digests[person.openid]: person.openid for person in gone}, at, lease)
    profiles = [
        Profile(
            identity=digests[person.openid],
            unionid=person.unionid,
            subscribe_scene=person.subscribe_scene,
            profiled_at=at,
            follows=person.follows,
            lease=lease,
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
async def _record_departures(
    account: Credentials, gone: Mapping[bytes, str], at: datetime, lease: datetime | None
) -> None:
    async with database.transaction() as connection:
        rows = await connection.fetch(_STILL_FOLLOWING, list(gone), at, lease)
        contacts = [_contact(account, gone[row["digest"]], ContactKind.UNFOLLOW, at) for row in rows]
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
