"""Customers, their identities and touches. The timeline is partitioned and exists by migration only."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.rules import ContactKind


class Customer(Model):
    """One person or business. `guide` (a guide or rep) is its owner; `following` is true while any identity follows.

    `number` is what people call it by, in order of creation. `active_at` is the last record of sales, or since when
    the owner has it: what automatic return counts from; `warned_at` is when the owner was told of the return to come.
    `pooled_at`: in the public pool since, with no owner; `discarded_at`: in the trash. One who was merged into another
    keeps the row as a sign post and has no identities and touches any more.
    """

    id = fields.UUIDField(primary_key=True)
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    following = fields.BooleanField()
    is_staff = fields.BooleanField()
    number = fields.BigIntField()
    active_at = fields.DatetimeField(null=True)
    warned_at = fields.DatetimeField(null=True)
    next_contact_at = fields.DatetimeField(null=True)
    order_due_on = fields.DateField(null=True)
    pooled_at = fields.DatetimeField(null=True)
    pool_reason = fields.CharField(max_length=20, null=True)
    discarded_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    merged_into: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "customer"
        constraints: ClassVar = (UniqueConstraint(fields=("number",), name="customer_number_key"),)
        indexes: ClassVar = (Index(fields=("guide_id", "number"), name="customer_guide"),)


class Identity(Model):
    """A person in one account. `digest` (keyed, of app id and openid) recognises the person also after erasure.

    `state_at` is WeChat's time of the newest sign of following or leaving: an older one that comes late is passed over.
    `unionid` is the same for one person in all accounts of the brand's open platform; `profiled_at` is when the
    platform was last asked about the person, `ask_at` when to ask next, `talked_at` when the person last wrote.
    """

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    app_id = fields.CharField(max_length=32)
    openid = fields.CharField(max_length=64, null=True)
    digest = fields.BinaryField()
    following = fields.BooleanField()
    state_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    talked_at = fields.DatetimeField(null=True)
    unionid = fields.CharField(max_length=64, null=True)
    profiled_at = fields.DatetimeField(null=True)
    ask_at = fields.DatetimeField(null=True)
    subscribe_scene = fields.CharField(max_length=50, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "identity"
        constraints: ClassVar = (UniqueConstraint(fields=("digest",), name="identity_digest_key"),)
        indexes: ClassVar = (
            Index(fields=("customer_id",), name="identity_customer"),
            Index(fields=("unionid",), name="identity_unionid"),
        )


class Touch(Model):
    """A scan or follow and whom it is credited to. `source` is the push: the same one never makes a second touch."""

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    source = fields.UUIDField()
    kind = fields.CharEnumField(ContactKind, max_length=20)
    code_id = fields.UUIDField(null=True)
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    channel: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Channel", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    is_first = fields.BooleanField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "touch"
        constraints: ClassVar = (UniqueConstraint(fields=("source",), name="touch_source_key"),)
        indexes: ClassVar = (
            Index(fields=("customer_id", "occurred_at"), name="touch_customer"),
            Index(fields=("code_id", "customer_id"), name="touch_code"),
        )


class Merge(Model):
    """One customer became part of another: why, when, and what moved (ids of identities and touches)."""

    id = fields.UUIDField(primary_key=True)
    source: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    target: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    reason = fields.CharField(max_length=30)
    moved: fields.Field[object] = fields.JSONField()
    merged_by = fields.UUIDField(null=True)
    merged_at = fields.DatetimeField()
    undone_by = fields.UUIDField(null=True)
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "customer_merge"
        indexes: ClassVar = (Index(fields=("target_id",), name="customer_merge_target"),)


class OwnerChange(Model):
    """A customer passed from one colleague's care to another's, or to or from the pool: the ledger of ownership."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    former: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    guide: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    source = fields.UUIDField()
    reason = fields.CharField(max_length=30)
    changed_by = fields.UUIDField(null=True)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "customer_owner_change"
        constraints: ClassVar = (
            UniqueConstraint(fields=("customer_id", "source"), name="customer_owner_change_source_key"),
        )
