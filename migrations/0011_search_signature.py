"""A signature of each customer's search terms in the index of the numbers (docs/search.md)."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# A Bloom filter: three bits of 256 for each term. Whoever writes terms needn't know of it.
_SIGNATURE = """
CREATE FUNCTION customer_search_signature(terms text[]) RETURNS bit(256)
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT COALESCE(bit_or(set_bit(set_bit(set_bit(repeat('0', 256)::bit(256),
        (h & 255)::int, 1), (h >> 8 & 255)::int, 1), (h >> 16 & 255)::int, 1)), repeat('0', 256)::bit(256))
    FROM (SELECT hashtextextended(term COLLATE "C", 0) AS h FROM unnest(terms) AS term) AS hashed
$$;
ALTER TABLE customer_search
    ADD COLUMN signature bit(256) GENERATED ALWAYS AS (customer_search_signature(terms)) STORED NOT NULL;
ALTER TABLE customer_search DROP CONSTRAINT customer_search_pkey,
    ADD CONSTRAINT customer_search_pkey PRIMARY KEY (number) INCLUDE (signature);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0010_chat_constraints")]

    operations = [
        ops.RunSQL(
            _SIGNATURE,
            """ALTER TABLE customer_search DROP CONSTRAINT customer_search_pkey, ADD PRIMARY KEY (number);
            ALTER TABLE customer_search DROP COLUMN signature;
            DROP FUNCTION customer_search_signature""",
        ),
    ]
