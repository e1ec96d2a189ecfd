from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from core.custom_fields.rules import FieldKind, Subject
from core.customers.followups.rules import FollowUpKind, SalesKind
from core.customers.imports.rules import ImportState, RowOutcome
from core.customers.linking.rules import CandidateState, Door, LinkedBy, PhoneLabel
from core.customers.privacy.rules import Channel, ErasureKind
from core.customers.profiles.rules import Gender, Nature, Party, Stage, Status
from core.customers.tags.rules import TagKind
from core.permissions.rules import Layout


class Migration(migrations.Migration):
    dependencies = [("models", "0006_organisation_constraints")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Arrival",
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
                    "door",
                    fields.CharEnumField(
                        description="FOLLOW: follow\nMINI_PROGRAM: mini_program\nWECHAT_PHONE: wechat_phone\nSMS: sms\nCOUNTER: counter\nPOS: pos\nIMPORT: import\nSTAFF: staff",
                        enum_type=Door,
                        max_length=20,
                    ),
                ),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("arrived_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "linked_by",
                    fields.CharEnumField(
                        description="IDENTITY: identity\nKEY: key\nPHONE: phone", enum_type=LinkedBy, max_length=10
                    ),
                ),
                ("phone", fields.BinaryField(null=True)),
                ("name", fields.BinaryField(null=True)),
            ],
            options={
                "table": "customer_arrival",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="customer_arrival_customer")],
                "pk_attr": "id",
                "table_description": "What came in about a person through a door, once (`source`), whom it was taken for and why (`linked_by`).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChannelChoice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                (
                    "channel",
                    fields.CharEnumField(
                        description="WECHAT: wechat\nMINI_PROGRAM: mini_program\nPHONE: phone\nSMS: sms\nEMAIL: email\nPOST: post",
                        enum_type=Channel,
                        max_length=20,
                    ),
                ),
                ("accepted", fields.BooleanField()),
                ("door", fields.CharField(max_length=20)),
                ("chosen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "channel_choice",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Whether a person wants to be reached on a channel, as last said; none: not asked.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Claim",
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
                ("day", fields.DateField()),
                ("ordinal", fields.IntField()),
                ("customers", fields.IntField()),
                ("claimed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "pool_claim",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The `ordinal`-th claim of a colleague on a business day, of so many customers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Consent",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                ("purpose", fields.CharField(max_length=30)),
                ("version", fields.IntField()),
                ("given", fields.BooleanField()),
                ("door", fields.CharField(max_length=20)),
                ("source", fields.UUIDField()),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "consent",
                "app": "models",
                "indexes": [Index(fields=["customer_id", "purpose", "occurred_at"], name="consent_customer")],
                "pk_attr": "id",
                "table_description": "A person agreed (or took it back) to a version of a text, at a door, at a time; the ledger only grows.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConsentText",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("purpose", fields.CharField(max_length=30)),
                ("version", fields.IntField()),
                ("body", fields.TextField(unique=False)),
                ("published_by", fields.UUIDField(null=True)),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "consent_text",
                "app": "models",
                "pk_attr": "id",
                "table_description": "What people are asked to agree to; a published version never changes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactPerson",
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
                ("name", fields.CharField(max_length=100)),
                ("name_key", fields.CharField(max_length=100)),
                (
                    "gender",
                    fields.CharEnumField(
                        null=True, description="MALE: male\nFEMALE: female", enum_type=Gender, max_length=10
                    ),
                ),
                ("birthday", fields.DateField(null=True)),
                ("birth_year", fields.IntField(null=True)),
                ("department", fields.CharField(null=True, max_length=50)),
                ("post", fields.CharField(null=True, max_length=50)),
                (
                    "superior",
                    fields.ForeignKeyField(
                        "models.ContactPerson",
                        source_field="superior_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("email", fields.CharField(null=True, max_length=254)),
                ("hobbies", fields.CharField(null=True, max_length=200)),
                ("remark", fields.TextField(null=True, unique=False)),
                (
                    "responsible",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="responsible_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("is_main", fields.BooleanField()),
                ("custom", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("removed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "contact_person",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="contact_person_customer")],
                "pk_attr": "id",
                "table_description": "Somebody to talk to at a customer; `responsible` is the colleague who does. A removed one stays as a row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomField",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "subject",
                    fields.CharEnumField(
                        description="CUSTOMER: customer\nCONTACT: contact\nPRODUCT: product\nCONTRACT: contract",
                        enum_type=Subject,
                        max_length=20,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="LINE: line\nTEXT: text\nOPTION: option\nOPTIONS: options\nNUMBER: number\nDATE: date\nADDRESS: address",
                        enum_type=FieldKind,
                        max_length=20,
                    ),
                ),
                ("name", fields.CharField(max_length=50)),
                ("help", fields.CharField(null=True, max_length=200)),
                ("max_length", fields.IntField(null=True)),
                ("options", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("required", fields.BooleanField()),
                ("unique", fields.BooleanField()),
                ("searchable", fields.BooleanField()),
                ("listed", fields.BooleanField()),
                ("position", fields.IntField()),
                ("version", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "custom_field",
                "app": "models",
                "indexes": [Index(fields=["subject", "position"], name="custom_field_subject")],
                "pk_attr": "id",
                "table_description": "`options` are the choices of an option field, `position` orders the form; a deleted one keeps its values.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerImport",
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
                ("file_id", fields.UUIDField()),
                ("file_name", fields.CharField(max_length=200)),
                ("mapping", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("options", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("dry_run", fields.BooleanField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="WAITING: waiting\nRUNNING: running\nDONE: done\nFAILED: failed\nCANCELLED: cancelled",
                        enum_type=ImportState,
                        max_length=10,
                    ),
                ),
                ("rows", fields.IntField(null=True)),
                ("next_row", fields.IntField()),
                ("created", fields.IntField()),
                ("linked", fields.IntField()),
                ("refused", fields.IntField()),
                ("warned", fields.IntField()),
                ("error", fields.CharField(null=True, max_length=50)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_import",
                "app": "models",
                "indexes": [Index(fields=["staff_id", "id"], name="customer_import_staff")],
                "pk_attr": "id",
                "table_description": "A table being read. `next_row` is where it goes on after a crash; `lease_until` is how long one worker has it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DailyRun",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=30)),
                ("day", fields.DateField()),
                ("finished_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "daily_run",
                "app": "models",
                "pk_attr": "id",
                "table_description": "What is done once on a business day was finished; who dies before is done again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Erasure",
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
                (
                    "kind",
                    fields.CharEnumField(
                        description="UNFOLLOW: unfollow\nREQUEST: request", enum_type=ErasureKind, max_length=10
                    ),
                ),
                ("asked_by", fields.UUIDField(null=True)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cancelled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_erasure",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="customer_erasure_customer")],
                "pk_attr": "id",
                "table_description": "A person is to be forgotten at `due_at`, and was at `done_at`; `cancelled_at`: came back, or took it back.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FollowUp",
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
                (
                    "contact",
                    fields.ForeignKeyField(
                        "models.ContactPerson",
                        source_field="contact_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="PHONE: phone\nWECHAT: wechat\nVISIT: visit\nMEETING: meeting\nEMAIL: email\nOTHER: other",
                        enum_type=FollowUpKind,
                        max_length=10,
                    ),
                ),
                ("body", fields.TextField(null=True, unique=False)),
                ("file_ids", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("task_id", fields.UUIDField(null=True)),
                ("next_contact_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("order_due_on", fields.DateField(null=True)),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "follow_up",
                "app": "models",
                "indexes": [
                    Index(fields=["customer_id", "occurred_at"], name="follow_up_customer"),
                    Index(fields=["staff_id", "occurred_at"], name="follow_up_staff"),
                ],
                "pk_attr": "id",
                "table_description": "What the owner wrote down about a contact; `occurred_at` is when it was.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportMapping",
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
                ("headers", fields.BinaryField()),
                ("mapping", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("used_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_import_mapping",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Which column of a table with these headers (`headers` is their digest) was which field, as last used.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "run",
                    fields.ForeignKeyField(
                        "models.CustomerImport",
                        source_field="run_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("row", fields.IntField()),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="CREATED: created\nLINKED: linked\nREFUSED: refused\nWARNED: warned",
                        enum_type=RowOutcome,
                        max_length=10,
                    ),
                ),
                ("code", fields.CharField(max_length=50)),
                ("column", fields.CharField(null=True, max_length=100)),
                ("customer_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "customer_import_row",
                "app": "models",
                "indexes": [Index(fields=["run_id", "row"], name="customer_import_row_number")],
                "pk_attr": "id",
                "table_description": "A row that was refused or needs a look: its number in the table, a stable code, and which column it is about.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Key",
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
                ("kind", fields.CharField(max_length=30)),
                ("value", fields.CharField(max_length=100)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_key",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="customer_key_customer")],
                "pk_attr": "id",
                "table_description": "What else names a customer for sure: a card, the number in another system (`kind` names which).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MergeCandidate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "one",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="one_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="other_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(max_length=30)),
                (
                    "state",
                    fields.CharEnumField(
                        description="OPEN: open\nMERGED: merged\nDISMISSED: dismissed",
                        enum_type=CandidateState,
                        max_length=10,
                    ),
                ),
                ("found_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_by", fields.UUIDField(null=True)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "merge_candidate",
                "app": "models",
                "indexes": [Index(fields=["other_id"], name="merge_candidate_other")],
                "pk_attr": "id",
                "table_description": "Two customers who may be one person (`one` has the smaller id), why, and what somebody decided.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MobileChange",
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
                ("former", fields.CharField(null=True, max_length=32)),
                ("number", fields.CharField(max_length=32)),
                ("reason", fields.CharField(max_length=200)),
                (
                    "asked_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="asked_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="decided_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("approved", fields.BooleanField(null=True)),
            ],
            options={
                "table": "customer_mobile_change",
                "app": "models",
                "indexes": [Index(fields=["customer_id"], name="customer_mobile_change_customer")],
                "pk_attr": "id",
                "table_description": "A wrong mobile, and the right one somebody asks for; `approved` is None until a manager decides.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Phone",
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
                (
                    "contact",
                    fields.ForeignKeyField(
                        "models.ContactPerson",
                        source_field="contact_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "label",
                    fields.CharEnumField(
                        description="MOBILE: mobile\nMAIN: main\nFINANCE: finance\nOFFICE: office\nHOME: home\nFAX: fax",
                        enum_type=PhoneLabel,
                        max_length=10,
                    ),
                ),
                ("number", fields.CharField(max_length=32)),
                (
                    "door",
                    fields.CharEnumField(
                        description="FOLLOW: follow\nMINI_PROGRAM: mini_program\nWECHAT_PHONE: wechat_phone\nSMS: sms\nCOUNTER: counter\nPOS: pos\nIMPORT: import\nSTAFF: staff",
                        enum_type=Door,
                        max_length=20,
                    ),
                ),
                ("verified_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("held_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_phone",
                "app": "models",
                "indexes": [
                    Index(fields=["customer_id"], name="customer_phone_customer"),
                    Index(fields=["number"], name="customer_phone_number"),
                ],
                "pk_attr": "id",
                "table_description": "A number (E.164, an extension after `;ext=`) of a customer, or of one of its contact persons.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PhoneDispute",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("number", fields.CharField(max_length=32)),
                (
                    "former",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="former_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "newcomer",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="newcomer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(null=True, max_length=20)),
                ("proof", fields.CharField(null=True, max_length=20)),
                ("settled_by", fields.UUIDField(null=True)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "phone_dispute",
                "app": "models",
                "indexes": [
                    Index(fields=["former_id"], name="phone_dispute_former"),
                    Index(fields=["newcomer_id"], name="phone_dispute_newcomer"),
                ],
                "pk_attr": "id",
                "table_description": "A verified number that was another's before: held until one of the two proves whose it is.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Profile",
            fields=[
                ("customer_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "nature",
                    fields.CharEnumField(
                        description="PERSON: person\nBUSINESS: business", enum_type=Nature, max_length=10
                    ),
                ),
                (
                    "party",
                    fields.CharEnumField(
                        description="PROSPECT: prospect\nCUSTOMER: customer\nPARTNER: partner\nAGENT: agent\nSUPPLIER: supplier",
                        enum_type=Party,
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        description="ACTIVE: active\nPAUSED: paused\nCLOSED: closed", enum_type=Status, max_length=10
                    ),
                ),
                (
                    "stage",
                    fields.CharEnumField(
                        description="NEW: new\nINTERESTED: interested\nBOUGHT: bought\nLOYAL: loyal\nSLEEPING: sleeping\nLOST: lost",
                        enum_type=Stage,
                        max_length=10,
                    ),
                ),
                ("name", fields.CharField(null=True, max_length=100)),
                ("name_key", fields.CharField(null=True, max_length=100)),
                ("mnemonic", fields.CharField(null=True, max_length=50)),
                (
                    "gender",
                    fields.CharEnumField(
                        null=True, description="MALE: male\nFEMALE: female", enum_type=Gender, max_length=10
                    ),
                ),
                ("birthday", fields.DateField(null=True)),
                ("level", fields.CharField(null=True, max_length=30)),
                ("industry", fields.CharField(null=True, max_length=50)),
                ("province", fields.CharField(null=True, max_length=30)),
                ("city", fields.CharField(null=True, max_length=30)),
                ("address", fields.CharField(null=True, max_length=200)),
                ("postcode", fields.CharField(null=True, max_length=10)),
                ("latitude", fields.FloatField(null=True)),
                ("longitude", fields.FloatField(null=True)),
                ("datum", fields.CharField(null=True, max_length=10)),
                ("email", fields.CharField(null=True, max_length=254)),
                ("home_page", fields.CharField(null=True, max_length=200)),
                ("credit_grade", fields.CharField(null=True, max_length=10)),
                ("credit_limit", fields.BigIntField(null=True)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "models.Customer",
                        source_field="parent_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("remark", fields.TextField(null=True, unique=False)),
                ("registered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sources", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("custom", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField()),
                ("created_by", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_profile",
                "app": "models",
                "indexes": [Index(fields=["name_key"], name="customer_profile_name")],
                "pk_attr": "customer_id",
                "table_description": "One per customer of whom more is known than following; without one a customer is a prospect with no name.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SalesRecord",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="FOLLOW_UP: follow_up\nVISIT: visit\nCHAT: chat\nORDER: order\nCONTRACT: contract",
                        enum_type=SalesKind,
                        max_length=10,
                    ),
                ),
                ("source", fields.UUIDField()),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sales_record",
                "app": "models",
                "indexes": [Index(fields=["customer_id", "kind", "occurred_at"], name="sales_record_customer")],
                "pk_attr": "id",
                "table_description": "A note, visit, order, contract or chat between a customer and a colleague; `source` makes it count once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SavedView",
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
                ("name", fields.CharField(max_length=30)),
                ("filters", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("columns", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("shared", fields.BooleanField()),
                ("position", fields.IntField()),
                ("version", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "saved_view",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A search somebody keeps; `shared` shows it to everyone (each sees the customers in the own reach).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StageChange",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                (
                    "former",
                    fields.CharEnumField(
                        null=True,
                        description="NEW: new\nINTERESTED: interested\nBOUGHT: bought\nLOYAL: loyal\nSLEEPING: sleeping\nLOST: lost",
                        enum_type=Stage,
                        max_length=10,
                    ),
                ),
                (
                    "stage",
                    fields.CharEnumField(
                        description="NEW: new\nINTERESTED: interested\nBOUGHT: bought\nLOYAL: loyal\nSLEEPING: sleeping\nLOST: lost",
                        enum_type=Stage,
                        max_length=10,
                    ),
                ),
                ("source", fields.UUIDField()),
                ("changed_by", fields.UUIDField(null=True)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_stage_change",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A customer reached a stage of its life: who said so, when, and because of what (`source`).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Tag",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("kind", fields.CharEnumField(description="TAG: tag\nGROUP: group", enum_type=TagKind, max_length=10)),
                ("name", fields.CharField(max_length=30)),
                ("rule", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("evaluate_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("evaluated_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField()),
                ("created_by", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tag",
                "app": "models",
                "pk_attr": "id",
                "table_description": "`rule` is a search (core.customers.search): whom it finds has the tag, nobody gives it by hand.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomerTag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                (
                    "tag",
                    fields.ForeignKeyField(
                        "models.Tag",
                        source_field="tag_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("added_by", fields.UUIDField(null=True)),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer_tag",
                "app": "models",
                "indexes": [Index(fields=["tag_id", "customer_id"], name="customer_tag_tag")],
                "pk_attr": "id",
                "table_description": "A customer has a tag; `added_by` is None for a rule.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UniqueValue",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "field",
                    fields.ForeignKeyField(
                        "models.CustomField",
                        source_field="field_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("value", fields.CharField(max_length=500)),
                ("record_id", fields.UUIDField()),
            ],
            options={
                "table": "custom_unique_value",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A value of a unique field, normalised, and the record that holds it.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Customer",
            options={
                "table": "customer",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("number",), name="customer_number_key")],
                "indexes": [Index(fields=["guide_id", "number"], name="customer_guide")],
                "pk_attr": "id",
                "table_description": "One person or business. `guide` (a guide or rep) is its owner; `following` is true while any identity follows.",
            },
        ),
        ops.AddField(
            model_name="Customer",
            name="active_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="discarded_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="next_contact_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="number",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Customer",
            name="order_due_on",
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name="Customer",
            name="pool_reason",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="Customer",
            name="pooled_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Customer",
            name="warned_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddConstraint(
            model_name="Customer",
            constraint=UniqueConstraint(fields=("number",), name="customer_number_key"),
        ),
        ops.AddField(
            model_name="Merge",
            name="merged_by",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Merge",
            name="undone_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Merge",
            name="undone_by",
            field=fields.UUIDField(null=True),
        ),
        ops.AlterModelOptions(
            name="OwnerChange",
            options={
                "table": "customer_owner_change",
                "app": "models",
                "constraints": [
                    UniqueConstraint(fields=("customer_id", "source"), name="customer_owner_change_source_key")
                ],
                "pk_attr": "id",
                "table_description": "A customer passed from one colleague's care to another's, or to or from the pool: the ledger of ownership.",
            },
        ),
        ops.AddField(
            model_name="OwnerChange",
            name="changed_by",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Role",
            name="layout",
            field=fields.CharEnumField(
                null=True,
                description="SALES: sales\nSERVICE: service\nMANAGEMENT: management",
                enum_type=Layout,
                max_length=10,
            ),
        ),
        ops.AddConstraint(
            model_name="Arrival",
            constraint=UniqueConstraint(fields=("source",), name="customer_arrival_source_key"),
        ),
        ops.AddConstraint(
            model_name="ChannelChoice",
            constraint=UniqueConstraint(fields=("customer_id", "channel"), name="channel_choice_key"),
        ),
        ops.AddConstraint(
            model_name="Claim",
            constraint=UniqueConstraint(fields=("staff_id", "day", "ordinal"), name="pool_claim_ordinal_key"),
        ),
        ops.AddConstraint(
            model_name="Consent",
            constraint=UniqueConstraint(fields=("source", "purpose"), name="consent_source_key"),
        ),
        ops.AddConstraint(
            model_name="ConsentText",
            constraint=UniqueConstraint(fields=("purpose", "version"), name="consent_text_version_key"),
        ),
        ops.AddConstraint(
            model_name="DailyRun",
            constraint=UniqueConstraint(fields=("name", "day"), name="daily_run_day_key"),
        ),
        ops.AddConstraint(
            model_name="ImportMapping",
            constraint=UniqueConstraint(fields=("staff_id", "headers"), name="customer_import_mapping_headers_key"),
        ),
        ops.AddConstraint(
            model_name="Key",
            constraint=UniqueConstraint(fields=("kind", "value"), name="customer_key_value_key"),
        ),
        ops.AddConstraint(
            model_name="MergeCandidate",
            constraint=UniqueConstraint(fields=("one_id", "other_id"), name="merge_candidate_pair_key"),
        ),
        ops.AddConstraint(
            model_name="SalesRecord",
            constraint=UniqueConstraint(fields=("source", "kind"), name="sales_record_source_key"),
        ),
        ops.AddConstraint(
            model_name="SavedView",
            constraint=UniqueConstraint(fields=("staff_id", "name"), name="saved_view_name_key"),
        ),
        ops.AddConstraint(
            model_name="StageChange",
            constraint=UniqueConstraint(fields=("customer_id", "source"), name="customer_stage_change_source_key"),
        ),
        ops.AddConstraint(
            model_name="CustomerTag",
            constraint=UniqueConstraint(fields=("customer_id", "tag_id"), name="customer_tag_key"),
        ),
        ops.AddConstraint(
            model_name="UniqueValue",
            constraint=UniqueConstraint(fields=("field_id", "value"), name="custom_unique_value_key"),
        ),
        ops.AddConstraint(
            model_name="UniqueValue",
            constraint=UniqueConstraint(fields=("record_id", "field_id"), name="custom_unique_value_record_key"),
        ),
    ]
