from enum import StrEnum
from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from core.customers.rules import ContactKind
from wechat.accounts.rules import Kind, Mode
from wechat.codes.rules import CodeState


class Role(StrEnum):
    """The roles as they were then."""

    GUIDE = "guide"
    MANAGER = "manager"
    ADMIN = "admin"


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("app_id", fields.CharField(max_length=32)),
                ("original_id", fields.CharField(max_length=32)),
                (
                    "kind",
                    fields.CharEnumField(description="OFFICIAL: official\nMINI: mini", enum_type=Kind, max_length=10),
                ),
                (
                    "mode",
                    fields.CharEnumField(
                        description="PLAIN: plain\nCOMPATIBLE: compatible\nSAFE: safe", enum_type=Mode, max_length=10
                    ),
                ),
                ("name", fields.CharField(max_length=50)),
                ("secret", fields.BinaryField()),
                ("token", fields.BinaryField()),
                ("aes_key", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_account",
                "app": "models",
                "pk_attr": "id",
                "table_description": "`original_id` (gh_…) addresses pushes; `secret`, `token` and `aes_key` are ciphertext.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Channel",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=50)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "channel",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A source of fans with a name of its own.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("principal", fields.CharField(max_length=100)),
                ("route", fields.CharField(max_length=200)),
                ("key", fields.CharField(max_length=100)),
                ("body_digest", fields.BinaryField()),
                ("answer", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "idempotency_key",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The stored answer of a request that may be sent again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ParameterVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=100)),
                ("version", fields.IntField()),
                ("value", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("changed_by", fields.CharField(max_length=100)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "parameter_version",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One row per change of a parameter; the highest version is in force.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("token_digest", fields.BinaryField()),
                ("kind", fields.CharField(max_length=20)),
                ("principal_id", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "models",
                "indexes": [Index(fields=["kind", "principal_id"], name="session_principal")],
                "pk_attr": "id",
                "table_description": "A token's digest and whose it is; `kind` is the sort of principal (staff).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Store",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=50)),
                ("address", fields.CharField(max_length=200)),
                (
                    "channel",
                    fields.ForeignKeyField(
                        "models.Channel",
                        source_field="channel_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "store",
                "app": "models",
                "pk_attr": "id",
                "table_description": "`channel` is the sales channel its fans count for, also after it closed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Staff",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=50)),
                ("username", fields.CharField(max_length=50)),
                ("password_hash", fields.CharField(max_length=200)),
                (
                    "role",
                    fields.CharEnumField(
                        description="GUIDE: guide\nMANAGER: manager\nADMIN: admin", enum_type=Role, max_length=20
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Store",
                        source_field="store_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("left_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff",
                "app": "models",
                "indexes": [Index(fields=["store_id"], name="staff_store")],
                "pk_attr": "id",
                "table_description": "`left_at` is set for good when a person leaves; the row stays, for what it did.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Code",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=32)),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Store",
                        source_field="store_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "channel",
                    fields.ForeignKeyField(
                        "models.Channel",
                        source_field="channel_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        description="PENDING: pending\nISSUED: issued\nFAILED: failed",
                        enum_type=CodeState,
                        max_length=10,
                    ),
                ),
                ("ticket", fields.CharField(null=True, max_length=200)),
                ("url", fields.CharField(null=True, max_length=200)),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_code",
                "app": "models",
                "pk_attr": "id",
                "table_description": "`key` is the opaque scene; exactly one of guide, store and channel is set (a constraint sees to it).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Customer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("following", fields.BooleanField()),
                ("is_staff", fields.BooleanField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer",
                "app": "models",
                "indexes": [Index(fields=["guide_id", "id"], name="customer_guide")],
                "pk_attr": "id",
                "table_description": "One person. `guide` looks after the person; `following` is true while any identity follows.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Identity",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("app_id", fields.CharField(max_length=32)),
                ("openid", fields.CharField(null=True, max_length=64)),
                ("digest", fields.BinaryField()),
                ("following", fields.BooleanField()),
                ("state_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="identity_customer")],
                "pk_attr": "id",
                "table_description": "A person in one account. `digest` (keyed, of app id and openid) recognises the person also after erasure.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StaffWechat",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("digest", fields.BinaryField()),
                ("bound_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff_wechat",
                "app": "models",
                "pk_attr": "id",
                "table_description": "An openid that belongs to a colleague: its bearer is never counted as a fan. Only a keyed digest is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Touch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("source", fields.UUIDField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="FOLLOW: follow\nSCAN: scan\nUNFOLLOW: unfollow\nMESSAGE: message",
                        enum_type=ContactKind,
                        max_length=20,
                    ),
                ),
                ("code_id", fields.UUIDField(null=True)),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Store",
                        source_field="store_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "channel",
                    fields.ForeignKeyField(
                        "models.Channel",
                        source_field="channel_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("is_first", fields.BooleanField()),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "touch",
                "app": "models",
                "indexes": [Index(fields=["customer_id", "occurred_at"], name="touch_customer")],
                "pk_attr": "id",
                "table_description": "A scan or follow and whom it is credited to. `source` is the push: the same one never makes a second touch.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Welcome",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Store",
                        source_field="store_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "channel",
                    fields.ForeignKeyField(
                        "models.Channel",
                        source_field="channel_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("follow_text", fields.TextField(unique=False)),
                ("scan_text", fields.TextField(null=True, unique=False)),
                ("version", fields.IntField()),
            ],
            options={
                "table": "welcome",
                "app": "models",
                "pk_attr": "id",
                "table_description": "At most one per guide, store and channel, and one with none of them for everybody (a constraint sees to both).",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=UniqueConstraint(fields=("app_id",), name="wechat_account_app_id_key"),
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=UniqueConstraint(fields=("original_id",), name="wechat_account_original_id_key"),
        ),
        ops.AddConstraint(
            model_name="Channel",
            constraint=UniqueConstraint(fields=("name",), name="channel_name_key"),
        ),
        ops.AddConstraint(
            model_name="IdempotencyKey",
            constraint=UniqueConstraint(
                fields=("principal", "route", "key"), name="idempotency_key_principal_route_key_key"
            ),
        ),
        ops.AddConstraint(
            model_name="ParameterVersion",
            constraint=UniqueConstraint(fields=("name", "version"), name="parameter_version_name_version_key"),
        ),
        ops.AddConstraint(
            model_name="Session",
            constraint=UniqueConstraint(fields=("token_digest",), name="session_token_digest_key"),
        ),
        ops.AddConstraint(
            model_name="Store",
            constraint=UniqueConstraint(fields=("name",), name="store_name_key"),
        ),
        ops.AddConstraint(
            model_name="Staff",
            constraint=UniqueConstraint(fields=("username",), name="staff_username_key"),
        ),
        ops.AddConstraint(
            model_name="Code",
            constraint=UniqueConstraint(fields=("key",), name="wechat_code_key_key"),
        ),
        ops.AddConstraint(
            model_name="Code",
            constraint=UniqueConstraint(fields=("account_id", "guide_id"), name="wechat_code_account_id_guide_id_key"),
        ),
        ops.AddConstraint(
            model_name="Code",
            constraint=UniqueConstraint(fields=("account_id", "store_id"), name="wechat_code_account_id_store_id_key"),
        ),
        ops.AddConstraint(
            model_name="Code",
            constraint=UniqueConstraint(
                fields=("account_id", "channel_id"), name="wechat_code_account_id_channel_id_key"
            ),
        ),
        ops.AddConstraint(
            model_name="Identity",
            constraint=UniqueConstraint(fields=("digest",), name="identity_digest_key"),
        ),
        ops.AddConstraint(
            model_name="StaffWechat",
            constraint=UniqueConstraint(fields=("digest",), name="staff_wechat_digest_key"),
        ),
        ops.AddConstraint(
            model_name="Touch",
            constraint=UniqueConstraint(fields=("source",), name="touch_source_key"),
        ),
    ]
