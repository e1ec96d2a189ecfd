"""Channels."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Channel(Model):
    """A source of fans with a name of its own."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    created_at = fields.DatetimeField()

    class Meta:
        table = "channel"
        constraints: ClassVar = (UniqueConstraint(fields=("name",), name="channel_name_key"),)
