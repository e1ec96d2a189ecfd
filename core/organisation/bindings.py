"""Which WeChat identities are colleagues: bound by a one-time code, unbound, looked up.

A file of its own: the push handler, the log-in by WeChat and the outbound ledger ask it, and nothing else of staff.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

import asyncpg

from core.organisation.errors import AlreadyBound, BindingNotFound, StaffNotFound
from core.organisation.events import StaffWechatBound, StaffWechatUnbound
from core.organisation.models import Staff, StaffWechat
from core.sessions import service as sessions
from infra import audit, clock, crypto, database
from infra.database import Connection, transaction
from infra.ids import new_id
from infra.outbox import publish

# One code per person waits for its scan: a newer one takes the place of the older.
_PUT_CODE = """
INSERT INTO staff_binding_code (id, staff_id, key_digest, made_by, created_at, expires_at)
SELECT $1, s.id, $3, $4, $5, $6 FROM staff s WHERE s.id = $2 AND s.left_at IS NULL AND s.disabled_at IS NULL
ON CONFLICT (staff_id) WHERE used_at IS NULL DO UPDATE SET key_digest = excluded.key_digest,
    made_by = excluded.made_by, created_at = excluded.created_at, expires_at = excluded.expires_at
"""

_AT_WORK = "s.left_at IS NULL AND s.disabled_at IS NULL"

# The bearer of an identity who is somebody else leaves the code as it is: the right phone may still come.
_USE_CODE = f"""
UPDATE staff_binding_code c SET used_at = $2 FROM staff s
WHERE c.key_digest = $1 AND c.used_at IS NULL AND c.expires_at > $2 AND s.id = c.staff_id AND {_AT_WORK}
  AND NOT EXISTS (SELECT FROM staff_wechat w WHERE w.digest = $3 AND w.staff_id <> c.staff_id)
RETURNING s.id, s.name
"""

_OPEN_CODE = f"""
SELECT s.id, s.name FROM staff_binding_code c JOIN staff s ON s.id = c.staff_id
WHERE c.key_digest = $1 AND c.used_at IS NULL AND c.expires_at > $2 AND {_AT_WORK}
"""

_BEARER = "SELECT s.id, s.name FROM staff_wechat w JOIN staff s ON s.id = w.staff_id WHERE w.digest = $1"

_BIND = """
INSERT INTO staff_wechat (id, staff_id, app_id, openid, digest, bound_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (digest) DO NOTHING
"""

_ADDRESSES = """
SELECT staff_id, app_id, openid, digest FROM staff_wechat
WHERE staff_id = ANY($1::uuid[]) AND openid IS NOT NULL ORDER BY staff_id, bound_at DESC, id
"""


class Outcome(StrEnum):
    """What a scan of a binding code led to, or would lead to."""

    BOUND = "bound"
    TAKEN = "taken"  # the identity is another colleague's
    OVER = "over"  # the code was used, replaced, or its time is over


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague by id and name."""

    id: UUID
    name: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(UUID(int=row["id"].int), row["name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScan:
    """Somebody scanned a binding code at `at`; `key_digest` stands for the code."""

    key_digest: bytes
    app_id: str
    openid: str
    at: datetime

    @property
    def identity(self) -> bytes:
        """The keyed digest of the scanner."""
        return crypto.digest(self.app_id, self.openid)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What became of a scan; `person` is whose code it is, None when it is over."""

    outcome: Outcome
    person: Person | None = None


async def hold_bindings(connection: Connection, identities: Iterable[bytes]) -> None:
    """Until the caller's transaction ends, nobody is bound to these identities (keyed digests).

    Whoever makes a customer of a new identity and whoever binds it take turns, so that the binding finds the customer
    or the other finds the binding.
    """
    keys = sorted(int.from_bytes(identity[:8], "big", signed=True) for identity in identities)
    await connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", keys)


async def bind_wechat(staff_id: UUID, app_id: str, openid: str) -> None:
    """From now on this openid is a colleague, no fan; again changes nothing. Raises StaffNotFound, AlreadyBound."""
    digest = crypto.digest(app_id, openid)
    async with transaction() as connection:
        if not await Staff.exists(id=staff_id):
            raise StaffNotFound
        await hold_bindings(connection, [digest])
        if not await _bind(connection, staff_id, app_id, openid) and not await StaffWechat.exists(
            staff_id=staff_id, digest=digest
        ):
            raise AlreadyBound


async def put_code(staff_id: UUID, key_digest: bytes, expires_at: datetime) -> None:
    """A one-time code of a colleague at work, in the place of the one before. Raises StaffNotFound."""
    async with transaction() as connection:
        written = await connection.execute(
            _PUT_CODE, new_id(), staff_id, key_digest, audit.actor(), clock.now(), expires_at
        )
        if written == "INSERT 0 0":
            raise StaffNotFound
        await audit.note("staff.wechat_code_made", "staff", staff_id)


async def preview(key_digest: bytes, identity: bytes) -> Redeemed:
    """What a scan of the code by this identity (keyed digest) will lead to; reads only."""
    async with database.connection() as connection:
        code = await connection.fetchrow(_OPEN_CODE, key_digest, clock.now())
        bearer = await connection.fetchrow(_BEARER, identity)
    if code is None:
        return Redeemed(Outcome.OVER)
    taken = bearer is not None and bearer["id"] != code["id"]
    return Redeemed(Outcome.TAKEN if taken else Outcome.BOUND, Person.of(code))


async def redeem_many(connection: Connection, scans: Sequence[CodeScan]) -> list[Redeemed]:
    """Bind those who scanned, each code once; one result per scan, in order. A set function.

    The caller's transaction holds the scanners' bindings (`hold_bindings`). Codes are taken in one order for all.
    """
    results = dict[int, Redeemed]()
    for place, scan in sorted(enumerate(scans), key=lambda pair: (pair[1].key_digest, pair[0])):
        results[place] = await _redeem(connection, scan)
    return [results[place] for place in range(len(scans))]


async def _redeem(connection: Connection, scan: CodeScan) -> Redeemed:
    used = await connection.fetchrow(_USE_CODE, scan.key_digest, scan.at, scan.identity)
    if used is not None:
        person = Person.of(used)
        await _bind(connection, person.id, scan.app_id, scan.openid)
        return Redeemed(Outcome.BOUND, person)
    code = await connection.fetchrow(_OPEN_CODE, scan.key_digest, scan.at)
    return Redeemed(Outcome.TAKEN, Person.of(code)) if code else Redeemed(Outcome.OVER)


async def _bind(connection: Connection, staff_id: UUID, app_id: str, openid: str) -> bool:
    digest = crypto.digest(app_id, openid)
    written = await connection.execute(_BIND, new_id(), staff_id, app_id, openid, digest, clock.now())
    if written == "INSERT 0 0":
        return False
    await publish(StaffWechatBound(staff_id=staff_id, identity=digest.hex()))
    await audit.note("staff.wechat_bound", "staff", staff_id, {"app_id": app_id})
    return True


async def of_staff(staff_id: UUID) -> list[StaffWechat]:
    """A colleague's bindings, oldest first."""
    return await StaffWechat.filter(staff_id=staff_id).order_by("bound_at", "id")


async def unbind(staff_id: UUID, binding_id: UUID) -> None:
    """The identity is no colleague any more and is told nothing more; sessions opened by WeChat end.

    Raises BindingNotFound.
    """
    async with transaction():
        binding = await StaffWechat.select_for_update().get_or_none(id=binding_id, staff_id=staff_id)
        if binding is None:
            raise BindingNotFound
        await binding.delete()
        await sessions.end_all("staff", staff_id, way="wechat")
        await publish(StaffWechatUnbound(staff_id=staff_id, identity=binding.digest.hex()))
        await audit.note("staff.wechat_unbound", "staff", staff_id, {"app_id": binding.app_id})


async def bearer(app_id: str, openid: str) -> UUID | None:
    """The colleague whose identity this is, whether at work or not; an openid that was not kept is kept now."""
    digest = crypto.digest(app_id, openid)
    row = await database.fetch_one("SELECT staff_id, openid FROM staff_wechat WHERE digest = $1", digest)
    if row is not None and row["openid"] is None:
        await database.execute(
            "UPDATE staff_wechat SET app_id = $2, openid = $3 WHERE digest = $1", digest, app_id, openid
        )
    return UUID(int=row["staff_id"].int) if row else None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a colleague is reached on WeChat; `digest` stands for the openid."""

    app_id: str
    openid: str
    digest: bytes


async def addresses(connection: Connection, staff_ids: Collection[UUID]) -> dict[UUID, list[Address]]:
    """The identities of colleagues, each one's newest first."""
    found = dict[UUID, list[Address]]()
    for row in await connection.fetch(_ADDRESSES, list(staff_ids)):
        found.setdefault(row["staff_id"], []).append(Address(row["app_id"], row["openid"], row["digest"]))
    return found
