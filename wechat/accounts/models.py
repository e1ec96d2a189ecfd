"""Accounts."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.rules import Kind, Mode


class Account(Model):
    """`original_id` (gh_…) addresses pushes; `secret`, `token`, `aes_key` and `former_keys` are ciphertext.

    Former pairs still open pushes for some time after they were changed. `shadow`: everything is received, nothing
    is sent. `forward_from`: no push is handed on before. `imported_at`: what the account had on the platform (menu,
    tags, followers) has been read; nothing there is overwritten before. `ask_from`: its people are not asked about
    before. `permanent_codes` counts those we had the platform issue, against its budget.
    """

    id = fields.UUIDField(primary_key=True)
    app_id = fields.CharField(max_length=32)
    original_id = fields.CharField(max_length=32)
    kind = fields.CharEnumField(Kind, max_length=10)
    mode = fields.CharEnumField(Mode, max_length=10)
    name = fields.CharField(max_length=50)
    secret = fields.BinaryField()
    token = fields.BinaryField()
    aes_key = fields.BinaryField()
    former_keys = fields.BinaryField(null=True)
    shadow = fields.BooleanField(db_default=False)
    forward_url = fields.CharField(max_length=300, null=True)
    forward_from = fields.DatetimeField(null=True)
    permanent_codes = fields.IntField(db_default=0)
    imported_at = fields.DatetimeField(null=True)
    ask_from = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "wechat_account"
        constraints: ClassVar = (
            UniqueConstraint(fields=("app_id",), name="wechat_account_app_id_key"),
            UniqueConstraint(fields=("original_id",), name="wechat_account_original_id_key"),
        )
