"""Ready-made rows and values for tests: each factory makes one thing, with defaults that clash with nothing."""

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from core.channels import service as channels
from core.channels.models import Channel
from core.customers.rules import NOBODY, Contact, ContactKind, Credit
from core.customers.service import record_contacts
from core.organisation import passwords
from core.organisation import service as organisation
from core.organisation.models import Department, Post
from core.organisation.queries import Colleague
from core.permissions.rules import READY_MADE, RoleKey
from core.sessions import service as sessions
from core.stores import service as stores
from core.stores.models import Store
from infra import clock, crypto, database, deliveries, outbox
from infra.events import Registry
from infra.ids import new_id
from wechat.accounts import queries as accounts
from wechat.accounts import service as account_service
from wechat.accounts.models import Account
from wechat.accounts.rules import Kind, Mode
from wechat.codes import queries as codes
from wechat.codes import service as code_service
from wechat.codes.schemas import CodeOut
from wechat.welcomes import service as welcomes
from wechat.welcomes.models import Welcome

PASSWORD = "a password of this test"
TOKEN = "token0001"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "0123456789abcdef0123456789abcdef"
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)  # a Wednesday, noon in Shanghai

_numbers = itertools.count(1)


@cache
def _password_hash() -> str:
    # One slow hash for all colleagues of a test process.
    return passwords._hasher.hash(PASSWORD)


def openid(number: int | None = None) -> str:
    """28 characters beginning with o, as the platform gives them."""
    return f"o{next(_numbers) if number is None else number:027d}"


async def channel(name: str | None = None) -> Channel:
    return await channels.add_channel(name=name or f"渠道{next(_numbers)}")


async def store(name: str | None = None, *, channel: Channel | None = None) -> Store:
    return await stores.add_store(name=name or f"门店{next(_numbers)}", channel_id=channel.id if channel else None)


async def guide(name: str | None = None, *, store: Store | None = None) -> Colleague:
    """A guide, in a store of its own unless one is given."""
    home = store or await globals()["store"]()
    return await colleague(RoleKey.GUIDE, name, store_id=home.id, is_guide=True)


async def manager() -> Colleague:
    return await colleague(RoleKey.MANAGER)


async def admin() -> Colleague:
    return await colleague(RoleKey.ADMIN)


async def department(name: str | None = None, *, parent: Department | None = None) -> Department:
    return await Department.create(
        id=new_id(),
        name=name or f"部门{next(_numbers)}",
        parent_id=parent.id if parent else None,
        position=next(_numbers),
        created_at=clock.now(),
    )


async def post(department: Department, name: str | None = None) -> Post:
    return await Post.create(
        id=new_id(), department_id=department.id, name=name or f"岗位{next(_numbers)}", created_at=clock.now()
    )


async def place() -> dict[str, str]:
    """Department and post of a new colleague, as the API wants them."""
    home = await organisation.first_post("总部", "员工")
    return {"department_id": str(home.department_id), "post_id": str(home.id)}


async def colleague(role: RoleKey, name: str | None = None, *, post: Post | None = None, **values: Any) -> Colleague:
    """Somebody with a ready-made role; without a post, in the one department that everybody is in by default."""
    number = next(_numbers)
    place = post or await organisation.first_post("总部", "员工")
    return await organisation.create_staff(
        name=name or f"员工{number}",
        username=f"{role}-{number}",
        password_hash=_password_hash(),
        role_id=READY_MADE[role].id,
        department_id=place.department_id,
        post_id=place.id,
        **values,
    )


async def headers(staff: Colleague) -> dict[str, str]:
    """What a logged-in colleague sends."""
    opened = await sessions.open_session("staff", staff.id)
    return {"Authorization": f"Bearer {opened.token}"}


async def account(number: int = 1, **changes: Any) -> accounts.Credentials:
    """An official account in safe mode; the same number gives the same app id."""
    values: dict[str, Any] = {
        "app_id": f"wx{number:016d}",
        "original_id": f"gh_{number:012d}",
        "kind": Kind.OFFICIAL,
        "mode": Mode.SAFE,
        "name": f"公众号{number}",
        "secret": SECRET,
        "token": TOKEN,
        "aes_key": AES_KEY,
    }
    added: Account = await account_service.add_account(**values | changes)
    accounts.forget()
    return await accounts.credentials(added.app_id)


async def code(account: accounts.Credentials, target: Colleague | Store | Channel, *, issued: bool = True) -> CodeOut:
    """The code of a target in an account; `key_of` gives its scene."""
    await code_service.add_missing(target_id=target.id, account_id=account.id)
    found = [
        c
        for c in await codes.page(codes.CodeFilter(), None, 1000)
        if (c.app_id, c.target_id) == (account.app_id, target.id)
    ]
    if issued:
        await database.execute(
            "UPDATE wechat_code SET state = 'issued', ticket = 'ticket', url = $2 WHERE id = $1",
            found[0].id,
            f"http://weixin.qq.com/q/{found[0].id.hex}",
        )
    return await codes.code(found[0].id)


async def key_of(code: CodeOut) -> str:
    """The scene key of a code."""
    row = await database.fetch_one("SELECT key FROM wechat_code WHERE id = $1", code.id)
    assert row is not None
    key: str = row["key"]
    return key


async def welcome(follow: str, scan: str | None = None, *, version: int = 0, **target: UUID | None) -> Welcome:
    ids: dict[str, UUID | None] = {"guide_id": None, "store_id": None, "channel_id": None}
    return await welcomes.set_welcome(**ids | target, follow_text=follow, scan_text=scan, version=version)


def contact(
    kind: ContactKind,
    at: datetime = NOON,
    *,
    person: str = "person",
    credit: Credit = NOBODY,
    app_id: str = "wx0000000000000001",
) -> Contact:
    """A contact of a named person."""
    return Contact(
        source=new_id(),
        app_id=app_id,
        openid=person,
        identity=crypto.digest(app_id, person),
        kind=kind,
        occurred_at=at,
        credit=credit,
    )


async def record(*contacts: Contact) -> int:
    """Record contacts in a transaction of their own."""
    async with database.transaction() as connection:
        return await record_contacts(connection, contacts)


async def customer_of(person: str = "person", app_id: str = "wx0000000000000001") -> dict[str, Any] | None:
    """The customer row behind a person, with the first touch's credit."""
    row = await database.fetch_one(
        """SELECT c.id, c.guide_id, c.following, c.is_staff, t.guide_id AS brought_by, t.store_id, t.channel_id,
                  t.occurred_at AS first_at, (SELECT count(*) FROM touch x WHERE x.customer_id = c.id) AS touches
        FROM identity i JOIN customer c ON c.id = i.customer_id
        LEFT JOIN touch t ON t.customer_id = c.id AND t.is_first WHERE i.digest = $1""",
        crypto.digest(app_id, person),
    )
    return dict(row) if row else None


async def settle(registry: Registry) -> None:
    """Let everything published be handled, and what follows from it."""
    while True:
        taken, _ = await outbox.fan_out(registry)
        due = await deliveries.due_handlers(registry)
        for name in due:
            while await deliveries.drain(registry, name):
                pass
        if not taken and not due:
            return


async def count(table: str) -> int:
    row = await database.fetch_one(f"SELECT count(*) AS n FROM {table}")
    assert row is not None
    number: int = row["n"]
    return number


def jump(where: Any, **offset: float) -> None:
    """Move the clock of all processes from real time, `jump(db, hours=49)`."""
    clock.write_offset(where.clock_file, timedelta(**offset))


def jump_to(where: Any, moment: datetime) -> None:
    """Move the clock so that it is `moment` now."""
    clock.write_offset(where.clock_file, moment - datetime.now(UTC))


async def rows(sql: str, *values: object) -> list[dict[str, Any]]:
    return [dict(row) for row in await database.fetch(sql, *values)]


async def somebody_waits(many: int = 1) -> bool:
    """Tell whether so many connections to this test's database wait for a lock; other test processes have theirs.

    Read from pg_locks alone: pg_stat_activity stands still within a transaction, and a lock on a row names no database.
    """
    [waiting] = await rows(
        """SELECT count(DISTINCT w.pid) FROM pg_locks w JOIN pg_locks l USING (pid)
        JOIN pg_database d ON d.oid = l.database WHERE NOT w.granted AND d.datname = current_database()"""
    )
    return bool(waiting["count"] >= many)
