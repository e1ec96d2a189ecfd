"""Partial indexes, checks and the staging table of the gateway, for which Tortoise has no words."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_ALERTS = "CREATE UNIQUE INDEX alert_open_key ON alert (kind, subject) WHERE closed_at IS NULL;"

# One standing code per target and account; a code that is due to be asked for, or to be renewed.
_CODES = """
CREATE UNIQUE INDEX wechat_code_standing_guide_key ON wechat_code (account_id, guide_id) WHERE standing;
CREATE UNIQUE INDEX wechat_code_standing_store_key ON wechat_code (account_id, store_id) WHERE standing;
CREATE UNIQUE INDEX wechat_code_standing_channel_key ON wechat_code (account_id, channel_id) WHERE standing;
CREATE INDEX wechat_code_due ON wechat_code (next_at) WHERE state = 'pending';
CREATE INDEX wechat_code_expiring ON wechat_code (expires_at) WHERE state = 'issued' AND life = 'temporary';
ALTER TABLE wechat_code
    ADD CONSTRAINT wechat_code_season CHECK (starts_at IS NULL OR ends_at IS NULL OR starts_at < ends_at);
ALTER TABLE wechat_code_former
    ADD CONSTRAINT wechat_code_former_one_target CHECK (num_nonnulls(guide_id, store_id, channel_id) = 1);
ALTER TABLE wechat_account ADD CONSTRAINT wechat_account_permanent_codes CHECK (permanent_codes >= 0);
UPDATE wechat_account a SET permanent_codes = (SELECT count(*) FROM wechat_code c WHERE c.account_id = a.id)
WHERE kind = 'official';
"""

_LABELS = """
CREATE UNIQUE INDEX wechat_label_name_key ON wechat_label (account_id, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX wechat_label_member_one_group_key ON wechat_label_member (identity_id)
    WHERE wanted AND kind = 'group';
CREATE INDEX wechat_label_due ON wechat_label (next_at) WHERE NOT synced;
CREATE INDEX wechat_label_member_due ON wechat_label_member (wanted, next_at) WHERE NOT synced;
CREATE INDEX wechat_label_member_refused ON wechat_label_member (identity_id) WHERE synced AND error IS NOT NULL;
CREATE INDEX wechat_block_due ON wechat_block (next_at) WHERE NOT synced;
CREATE INDEX wechat_block_refused ON wechat_block (identity_id) WHERE synced AND error IS NOT NULL;
"""

_FOLLOWERS = """
CREATE UNIQUE INDEX wechat_follower_run_open_key ON wechat_follower_run (account_id) WHERE state <> 'done';
CREATE TABLE wechat_follower_seen (
    run_id uuid NOT NULL REFERENCES wechat_follower_run (id),
    digest bytea NOT NULL,
    PRIMARY KEY (run_id, digest)
);
CREATE INDEX identity_to_ask ON identity (app_id, ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX identity_following ON identity (app_id, id) WHERE following AND openid IS NOT NULL;
CREATE INDEX identity_talked ON identity (talked_at) WHERE talked_at IS NOT NULL;
"""

_CUSTOMERS = """
ALTER TABLE customer ADD CONSTRAINT customer_not_into_itself CHECK (merged_into_id <> id);
CREATE INDEX touch_first_store ON touch (store_id, customer_id) WHERE is_first;
CREATE INDEX touch_first_channel ON touch (channel_id, customer_id) WHERE is_first;
"""

# An account's due ones; a person's pushes go one after the other; old ones are dropped by the time they came.
_FORWARDS = """
CREATE INDEX push_forward_due ON push_forward (app_id, next_at) WHERE state = 'pending';
CREATE INDEX push_forward_person ON push_forward (person, id) WHERE state = 'pending';
CREATE INDEX push_forward_received ON push_forward USING brin (received_at);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0003_gateway")]

    operations = [
        ops.RunSQL(_ALERTS, "DROP INDEX alert_open_key"),
        ops.RunSQL(
            _CODES,
            """DROP INDEX wechat_code_standing_guide_key, wechat_code_standing_store_key,
                wechat_code_standing_channel_key, wechat_code_due, wechat_code_expiring;
            ALTER TABLE wechat_code DROP CONSTRAINT wechat_code_season;
            ALTER TABLE wechat_code_former DROP CONSTRAINT wechat_code_former_one_target;
            ALTER TABLE wechat_account DROP CONSTRAINT wechat_account_permanent_codes""",
        ),
        ops.RunSQL(
            _LABELS,
            """DROP INDEX wechat_label_name_key, wechat_label_member_one_group_key, wechat_label_due,
            wechat_label_member_due, wechat_label_member_refused, wechat_block_due, wechat_block_refused""",
        ),
        ops.RunSQL(
            _FOLLOWERS,
            """DROP INDEX wechat_follower_run_open_key, identity_to_ask, identity_following, identity_talked;
            DROP TABLE wechat_follower_seen""",
        ),
        ops.RunSQL(
            _CUSTOMERS,
            """ALTER TABLE customer DROP CONSTRAINT customer_not_into_itself;
            DROP INDEX touch_first_store, touch_first_channel""",
        ),
        ops.RunSQL(_FORWARDS, "DROP INDEX push_forward_due, push_forward_person, push_forward_received"),
    ]
