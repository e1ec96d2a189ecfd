"""Tables of the infrastructure. Partitioned ones (outbox, event_delivery, push, timeline) exist by migration only."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class ParameterVersion(Model):
    """One row per change of a parameter; the highest version is in force."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100)
    version = fields.IntField()
    value: fields.Field[object] = fields.JSONField()
    changed_by = fields.CharField(max_length=100)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "parameter_version"
        constraints: ClassVar = (
            UniqueConstraint(fields=("name", "version"), name="parameter_version_name_version_key"),
        )


class IdempotencyKey(Model):
    """The stored answer of a request that may be sent again."""

    id = fields.BigIntField(primary_key=True)
    principal = fields.CharField(max_length=100)
    route = fields.CharField(max_length=200)
    key = fields.CharField(max_length=100)
    body_digest = fields.BinaryField()
    answer = fields.TextField(null=True)
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotency_key"
        constraints: ClassVar = (
            UniqueConstraint(fields=("principal", "route", "key"), name="idempotency_key_principal_route_key_key"),
        )


class Alert(Model):
    """Something an operator has to see to. While one is open, the same kind and subject only counts on."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=100)
    message = fields.CharField(max_length=500)
    count = fields.IntField()
    first_at = fields.DatetimeField()
    last_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "alert"


class BackupRun(Model):
    """A backup: where it lies, what it holds (`manifest`), and how it ended. `finished_at` is null while it runs."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=100)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    size = fields.BigIntField(null=True)
    manifest: fields.Field[object] = fields.JSONField(null=True)
    error = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "backup_run"
