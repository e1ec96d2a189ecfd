"""The template that carries notices to colleagues, one per account."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class NoticeTemplate(Model):
    """`fields_of_keys` says which key of the template shows what of a notice (rules.py)."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    template_id = fields.CharField(max_length=64)
    fields_of_keys: fields.Field[dict[str, str]] = fields.JSONField()
    version = fields.IntField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "wechat_notice_template"
        constraints: ClassVar = (UniqueConstraint(fields=("account_id",), name="wechat_notice_template_account_key"),)
