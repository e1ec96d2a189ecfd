"""A process of its own: a database as it was before departments, with people in it, is brought to the newest schema.

On the way chats are put in as the first ones were. Prints, as JSON, what became of the people and of the chats.
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
CHATS_BEFORE = "models.0012_drop_intents"
CHATS = """
INSERT INTO wechat_account (id, app_id, original_id, kind, mode, name, secret, token, aes_key, created_at)
VALUES ('00000000-0000-7000-8000-00000000e001', 'wx1', 'gh_1', 'official', 'plain', '号', '', '', '',
 '2026-01-05T00:00:00Z');
INSERT INTO conversation (id, account_id, identity_id, last_number, last_at, version, created_at)
SELECT '00000000-0000-7000-8000-00000000e002', '00000000-0000-7000-8000-00000000e001', id, 1, '2026-01-06T00:00:00Z', 1,
 '2026-01-06T00:00:00Z' FROM identity;
INSERT INTO service_case (id, conversation_id, wanted, opened_at, answers)
VALUES (gen_random_uuid(), '00000000-0000-7000-8000-00000000e002', 'no_answer', '2026-01-06T00:00:00Z', 0);
INSERT INTO auto_reply (id, name, trigger, words, hours, contents, hand_over, priority, enabled, version, changed_by_id,
 changed_at, created_at)
SELECT gen_random_uuid(), '默认', 'default', '[]', '[]', '[{}]', false, 1, true, 1, id, created_at, created_at
FROM staff LIMIT 1;
"""
FOUND = """
SELECT s.username, r.key AS role, d.name AS department, p.name AS post, p.department_id = s.department_id AS fits,
       s.is_guide, s.special_rights::text AS special_rights, s.left_at IS NOT NULL AS gone, w.app_id, w.openid
FROM staff s JOIN role r ON r.id = s.role_id JOIN department d ON d.id = s.department_id
JOIN post p ON p.id = s.post_id LEFT JOIN staff_wechat w ON w.staff_id = s.id ORDER BY s.username
"""
CHATS_FOUND = "SELECT s.held_at = s.opened_at AS held, r.hand_over FROM service_case s, auto_reply r"


async def main() -> None:
    """Step to the former schemas, put people and chats in, step to the newest."""
    await _put(PEOPLE, BEFORE)
    await _put(CHATS, CHATS_BEFORE)
    await migrate()
    people, chats = [[dict(row) for row in await database.fetch(sql)] for sql in (FOUND, CHATS_FOUND)]
    print(json.dumps({"people": people, "chats": chats}))
    await database.disconnect()


async def _put(rows: str, target: str) -> None:
    await tortoise_migrate(config=tortoise(), target=target)
    await database.disconnect()
    await database.connect(MODELS)
    async with database.connection() as connection:
        await connection.execute(rows)
    await database.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
