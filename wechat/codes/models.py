"""Codes."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.models import Account
from wechat.codes.rules import CodeState, Life


class Code(Model):
    """`key` is the opaque scene; exactly one of guide, store and channel is set (a constraint sees to it).

    Every guide, store and channel has one `standing` code per official account; more are made for a season
    (`starts_at` to `ends_at`) or a batch. `expires_at` is when the ticket of a temporary one dies, `page` the page that
    a mini-program's code opens.
    """

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
    name = fields.CharField(max_length=50, null=True)
    life = fields.CharEnumField(Life, max_length=10, db_default=Life.PERMANENT.value)
    standing = fields.BooleanField(db_default=True)
    batch_id = fields.UUIDField(null=True)
    page = fields.CharField(max_length=128, null=True)
    starts_at = fields.DatetimeField(null=True)
    ends_at = fields.DatetimeField(null=True)
    stopped_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wechat_code"
        constraints: ClassVar = (UniqueConstraint(fields=("key",), name="wechat_code_key_key"),)
        indexes: ClassVar = (
            Index(fields=("batch_id",), name="wechat_code_batch"),
            Index(fields=("guide_id",), name="wechat_code_guide"),
            Index(fields=("store_id",), name="wechat_code_store"),
            Index(fields=("channel_id",), name="wechat_code_channel"),
        )


class FormerCode(Model):
    """What a code was before `until_at`: whose, and when it counted. A scan of that time may come late."""

    id = fields.BigIntField(primary_key=True)
    code: fields.ForeignKeyRelation[Code] = fields.ForeignKeyField(
        "models.Code", related_name=False, on_delete=fields.RESTRICT
    )
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    channel: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Channel", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    starts_at = fields.DatetimeField(null=True)
    ends_at = fields.DatetimeField(null=True)
    stopped_at = fields.DatetimeField(null=True)
    until_at = fields.DatetimeField()

    class Meta:
        table = "wechat_code_former"
        indexes: ClassVar = (Index(fields=("code_id", "until_at"), name="wechat_code_former_code"),)


class Picture(Model):
    """The picture of a mini-program's code: only the platform can draw it."""

    id = fields.UUIDField(primary_key=True)
    code: fields.ForeignKeyRelation[Code] = fields.ForeignKeyField(
        "models.Code", related_name=False, on_delete=fields.RESTRICT
    )
    image = fields.BinaryField()

    class Meta:
        table = "wechat_code_picture"
        constraints: ClassVar = (UniqueConstraint(fields=("code_id",), name="wechat_code_picture_code_id_key"),)
