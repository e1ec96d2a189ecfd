"""Is the log whole? Every hash computed again, in one snapshot, a thousand rows at a time.

Noticed are: a row changed or removed, a place of the chain removed, rows that were never chained, and, with an anchor
(a place and its hash written down elsewhere earlier), an end cut off or a whole chain made anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import asyncpg
import orjson

from core.audit.rules import GENESIS, next_hash
from infra import alerts, audit, clock, database, redis
from infra.database import Connection
from infra.errors import InvalidInput
from infra.logging import logger

BROKEN_ALERT = "audit.broken"

_BATCH = 1_000
_ANCHOR_KEY = "audit:anchor"
_ANCHOR = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

# OFFSET 0: each row by its key, as for sealing.
_PLACES = """
SELECT c.seq, c.audit_at, c.hash, a.*
FROM (SELECT * FROM audit_chain WHERE seq > $1 ORDER BY seq LIMIT $2) c LEFT JOIN LATERAL (
    SELECT id, created_at, actor, action, subject_kind, subject_id, details::text AS details, request_id, address
    FROM audit WHERE id = c.audit_id AND created_at = c.audit_at OFFSET 0
) a ON true ORDER BY c.seq
"""

_HEAD = "SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1"

_LOST = """
SELECT u.audit_id FROM audit_unsealed u LEFT JOIN LATERAL (
    SELECT id FROM audit WHERE id = u.audit_id AND created_at = u.audit_at OFFSET 0
) a ON true WHERE a.id IS NULL LIMIT 1
"""

_COUNTS = """
SELECT (SELECT count(*) FROM audit) AS logged, (SELECT count(*) FROM audit_unsealed) AS waiting,
       (SELECT count(*) FROM audit_chain) AS chained
"""

_UNCHAINED = """
SELECT a.id FROM audit a WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.audit_id = a.id)
AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.audit_id = a.id) LIMIT 1
"""

_DROPPED = """
SELECT max(details ->> 'before') AS day FROM audit WHERE action = 'audit.dropped' AND actor = $1
"""


class Fault(StrEnum):
    """What is wrong at a place of the chain."""

    REMOVED = "row_removed"
    CHANGED = "row_changed"
    GAP = "place_removed"
    LOST = "unsealed_row_removed"
    UNCHAINED = "row_never_chained"
    ANCHOR = "anchor_missed"


class BadAnchor(InvalidInput):
    code = "audit_anchor_invalid"
    message = "锚点格式应为 序号:64 位十六进制哈希"
    english = "An anchor is a place and its hash, SEQ:HASH"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in the chain and its hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def of(cls, text: str) -> "Anchor":
        """From `SEQ:HASH`. Raises BadAnchor."""
        match = _ANCHOR.fullmatch(text.strip())
        if match is None:
            raise BadAnchor
        return cls(int(match[1]), bytes.fromhex(match[2]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: from the place `since` on, `rows` places up to `head`; the first fault, and where."""

    since: int
    rows: int
    head: Anchor
    dropped: int = 0
    fault: Fault | None = None
    place: str | None = None

    @property
    def intact(self) -> bool:
        return self.fault is None


async def head() -> Anchor:
    """The newest place; 0 with the first hash when nothing is chained yet."""
    row = await database.fetch_one(_HEAD)
    return Anchor(row["seq"], row["hash"]) if row else Anchor(0, GENESIS)


async def check(*, newest: int | None = None, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check the whole log, or only the newest places, and that the anchors hold."""
    async with database.transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection.execute("SET LOCAL statement_timeout = 0")
        # Before the snapshot: else months dropped just now would be gone, and the row that says so not yet there.
        await connection.execute("LOCK TABLE audit IN ACCESS SHARE MODE")
        row = await connection.fetchrow(_HEAD)
        last = Anchor(row["seq"], row["hash"]) if row else Anchor(0, GENESIS)
        walk = _Walk(connection, since=max(0, last.seq - newest) if newest else 0, head=last)
        for anchor in anchors:
            await walk.expect(anchor)
        await walk.places()
        await walk.lost()
        if walk.since == 0:
            await walk.counts()
    return Verdict(walk.since, walk.rows, last, walk.dropped, walk.fault, walk.place)


class _Walk:
    """One way along the chain, up to the first fault."""

    def __init__(self, connection: Connection, *, since: int, head: Anchor) -> None:
        self._connection = connection
        self._head = head
        self.since = since
        self.rows = 0
        self.dropped = 0
        self.fault: Fault | None = None
        self.place: str | None = None

    def _found(self, fault: Fault, place: object) -> None:
        self.fault, self.place = fault, str(place)

    async def expect(self, anchor: Anchor) -> None:
        found = await self._connection.fetchval("SELECT hash FROM audit_chain WHERE seq = $1", anchor.seq)
        if anchor.seq and found != anchor.hash and not self.fault:
            self._found(Fault.ANCHOR, anchor.seq)

    async def places(self) -> None:
        """Every place follows the one before it, and its row says what it said."""
        seq, former = self.since, GENESIS
        if seq:
            former = await self._connection.fetchval("SELECT hash FROM audit_chain WHERE seq = $1", seq)
        whole_since = await self._whole_since()
        while not self.fault and (rows := await self._connection.fetch(_PLACES, seq, _BATCH)):
            for row in rows:
                self._judge(row, seq, former, whole_since)
                if self.fault:
                    break
                seq, former = row["seq"], row["hash"]
                self.rows += 1

    def _judge(self, row: asyncpg.Record, seq: int, former: bytes | None, whole_since: datetime) -> None:
        if row["seq"] != seq + 1 or former is None:
            self._found(Fault.GAP, seq + 1)
        elif row["id"] is not None:
            if next_hash(former, row) != row["hash"]:
                self._found(Fault.CHANGED, row["seq"])
        elif row["audit_at"] < whole_since:
            # Dropped after its time: the hash that was kept goes on to vouch for those before and after it.
            self.dropped += 1
        else:
            self._found(Fault.REMOVED, row["seq"])

    async def _whole_since(self) -> datetime:
        """From when on no row has been dropped, as the log itself says."""
        day = await self._connection.fetchval(_DROPPED, audit.SYSTEM)
        return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) if day else _LONG_AGO

    async def lost(self) -> None:
        if not self.fault and (id_ := await self._connection.fetchval(_LOST)):
            self._found(Fault.LOST, id_)

    async def counts(self) -> None:
        """Nobody wrote a row beside the chain: counting is quick, and only a difference is looked into."""
        if self.fault:
            return
        row = await self._connection.fetchrow(_COUNTS)
        if row and row["logged"] + self.dropped != row["chained"] + row["waiting"]:
            self._found(Fault.UNCHAINED, await self._connection.fetchval(_UNCHAINED))


async def check_all() -> Verdict:
    """The daily check of everything: its result is a row of the log itself, a fault an alert."""
    verdict = await check(anchors=await _remembered())
    details = {"rows": verdict.rows, "head": str(verdict.head), "fault": verdict.fault, "place": verdict.place}
    await audit.note("audit.verified", "audit", "log", details)
    if verdict.fault:
        await _alert(verdict.fault, verdict.place)
    return verdict


async def drop_anchor() -> None:
    """Write the head down outside the database, each hour: in the log and in Redis; and does the former one still hold?

    Whoever cuts off the chain's end in the database has to change these too.
    """
    for anchor in await _remembered():
        found = await database.fetch_one("SELECT hash FROM audit_chain WHERE seq = $1", anchor.seq)
        if anchor.seq and (found is None or found["hash"] != anchor.hash):
            await _alert(Fault.ANCHOR, str(anchor.seq))
    present = await head()
    logger().info("audit_head", seq=present.seq, hash=present.hash.hex())
    try:
        await redis.client().set(_ANCHOR_KEY, orjson.dumps({"at": clock.now(), "anchor": str(present)}))
    except redis.RedisError as error:
        logger().warning("audit_anchor_not_kept", error=type(error).__name__)


async def _remembered() -> list[Anchor]:
    try:
        kept = await redis.client().get(_ANCHOR_KEY)
    except redis.RedisError:
        return []
    return [Anchor.of(orjson.loads(kept)["anchor"])] if kept else []


async def _alert(fault: Fault, place: str | None) -> None:
    await alerts.raise_alert(BROKEN_ALERT, "audit", f"审计记录不完整：{fault}，位置 {place}（guanxi audit verify）")
