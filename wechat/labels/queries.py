"""Reading labels."""

from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, staff_in_reach
from infra import database
from wechat.labels.errors import LabelNotFound
from wechat.labels.schemas import LabelOut

_LABELS = """
SELECT l.id, a.app_id, l.kind, l.name, l.synced, l.error, {fans} AS fans
FROM wechat_label l JOIN wechat_account a ON a.id = l.account_id WHERE l.deleted_at IS NULL
"""
_OF_EVERYBODY = "(SELECT count(*) FROM wechat_label_member m WHERE m.label_id = l.id AND m.wanted)"

# From the fans to the labels they carry: a guide has few fans, a label may have very many.
_IN_REACH = """
WITH worn AS MATERIALIZED (
    SELECT m.label_id, count(*) AS fans
    FROM customer c JOIN identity i ON i.customer_id = c.id JOIN wechat_label_member m ON m.identity_id = i.id
    WHERE m.wanted AND c.guide_id IN ({reach}) GROUP BY m.label_id
)
"""
_WORN = "COALESCE((SELECT worn.fans FROM worn WHERE worn.label_id = l.id), 0)"


async def labels(by: Colleague, app_id: str | None) -> list[LabelOut]:
    """The labels of an account, or of all, groups first, with how many of the fans in reach of `by` carry them."""
    values = Values(app_id)
    sql = f"{_labels(by, values)} AND ($1::text IS NULL OR a.app_id = $1) ORDER BY a.id, l.kind, l.name"
    return [LabelOut(**row) for row in await database.fetch(sql, *values)]


async def label(by: Colleague, label_id: UUID) -> LabelOut:
    """One label, likewise. Raises LabelNotFound."""
    values = Values(label_id)
    row = await database.fetch_one(f"{_labels(by, values)} AND l.id = $1", *values)
    if row is None:
        raise LabelNotFound
    return LabelOut(**row)


def _labels(by: Colleague, values: Values) -> str:
    reach = staff_in_reach(by, values.put)
    if reach is None:
        return _LABELS.format(fans=_OF_EVERYBODY)
    return _IN_REACH.format(reach=reach) + _LABELS.format(fans=_WORN)
