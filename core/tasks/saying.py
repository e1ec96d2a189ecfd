"""Words from phones: each is written once, and its recipient stands where all the words together put it.

Phones send what they have buffered, in any order and more than once. `say_many` is the one implementation; concurrent
phones share its transactions.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from core.files import service as files
from core.tasks import counting
from core.tasks.errors import ProofNeeded, TaskNotFound, TaskWasRecalled, VersionUnknown, WordKeyReused
from core.tasks.events import TaskAnswered, TaskChanged, TaskRecalled
from core.tasks.rules import Decision, Standing, Step, clamp, join, of_word
from core.tasks.schemas import Outcome, Unreadable, WordIn, WordResult
from infra import clock
from infra.batch import GroupCommit
from infra.database import Connection, transaction
from infra.errors import DomainError, InvalidInput
from infra.events import Event
from infra.outbox import publish

# In the order of their ids, so that two batches never wait for each other.
_LOCK = """
SELECT r.id, r.task_id, r.staff_id, r.removed_at, r.delivered_at, r.read_at, r.read_version, r.accepted_at, r.progress,
       r.progress_at, r.decision, r.decided_at, t.created_at, t.version, t.needs_proof, t.recalled_at
FROM task_recipient r JOIN task t ON t.id = r.task_id
WHERE (r.task_id, r.staff_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) ORDER BY r.id FOR NO KEY UPDATE OF r
"""

_KNOWN = """
SELECT recipient_id, key, step, progress, note, file_ids, version, counted, said_at, received_at
FROM task_word WHERE (recipient_id, key) IN (SELECT * FROM unnest($1::bigint[], $2::uuid[]))
"""

_WRITE = """
INSERT INTO task_word (recipient_id, key, step, progress, note, file_ids, version, counted, said_at, received_at)
SELECT recipient_id, key, step, progress, note, file_ids::jsonb, version, counted, said_at, received_at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::int[], $8::bool[],
    $9::timestamptz[], $10::timestamptz[])
    AS w (recipient_id, key, step, progress, note, file_ids, version, counted, said_at, received_at)
"""

_STAND = """
UPDATE task_recipient r SET delivered_at = n.delivered_at, read_at = n.read_at, read_version = n.read_version,
    accepted_at = n.accepted_at, progress = n.progress, progress_at = n.progress_at, decision = n.decision,
    decided_at = n.decided_at, turn = r.turn + n.taken_up::int
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::timestamptz[], $6::smallint[],
    $7::timestamptz[], $8::text[], $9::timestamptz[], $10::bool[])
    AS n (id, delivered_at, read_at, read_version, accepted_at, progress, progress_at, decision, decided_at, taken_up)
WHERE r.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Said:
    """A word as it arrived from a colleague."""

    staff_id: UUID
    word: WordIn
    received_at: datetime


@dataclass(slots=True)
class _Recipient:
    """A locked recipient row and its task; `standing` grows with the words."""

    id: int
    task_id: UUID
    staff_id: UUID
    task_made_at: datetime
    version: int
    needs_proof: bool
    removed_at: datetime | None
    recalled_at: datetime | None
    before: Standing
    standing: Standing

    @property
    def asked_until(self) -> datetime | None:
        return min((at for at in (self.removed_at, self.recalled_at) if at is not None), default=None)

    @property
    def missed(self) -> type[TaskChanged | TaskRecalled] | None:
        """What whoever had read the task was told of, before it was known that this one had read it too."""
        if self.removed_at is not None or self.before.read_at is not None or self.standing.read_at is None:
            return None
        if self.recalled_at is not None:
            return TaskRecalled
        return TaskChanged if (self.standing.read_version or 0) < self.version else None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "_Recipient":
        standing = Standing(
            delivered_at=row["delivered_at"],
            read_at=row["read_at"],
            read_version=row["read_version"],
            accepted_at=row["accepted_at"],
            progress=row["progress"],
            progress_at=row["progress_at"],
            decision=row["decision"] and Decision(row["decision"]),
            decided_at=row["decided_at"],
        )
        return cls(
            id=row["id"],
            task_id=UUID(int=row["task_id"].int),
            staff_id=UUID(int=row["staff_id"].int),
            task_made_at=row["created_at"],
            version=row["version"],
            needs_proof=row["needs_proof"],
            removed_at=row["removed_at"],
            recalled_at=row["recalled_at"],
            before=standing,
            standing=standing,
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """A word of the trace, there already or about to be."""

    recipient_id: int
    key: UUID
    step: Step
    progress: int | None
    note: str
    file_ids: tuple[UUID, ...]
    version: int
    counted: bool
    said_at: datetime
    received_at: datetime

    @classmethod
    def of(cls, row: asyncpg.Record) -> "_Written":
        file_ids = tuple(map(UUID, orjson.loads(row["file_ids"])))
        return cls(**dict(row) | {"step": Step(row["step"]), "file_ids": file_ids})

    @classmethod
    def new(cls, recipient: _Recipient, said: Said) -> "_Written":
        word = said.word
        said_at = clamp(word.said_at, recipient.task_made_at, said.received_at)
        return cls(
            recipient_id=recipient.id,
            key=word.key,
            step=word.step,
            progress=word.progress,
            note=word.note,
            file_ids=tuple(word.file_ids),
            version=word.version,
            counted=recipient.asked_until is None or said_at < recipient.asked_until,
            said_at=said_at,
            received_at=said.received_at,
        )

    def says(self, word: WordIn, task_made_at: datetime) -> bool:
        """Whether it is this word, sent again."""
        said_at = clamp(word.said_at, task_made_at, self.received_at)
        mine = (self.step, self.progress, self.note, self.file_ids, self.version, self.said_at)
        return mine == (word.step, word.progress, word.note, tuple(word.file_ids), word.version, said_at)


async def say(staff_id: UUID, words: Sequence[WordIn | Unreadable]) -> list[WordResult]:
    """What a colleague's phone has to say; one result per word, after the commit that holds it."""
    received_at = clock.now()
    return await asyncio.gather(*(_say(staff_id, word, received_at) for word in words))


async def _say(staff_id: UUID, word: WordIn | Unreadable, received_at: datetime) -> WordResult:
    if isinstance(word, Unreadable):
        return _refused(word.key, InvalidInput)
    return await _door.submit(Said(staff_id, word, received_at))


async def say_many(connection: Connection, rows: Sequence[Said]) -> list[WordResult]:
    """Write words and move their recipients, in the caller's transaction; a refused one changes nothing."""
    recipients = await _lock(connection, rows)
    known = await _known(connection, recipients, rows)
    fresh = list[_Written]()
    results = []
    for said in rows:
        recipient = recipients.get((said.word.task_id, said.staff_id))
        try:
            outcome = await _take(connection, recipient, said, known, fresh)
            results.append(WordResult(key=said.word.key, outcome=outcome))
        except DomainError as error:
            results.append(_refused(said.word.key, type(error)))
    await _write(connection, fresh)
    await _move(connection, [one for one in recipients.values() if one.standing != one.before])
    return results


async def _take(
    connection: Connection,
    recipient: _Recipient | None,
    said: Said,
    known: dict[tuple[int, UUID], _Written],
    fresh: list[_Written],
) -> Outcome:
    """Raises what refuses the word; one that was said after the recall is refused, but stays in the trace."""
    if recipient is None:
        raise TaskNotFound
    word = said.word
    former = known.get((recipient.id, word.key))
    written = former or _Written.new(recipient, said)
    if former is None:
        if word.version > recipient.version:
            raise VersionUnknown
        if word.step is Step.DONE and recipient.needs_proof and not word.file_ids:
            raise ProofNeeded
        if word.file_ids:
            async with transaction():
                await files.keep(connection, word.file_ids, said.staff_id)
        known[recipient.id, word.key] = written
        fresh.append(written)
    elif not former.says(word, recipient.task_made_at):
        raise WordKeyReused
    if not written.counted:
        raise TaskWasRecalled
    if former is not None:
        return Outcome.REPEATED
    recipient.standing = join(
        recipient.standing, of_word(written.step, written.said_at, written.version, written.progress)
    )
    return Outcome.APPLIED


def _refused(key: UUID | None, error: type[DomainError]) -> WordResult:
    return WordResult(key=key, outcome=Outcome.REFUSED, code=error.code, message=error.message)


async def _lock(connection: Connection, rows: Sequence[Said]) -> dict[tuple[UUID, UUID], _Recipient]:
    pairs = {(said.word.task_id, said.staff_id) for said in rows}
    found = await connection.fetch(_LOCK, [task for task, _ in pairs], [staff for _, staff in pairs])
    return {(row["task_id"], row["staff_id"]): _Recipient.of(row) for row in found}


async def _known(
    connection: Connection, recipients: Mapping[tuple[UUID, UUID], _Recipient], rows: Sequence[Said]
) -> dict[tuple[int, UUID], _Written]:
    # Asked under the lock: whoever wrote the same key a moment ago has committed.
    keys = {
        (recipient.id, said.word.key)
        for said in rows
        if (recipient := recipients.get((said.word.task_id, said.staff_id))) is not None
    }
    found = await connection.fetch(_KNOWN, [recipient for recipient, _ in keys], [key for _, key in keys])
    return {(row["recipient_id"], UUID(int=row["key"].int)): _Written.of(row) for row in found}


async def _write(connection: Connection, words: Sequence[_Written]) -> None:
    if not words:
        return
    await connection.execute(
        _WRITE,
        [word.recipient_id for word in words],
        [word.key for word in words],
        [word.step for word in words],
        [word.progress for word in words],
        [word.note for word in words],
        [orjson.dumps(word.file_ids).decode() for word in words],
        [word.version for word in words],
        [word.counted for word in words],
        [word.said_at for word in words],
        [word.received_at for word in words],
    )


async def _move(connection: Connection, recipients: Sequence[_Recipient]) -> None:
    if not recipients:
        return
    new = [one.standing for one in recipients]
    await connection.execute(
        _STAND,
        [one.id for one in recipients],
        [standing.delivered_at for standing in new],
        [standing.read_at for standing in new],
        [standing.read_version for standing in new],
        [standing.accepted_at for standing in new],
        [standing.progress for standing in new],
        [standing.progress_at for standing in new],
        [standing.decision for standing in new],
        [standing.decided_at for standing in new],
        [one.before.is_closed and not one.standing.is_closed for one in recipients],
    )
    counting.stir({one.task_id for one in recipients})
    if events := _events(recipients):
        await publish(*events)


def _events(recipients: Sequence[_Recipient]) -> list[Event]:
    """What follows for others, and for whoever was offline too long to hear of a change or a recall."""
    decided = defaultdict[UUID, list[_Recipient]](list)
    missed = defaultdict[tuple[UUID, type[TaskChanged | TaskRecalled]], list[UUID]](list)
    for one in recipients:
        if one.standing.decision is not one.before.decision:
            decided[one.task_id].append(one)
        if one.missed is not None:
            missed[one.task_id, one.missed].append(one.staff_id)
    told = [kind(task_id=task_id, staff_ids=tuple(people)) for (task_id, kind), people in missed.items()]
    return [*(_answered(task_id, some) for task_id, some in decided.items()), *told]


def _answered(task_id: UUID, recipients: Sequence[_Recipient]) -> TaskAnswered:
    rejected = tuple(one.staff_id for one in recipients if one.standing.decision is Decision.REJECTED)
    return TaskAnswered(task_id=task_id, staff_ids=tuple(one.staff_id for one in recipients), rejected_ids=rejected)


_door = GroupCommit("task_words", say_many, key=lambda said: said.staff_id)
