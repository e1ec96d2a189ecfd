"""Automatic replies."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from wechat.autoreplies.rules import Match, Trigger


class AutoReply(Model):
    """A rule: what it is asked by, when it holds, and what is said. Without an account it holds in all.

    `words` are the key words, menu keys or names of events; `hours` are windows of the business week
    ({"days": [1, 7], "since": "09:00", "until": "21:00"}), none of them means always. The smallest `priority` is asked
    first. `hand_over`: a person is wanted as well. Only exact key words may stand `before_commands` of the chat, and be
    shown `in_help`.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=50)
    trigger = fields.CharEnumField(Trigger, max_length=10)
    match = fields.CharEnumField(Match, max_length=10, null=True)
    words: fields.Field[list[str]] = fields.JSONField()
    hours: fields.Field[list[dict[str, object]]] = fields.JSONField()
    contents: fields.Field[list[dict[str, object]]] = fields.JSONField()
    hand_over = fields.BooleanField()
    before_commands = fields.BooleanField(db_default=False)
    in_help = fields.BooleanField(db_default=False)
    priority = fields.IntField()
    enabled = fields.BooleanField()
    version = fields.IntField()
    changed_by: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    changed_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "auto_reply"
        indexes: ClassVar = (Index(fields=("trigger", "priority", "id"), name="auto_reply_order"),)
