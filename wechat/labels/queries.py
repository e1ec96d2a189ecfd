"""Reading labels."""

from uuid import UUID

from infra import database
from wechat.labels.errors import LabelNotFound
from wechat.labels.schemas import LabelOut

_LABELS = """
SELECT l.id, a.app_id, l.kind, l.name, l.synced, l.error,
       (SELECT count(*) FROM wechat_label_member m WHERE m.label_id = l.id AND m.wanted) AS fans
FROM wechat_label l JOIN wechat_account a ON a.id = l.account_id WHERE l.deleted_at IS NULL
"""


async def labels(app_id: str | None) -> list[LabelOut]:
    """The labels of an account, or of all, groups first."""
    rows = await database.fetch(
        f"{_LABELS} AND ($1::text IS NULL OR a.app_id = $1) ORDER BY a.id, l.kind, l.name", app_id
    )
    return [LabelOut(**row) for row in rows]


async def label(label_id: UUID) -> LabelOut:
    """One label. Raises LabelNotFound."""
    row = await database.fetch_one(f"{_LABELS} AND l.id = $1", label_id)
    if row is None:
        raise LabelNotFound
    return LabelOut(**row)
