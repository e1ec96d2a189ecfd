"""The migrations make exactly what the models say: tables, columns, keys, uniqueness and indexes."""

import re

import pytest
from tortoise import Tortoise
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector

from app.contexts import MODELS, tortoise
from tests import factories as make

# Made by a migration because Tortoise has no words for them.
BY_HAND_UNIQUE = {
    "department": {("department_name_key", ("parent_id", "name"))},
    "post": {("post_name_key", ("department_id", "name"))},
    "role": {("role_name_key", ("name",))},
    "menu_edition": {
        ("menu_edition_draft_key", ("account_id",)),
        ("menu_edition_publishing_key", ("account_id",)),
        ("menu_edition_live_key", ("account_id",)),
    },
    "service_case": {("service_case_open_key", ("conversation_id",))},
    "staff_binding_code": {("staff_binding_code_open_key", ("staff_id",))},
    "alert": {("alert_open_key", ("kind", "subject"))},
    "contact_person": {("contact_person_main_key", ("customer_id",))},
    "custom_field": {("custom_field_name_key", ("subject", "name"))},
    "customer_erasure": {("customer_erasure_open_key", ("customer_id",))},
    "customer_mobile_change": {("customer_mobile_change_open_key", ("customer_id",))},
    "customer_phone": {
        ("customer_phone_once_key", ("customer_id", "contact_id", "label", "number")),
        ("customer_phone_verified_key", ("number",)),
    },
    "phone_dispute": {("phone_dispute_open_key", ("number", "former_id"))},
    "tag": {("tag_name_key", ("kind", "name"))},
    "library_image": {("library_image_digest_key", ("digest",))},
    "touch": {("touch_first", ("customer_id",))},
    "wechat_code": {
        ("wechat_code_standing_guide_key", ("account_id", "guide_id")),
        ("wechat_code_standing_store_key", ("account_id", "store_id")),
        ("wechat_code_standing_channel_key", ("account_id", "channel_id")),
    },
    "wechat_follower_run": {("wechat_follower_run_open_key", ("account_id",))},
    "wechat_label": {("wechat_label_name_key", ("account_id", "name"))},
    "wechat_label_member": {("wechat_label_member_one_group_key", ("identity_id",))},
    "welcome": {("welcome_target_key", ("guide_id", "store_id", "channel_id"))},
}
BY_HAND_INDEXES = {
    "customer": {
        ("pooled_at", "id"),
        ("pool_reason", "pooled_at", "id"),
        ("discarded_at", "id"),
        ("guide_id", "active_at"),
        ("guide_id", "id"),
        ("guide_id", "next_contact_at"),
        ("guide_id", "order_due_on"),
    },
    "contact_person": {("superior_id",)},
    "customer_erasure": {("due_at",)},
    "customer_merge": {("source_id",)},
    "customer_phone": {("contact_id",)},
    "follow_up": {("contact_id",)},
    "merge_candidate": {("id",)},
    "phone_dispute": {("number",)},
    "customer_import": {("id",)},
    "tag": {("evaluate_at",)},
    "department": {("head_id",)},
    "file_blob": {("idle_since",)},
    "library_image": {("id",)},
    "notice": {("staff_id", "id")},
    "outbound_message": {
        ("channel", "due_at"),
        ("channel", "leased_until"),
        ("conversation_id", "id"),
        ("digest", "tried_at"),
        ("digest",),
    },
    "chat_media": {("next_at",), ("account_id", "next_at"), ("message_at",), ("file_id",)},
    "conversation": {
        ("waiting_since", "id"),
        ("staff_id", "waiting_since", "id"),
        ("store_id", "last_at", "id"),
        ("last_at",),
        ("staff_id",),
    },
    "menu_edition": {("next_at",)},
    "service_case": {("escalate_at",), ("staff_id",)},
    "staff": {("id",)},
    "stored_file": {("created_at",)},
    "task": {("remind_at",), ("escalate_at",)},
    "todo": {("staff_id", "due_at", "id"), ("staff_id", "done_at", "id"), ("remind_at",)},
    "identity": {("app_id", "ask_at"), ("app_id", "id"), ("talked_at",)},
    "push_forward": {("app_id", "next_at"), ("person", "id"), ("received_at",)},
    "touch": {
        ("occurred_at",),
        ("guide_id", "occurred_at"),
        ("store_id", "customer_id"),
        ("channel_id", "customer_id"),
    },
    "wechat_block": {("next_at",), ("identity_id",)},
    "wechat_code": {("next_at",), ("expires_at",)},
    "wechat_label": {("next_at",)},
    "wechat_label_member": {("wanted", "next_at"), ("identity_id",)},
}
BY_HAND_FOREIGN_KEYS = {
    "customer_profile": {("customer_id", "customer", "NO ACTION")},
    "department": {("head_id", "staff", "NO ACTION")},
    "file_blob": {("thumbnail_digest", "file_blob", "NO ACTION")},
    "staff": {("post_id", "post", "NO ACTION")},
}
BY_HAND_CHECKS = {
    "outbound_message_of_a_conversation",
    "auto_reply_default",
    "auto_reply_exact",
    "auto_reply_match",
    "auto_reply_says",
    "auto_reply_words",
    "conversation_counts",
    "conversation_waits_in_a_case",
    "service_case_answered",
    "service_case_ended",
    "contact_person_not_own_superior",
    "customer_discarded_by_nobody_held",
    "customer_mobile_change_decided",
    "customer_pooled_for_a_reason",
    "customer_pooled_without_owner",
    "customer_profile_credit",
    "customer_profile_name",
    "customer_profile_not_own_parent",
    "customer_profile_position",
    "menu_edition_on_its_way",
    "merge_candidate_in_order",
    "phone_dispute_of_two",
    "pool_claim_counts",
    "customer_not_into_itself",
    "department_not_below_itself",
    "file_blob_removed_when_idle",
    "hand_over_to_another",
    "notice_setting_quiet",
    "staff_guide_has_store",
    "staff_username_lower",
    "store_position",
    "task_recipient_decided",
    "task_recipient_in_order",
    "task_recipient_progress",
    "todo_one_end",
    "wechat_account_permanent_codes",
    "wechat_code_former_one_target",
    "wechat_code_one_target",
    "wechat_code_season",
    "welcome_one_target",
}
# Written by set functions only, so they have no model.
WITHOUT_MODEL = {
    "audit",
    "audit_chain",
    "audit_unsealed",
    "chat_message",
    "conversation_watch",
    "customer_search",
    "customer_window",
    "live_event",
    "live_topic",
    "job_run",
    "outbox",
    "event_delivery",
    "push",
    "push_key",
    "wechat_follower_seen",
    "timeline",
    "wechat_upload",
    "tortoise_migrations",
}

TYPES = {"TIMESTAMPTZ": "timestamp with time zone", "INT": "integer", "BOOL": "boolean"}


@pytest.fixture
def models(db):
    return {model._meta.db_table: model for model in Tortoise.apps["models"].values()}


def _column_type(field):
    kind = str(field.get_for_dialect("postgres", "SQL_TYPE"))
    if sized := re.fullmatch(r"VARCHAR\((\d+)\)", kind):
        return f"character varying({sized[1]})"
    return TYPES.get(kind, kind.lower())


async def test_every_table_has_a_model_or_is_a_partitioned_one(models):
    tables = await make.rows(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition"""
    )
    assert {row["relname"] for row in tables} == set(models) | WITHOUT_MODEL


async def test_columns_have_the_types_of_their_fields(models):
    for table, model in models.items():
        found = await make.rows(
            """SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull
            FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped""",
            table,
        )
        fields = model._meta.fields_map
        expected = {
            (column, _column_type(fields[name]), not fields[name].null)
            for name, column in model._meta.fields_db_projection.items()
        }
        assert {(row["attname"], row["type"], row["attnotnull"]) for row in found} == expected, table


async def test_foreign_keys_lead_where_the_models_say_and_refuse_deletion(models):
    for table, model in models.items():
        found = await make.rows(
            """SELECT a.attname, confrelid::regclass::text AS target, confdeltype FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
            WHERE conrelid = $1::regclass AND contype = 'f'""",
            table,
        )
        expected = {
            (f"{name}_id", field.related_model._meta.db_table, "RESTRICT")
            for name, field in model._meta.fields_map.items()
            if isinstance(field, ForeignKeyFieldInstance)
        }
        expected |= BY_HAND_FOREIGN_KEYS.get(table, set())
        rules = {b"r": "RESTRICT", b"a": "NO ACTION", b"c": "CASCADE", b"n": "SET NULL"}
        assert {(row["attname"], row["target"], rules[row["confdeltype"]]) for row in found} == expected, table


def _columns(model, fields):
    return tuple(
        model._meta.fields_map[name].source_field or name if name in model._meta.fields_map else name for name in fields
    )


async def _indexes(table, *, unique):
    found = await make.rows(
        """SELECT i.relname, ARRAY(SELECT attname FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number ORDER BY place) AS columns
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = $1::regclass AND x.indisunique = $2 AND NOT x.indisprimary AND x.indisvalid""",
        table,
        unique,
    )
    return {(row["relname"], tuple(str(column) for column in row["columns"])) for row in found}


async def test_uniqueness_is_what_the_models_and_the_list_say(models):
    for table, model in models.items():
        expected = {(c.name, _columns(model, c.fields)) for c in getattr(model._meta, "constraints", ())}
        assert await _indexes(table, unique=True) == expected | BY_HAND_UNIQUE.get(table, set()), table
        assert not [n for n, f in model._meta.fields_map.items() if f.unique and not f.pk], (
            "name it in Meta.constraints"
        )


async def test_indexes_are_what_the_models_and_the_list_say(models):
    for table, model in models.items():
        expected = {_columns(model, index.fields) for index in model._meta.indexes}
        expected |= {(name,) for name, field in model._meta.fields_map.items() if field.index and not field.pk}
        expected |= BY_HAND_INDEXES.get(table, set())
        assert {columns for _, columns in await _indexes(table, unique=False)} == expected, table


async def test_primary_keys_are_in_place(models):
    keys = await make.rows("SELECT conrelid::regclass::text AS name FROM pg_constraint WHERE contype = 'p'")
    assert set(models) <= {row["name"] for row in keys}


async def test_checks_by_hand_are_in_place_on_tables_with_a_model(models):
    found = await make.rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text = ANY($1::text[])",
        list(models),
    )
    assert {row["conname"] for row in found} == BY_HAND_CHECKS


async def test_there_is_nothing_left_to_migrate(db):
    changes = await MigrationAutodetector(Tortoise.apps, tortoise()["apps"]).changes()
    assert [writer.name for writer in changes] == []


async def test_every_model_module_is_listed(models):
    assert {model.__module__ for model in models.values()} == set(MODELS)
