"""What is said is stored with the push (`push.answer`): the table of intents never held a row."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0011_search_signature")]

    operations = [
        ops.RunSQL(
            "DROP TABLE wechat_intent",
            """CREATE TABLE wechat_intent (
                id uuid PRIMARY KEY,
                push_id uuid NOT NULL,
                kind text NOT NULL,
                payload jsonb NOT NULL,
                state text NOT NULL CONSTRAINT wechat_intent_state
                    CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped')),
                created_at timestamptz NOT NULL
            );
            CREATE INDEX wechat_intent_push ON wechat_intent (push_id)""",
        ),
    ]
