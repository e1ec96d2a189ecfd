"""Cases of service, presence, who looks at what, and quick replies."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from wechat.inbox.rules import Ended, Wanted


class ServiceCase(Model):
    """One case of service of a conversation: opened when a person is wanted; one open at most.

    `staff` and `store` are whose it is (or was, when it closed), since `held_at`. `declined_by` gave it to the agents,
    and isn't given it back by itself. `answered_by` gave the first answer at `answered_at`.
    """

    id = fields.UUIDField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Conversation", related_name=False, on_delete=fields.RESTRICT
    )
    wanted = fields.CharEnumField(Wanted, max_length=10)
    staff: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    declined_by: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    opened_at = fields.DatetimeField()
    held_at = fields.DatetimeField()
    escalate_at = fields.DatetimeField(null=True)
    answered_at = fields.DatetimeField(null=True)
    answered_by: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    answers = fields.IntField()
    closed_at = fields.DatetimeField(null=True)
    closed_by: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    ended = fields.CharEnumField(Ended, max_length=10, null=True)

    class Meta:
        table = "service_case"
        indexes: ClassVar = (
            Index(fields=("conversation_id", "id"), name="service_case_conversation"),
            Index(fields=("opened_at",), name="service_case_opened"),
            Index(fields=("staff_id", "opened_at"), name="service_case_staff"),
        )


class Presence(Model):
    """A colleague at the inbox (the id is theirs): `seen_at` is the page's last sign; `away`: no new cases, please.

    `given_at` is when the agents' line last gave them a case.
    """

    id = fields.UUIDField(primary_key=True)
    away = fields.BooleanField()
    seen_at = fields.DatetimeField()
    given_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff_presence"


class QuickReply(Model):
    """Words at hand: a colleague's own, or everybody's (without one)."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    title = fields.CharField(max_length=50)
    text = fields.TextField()
    position = fields.IntField()
    version = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "quick_reply"
        indexes: ClassVar = (Index(fields=("staff_id", "position", "id"), name="quick_reply_staff"),)
