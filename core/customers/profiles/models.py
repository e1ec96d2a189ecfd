"""The record of a customer (F-02), the people to talk to (F-03), the stages it went through (F-19)."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.customers.profiles.rules import Gender, Nature, Party, Stage, Status


class Profile(Model):
    """One per customer of whom more is known than following; without one a customer is a prospect with no name.

    `name_key` is the name as names are compared (infra.names). `sources` says of each field which door gave it and
    when. `customer_id` is a foreign key, by hand. The position is WGS-84, `datum` is the one it came in. `custom` holds
    custom fields' values by field id.
    """

    customer_id = fields.UUIDField(primary_key=True)
    nature = fields.CharEnumField(Nature, max_length=10)
    party = fields.CharEnumField(Party, max_length=10)
    status = fields.CharEnumField(Status, max_length=10)
    stage = fields.CharEnumField(Stage, max_length=10)
    name = fields.CharField(max_length=100, null=True)
    name_key = fields.CharField(max_length=100, null=True)
    mnemonic = fields.CharField(max_length=50, null=True)
    gender = fields.CharEnumField(Gender, max_length=10, null=True)
    birthday = fields.DateField(null=True)
    level = fields.CharField(max_length=30, null=True)
    industry = fields.CharField(max_length=50, null=True)
    province = fields.CharField(max_length=30, null=True)
    city = fields.CharField(max_length=30, null=True)
    address = fields.CharField(max_length=200, null=True)
    postcode = fields.CharField(max_length=10, null=True)
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    datum = fields.CharField(max_length=10, null=True)
    email = fields.CharField(max_length=254, null=True)
    home_page = fields.CharField(max_length=200, null=True)
    credit_grade = fields.CharField(max_length=10, null=True)
    credit_limit = fields.BigIntField(null=True)
    parent: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    remark = fields.TextField(null=True)
    registered_at = fields.DatetimeField(null=True)
    sources: fields.Field[object] = fields.JSONField()
    custom: fields.Field[object] = fields.JSONField()
    version = fields.IntField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "customer_profile"
        indexes: ClassVar = (Index(fields=("name_key",), name="customer_profile_name"),)


class ContactPerson(Model):
    """Somebody to talk to at a customer; `responsible` is the colleague who does. A removed one stays as a row."""

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=100)
    name_key = fields.CharField(max_length=100)
    gender = fields.CharEnumField(Gender, max_length=10, null=True)
    birthday = fields.DateField(null=True)
    birth_year = fields.IntField(null=True)
    department = fields.CharField(max_length=50, null=True)
    post = fields.CharField(max_length=50, null=True)
    superior: fields.ForeignKeyNullableRelation["ContactPerson"] = fields.ForeignKeyField(
        "models.ContactPerson", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    email = fields.CharField(max_length=254, null=True)
    hobbies = fields.CharField(max_length=200, null=True)
    remark = fields.TextField(null=True)
    responsible: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    is_main = fields.BooleanField()
    custom: fields.Field[object] = fields.JSONField()
    version = fields.IntField()
    created_at = fields.DatetimeField()
    removed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "contact_person"
        indexes: ClassVar = (Index(fields=("customer_id",), name="contact_person_customer"),)


class StageChange(Model):
    """A customer reached a stage of its life: who said so, when, and because of what (`source`)."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    former = fields.CharEnumField(Stage, max_length=10, null=True)
    stage = fields.CharEnumField(Stage, max_length=10)
    source = fields.UUIDField()
    changed_by = fields.UUIDField(null=True)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "customer_stage_change"
        constraints: ClassVar = (
            UniqueConstraint(fields=("customer_id", "source"), name="customer_stage_change_source_key"),
        )


class MobileChange(Model):
    """A wrong mobile, and the right one somebody asks for; `approved` is None until a manager decides."""

    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Customer", related_name=False, on_delete=fields.RESTRICT
    )
    former = fields.CharField(max_length=32, null=True)
    number = fields.CharField(max_length=32)
    reason = fields.CharField(max_length=200)
    asked_by: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    asked_at = fields.DatetimeField()
    decided_by: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    decided_at = fields.DatetimeField(null=True)
    approved = fields.BooleanField(null=True)

    class Meta:
        table = "customer_mobile_change"
        indexes: ClassVar = (Index(fields=("customer_id",), name="customer_mobile_change_customer"),)
