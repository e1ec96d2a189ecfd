from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from wechat.autoreplies.rules import Match, Trigger
from wechat.conversations.rules import Author, MediaState
from wechat.inbox.rules import Ended, Wanted
from wechat.menus.rules import MenuState
from wechat.outbound.rules import Channel


class Migration(migrations.Migration):
    dependencies = [("models", "0008_customers_constraints")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AutoReply",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=50)),
                (
                    "trigger",
                    fields.CharEnumField(
                        description="KEYWORD: keyword\nMENU: menu\nEVENT: event\nFOLLOW: follow\nDEFAULT: default",
                        enum_type=Trigger,
                        max_length=10,
                    ),
                ),
                (
                    "match",
                    fields.CharEnumField(
                        null=True,
                        description="EXACT: exact\nCONTAINS: contains\nPATTERN: pattern",
                        enum_type=Match,
                        max_length=10,
                    ),
                ),
                ("words", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("hours", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("contents", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("hand_over", fields.BooleanField()),
                ("before_commands", fields.BooleanField(db_default=False)),
                ("in_help", fields.BooleanField(db_default=False)),
                ("priority", fields.IntField()),
                ("enabled", fields.BooleanField()),
                ("version", fields.IntField()),
                (
                    "changed_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="changed_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "auto_reply",
                "app": "models",
                "indexes": [Index(fields=["trigger", "priority", "id"], name="auto_reply_order")],
                "pk_attr": "id",
                "table_description": "A rule: what it is asked by, when it holds, and what is said. Without an account it holds in all.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BannedWord",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("word", fields.CharField(max_length=50)),
                ("compared", fields.TextField(unique=False)),
                (
                    "added_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="added_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banned_word",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A word that no message of fans shows unasked, and that we don't say; `compared` is its folded form.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Conversation",
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
                ("case_id", fields.UUIDField(null=True)),
                ("waiting_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("unread", fields.IntField(db_default=0)),
                ("last_number", fields.IntField()),
                (
                    "last_author",
                    fields.CharEnumField(
                        null=True,
                        description="FAN: fan\nAUTO: auto\nSTAFF: staff\nNOTE: note\nEVENT: event",
                        enum_type=Author,
                        max_length=10,
                    ),
                ),
                ("last_text", fields.CharField(null=True, max_length=100)),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("version", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "conversation",
                "app": "models",
                "indexes": [
                    Index(fields=["last_at", "id"], name="conversation_newest"),
                    Index(fields=["staff_id", "last_at", "id"], name="conversation_staff"),
                    Index(fields=["store_id", "last_at", "id"], name="conversation_store"),
                ],
                "pk_attr": "id",
                "table_description": "The thread of one person in one account (`identity`), and who serves it now.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChatMedia",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "models.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("message_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
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
                ("media_id", fields.CharField(max_length=300)),
                ("name", fields.CharField(max_length=60)),
                (
                    "state",
                    fields.CharEnumField(
                        description="WAITING: waiting\nKEPT: kept\nFAILED: failed", enum_type=MediaState, max_length=10
                    ),
                ),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "file",
                    fields.ForeignKeyField(
                        "models.StoredFile",
                        source_field="file_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("error", fields.CharField(null=True, max_length=200)),
            ],
            options={
                "table": "chat_media",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Bytes of a message (`number`, written at `message_at`) to be fetched from the platform: a claim is a lease.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MenuEdition",
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
                ("number", fields.IntField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="DRAFT: draft\nPUBLISHING: publishing\nLIVE: live\nFORMER: former\nFAILED: failed",
                        enum_type=MenuState,
                        max_length=10,
                    ),
                ),
                ("buttons", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("personal", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField()),
                (
                    "changed_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="changed_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("leased_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("found", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "published_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="published_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("error", fields.CharField(null=True, max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "menu_edition",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A menu of an account, in our words: `buttons`, and `personal` menus with whom each is for.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Presence",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("away", fields.BooleanField()),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("given_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff_presence",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A colleague at the inbox (the id is theirs): `seen_at` is the page's last sign; `away`: no new cases, please.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QuickReply",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
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
                ("title", fields.CharField(max_length=50)),
                ("text", fields.TextField(unique=False)),
                ("position", fields.IntField()),
                ("version", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "quick_reply",
                "app": "models",
                "indexes": [Index(fields=["staff_id", "position", "id"], name="quick_reply_staff")],
                "pk_attr": "id",
                "table_description": "Words at hand: a colleague's own, or everybody's (without one).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ServiceCase",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "models.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "wanted",
                    fields.CharEnumField(
                        description="NO_ANSWER: no_answer\nASKED: asked\nBEGUN: begun", enum_type=Wanted, max_length=10
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
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("escalate_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "answered_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="answered_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("answers", fields.IntField()),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "closed_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="closed_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "ended",
                    fields.CharEnumField(
                        null=True,
                        description="CLOSED: closed\nQUIET: quiet\nLEFT: left",
                        enum_type=Ended,
                        max_length=10,
                    ),
                ),
            ],
            options={
                "table": "service_case",
                "app": "models",
                "indexes": [
                    Index(fields=["conversation_id", "id"], name="service_case_conversation"),
                    Index(fields=["opened_at"], name="service_case_opened"),
                    Index(fields=["staff_id", "opened_at"], name="service_case_staff"),
                ],
                "pk_attr": "id",
                "table_description": "One case of service of a conversation: opened when a person is wanted; one open at most.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="OutboundMessage",
            name="channel",
            field=fields.CharEnumField(
                description="TEMPLATE: template\nCUSTOMER: customer", enum_type=Channel, max_length=20
            ),
        ),
        ops.AddField(
            model_name="OutboundMessage",
            name="conversation",
            field=fields.ForeignKeyField(
                "models.Conversation",
                source_field="conversation_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="OutboundMessage",
            name="message_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="OutboundMessage",
            name="short_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddConstraint(
            model_name="BannedWord",
            constraint=UniqueConstraint(fields=("compared",), name="banned_word_key"),
        ),
        ops.AddConstraint(
            model_name="Conversation",
            constraint=UniqueConstraint(fields=("identity_id",), name="conversation_identity_key"),
        ),
        ops.AddConstraint(
            model_name="ChatMedia",
            constraint=UniqueConstraint(fields=("conversation_id", "number", "name"), name="chat_media_message_key"),
        ),
        ops.AddConstraint(
            model_name="MenuEdition",
            constraint=UniqueConstraint(fields=("account_id", "number"), name="menu_edition_number_key"),
        ),
    ]
