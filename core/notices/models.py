"""Notices to colleagues, and how each wants to be reached."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Notice(Model):
    """One notice to one colleague; the same `key` never makes a second one. `link` is a path of our pages."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    key = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=40)
    title = fields.CharField(max_length=100)
    body = fields.CharField(max_length=1000)
    link = fields.CharField(max_length=200)
    urgent = fields.BooleanField()
    created_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"
        constraints: ClassVar = (UniqueConstraint(fields=("staff_id", "key"), name="notice_staff_key"),)
        indexes: ClassVar = (
            Index(fields=("staff_id", "id"), name="notice_staff"),
            Index(fields=("created_at",), name="notice_created"),
        )


class NoticeSetting(Model):
    """A colleague's own: quiet hours (minutes of the business day, may run past midnight) and kinds kept off WeChat."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    quiet_from = fields.SmallIntField(null=True)
    quiet_until = fields.SmallIntField(null=True)
    muted_kinds: fields.Field[list[str]] = fields.JSONField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "notice_setting"
        constraints: ClassVar = (UniqueConstraint(fields=("staff_id",), name="notice_setting_staff_key"),)
