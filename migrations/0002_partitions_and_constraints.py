"""Partitioned tables, push keys and intents (no models: they are written by set functions only), and the constraints
and partial indexes that Tortoise 1.1.9 doesn't make for new models."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from infra.partitions import EVENT_DELIVERY, OUTBOX, PUSH, TIMELINE

_OUTBOX_COLUMNS = """
    id bigint NOT NULL DEFAULT nextval('outbox_id_seq'),
    created_at timestamptz NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    request_id text,
    relayed_at timestamptz,
    PRIMARY KEY (id, created_at)
"""

_OUTBOX = f"""
CREATE SEQUENCE outbox_id_seq;
{OUTBOX.create_sql(_OUTBOX_COLUMNS)}
CREATE INDEX outbox_unrelayed ON outbox (id) WHERE relayed_at IS NULL;
"""

_EVENT_DELIVERY_COLUMNS = """
    handler text NOT NULL,
    event_id bigint NOT NULL,
    event_at timestamptz NOT NULL,
    key text NOT NULL,
    ordered boolean NOT NULL,
    state text NOT NULL DEFAULT 'pending' CONSTRAINT event_delivery_state CHECK (state IN ('pending', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    done_at timestamptz,
    error text,
    PRIMARY KEY (handler, event_id, event_at)
"""

_EVENT_DELIVERY = f"""
{EVENT_DELIVERY.create_sql(_EVENT_DELIVERY_COLUMNS)}
CREATE INDEX event_delivery_due ON event_delivery (handler, event_id) WHERE state = 'pending';
CREATE INDEX event_delivery_order ON event_delivery (handler, key, event_id) WHERE state = 'pending' AND ordered;
CREATE INDEX event_delivery_failed ON event_delivery (handler, event_id) WHERE state = 'failed';
"""

_PUSH_COLUMNS = """
    id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    app_id text NOT NULL,
    person bytea NOT NULL,
    raw text NOT NULL,
    reply text,
    PRIMARY KEY (id, received_at)
"""

_PUSH = f"""
CREATE TABLE push_key (
    key bytea PRIMARY KEY,
    push_id uuid NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX push_key_received ON push_key USING brin (received_at);
{PUSH.create_sql(_PUSH_COLUMNS)}
CREATE INDEX push_person ON push (person, received_at);
CREATE TABLE wechat_intent (
    id uuid PRIMARY KEY,
    push_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL
        CONSTRAINT wechat_intent_state CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped')),
    created_at timestamptz NOT NULL
);
"""

_TIMELINE_COLUMNS = """
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind text NOT NULL,
    source uuid NOT NULL,
    PRIMARY KEY (id, occurred_at)
"""

_TIMELINE = f"""
{TIMELINE.create_sql(_TIMELINE_COLUMNS)}
CREATE INDEX timeline_customer ON timeline (customer_id, occurred_at DESC, id DESC);
"""

_JOB_RUN = """
CREATE TABLE job_run (
    name text PRIMARY KEY,
    ran_at timestamptz NOT NULL
)
"""

_CONSTRAINTS = """
CREATE UNIQUE INDEX touch_first ON touch (customer_id) WHERE is_first;
CREATE INDEX touch_first_at ON touch (occurred_at) WHERE is_first;
CREATE INDEX touch_guide_first ON touch (guide_id, occurred_at) WHERE is_first;
CREATE UNIQUE INDEX welcome_target_key ON welcome (guide_id, store_id, channel_id) NULLS NOT DISTINCT;
ALTER TABLE welcome ADD CONSTRAINT welcome_one_target CHECK (num_nonnulls(guide_id, store_id, channel_id) <= 1);
ALTER TABLE wechat_code ADD CONSTRAINT wechat_code_one_target CHECK (num_nonnulls(guide_id, store_id, channel_id) = 1);
ALTER TABLE staff ADD CONSTRAINT staff_guide_has_store CHECK (role <> 'guide' OR store_id IS NOT NULL);
ALTER TABLE staff ADD CONSTRAINT staff_username_lower CHECK (username = lower(username));
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [
        ops.RunSQL(_OUTBOX, "DROP TABLE outbox; DROP SEQUENCE outbox_id_seq"),
        ops.RunSQL(_EVENT_DELIVERY, "DROP TABLE event_delivery"),
        ops.RunSQL(_PUSH, "DROP TABLE wechat_intent, push, push_key"),
        ops.RunSQL(_TIMELINE, "DROP TABLE timeline"),
        ops.RunSQL(_JOB_RUN, "DROP TABLE job_run"),
        ops.RunSQL(
            _CONSTRAINTS,
            """DROP INDEX touch_first, touch_first_at, touch_guide_first, welcome_target_key;
            ALTER TABLE welcome DROP CONSTRAINT welcome_one_target;
            ALTER TABLE wechat_code DROP CONSTRAINT wechat_code_one_target;
            ALTER TABLE staff DROP CONSTRAINT staff_guide_has_store, DROP CONSTRAINT staff_username_lower""",
        ),
    ]
