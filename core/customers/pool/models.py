"""Claims, and which days are done; whose a customer is and was stands in `customer` and its ledger of ownership."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Claim(Model):
    """The `ordinal`-th claim of a colleague on a business day, of so many customers."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    day = fields.DateField()
    ordinal = fields.IntField()
    customers = fields.IntField()
    claimed_at = fields.DatetimeField()

    class Meta:
        table = "pool_claim"
        constraints: ClassVar = (
            UniqueConstraint(fields=("staff_id", "day", "ordinal"), name="pool_claim_ordinal_key"),
        )


class DailyRun(Model):
    """What is done once on a business day was finished; who dies before is done again."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=30)
    day = fields.DateField()
    finished_at = fields.DatetimeField()

    class Meta:
        table = "daily_run"
        constraints: ClassVar = (UniqueConstraint(fields=("name", "day"), name="daily_run_day_key"),)
