"""Numbers and keys people are known by, what came in about them, and suggestions and disputes about who is who."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.linking.rules import CandidateState, Door, LinkedBy, PhoneLabel


class Phone(Model):
    """A number (E.164, an extension after `;ext=`) of a customer, or of one of its contact persons.

    A number verified by WeChat or SMS belongs to one customer (by hand: customer_phone_verified_key). `held_at`:
    somebody else verified it later, so it proves nothing any more until the two have settled it.
    """

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    contact: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.ContactPerson", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    label = fields.CharEnumField(PhoneLabel, max_length=10)
    number = fields.CharField(max_length=32)
    door = fields.CharEnumField(Door, max_length=20)
    verified_at = fields.DatetimeField(null=True)
    held_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer_phone"
        indexes: ClassVar = (
            Index(fields=("customer_id",), name="customer_phone_customer"),
            Index(fields=("number",), name="customer_phone_number"),
        )


class Key(Model):
    """What else names a customer for sure: a card, the number in another system (`kind` names which)."""

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=30)
    value = fields.CharField(max_length=100)
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer_key"
        constraints: ClassVar = (UniqueConstraint(fields=("kind", "value"), name="customer_key_value_key"),)
        indexes: ClassVar = (Index(fields=("customer_id",), name="customer_key_customer"),)


class Arrival(Model):
    """What came in about a person through a door, once (`source`), whom it was taken for and why (`linked_by`).

    `phone` and `name` are keyed digests of the number and of the name as names are compared.
    """

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    source = fields.UUIDField()
    door = fields.CharEnumField(Door, max_length=20)
    occurred_at = fields.DatetimeField()
    arrived_at = fields.DatetimeField()
    linked_by = fields.CharEnumField(LinkedBy, max_length=10)
    phone = fields.BinaryField(null=True)
    name = fields.BinaryField(null=True)

    class Meta:
        table = "customer_arrival"
        constraints: ClassVar = (UniqueConstraint(fields=("source",), name="customer_arrival_source_key"),)
        indexes: ClassVar = (Index(fields=("customer_id",), name="customer_arrival_customer"),)


class MergeCandidate(Model):
    """Two customers who may be one person (`one` has the smaller id), why, and what somebody decided."""

    id = fields.UUIDField(primary_key=True)
    one: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    other: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    reason = fields.CharField(max_length=30)
    state = fields.CharEnumField(CandidateState, max_length=10)
    found_at = fields.DatetimeField()
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "merge_candidate"
        constraints: ClassVar = (UniqueConstraint(fields=("one_id", "other_id"), name="merge_candidate_pair_key"),)
        indexes: ClassVar = (Index(fields=("other_id",), name="merge_candidate_other"),)


class PhoneDispute(Model):
    """A verified number that was another's before: held until one of the two proves whose it is."""

    id = fields.UUIDField(primary_key=True)
    number = fields.CharField(max_length=32)
    former: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    newcomer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    opened_at = fields.DatetimeField()
    outcome = fields.CharField(max_length=20, null=True)
    proof = fields.CharField(max_length=20, null=True)
    settled_by = fields.UUIDField(null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "phone_dispute"
        indexes: ClassVar = (
            Index(fields=("former_id",), name="phone_dispute_former"),
            Index(fields=("newcomer_id",), name="phone_dispute_newcomer"),
        )
