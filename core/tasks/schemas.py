"""What authors and recipients of tasks send and see."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, RootModel, StringConstraints, model_validator

from core.files.schemas import FileOut
from core.organisation.audience import Audience
from core.tasks.rules import Decision, Step
from infra.problems import Unfit
from infra.schemas import IN_LINE, Input, Output, Text

Title = Annotated[Text, StringConstraints(min_length=1, max_length=100), IN_LINE]
Body = Annotated[Text, StringConstraints(max_length=10_000)]
Reason = Annotated[Text, StringConstraints(min_length=1, max_length=500)]
Minutes = Annotated[int, Field(ge=1, le=43_200, description="At most 30 days")]


def _in_range(at: datetime) -> datetime:
    # Far from both ends of the calendar, so that any reckoning with it stays inside.
    if not 2000 <= at.year <= 2199:  # noqa: PLR2004 - years
        raise Unfit("须在 2000 年至 2199 年之间", "must lie between the years 2000 and 2199")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


class PreviewIn(Input):
    audience: Audience


class PreviewOut(Output):
    """How many colleagues at work an audience means now."""

    people: int


class TaskIn(Input):
    """`remind_minutes` before the deadline, `escalate_minutes` after it; neither without a deadline."""

    title: Title
    body: Body = ""
    audience: Audience
    urgent: bool = False
    needs_proof: bool = False
    deadline: Moment | None = None
    remind_minutes: Minutes | None = None
    escalate_minutes: Minutes | None = None


class TaskChange(Input):
    """`version` is the one that was changed; what is left out stays as it is."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    title: Title | None = None
    body: Body | None = None
    audience: Audience | None = None
    urgent: bool | None = None
    needs_proof: bool | None = None
    deadline: Moment | None = None
    remind_minutes: Minutes | None = None
    escalate_minutes: Minutes | None = None

    @model_validator(mode="after")
    def _what_may_be_null(self) -> Self:
        for name in ("title", "body", "audience", "urgent", "needs_proof"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise Unfit(f"{name} 不能为空", f"{name} can't be null")
        return self


class RecallIn(Input):
    reason: Reason


class CountsOut(Output):
    """Of the recipients who are asked now. `overdue`: past the deadline, neither done nor rejected."""

    total: int
    delivered: int
    read: int
    read_older: int
    accepted: int
    done: int
    rejected: int
    overdue: int


class StandingOut(Output):
    """How far somebody is. `read_older`: what was read is not the present version."""

    delivered_at: datetime | None
    read_at: datetime | None
    read_version: int | None
    read_older: bool
    accepted_at: datetime | None
    progress: int
    progress_at: datetime | None
    decision: Decision | None
    decided_at: datetime | None
    overdue: bool


class _TaskFields(Output):
    id: UUID
    title: str
    body: str
    author_id: UUID
    author: str
    urgent: bool
    needs_proof: bool
    deadline: datetime | None
    version: int
    created_at: datetime
    changed_at: datetime
    recalled_at: datetime | None
    recall_reason: str | None


class TaskOut(_TaskFields):
    """A task as its author sees it."""

    audience: Audience
    remind_at: datetime | None
    reminded_at: datetime | None
    escalate_at: datetime | None
    escalated_at: datetime | None
    counts: CountsOut


class MyTaskOut(_TaskFields):
    """A task as a recipient sees it: nothing of the others."""

    mine: StandingOut


class TaskSeenOut(_TaskFields):
    """A task for whoever may see it: authors and those above them get `counts`, recipients `mine`."""

    audience: Audience | None = None
    counts: CountsOut | None = None
    mine: StandingOut | None = None


class RecipientOut(StandingOut):
    """`handed_to_id`: whoever took it over."""

    staff_id: UUID
    name: str
    department_id: UUID
    department: str
    added_at: datetime
    removed_at: datetime | None
    handed_to_id: UUID | None


class WordIn(Input):
    """`key` is made by the phone, once per word; `version` is the task's as the phone showed it; `said_at` its time."""

    key: UUID
    task_id: UUID
    step: Step
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    said_at: AwareDatetime
    progress: Annotated[int, Field(ge=0, le=100)] | None = None
    note: Annotated[Text, StringConstraints(max_length=1000)] = ""
    file_ids: list[UUID] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _progress_where_it_belongs(self) -> Self:
        if (self.progress is not None) != (self.step is Step.PROGRESS):
            raise Unfit(
                "进度（0–100）只用于 progress", "progress (0-100) goes with the step progress, and only with it"
            )
        return self


class Unreadable(RootModel[JsonValue]):
    """What is no word: it is refused alone and spoils no other."""

    @property
    def key(self) -> UUID | None:
        """The word's, if it is one."""
        try:
            return UUID(str(self.root["key"])) if isinstance(self.root, dict) else None
        except (KeyError, ValueError):
            return None


class WordsIn(Input):
    """What a phone has buffered, in any order; words of earlier batches may be among them."""

    words: Annotated[list[Annotated[WordIn | Unreadable, Field(union_mode="left_to_right")]], Field(max_length=100)]


class Outcome(StrEnum):
    APPLIED = "applied"
    REPEATED = "repeated"
    REFUSED = "refused"


class WordResult(Output):
    """A repeated word was known already; a refusal says why. `key` is the word's, if it had one."""

    key: UUID | None
    outcome: Outcome
    code: str | None = None
    message: str | None = None


class WordsOut(Output):
    """One result per word, in their order."""

    results: list[WordResult]


class WordOut(Output):
    """A word of the trace, its files under links for the viewer.

    `counted` is false for one that was said after the task was recalled.
    """

    key: UUID
    step: Step
    progress: int | None
    note: str
    files: list[FileOut]
    version: int
    counted: bool
    said_at: datetime
    received_at: datetime
