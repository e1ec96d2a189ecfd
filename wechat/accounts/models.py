"""Accounts."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.rules import Kind, Mode


class Account(Model):
    """`original_id` (gh_…) addresses pushes; `secret`, `token` and `aes_key` are ciphertext."""

    id = fields.UUIDField(primary_key=True)
    app_id = fields.CharField(max_length=32)
    original_id = fields.CharField(max_length=32)
    kind = fields.CharEnumField(Kind, max_length=10)
    mode = fields.CharEnumField(Mode, max_length=10)
    name = fields.CharField(max_length=50)
    secret = fields.BinaryField()
    token = fields.BinaryField()
    aes_key = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "wechat_account"
        constraints: ClassVar = (
            UniqueConstraint(fields=("app_id",), name="wechat_account_app_id_key"),
            UniqueConstraint(fields=("original_id",), name="wechat_account_original_id_key"),
        )
