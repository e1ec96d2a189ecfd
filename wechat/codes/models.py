"""Codes."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.models import Account
from wechat.codes.rules import CodeState


class Code(Model):
    """`key` is the opaque scene; exactly one of guide, store and channel is set (a constraint sees to it)."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    key = fields.CharField(max_length=32)
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    channel: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Channel", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(CodeState, max_length=10)
    ticket = fields.CharField(max_length=200, null=True)
    url = fields.CharField(max_length=200, null=True)
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "wechat_code"
        constraints: ClassVar = (
            UniqueConstraint(fields=("key",), name="wechat_code_key_key"),
            UniqueConstraint(fields=("account_id", "guide_id"), name="wechat_code_account_id_guide_id_key"),
            UniqueConstraint(fields=("account_id", "store_id"), name="wechat_code_account_id_store_id_key"),
            UniqueConstraint(fields=("account_id", "channel_id"), name="wechat_code_account_id_channel_id_key"),
        )
