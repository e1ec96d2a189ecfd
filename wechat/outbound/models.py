"""The outbound ledger: what is to leave for WeChat, and what became of it (architecture §3.4)."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.outbound.rules import Channel, State


class OutboundMessage(Model):
    """One message to one person; the same `key` never makes a second one. The id is the platform's `client_msg_id`.

    `due_at` holds it back (quiet hours, the next try). `leased_until` is set while one process sends it, or until it is
    asked again what became of it. Since `tried_at` the platform may have it; null: it certainly has not. `settled_at`
    and `result` are what the platform reported later about `platform_id`; `reports` came before that id was known.
    A customer message is of a conversation: those of one leave one after the other. `message_until` and `short_until`
    are the ends of the windows in which it has a place (`windows`).
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    channel = fields.CharEnumField(Channel, max_length=20)
    key = fields.CharField(max_length=100)
    digest = fields.BinaryField()
    openid = fields.CharField(max_length=64, null=True)
    staff: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    conversation: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Conversation", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    source_id = fields.UUIDField(null=True)
    payload: fields.Field[dict[str, object]] = fields.JSONField()
    state = fields.CharEnumField(State, max_length=10)
    attempts = fields.SmallIntField()
    due_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    message_until = fields.DatetimeField(null=True)
    short_until = fields.DatetimeField(null=True)
    tried_at = fields.DatetimeField(null=True)
    platform_id = fields.BigIntField(null=True)
    error = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    result = fields.CharField(max_length=60, null=True)
    reports: fields.Field[dict[str, dict[str, str]]] = fields.JSONField(null=True)

    class Meta:
        table = "outbound_message"
        constraints: ClassVar = (UniqueConstraint(fields=("key",), name="outbound_message_key"),)
        indexes: ClassVar = (
            Index(fields=("account_id", "platform_id"), name="outbound_message_platform"),
            Index(fields=("source_id",), name="outbound_message_source"),
            Index(fields=("staff_id", "id"), name="outbound_message_staff"),
        )
