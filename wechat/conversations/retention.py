"""How long messages are kept: whole months go, with the files that only they referred to.

A file of its own: nothing else deletes what was said but a person's own wish (`parts`).
"""

from datetime import UTC, date, datetime
from uuid import UUID

from core.files import service as files
from infra import clock, database, partitions
from infra.parameters import Parameter
from wechat.conversations.pictures import OURS_ALONE

KEPT_MONTHS = Parameter(
    name="chat.kept_months",
    default=24,
    least=1,
    most=240,
    unit="个月",
    help="聊天消息及其图片、语音、视频保留的月数",
    english="How many months chats are kept, with their pictures, sounds and videos",
)
_ROWS = 1_000

_MEDIA = """
DELETE FROM chat_media WHERE id IN (
    SELECT id FROM chat_media WHERE message_at < $1 ORDER BY message_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING file_id
"""

# Pictures of colleagues; without a file those that something else shows as well.
_PICTURES = f"""
WITH old AS MATERIALIZED (
    SELECT m.conversation_id, m.number, m.created_at, m.file_id FROM chat_message m
    WHERE m.created_at < $1 AND m.author = 'staff' AND m.file_id IS NOT NULL LIMIT $2
), cleared AS (
    UPDATE chat_message m SET file_id = NULL FROM old WHERE m.conversation_id = old.conversation_id
    AND m.number = old.number AND m.created_at = old.created_at
)
SELECT CASE WHEN {OURS_ALONE} AND NOT EXISTS (
    SELECT FROM chat_message o WHERE o.author = 'staff' AND o.file_id = m.file_id
    AND (o.conversation_id, o.number) NOT IN (SELECT conversation_id, number FROM old)
) THEN file_id END AS file_id FROM old m
"""

# What the list shows of conversations that said nothing since; one after the other by time.
_LAST_WORDS = """
WITH old AS MATERIALIZED (
    SELECT id, last_at FROM conversation WHERE (last_at, id) > ($1, $2::uuid) AND last_at < $3
    ORDER BY last_at, id LIMIT $4
), held AS MATERIALIZED (
    SELECT id FROM conversation WHERE id IN (SELECT id FROM old) AND last_text IS NOT NULL AND last_at < $3
    ORDER BY id FOR NO KEY UPDATE
), emptied AS (
    UPDATE conversation k SET last_text = NULL FROM held WHERE held.id = k.id
)
SELECT last_at, id FROM old ORDER BY last_at DESC, id DESC LIMIT 1
"""


async def drop_old() -> None:
    """Forget the months that are past their time; conversations stay, with their counts."""
    first = _months_before(clock.now().date(), await KEPT_MONTHS.get())
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    for statement in (_MEDIA, _PICTURES):
        while await _drop_files(statement, start):
            pass
    await _empty_last_words(start)
    await partitions.drop_before(partitions.CHAT_MESSAGE, first)


async def _empty_last_words(start: datetime) -> None:
    place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    while row := await database.fetch_one(_LAST_WORDS, *place, start, _ROWS):
        place = (row["last_at"], row["id"])


async def _drop_files(statement: str, start: datetime) -> bool:
    """Let files go of which the old messages were the last to speak; whether there may be more."""
    async with database.transaction() as connection:
        rows = await connection.fetch(statement, start, _ROWS)
        await files.release(connection, {UUID(int=row["file_id"].int) for row in rows if row["file_id"]})
    return bool(rows)


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months ago."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
