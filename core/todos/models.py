"""What a colleague still has to do, from every context."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Todo(Model):
    """One thing to do for one colleague; `kind` and `source_id` name what it comes from. Open until done or dropped.

    `version` is the newest one its source gave; 0: it was ended before it arrived. `remind_at` is empty once it rang.
    """

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=40)
    source_id = fields.UUIDField()
    title = fields.CharField(max_length=100)
    link = fields.CharField(max_length=200)
    due_at = fields.DatetimeField(null=True)
    remind_at = fields.DatetimeField(null=True)
    version = fields.IntField()
    created_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)
    dropped_at = fields.DatetimeField(null=True)

    class Meta:
        table = "todo"
        constraints: ClassVar = (
            UniqueConstraint(fields=("staff_id", "kind", "source_id"), name="todo_staff_kind_source_key"),
        )
        indexes: ClassVar = (Index(fields=("kind", "source_id"), name="todo_source"),)
