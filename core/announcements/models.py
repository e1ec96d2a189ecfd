"""Announcements and who has read them."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Announcement(Model):
    """`audience` is what the author chose (core.organisation.audience); who it was then stands in the readers."""

    id = fields.UUIDField(primary_key=True)
    title = fields.CharField(max_length=100)
    body = fields.TextField()
    audience: fields.Field[dict[str, object]] = fields.JSONField()
    author: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    version = fields.IntField()
    published_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "announcement"
        indexes: ClassVar = (Index(fields=("author_id", "id"), name="announcement_author"),)


class AnnouncementReader(Model):
    id = fields.BigIntField(primary_key=True)
    announcement: fields.ForeignKeyRelation[Announcement] = fields.ForeignKeyField(
        "models.Announcement", related_name=False, on_delete=fields.RESTRICT
    )
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "announcement_reader"
        constraints: ClassVar = (
            UniqueConstraint(fields=("announcement_id", "staff_id"), name="announcement_reader_key"),
        )
        indexes: ClassVar = (Index(fields=("staff_id", "announcement_id"), name="announcement_reader_staff"),)
