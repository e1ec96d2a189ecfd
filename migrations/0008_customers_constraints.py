"""What Tortoise has no words for: the customers' numbers, what is indexed of them for search, checks, partial indexes."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Who was here before gets a number in the order of coming.
_NUMBERS = """
CREATE SEQUENCE customer_number_seq;
UPDATE customer c SET number = n.number FROM (
    SELECT id, nextval('customer_number_seq') AS number FROM (SELECT id FROM customer ORDER BY id) o
) n WHERE n.id = c.id;
ALTER TABLE customer ALTER COLUMN number SET DEFAULT nextval('customer_number_seq');
ALTER SEQUENCE customer_number_seq OWNED BY customer.number;
"""

_CUSTOMERS = """
ALTER TABLE customer ADD CONSTRAINT customer_pooled_without_owner CHECK (pooled_at IS NULL OR guide_id IS NULL);
ALTER TABLE customer ADD CONSTRAINT customer_pooled_for_a_reason CHECK (num_nonnulls(pooled_at, pool_reason) IN (0, 2));
ALTER TABLE customer ADD CONSTRAINT customer_discarded_by_nobody_held CHECK (
    discarded_at IS NULL OR guide_id IS NULL AND pooled_at IS NULL);
CREATE INDEX customer_pool ON customer (pooled_at, id) WHERE pooled_at IS NOT NULL;
CREATE INDEX customer_pool_reason ON customer (pool_reason, pooled_at, id) WHERE pooled_at IS NOT NULL;
CREATE INDEX customer_trash ON customer (discarded_at, id) WHERE discarded_at IS NOT NULL;
DROP INDEX customer_guide;
CREATE INDEX customer_guide ON customer (guide_id, number);
CREATE INDEX customer_idle ON customer (guide_id, active_at);
CREATE INDEX customer_warned ON customer (guide_id, id) WHERE warned_at IS NOT NULL;
CREATE INDEX customer_next_contact ON customer (guide_id, next_contact_at) WHERE next_contact_at IS NOT NULL;
CREATE INDEX customer_order_due ON customer (guide_id, order_due_on) WHERE order_due_on IS NOT NULL;
CREATE TABLE customer_search (
    number bigint PRIMARY KEY,
    customer_id uuid NOT NULL CONSTRAINT customer_search_customer_key UNIQUE REFERENCES customer (id),
    terms text[] COLLATE "C" NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX customer_search_terms ON customer_search USING gin (terms) WITH (gin_pending_list_limit = 256);
ALTER TABLE timeline ADD COLUMN details jsonb;
"""

_PROFILES = """
ALTER TABLE customer_profile ADD CONSTRAINT customer_profile_customer FOREIGN KEY (customer_id) REFERENCES customer (id);
ALTER TABLE customer_profile ADD CONSTRAINT customer_profile_position CHECK (
    num_nonnulls(latitude, longitude, datum) IN (0, 3)
    AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 AND datum IN ('wgs84', 'gcj02'));
ALTER TABLE customer_profile ADD CONSTRAINT customer_profile_name CHECK (num_nonnulls(name, name_key) IN (0, 2));
ALTER TABLE customer_profile ADD CONSTRAINT customer_profile_credit CHECK (credit_limit >= 0);
ALTER TABLE customer_profile ADD CONSTRAINT customer_profile_not_own_parent CHECK (parent_id <> customer_id);
ALTER TABLE contact_person ADD CONSTRAINT contact_person_not_own_superior CHECK (superior_id <> id);
CREATE INDEX contact_person_superior ON contact_person (superior_id) WHERE superior_id IS NOT NULL;
CREATE INDEX customer_phone_contact ON customer_phone (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX follow_up_contact ON follow_up (contact_id) WHERE contact_id IS NOT NULL;
CREATE UNIQUE INDEX contact_person_main_key ON contact_person (customer_id) WHERE is_main AND removed_at IS NULL;
CREATE UNIQUE INDEX customer_mobile_change_open_key ON customer_mobile_change (customer_id) WHERE decided_at IS NULL;
ALTER TABLE customer_mobile_change ADD CONSTRAINT customer_mobile_change_decided CHECK (
    num_nonnulls(decided_by_id, decided_at, approved) IN (0, 3));
CREATE UNIQUE INDEX customer_phone_verified_key ON customer_phone (number)
    WHERE verified_at IS NOT NULL AND held_at IS NULL;
CREATE UNIQUE INDEX customer_phone_once_key ON customer_phone (customer_id, contact_id, label, number)
    NULLS NOT DISTINCT;
CREATE INDEX customer_merge_source ON customer_merge (source_id);
CREATE INDEX phone_dispute_number ON phone_dispute (number);
CREATE INDEX merge_candidate_open ON merge_candidate (id) WHERE state = 'open';
ALTER TABLE merge_candidate ADD CONSTRAINT merge_candidate_in_order CHECK (one_id < other_id);
CREATE UNIQUE INDEX phone_dispute_open_key ON phone_dispute (number, former_id) WHERE settled_at IS NULL;
ALTER TABLE phone_dispute ADD CONSTRAINT phone_dispute_of_two CHECK (former_id <> newcomer_id);
CREATE UNIQUE INDEX custom_field_name_key ON custom_field (subject, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX tag_name_key ON tag (kind, name) WHERE deleted_at IS NULL;
CREATE INDEX tag_due ON tag (evaluate_at) WHERE evaluate_at IS NOT NULL;
ALTER TABLE pool_claim ADD CONSTRAINT pool_claim_counts CHECK (ordinal > 0 AND customers > 0);
CREATE INDEX customer_import_due ON customer_import (id) WHERE state IN ('waiting', 'running');
CREATE UNIQUE INDEX customer_erasure_open_key ON customer_erasure (customer_id)
    WHERE done_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX customer_erasure_due ON customer_erasure (due_at) WHERE done_at IS NULL AND cancelled_at IS NULL;
"""

# Who left before anybody was forgotten is forgotten now; 30 days is the parameter's default.
_LEFT = """
INSERT INTO customer_erasure (id, customer_id, kind, asked_at, due_at)
SELECT gen_random_uuid(), c.id, 'unfollow', max(i.state_at), max(i.state_at) + interval '30 days'
FROM customer c JOIN identity i ON i.customer_id = c.id AND i.openid IS NOT NULL
WHERE NOT c.following AND NOT c.is_staff AND c.merged_into_id IS NULL
    AND EXISTS (SELECT FROM timeline l WHERE l.customer_id = c.id AND l.kind = 'unfollow') GROUP BY c.id
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0007_customers")]

    operations = [
        ops.RunSQL(
            _NUMBERS, "ALTER TABLE customer ALTER COLUMN number DROP DEFAULT; DROP SEQUENCE customer_number_seq"
        ),
        ops.AlterField(model_name="Customer", name="number", field=fields.BigIntField()),
        ops.RunSQL(
            _CUSTOMERS,
            """ALTER TABLE timeline DROP COLUMN details;
            DROP TABLE customer_search;
            DROP INDEX customer_guide;
            CREATE INDEX customer_guide ON customer (guide_id, id);
            DROP INDEX customer_pool, customer_pool_reason, customer_trash, customer_idle, customer_warned,
                customer_next_contact, customer_order_due;
            ALTER TABLE customer DROP CONSTRAINT customer_pooled_without_owner,
                DROP CONSTRAINT customer_pooled_for_a_reason, DROP CONSTRAINT customer_discarded_by_nobody_held""",
        ),
        ops.RunSQL(
            _PROFILES,
            """ALTER TABLE customer_profile DROP CONSTRAINT customer_profile_position,
                DROP CONSTRAINT customer_profile_customer, DROP CONSTRAINT customer_profile_name, DROP CONSTRAINT customer_profile_credit,
                DROP CONSTRAINT customer_profile_not_own_parent;
            ALTER TABLE contact_person DROP CONSTRAINT contact_person_not_own_superior;
            ALTER TABLE customer_mobile_change DROP CONSTRAINT customer_mobile_change_decided;
            ALTER TABLE merge_candidate DROP CONSTRAINT merge_candidate_in_order;
            ALTER TABLE phone_dispute DROP CONSTRAINT phone_dispute_of_two;
            ALTER TABLE pool_claim DROP CONSTRAINT pool_claim_counts;
            DROP INDEX contact_person_superior, customer_phone_contact, follow_up_contact;
            DROP INDEX contact_person_main_key, customer_mobile_change_open_key, customer_phone_verified_key,
                customer_phone_once_key, phone_dispute_open_key, phone_dispute_number, customer_merge_source,
                merge_candidate_open, custom_field_name_key, tag_name_key, tag_due,
                customer_import_due, customer_erasure_open_key, customer_erasure_due""",
        ),
        ops.RunSQL(_LEFT, "DELETE FROM customer_erasure"),
    ]
