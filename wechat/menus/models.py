"""Menus, one row for each that was drafted."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.menus.rules import MenuState


class MenuEdition(Model):
    """A menu of an account, in our words: `buttons`, and `personal` menus with whom each is for.

    `number` counts an account's menus; one is a draft and one on its way at most. `leased_until` is set while a process
    tells the platform; `found` is what it found there when it began, to be put back if the platform refuses.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    number = fields.IntField()
    state = fields.CharEnumField(MenuState, max_length=10)
    buttons: fields.Field[list[dict[str, object]]] = fields.JSONField()
    personal: fields.Field[list[dict[str, object]]] = fields.JSONField()
    version = fields.IntField()
    changed_by: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    changed_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField(null=True)
    found: fields.Field[object] = fields.JSONField(null=True)
    published_at = fields.DatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    error = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "menu_edition"
        constraints: ClassVar = (UniqueConstraint(fields=("account_id", "number"), name="menu_edition_number_key"),)
