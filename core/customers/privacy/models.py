"""Consents with the text they were given to, accepted and refused channels, and erasures."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.privacy.rules import Channel, ErasureKind


class ConsentText(Model):
    """What people are asked to agree to; a published version never changes."""

    id = fields.UUIDField(primary_key=True)
    purpose = fields.CharField(max_length=30)
    version = fields.IntField()
    body = fields.TextField()
    published_by = fields.UUIDField(null=True)
    published_at = fields.DatetimeField()

    class Meta:
        table = "consent_text"
        constraints: ClassVar = (UniqueConstraint(fields=("purpose", "version"), name="consent_text_version_key"),)


class Consent(Model):
    """A person agreed (or took it back) to a version of a text, at a door, at a time; the ledger only grows."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    purpose = fields.CharField(max_length=30)
    version = fields.IntField()
    given = fields.BooleanField()
    door = fields.CharField(max_length=20)
    source = fields.UUIDField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "consent"
        constraints: ClassVar = (UniqueConstraint(fields=("source", "purpose"), name="consent_source_key"),)
        indexes: ClassVar = (Index(fields=("customer_id", "purpose", "occurred_at"), name="consent_customer"),)


class ChannelChoice(Model):
    """Whether a person wants to be reached on a channel, as last said; none: not asked."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    channel = fields.CharEnumField(Channel, max_length=20)
    accepted = fields.BooleanField()
    door = fields.CharField(max_length=20)
    chosen_at = fields.DatetimeField()

    class Meta:
        table = "channel_choice"
        constraints: ClassVar = (UniqueConstraint(fields=("customer_id", "channel"), name="channel_choice_key"),)


class Erasure(Model):
    """A person is to be forgotten at `due_at`, and was at `done_at`; `cancelled_at`: came back, or took it back."""

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(ErasureKind, max_length=10)
    asked_by = fields.UUIDField(null=True)
    asked_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "customer_erasure"
        indexes: ClassVar = (Index(fields=("customer_id",), name="customer_erasure_customer"),)
