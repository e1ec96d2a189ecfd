"""Since when a case is whose it is, and who gave it away to the agents; indexes of who waits; the default hands over."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

_WAITING = """
CREATE INDEX conversation_waiting_staff ON conversation (staff_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX outbound_message_conversation ON outbound_message (conversation_id, id) WHERE conversation_id IS NOT NULL;
"""

# It did so whatever was written there.
_DEFAULT = """
UPDATE auto_reply SET hand_over = true WHERE trigger = 'default';
ALTER TABLE auto_reply ADD CONSTRAINT auto_reply_default CHECK (trigger <> 'default' OR hand_over);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0012_drop_intents")]

    initial = False

    operations = [
        ops.AddField(
            model_name="ServiceCase",
            name="declined_by",
            field=fields.ForeignKeyField(
                "models.Staff",
                source_field="declined_by_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="ServiceCase",
            name="held_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL("UPDATE service_case SET held_at = opened_at", ""),
        ops.AlterField(
            model_name="ServiceCase",
            name="held_at",
            field=fields.DatetimeField(auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(_WAITING, "DROP INDEX conversation_waiting_staff, outbound_message_conversation"),
        ops.RunSQL(_DEFAULT, "ALTER TABLE auto_reply DROP CONSTRAINT auto_reply_default"),
    ]
