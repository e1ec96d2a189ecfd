"""What the first day leaves behind."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.models import Account


class VerifyFile(Model):
    """A file `MP_verify_*.txt` that proves to the platform whose domain this is; served at the root."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=60)
    content = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()

    class Meta:
        table = "wechat_verify_file"
        constraints: ClassVar = (UniqueConstraint(fields=("name",), name="wechat_verify_file_name_key"),)


class Import(Model):
    """The reading of what an account had on the platform: how often it was tried, and when it is tried next."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "wechat_import"
        constraints: ClassVar = (UniqueConstraint(fields=("account_id",), name="wechat_import_account_id_key"),)


class Menu(Model):
    """The menu an account had on the platform before us, as it was first read."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    content: fields.Field[object] = fields.JSONField(null=True)
    read_at = fields.DatetimeField()

    class Meta:
        table = "wechat_menu"
        constraints: ClassVar = (UniqueConstraint(fields=("account_id",), name="wechat_menu_account_id_key"),)
