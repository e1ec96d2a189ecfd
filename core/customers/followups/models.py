"""Follow-up notes, and the ledger of what counts as a record of sales."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.followups.rules import FollowUpKind, SalesKind


class FollowUp(Model):
    """What the owner wrote down about a contact; `occurred_at` is when it was.

    What was agreed: the next contact, and until when an order will come.
    """

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    contact: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.ContactPerson", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(FollowUpKind, max_length=10)
    body = fields.TextField(null=True)
    file_ids: fields.Field[object] = fields.JSONField()
    task_id = fields.UUIDField(null=True)
    next_contact_at = fields.DatetimeField(null=True)
    order_due_on = fields.DateField(null=True)
    occurred_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "follow_up"
        indexes: ClassVar = (
            Index(fields=("customer_id", "occurred_at"), name="follow_up_customer"),
            Index(fields=("staff_id", "occurred_at"), name="follow_up_staff"),
        )


class SalesRecord(Model):
    """A note, visit, order, contract or chat between a customer and a colleague; `source` makes it count once."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    staff: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(SalesKind, max_length=10)
    source = fields.UUIDField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "sales_record"
        constraints: ClassVar = (UniqueConstraint(fields=("source", "kind"), name="sales_record_source_key"),)
        indexes: ClassVar = (Index(fields=("customer_id", "kind", "occurred_at"), name="sales_record_customer"),)
