"""Tags and groups, and who has them."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.tags.rules import TagKind


class Tag(Model):
    """`rule` is a search (core.customers.search): whom it finds has the tag, nobody gives it by hand.

    `evaluate_at` is when to look again who has it; once deleted, nobody.
    """

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharEnumField(TagKind, max_length=10)
    name = fields.CharField(max_length=30)
    rule: fields.Field[object] = fields.JSONField(null=True)
    evaluate_at = fields.DatetimeField(null=True)
    evaluated_at = fields.DatetimeField(null=True)
    version = fields.IntField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tag"


class CustomerTag(Model):
    """A customer has a tag; `added_by` is None for a rule."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField(
        "models.Tag", related_name=False, on_delete=fields.RESTRICT
    )
    added_by = fields.UUIDField(null=True)
    added_at = fields.DatetimeField()

    class Meta:
        table = "customer_tag"
        constraints: ClassVar = (UniqueConstraint(fields=("customer_id", "tag_id"), name="customer_tag_key"),)
        indexes: ClassVar = (Index(fields=("tag_id", "customer_id"), name="customer_tag_tag"),)
