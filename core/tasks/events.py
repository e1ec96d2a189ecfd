"""What tasks publish: up to 1,000 people of one task at a time, handled in order per task."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, cast
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfTask:
    task_id: UUID
    staff_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.task_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(_OfTask, Event):
    """These colleagues got it."""

    name: ClassVar[str] = "tasks.assigned.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged(_OfTask, Event):
    """It is another one now, for these colleagues who have it."""

    name: ClassVar[str] = "tasks.changed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecalled(_OfTask, Event):
    """These colleagues had it."""

    name: ClassVar[str] = "tasks.recalled.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswered(_OfTask, Event):
    """These colleagues decided, or are not asked any more; `rejected_ids` are those of them who say no."""

    name: ClassVar[str] = "tasks.answered.v1"
    rejected_ids: tuple[UUID, ...] = ()


_AT_ONCE = 1_000


def in_chunks(kind: type[_OfTask], task_id: UUID, staff_ids: Iterable[UUID]) -> list[Event]:
    """One event for each 1,000 of the colleagues, in the order of their ids."""
    # The driver's own kind of UUID is no JSON.
    ids = [UUID(int=staff_id.int) for staff_id in sorted(staff_ids)]
    parts = [tuple(ids[start : start + _AT_ONCE]) for start in range(0, len(ids), _AT_ONCE)]
    return [cast("Event", kind(task_id=UUID(int=task_id.int), staff_ids=part)) for part in parts]
