from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from wechat.codes.rules import Life
from wechat.followers.rules import RunState
from wechat.forwards.rules import ForwardState
from wechat.labels.rules import LabelKind


class Migration(migrations.Migration):
    dependencies = [("models", "0002_partitions_and_constraints")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Alert",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=60)),
                ("subject", fields.CharField(max_length=100)),
                ("message", fields.CharField(max_length=500)),
                ("count", fields.IntField()),
                ("first_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "alert",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Something an operator has to see to. While one is open, the same kind and subject only counts on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Block",
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
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.Identity",
                        source_field="identity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("wanted", fields.BooleanField()),
                ("synced", fields.BooleanField()),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
                ("changed_by", fields.CharField(max_length=100)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_block",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A fan is blacklisted (`wanted`) or shall be let go; `synced` is false while the platform has still to hear.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FormerCode",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "code",
                    fields.ForeignKeyField(
                        "models.Code",
                        source_field="code_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("starts_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("stopped_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("until_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_code_former",
                "app": "models",
                "indexes": [Index(fields=["code_id", "until_at"], name="wechat_code_former_code")],
                "pk_attr": "id",
                "table_description": "What a code was before `until_at`: whose, and when it counted. A scan of that time may come late.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Forward",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("push_id", fields.UUIDField()),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("app_id", fields.CharField(max_length=32)),
                ("person", fields.BinaryField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="PENDING: pending\nSENT: sent\nFAILED: failed",
                        enum_type=ForwardState,
                        max_length=10,
                    ),
                ),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
            ],
            options={
                "table": "push_forward",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A push that another system shall get too, each person's in order; `received_at` finds the push's partition.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Import",
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
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
            ],
            options={
                "table": "wechat_import",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The reading of what an account had on the platform: how often it was tried, and when it is tried next.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Label",
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
                (
                    "kind",
                    fields.CharEnumField(description="TAG: tag\nGROUP: group", enum_type=LabelKind, max_length=10),
                ),
                ("name", fields.CharField(max_length=30)),
                ("platform_id", fields.IntField(null=True)),
                ("synced", fields.BooleanField()),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
                ("read_next_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reading_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cursor", fields.BinaryField(null=True)),
                ("ask_from", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_label",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A tag or group of one account. `platform_id` is its number there, once the platform knows it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Membership",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "label",
                    fields.ForeignKeyField(
                        "models.Label",
                        source_field="label_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.Identity",
                        source_field="identity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(description="TAG: tag\nGROUP: group", enum_type=LabelKind, max_length=10),
                ),
                ("wanted", fields.BooleanField()),
                ("synced", fields.BooleanField()),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_label_member",
                "app": "models",
                "indexes": [Index(fields=["identity_id"], name="wechat_label_member_identity")],
                "pk_attr": "id",
                "table_description": "A fan carries a label (`wanted`) or shall lose it; `synced` is false while the platform has still to hear.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Menu",
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
                ("content", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("read_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_menu",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The menu an account had on the platform before us, as it was first read.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Merge",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "source",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "target",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="target_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(max_length=30)),
                ("moved", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("merged_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_merge",
                "app": "models",
                "indexes": [Index(fields=["target_id"], name="customer_merge_target")],
                "pk_attr": "id",
                "table_description": "One customer became part of another: why, when, and what moved (ids of identities and touches).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Picture",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "code",
                    fields.ForeignKeyField(
                        "models.Code",
                        source_field="code_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("image", fields.BinaryField()),
            ],
            options={
                "table": "wechat_code_picture",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The picture of a mini-program's code: only the platform can draw it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Run",
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
                (
                    "state",
                    fields.CharEnumField(
                        description="READING: reading\nCOMPARING: comparing\nSETTLING: settling\nCLEARING: clearing\nDONE: done",
                        enum_type=RunState,
                        max_length=10,
                    ),
                ),
                ("cursor", fields.BinaryField(null=True)),
                ("position", fields.UUIDField(null=True)),
                ("seen", fields.IntField()),
                ("healed", fields.IntField()),
                ("missing", fields.IntField()),
                ("attempts", fields.IntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(null=True, max_length=200)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_follower_run",
                "app": "models",
                "indexes": [Index(fields=["account_id", "started_at"], name="wechat_follower_run_account")],
                "pk_attr": "id",
                "table_description": "One reading of an account's follower list; `cursor` is the openid the next page begins after (ciphertext).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VerifyFile",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=60)),
                ("content", fields.CharField(max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_verify_file",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A file `MP_verify_*.txt` that proves to the platform whose domain this is; served at the root.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Account",
            options={
                "table": "wechat_account",
                "app": "models",
                "constraints": [
                    UniqueConstraint(fields=("app_id",), name="wechat_account_app_id_key"),
                    UniqueConstraint(fields=("original_id",), name="wechat_account_original_id_key"),
                ],
                "pk_attr": "id",
                "table_description": "`original_id` (gh_…) addresses pushes; `secret`, `token`, `aes_key` and `former_keys` are ciphertext.",
            },
        ),
        ops.AddField(
            model_name="Account",
            name="ask_from",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Account",
            name="disabled_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Account",
            name="former_keys",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="Account",
            name="forward_from",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Account",
            name="forward_url",
            field=fields.CharField(null=True, max_length=300),
        ),
        ops.AddField(
            model_name="Account",
            name="imported_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Account",
            name="permanent_codes",
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name="Account",
            name="shadow",
            field=fields.BooleanField(db_default=False),
        ),
        ops.RemoveConstraint(
            model_name="Code",
            name="wechat_code_account_id_guide_id_key",
            fields=None,
        ),
        ops.RemoveConstraint(
            model_name="Code",
            name="wechat_code_account_id_store_id_key",
            fields=None,
        ),
        ops.RemoveConstraint(
            model_name="Code",
            name="wechat_code_account_id_channel_id_key",
            fields=None,
        ),
        ops.AddField(
            model_name="Code",
            name="batch_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Code",
            name="ends_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Code",
            name="expires_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Code",
            name="life",
            field=fields.CharEnumField(
                description="PERMANENT: permanent\nTEMPORARY: temporary",
                db_default="permanent",
                enum_type=Life,
                max_length=10,
            ),
        ),
        ops.AddField(
            model_name="Code",
            name="name",
            field=fields.CharField(null=True, max_length=50),
        ),
        ops.AddField(
            model_name="Code",
            name="page",
            field=fields.CharField(null=True, max_length=128),
        ),
        ops.AddField(
            model_name="Code",
            name="standing",
            field=fields.BooleanField(db_default=True),
        ),
        ops.AddField(
            model_name="Code",
            name="starts_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Code",
            name="stopped_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="Code",
            index=Index(fields=["batch_id"], name="wechat_code_batch"),
        ),
        ops.AddIndex(
            model_name="Code",
            index=Index(fields=["guide_id"], name="wechat_code_guide"),
        ),
        ops.AddIndex(
            model_name="Code",
            index=Index(fields=["store_id"], name="wechat_code_store"),
        ),
        ops.AddIndex(
            model_name="Code",
            index=Index(fields=["channel_id"], name="wechat_code_channel"),
        ),
        ops.AddField(
            model_name="Customer",
            name="merged_into",
            field=fields.ForeignKeyField(
                "models.Customer",
                source_field="merged_into_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="Identity",
            name="ask_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Identity",
            name="profiled_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Identity",
            name="subscribe_scene",
            field=fields.CharField(null=True, max_length=50),
        ),
        ops.AddField(
            model_name="Identity",
            name="talked_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Identity",
            name="unionid",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddIndex(
            model_name="Identity",
            index=Index(fields=["unionid"], name="identity_unionid"),
        ),
        ops.AlterModelOptions(
            name="Store",
            options={
                "table": "store",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("name",), name="store_name_key")],
                "pk_attr": "id",
                "table_description": "`channel` is the sales channel its fans count for, also after it closed. `picture_url` leads to its picture.",
            },
        ),
        ops.AddField(
            model_name="Store",
            name="hours",
            field=fields.CharField(db_default="", max_length=100),
        ),
        ops.AddField(
            model_name="Store",
            name="phone",
            field=fields.CharField(db_default="", max_length=30),
        ),
        ops.AddField(
            model_name="Store",
            name="picture_url",
            field=fields.CharField(null=True, max_length=300),
        ),
        ops.AddIndex(
            model_name="Touch",
            index=Index(fields=["code_id", "customer_id"], name="touch_code"),
        ),
        ops.AddConstraint(
            model_name="Block",
            constraint=UniqueConstraint(fields=("identity_id",), name="wechat_block_identity_id_key"),
        ),
        ops.AddConstraint(
            model_name="Forward",
            constraint=UniqueConstraint(fields=("push_id",), name="push_forward_push_id_key"),
        ),
        ops.AddConstraint(
            model_name="Import",
            constraint=UniqueConstraint(fields=("account_id",), name="wechat_import_account_id_key"),
        ),
        ops.AddConstraint(
            model_name="Label",
            constraint=UniqueConstraint(
                fields=("account_id", "platform_id"), name="wechat_label_account_id_platform_id_key"
            ),
        ),
        ops.AddConstraint(
            model_name="Membership",
            constraint=UniqueConstraint(
                fields=("label_id", "identity_id"), name="wechat_label_member_label_id_identity_id_key"
            ),
        ),
        ops.AddConstraint(
            model_name="Menu",
            constraint=UniqueConstraint(fields=("account_id",), name="wechat_menu_account_id_key"),
        ),
        ops.AddConstraint(
            model_name="Picture",
            constraint=UniqueConstraint(fields=("code_id",), name="wechat_code_picture_code_id_key"),
        ),
        ops.AddConstraint(
            model_name="VerifyFile",
            constraint=UniqueConstraint(fields=("name",), name="wechat_verify_file_name_key"),
        ),
    ]
