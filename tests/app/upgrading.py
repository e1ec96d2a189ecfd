"""A process of its own: a database as it was before departments, with people in it, is brought to the newest schema.

Prints, as JSON, what became of the people.
"""

import asyncio
import json

from tortoise.migrations.api import migrate as tortoise_migrate

from app.contexts import MODELS, tortoise
from app.migrations import migrate
from infra import database

BEFORE = "models.0004_gateway_constraints"
PEOPLE = """
INSERT INTO store (id, name, address, created_at)
VALUES ('00000000-0000-7000-8000-00000000a001', '一店', '', '2026-01-02T00:00:00Z');
INSERT INTO staff (id, name, username, password_hash, role, store_id, created_at, left_at) VALUES
('00000000-0000-7000-8000-00000000b001', '管理员', 'admin', 'x', 'admin', NULL, '2026-01-03T00:00:00Z', NULL),
('00000000-0000-7000-8000-00000000b002', '经理', 'manager', 'x', 'manager', NULL, '2026-01-04T00:00:00Z', NULL),
('00000000-0000-7000-8000-00000000b003', '导购', 'guide', 'x', 'guide', '00000000-0000-7000-8000-00000000a001',
 '2026-01-05T00:00:00Z', NULL),
('00000000-0000-7000-8000-00000000b004', '离职导购', 'gone', 'x', 'guide', '00000000-0000-7000-8000-00000000a001',
 '2026-01-05T00:00:00Z', '2026-01-06T00:00:00Z');
INSERT INTO customer (id, following, is_staff, created_at)
VALUES ('00000000-0000-7000-8000-00000000c001', true, true, '2026-01-05T00:00:00Z');
INSERT INTO identity (id, customer_id, app_id, openid, digest, following, state_at, last_seen_at, created_at)
VALUES ('00000000-0000-7000-8000-00000000d001', '00000000-0000-7000-8000-00000000c001', 'wx1', 'o1', '\\x01', true,
 '2026-01-05T00:00:00Z', '2026-01-05T00:00:00Z', '2026-01-05T00:00:00Z');
INSERT INTO staff_wechat (id, staff_id, digest, bound_at) VALUES
(gen_random_uuid(), '00000000-0000-7000-8000-00000000b003', '\\x01', '2026-01-05T00:00:00Z'),
(gen_random_uuid(), '00000000-0000-7000-8000-00000000b002', '\\x02', '2026-01-05T00:00:00Z');
"""
FOUND = """
SELECT s.username, r.key AS role, d.name AS department, p.name AS post, p.department_id = s.department_id AS fits,
       s.is_guide, s.special_rights::text AS special_rights, s.left_at IS NOT NULL AS gone, w.app_id, w.openid
FROM staff s JOIN role r ON r.id = s.role_id JOIN department d ON d.id = s.department_id
JOIN post p ON p.id = s.post_id LEFT JOIN staff_wechat w ON w.staff_id = s.id ORDER BY s.username
"""


async def main() -> None:
    """Step to the former schema, put people in, step to the newest."""
    await tortoise_migrate(config=tortoise(), target=BEFORE)
    await database.disconnect()
    await database.connect(MODELS)
    async with database.connection() as connection:
        await connection.execute(PEOPLE)
    await database.disconnect()
    await migrate()
    found = await database.fetch(FOUND)
    print(json.dumps([dict(row) for row in found]))
    await database.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
