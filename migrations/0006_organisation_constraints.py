"""What Tortoise has no words for: the move of staff into departments and roles, checks, partial indexes, the live
stream and the audit log."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

from infra.partitions import AUDIT, LIVE_EVENT

# Ready-made roles: what they hold follows from the code (core.permissions.rules), so the columns stay empty.
_ROLES = """
INSERT INTO role (id, key, name, points, scope, special_rights, version, created_at)
SELECT ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, key, name, '[]', scope, '[]', 1,
       '2026-01-01T00:00:00Z'
FROM (VALUES (1, 'guide', '导购', 'own'), (2, 'rep', '外勤', 'own'), (3, 'store_manager', '店长', 'store'),
    (4, 'marketer', '市场', 'all'), (5, 'service', '客服', 'all'), (6, 'finance', '财务', 'all'),
    (7, 'manager', '经理', 'below'), (8, 'admin', '管理员', 'all')) AS r (number, key, name, scope)
"""

# Who was here before departments: one department, a post per role.
_SETTLE_STAFF = """
INSERT INTO department (id, name, position, created_at)
SELECT gen_random_uuid(), '总部', 1, min(created_at) FROM staff HAVING count(*) > 0;
INSERT INTO post (id, department_id, name, created_at)
SELECT gen_random_uuid(), d.id, r.name, d.created_at
FROM department d CROSS JOIN role r WHERE r.key IN (SELECT former_role FROM staff);
UPDATE staff s SET role_id = r.id, department_id = p.department_id, post_id = p.id, is_guide = s.former_role = 'guide',
    special_rights = '[]'
FROM role r JOIN post p ON p.name = r.name WHERE r.key = s.former_role;
ALTER TABLE staff DROP COLUMN former_role;
UPDATE staff_wechat w SET app_id = i.app_id, openid = i.openid FROM identity i WHERE i.digest = w.digest;
"""

_ORGANISATION = """
ALTER TABLE staff ADD CONSTRAINT staff_guide_has_store CHECK (NOT is_guide OR store_id IS NOT NULL);
ALTER TABLE staff ADD CONSTRAINT staff_post_of_department
    FOREIGN KEY (post_id, department_id) REFERENCES post (id, department_id) ON UPDATE CASCADE;
ALTER TABLE department ADD CONSTRAINT department_head FOREIGN KEY (head_id) REFERENCES staff (id);
ALTER TABLE department ADD CONSTRAINT department_not_below_itself CHECK (parent_id <> id);
ALTER TABLE hand_over ADD CONSTRAINT hand_over_to_another CHECK (source_id <> target_id);
ALTER TABLE store ADD CONSTRAINT store_position CHECK (
    num_nonnulls(latitude, longitude, datum) IN (0, 3)
    AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 AND datum IN ('wgs84', 'gcj02'));
CREATE UNIQUE INDEX department_name_key ON department (parent_id, name) NULLS NOT DISTINCT WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX post_name_key ON post (department_id, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX role_name_key ON role (name) WHERE deleted_at IS NULL;
CREATE INDEX department_headed ON department (head_id) WHERE head_id IS NOT NULL;
CREATE INDEX staff_guides ON staff (id) WHERE is_guide;
"""

_WORK = """
CREATE INDEX notice_unread ON notice (staff_id, id) WHERE read_at IS NULL;
ALTER TABLE notice_setting ADD CONSTRAINT notice_setting_quiet CHECK (
    num_nonnulls(quiet_from, quiet_until) IN (0, 2)
    AND quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439);
CREATE INDEX todo_open ON todo (staff_id, due_at, id) WHERE done_at IS NULL AND dropped_at IS NULL;
CREATE INDEX todo_done ON todo (staff_id, done_at, id) WHERE done_at IS NOT NULL;
CREATE INDEX todo_remind ON todo (remind_at) WHERE done_at IS NULL AND dropped_at IS NULL;
ALTER TABLE todo ADD CONSTRAINT todo_one_end CHECK (done_at IS NULL OR dropped_at IS NULL);
CREATE INDEX task_remind_due ON task (remind_at) WHERE reminded_at IS NULL AND recalled_at IS NULL;
CREATE INDEX task_escalate_due ON task (escalate_at) WHERE escalated_at IS NULL AND recalled_at IS NULL;
ALTER TABLE task_recipient ADD CONSTRAINT task_recipient_progress CHECK (progress BETWEEN 0 AND 100);
ALTER TABLE task_recipient ADD CONSTRAINT task_recipient_decided CHECK (num_nonnulls(decision, decided_at) IN (0, 2));
ALTER TABLE task_recipient ADD CONSTRAINT task_recipient_in_order CHECK (
    (read_at IS NULL OR delivered_at IS NOT NULL AND delivered_at <= read_at)
    AND (decided_at IS NULL OR read_at IS NOT NULL AND read_at <= decided_at));
-- Room on each page for the words to come: a row is changed where it lies.
ALTER TABLE task_recipient SET (fillfactor = 70);
ALTER TABLE file_blob ADD CONSTRAINT file_blob_thumbnail_fkey FOREIGN KEY (thumbnail_digest) REFERENCES file_blob (digest);
ALTER TABLE file_blob ADD CONSTRAINT file_blob_removed_when_idle CHECK (removing_at IS NULL OR idle_since IS NOT NULL);
CREATE INDEX file_blob_idle ON file_blob (idle_since) WHERE idle_since IS NOT NULL;
CREATE UNIQUE INDEX library_image_digest_key ON library_image (digest) WHERE deleted_at IS NULL;
CREATE INDEX stored_file_unkept ON stored_file (created_at) WHERE kept_at IS NULL AND deleted_at IS NULL;
CREATE INDEX library_image_living ON library_image (id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX staff_binding_code_open_key ON staff_binding_code (staff_id) WHERE used_at IS NULL;
CREATE INDEX outbound_message_due ON outbound_message (due_at) WHERE state = 'pending';
CREATE INDEX outbound_message_sending ON outbound_message (leased_until) WHERE state IN ('sending', 'unknown');
"""

_LIVE_COLUMNS = """
    topic text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (topic, seq, created_at)
"""

_LIVE = f"""
CREATE TABLE live_topic (
    topic text PRIMARY KEY,
    last_seq bigint NOT NULL
);
{LIVE_EVENT.create_sql(_LIVE_COLUMNS)}
"""

_AUDIT_COLUMNS = """
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    subject_kind text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    details jsonb NOT NULL,
    request_id text,
    address text,
    PRIMARY KEY (id, created_at)
"""

# A row waits in `audit_unsealed` until it has its place in the chain; both chain and log only ever grow.
_AUDIT = f"""
{AUDIT.create_sql(_AUDIT_COLUMNS)}
CREATE INDEX audit_time ON audit (created_at DESC, id DESC);
CREATE INDEX audit_actor ON audit (actor, created_at DESC, id DESC);
CREATE INDEX audit_action ON audit (action, created_at DESC, id DESC);
CREATE INDEX audit_subject ON audit (subject_kind, subject_id, created_at DESC, id DESC);
CREATE TABLE audit_unsealed (
    audit_id uuid PRIMARY KEY,
    audit_at timestamptz NOT NULL
);
CREATE TABLE audit_chain (
    seq bigint PRIMARY KEY,
    audit_id uuid NOT NULL CONSTRAINT audit_chain_audit_key UNIQUE,
    audit_at timestamptz NOT NULL,
    hash bytea NOT NULL
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('guanxi.moving_partition', true) = 'on' THEN RETURN OLD; END IF;
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE OR DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_never_empties BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_never_empties BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def _required(name: str, target: str) -> ops.AlterField:
    return ops.AlterField(
        model_name="Staff",
        name=name,
        field=fields.ForeignKeyField(
            target,
            source_field=f"{name}_id",
            db_constraint=True,
            to_field="id",
            related_name=False,
            on_delete=OnDelete.RESTRICT,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0005_organisation")]

    operations = [
        ops.RunSQL(_ROLES, "DELETE FROM role WHERE key IS NOT NULL"),
        ops.RunSQL(_SETTLE_STAFF, "ALTER TABLE staff ADD COLUMN former_role text"),
        _required("role", "models.Role"),
        _required("department", "models.Department"),
        _required("post", "models.Post"),
        ops.AlterField(
            model_name="Staff",
            name="special_rights",
            field=fields.JSONField(encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.RunSQL(
            _ORGANISATION,
            """ALTER TABLE staff DROP CONSTRAINT staff_guide_has_store, DROP CONSTRAINT staff_post_of_department;
            ALTER TABLE department DROP CONSTRAINT department_head, DROP CONSTRAINT department_not_below_itself;
            ALTER TABLE hand_over DROP CONSTRAINT hand_over_to_another;
            ALTER TABLE store DROP CONSTRAINT store_position;
            DROP INDEX department_name_key, post_name_key, role_name_key, department_headed, staff_guides""",
        ),
        ops.RunSQL(
            _WORK,
            """DROP INDEX notice_unread, todo_open, todo_done, todo_remind, task_remind_due, task_escalate_due, stored_file_unkept,
                file_blob_idle, library_image_living, library_image_digest_key, outbound_message_due,
                outbound_message_sending, staff_binding_code_open_key;
            ALTER TABLE notice_setting DROP CONSTRAINT notice_setting_quiet;
            ALTER TABLE todo DROP CONSTRAINT todo_one_end;
            ALTER TABLE file_blob DROP CONSTRAINT file_blob_thumbnail_fkey, DROP CONSTRAINT file_blob_removed_when_idle;
            ALTER TABLE task_recipient DROP CONSTRAINT task_recipient_progress,
                DROP CONSTRAINT task_recipient_decided, DROP CONSTRAINT task_recipient_in_order""",
        ),
        ops.RunSQL(_LIVE, "DROP TABLE live_event, live_topic"),
        ops.RunSQL(_AUDIT, "DROP TABLE audit_chain, audit_unsealed, audit; DROP FUNCTION refuse_change"),
    ]
