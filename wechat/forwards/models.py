"""Pushes to be handed on."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.forwards.rules import ForwardState


class Forward(Model):
    """A push that another system shall get too, each person's in order; `received_at` finds the push's partition."""

    id = fields.BigIntField(primary_key=True)
    push_id = fields.UUIDField()
    received_at = fields.DatetimeField()
    app_id = fields.CharField(max_length=32)
    person = fields.BinaryField()
    state = fields.CharEnumField(ForwardState, max_length=10)
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "push_forward"
        constraints: ClassVar = (UniqueConstraint(fields=("push_id",), name="push_forward_push_id_key"),)
