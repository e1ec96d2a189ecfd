"""What acknowledgements add up to, in whatever order and however often they come: pure functions."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce
from uuid import UUID


class Step(StrEnum):
    """What a recipient says of a task."""

    DELIVERED = "delivered"
    READ = "read"
    ACCEPTED = "accepted"
    PROGRESS = "progress"
    DONE = "done"
    REJECTED = "rejected"


class Decision(StrEnum):
    """Words that replace one another: the latest stands; of two of one moment the one further down here."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DONE = "done"


class RecipientState(StrEnum):
    """What recipients of a task can be looked up by; overdue is who has neither done nor rejected it in time."""

    READ = "read"
    NOT_READ = "not_read"
    DONE = "done"
    NOT_DONE = "not_done"
    REJECTED = "rejected"
    OVERDUE = "overdue"
    REMOVED = "removed"


_WHOLE = 100
_DECISIONS = {Step.ACCEPTED: Decision.ACCEPTED, Step.REJECTED: Decision.REJECTED, Step.DONE: Decision.DONE}
_RANKS = {decision: rank for rank, decision in enumerate(Decision)}
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a recipient is: first times, the highest version read, and two registers that the latest word wins."""

    delivered_at: datetime | None = None
    read_at: datetime | None = None
    read_version: int | None = None
    accepted_at: datetime | None = None
    progress: int = 0
    progress_at: datetime | None = None
    decision: Decision | None = None
    decided_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Nothing is left to do."""
        return self.decision in {Decision.DONE, Decision.REJECTED}


def of_word(step: Step, said_at: datetime, version: int, progress: int | None) -> Standing:
    """What one word says: who answers has read it, and who has read it has got it. Done is all of it."""
    read = step is not Step.DELIVERED
    percent = _WHOLE if step is Step.DONE else progress
    decision = _DECISIONS.get(step)
    return Standing(
        delivered_at=said_at,
        read_at=said_at if read else None,
        read_version=version if read else None,
        accepted_at=said_at if step is Step.ACCEPTED else None,
        progress=percent or 0,
        progress_at=None if percent is None else said_at,
        decision=decision,
        decided_at=said_at if decision else None,
    )


def join(one: Standing, other: Standing) -> Standing:
    """Both together: commutative, associative and idempotent, so order and repetition don't matter."""
    progress = max(one, other, key=lambda s: (s.progress_at or _NEVER, s.progress))
    decision = max(one, other, key=lambda s: (s.decided_at or _NEVER, s.decision and _RANKS[s.decision]))
    return Standing(
        delivered_at=_first(one.delivered_at, other.delivered_at),
        read_at=_first(one.read_at, other.read_at),
        read_version=max(one.read_version or 0, other.read_version or 0) or None,
        accepted_at=_first(one.accepted_at, other.accepted_at),
        progress=progress.progress,
        progress_at=progress.progress_at,
        decision=decision.decision,
        decided_at=decision.decided_at,
    )


def join_all(standings: Iterable[Standing]) -> Standing:
    """All together."""
    return reduce(join, standings, Standing())


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def clamp(said_at: datetime, earliest: datetime, latest: datetime) -> datetime:
    """A phone's time as we count it.

    Its clock may be wrong, but nobody answers a task before it was made, and no word is said after it was received.
    """
    return max(earliest, min(said_at, latest))


@dataclass(frozen=True, slots=True)
class Node:
    """A department as escalation sees it; `head_id` is somebody at work."""

    parent_id: UUID | None
    head_id: UUID | None


def heads_to_tell(late: Mapping[UUID, UUID], departments: Mapping[UUID, Node]) -> Counter[UUID]:
    """How many late people each head answers for. `late`: person → department.

    It is the head of the person's department, or of the nearest one above whose head there is and is not late too.
    Who has no such head is left out.
    """
    heads = (_head(department, departments, late) for department in late.values())
    return Counter(head for head in heads if head is not None)


def _head(department: UUID, departments: Mapping[UUID, Node], late: Collection[UUID]) -> UUID | None:
    at: UUID | None = department
    while at is not None and (node := departments.get(at)) is not None:
        if node.head_id is not None and node.head_id not in late:
            return node.head_id
        at = node.parent_id
    return None
