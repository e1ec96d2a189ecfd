"""Imports, what became of each row that was not simply taken, and the mappings people used before."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.imports.rules import ImportState, RowOutcome


class CustomerImport(Model):
    """A table being read. `next_row` is where it goes on after a crash; `lease_until` is how long one worker has it."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    file_id = fields.UUIDField()
    file_name = fields.CharField(max_length=200)
    mapping: fields.Field[object] = fields.JSONField()
    options: fields.Field[object] = fields.JSONField()
    dry_run = fields.BooleanField()
    state = fields.CharEnumField(ImportState, max_length=10)
    rows = fields.IntField(null=True)
    next_row = fields.IntField()
    created = fields.IntField()
    linked = fields.IntField()
    refused = fields.IntField()
    warned = fields.IntField()
    error = fields.CharField(max_length=50, null=True)
    lease_until = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "customer_import"
        indexes: ClassVar = (Index(fields=("staff_id", "id"), name="customer_import_staff"),)


class ImportRow(Model):
    """A row that was refused or needs a look: its number in the table, a stable code, and which column it is about."""

    id = fields.BigIntField(primary_key=True)
    run: fields.ForeignKeyRelation[CustomerImport] = fields.ForeignKeyField(
        "models.CustomerImport", related_name=False, on_delete=fields.RESTRICT
    )
    row = fields.IntField()
    outcome = fields.CharEnumField(RowOutcome, max_length=10)
    code = fields.CharField(max_length=50)
    column = fields.CharField(max_length=100, null=True)
    customer_id = fields.UUIDField(null=True)

    class Meta:
        table = "customer_import_row"
        indexes: ClassVar = (Index(fields=("run_id", "row"), name="customer_import_row_number"),)


class ImportMapping(Model):
    """Which column of a table with these headers (`headers` is their digest) was which field, as last used."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    headers = fields.BinaryField()
    mapping: fields.Field[object] = fields.JSONField()
    used_at = fields.DatetimeField()

    class Meta:
        table = "customer_import_mapping"
        constraints: ClassVar = (
            UniqueConstraint(fields=("staff_id", "headers"), name="customer_import_mapping_headers_key"),
        )
