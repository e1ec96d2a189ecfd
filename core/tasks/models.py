"""Tasks, who got them, and what each of them said about it."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.tasks.rules import Decision, Step


class Task(Model):
    """`version` grows with every change of what is asked. Times that are due: `remind_at`, `escalate_at`."""

    id = fields.UUIDField(primary_key=True)
    title = fields.CharField(max_length=100)
    body = fields.TextField()
    audience: fields.Field[dict[str, object]] = fields.JSONField()
    author: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    urgent = fields.BooleanField()
    needs_proof = fields.BooleanField()
    deadline = fields.DatetimeField(null=True)
    remind_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)
    escalate_at = fields.DatetimeField(null=True)
    escalated_at = fields.DatetimeField(null=True)
    version = fields.IntField()
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()
    recalled_at = fields.DatetimeField(null=True)
    recall_reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "task"
        indexes: ClassVar = (Index(fields=("author_id", "id"), name="task_author"),)


class TaskRecipient(Model):
    """How far one colleague is: a first time per step, and a decision that the latest word wins (tasks.rules).

    `removed_at`: no longer asked (taken out of the audience, or handed over to a colleague). `turn` counts how often it
    was asked again or taken up again.
    """

    id = fields.BigIntField(primary_key=True)
    task: fields.ForeignKeyRelation[Task] = fields.ForeignKeyField(
        "models.Task", related_name=False, on_delete=fields.RESTRICT
    )
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    added_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)
    read_at = fields.DatetimeField(null=True)
    read_version = fields.IntField(null=True)
    accepted_at = fields.DatetimeField(null=True)
    progress = fields.SmallIntField(db_default=0)
    progress_at = fields.DatetimeField(null=True)
    decision = fields.CharEnumField(Decision, max_length=10, null=True)
    decided_at = fields.DatetimeField(null=True)
    turn = fields.IntField(db_default=0)
    removed_at = fields.DatetimeField(null=True)
    handed_to_id = fields.UUIDField(null=True)

    class Meta:
        table = "task_recipient"
        constraints: ClassVar = (UniqueConstraint(fields=("task_id", "staff_id"), name="task_recipient_key"),)
        indexes: ClassVar = (Index(fields=("staff_id", "task_id"), name="task_recipient_staff"),)


class TaskWord(Model):
    """An acknowledgement as the phone sent it, once per `key`: the trace of a task (E-08).

    `version` is the one the phone showed. Not `counted`: it was said after the task was recalled.
    """

    id = fields.BigIntField(primary_key=True)
    recipient: fields.ForeignKeyRelation[TaskRecipient] = fields.ForeignKeyField(
        "models.TaskRecipient", related_name=False, on_delete=fields.RESTRICT
    )
    key = fields.UUIDField()
    step = fields.CharEnumField(Step, max_length=10)
    progress = fields.SmallIntField(null=True)
    note = fields.CharField(max_length=1000)
    file_ids: fields.Field[list[str]] = fields.JSONField()
    version = fields.IntField()
    counted = fields.BooleanField()
    said_at = fields.DatetimeField()
    received_at = fields.DatetimeField()

    class Meta:
        table = "task_word"
        constraints: ClassVar = (UniqueConstraint(fields=("recipient_id", "key"), name="task_word_key"),)
        indexes: ClassVar = (Index(fields=("recipient_id", "said_at"), name="task_word_recipient"),)
