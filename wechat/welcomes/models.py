"""Welcomes."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model


class Welcome(Model):
    """At most one per guide, store and channel, and one with none of them for everybody (a constraint sees to both)."""

    id = fields.UUIDField(primary_key=True)
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    guide_id: UUID | None
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store_id: UUID | None
    channel: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Channel", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    channel_id: UUID | None
    follow_text = fields.TextField()
    scan_text = fields.TextField(null=True)
    version = fields.IntField()

    class Meta:
        table = "welcome"
