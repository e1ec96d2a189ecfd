"""What Tortoise has no words for: the messages (partitioned), windows for customer messages, checks, partial indexes."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from infra.partitions import CHAT_MESSAGE

# `outbound_id` is the message's way to the platform; `terms` are pairs of what is searched.
_MESSAGE_COLUMNS = """
    conversation_id uuid NOT NULL,
    number integer NOT NULL,
    created_at timestamptz NOT NULL,
    said_at timestamptz NOT NULL,
    author text NOT NULL,
    kind text NOT NULL,
    staff_id uuid,
    rule_id uuid,
    push_id uuid,
    outbound_id uuid,
    content jsonb NOT NULL,
    text text,
    terms text[] COLLATE "C",
    check_state text CONSTRAINT chat_message_check CHECK (check_state IN ('unchecked', 'passed', 'risky')),
    media_state text CONSTRAINT chat_message_media CHECK (media_state IN ('waiting', 'kept', 'failed')),
    file_id uuid,
    PRIMARY KEY (conversation_id, number, created_at)
"""

_MESSAGES = f"""
{CHAT_MESSAGE.create_sql(_MESSAGE_COLUMNS)}
CREATE INDEX chat_message_terms ON chat_message USING gin (terms) WITH (gin_pending_list_limit = 256);
CREATE INDEX chat_message_file ON chat_message (file_id) WHERE author = 'staff' AND file_id IS NOT NULL;
"""

# One action sets its window anew; a message counts against all that are open (wechat-platform §3.1). `closed_at`: the
# last unfollow; `refused`: the platform refuses messages to this person, until the person does something. Who looks at
# a conversation is worth nothing after a crash: unlogged and without foreign keys, so that looking waits for no disk.
_WINDOWS = """
CREATE TABLE customer_window (
    digest bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES wechat_account (id),
    message_until timestamptz NOT NULL,
    message_left smallint NOT NULL CONSTRAINT customer_window_message CHECK (message_left >= 0),
    short_until timestamptz NOT NULL,
    short_left smallint NOT NULL CONSTRAINT customer_window_short CHECK (short_left >= 0),
    closed_at timestamptz,
    refused text
) WITH (fillfactor = 80);
CREATE UNLOGGED TABLE conversation_watch (
    conversation_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, staff_id)
);
"""

# A picture of ours that the platform has: its bytes, what for, the platform's name of it, and until when it is good.
_UPLOADS = """
CREATE TABLE wechat_upload (
    account_id uuid NOT NULL REFERENCES wechat_account (id),
    digest text NOT NULL,
    kind text NOT NULL CONSTRAINT wechat_upload_kind CHECK (kind IN ('image', 'article')),
    value text NOT NULL,
    until timestamptz,
    PRIMARY KEY (account_id, digest, kind)
);
"""

# Each channel's senders find their own messages, however many wait in the other; a person's ones are counted against
# the windows.
_OUTBOUND = """
DROP INDEX outbound_message_due, outbound_message_sending;
CREATE INDEX outbound_message_due ON outbound_message (channel, due_at) WHERE state = 'pending';
CREATE INDEX outbound_message_sending ON outbound_message (channel, leased_until)
    WHERE state IN ('sending', 'unknown') AND leased_until IS NOT NULL;
CREATE INDEX outbound_message_turn ON outbound_message (conversation_id, id)
    WHERE conversation_id IS NOT NULL AND state IN ('pending', 'sending');
CREATE INDEX outbound_message_person ON outbound_message (digest, tried_at) WHERE channel = 'customer';
CREATE INDEX outbound_message_waiting ON outbound_message (digest)
    WHERE channel = 'customer' AND state IN ('pending', 'sending');
ALTER TABLE outbound_message ADD CONSTRAINT outbound_message_of_a_conversation CHECK (
    (channel = 'customer') = (conversation_id IS NOT NULL));
"""

_CONSTRAINTS = """
CREATE INDEX conversation_waiting ON conversation (waiting_since, id) WHERE waiting_since IS NOT NULL;
ALTER TABLE conversation ADD CONSTRAINT conversation_waits_in_a_case CHECK (
    waiting_since IS NULL OR case_id IS NOT NULL);
ALTER TABLE conversation ADD CONSTRAINT conversation_counts CHECK (unread >= 0 AND last_number >= 0);
CREATE INDEX conversation_line ON conversation (store_id, last_at, id)
    WHERE case_id IS NOT NULL AND staff_id IS NULL;
CREATE INDEX conversation_quiet ON conversation (last_at) WHERE case_id IS NOT NULL;
CREATE INDEX conversation_unread ON conversation (staff_id) WHERE unread > 0;
CREATE INDEX conversation_watch_until ON conversation_watch (until);
CREATE INDEX service_case_held ON service_case (staff_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX service_case_open_key ON service_case (conversation_id) WHERE closed_at IS NULL;
CREATE INDEX service_case_escalate ON service_case (escalate_at)
    WHERE closed_at IS NULL AND escalate_at IS NOT NULL;
ALTER TABLE service_case ADD CONSTRAINT service_case_ended CHECK (
    num_nonnulls(closed_at, ended) IN (0, 2));
ALTER TABLE service_case ADD CONSTRAINT service_case_answered CHECK (
    num_nonnulls(answered_at, answered_by_id) IN (0, 2) AND (answered_at IS NULL) = (answers = 0));
CREATE INDEX chat_media_due ON chat_media (next_at) WHERE state = 'waiting';
CREATE INDEX chat_media_failed ON chat_media (account_id, next_at) WHERE state = 'failed';
CREATE INDEX chat_media_age ON chat_media (message_at);
CREATE INDEX chat_media_file ON chat_media (file_id);
CREATE UNIQUE INDEX menu_edition_draft_key ON menu_edition (account_id) WHERE state = 'draft';
CREATE UNIQUE INDEX menu_edition_publishing_key ON menu_edition (account_id) WHERE state = 'publishing';
CREATE UNIQUE INDEX menu_edition_live_key ON menu_edition (account_id) WHERE state = 'live';
CREATE INDEX menu_edition_due ON menu_edition (next_at) WHERE state = 'publishing';
ALTER TABLE menu_edition ADD CONSTRAINT menu_edition_on_its_way CHECK (
    (state = 'publishing') = (next_at IS NOT NULL) AND (state = 'publishing' OR leased_until IS NULL));
ALTER TABLE auto_reply ADD CONSTRAINT auto_reply_match CHECK ((trigger = 'keyword') = (match IS NOT NULL));
ALTER TABLE auto_reply ADD CONSTRAINT auto_reply_exact CHECK (
    NOT (before_commands OR in_help) OR match IS NOT DISTINCT FROM 'exact');
ALTER TABLE auto_reply ADD CONSTRAINT auto_reply_words CHECK (
    (trigger IN ('keyword', 'menu', 'event')) = (jsonb_array_length(words) > 0));
ALTER TABLE auto_reply ADD CONSTRAINT auto_reply_says CHECK (hand_over OR jsonb_array_length(contents) > 0);
CREATE INDEX wechat_intent_push ON wechat_intent (push_id);
ALTER TABLE push ADD COLUMN answer jsonb;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0009_chat")]

    operations = [
        ops.RunSQL(_MESSAGES, "DROP TABLE chat_message"),
        ops.RunSQL(_WINDOWS, "DROP TABLE conversation_watch, customer_window"),
        ops.RunSQL(_UPLOADS, "DROP TABLE wechat_upload"),
        ops.RunSQL(
            _OUTBOUND,
            """ALTER TABLE outbound_message DROP CONSTRAINT outbound_message_of_a_conversation;
            DROP INDEX outbound_message_due, outbound_message_sending, outbound_message_turn, outbound_message_person,
                outbound_message_waiting;
            CREATE INDEX outbound_message_due ON outbound_message (due_at) WHERE state = 'pending';
            CREATE INDEX outbound_message_sending ON outbound_message (leased_until)
                WHERE state IN ('sending', 'unknown')""",
        ),
        ops.RunSQL(
            _CONSTRAINTS,
            """ALTER TABLE push DROP COLUMN answer;
            DROP INDEX wechat_intent_push, menu_edition_due, menu_edition_live_key,
                menu_edition_publishing_key, menu_edition_draft_key, chat_media_file, chat_media_age,
                chat_media_failed, chat_media_due, service_case_escalate, service_case_open_key, service_case_held,
                conversation_watch_until, conversation_unread, conversation_quiet, conversation_line,
                conversation_waiting;
            ALTER TABLE auto_reply DROP CONSTRAINT auto_reply_says, DROP CONSTRAINT auto_reply_words,
                DROP CONSTRAINT auto_reply_exact, DROP CONSTRAINT auto_reply_match;
            ALTER TABLE menu_edition DROP CONSTRAINT menu_edition_on_its_way;
            ALTER TABLE service_case DROP CONSTRAINT service_case_answered,
                DROP CONSTRAINT service_case_ended;
            ALTER TABLE conversation DROP CONSTRAINT conversation_counts,
                DROP CONSTRAINT conversation_waits_in_a_case""",
        ),
    ]
