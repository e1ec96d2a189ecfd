"""Keeping searches: each person's own, shared by who may."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from core.customers.search.asking import expect_askable
from core.customers.search.views.errors import (
    ViewChanged,
    ViewNameTaken,
    ViewNotFound,
    ViewOrderIncomplete,
    ViewsUsedUp,
)
from core.customers.search.views.schemas import ViewChange, ViewIn
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, transaction
from infra.errors import Forbidden
from infra.ids import new_id
from infra.parameters import Parameter

MOST_VIEWS = Parameter(
    name="views.per_person",
    default=50,
    least=1,
    most=500,
    help="每人保存的客户视图数上限",
    english="The most customer views a person may save",
    unit="个",
)

_SHARE = "views:share"
_CONSTRAINTS = {"saved_view_name_key": ViewNameTaken}

# Whoever adds one of theirs takes turns.
_HOLD = "SELECT FROM staff WHERE id = $1 FOR NO KEY UPDATE"

_ADD = """
INSERT INTO saved_view (id, staff_id, name, filters, columns, shared, position, version, created_at)
SELECT $1, $2, $3, $4::jsonb, $5::jsonb, $6, 1 + COALESCE(max(position), 0), 1, $7 FROM saved_view WHERE staff_id = $2
"""

_CHANGE = """
UPDATE saved_view SET name = COALESCE($4, name), filters = COALESCE($5::jsonb, filters),
    columns = COALESCE($6::jsonb, columns), shared = COALESCE($7, shared), version = version + 1
WHERE id = $1 AND staff_id = $2 AND version = $3
"""

_ORDER = """
UPDATE saved_view v SET position = o.position FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, position)
WHERE v.id = o.id
"""


async def add(by: Colleague, body: ViewIn) -> UUID:
    """Keep a search, as the last one.

    Raises ViewNameTaken, ViewsUsedUp, Forbidden (sharing), and as `asking.expect_askable` does.
    """
    _expect_may_share(by, shared=body.shared)
    await expect_askable(body.filters)
    most, view_id = await MOST_VIEWS.get(), new_id()
    filters, columns = body.filters.model_dump_json(exclude_none=True), orjson.dumps(body.columns).decode()
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            present = await _held(connection, by)
            if len(present) >= most:
                raise ViewsUsedUp({"most": most})
            await connection.execute(_ADD, view_id, by.id, body.name, filters, columns, body.shared, clock.now())
            await audit.note("view.added", "view", view_id, {"shared": body.shared})
    return view_id


async def change(by: Colleague, view_id: UUID, body: ViewChange) -> None:
    """Change what is given of an own view.

    Raises ViewNotFound, ViewChanged, ViewNameTaken, Forbidden (sharing), and as `asking.expect_askable` does.
    """
    values = _given(body)
    _expect_may_share(by, shared=values.get("shared", False))
    await expect_askable(body.filters)
    columns = [values.get(name) for name in ("name", "filters", "columns", "shared")]
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            present = (await _held(connection, by)).get(view_id)
            if present is None:
                raise ViewNotFound
            if present != body.version:
                raise ViewChanged({"version": present})
            await connection.execute(_CHANGE, view_id, by.id, body.version, *columns)
            await audit.note("view.changed", "view", view_id, {"changed": sorted(values)})


def _given(body: ViewChange) -> Mapping[str, Any]:
    values = body.model_dump(exclude_unset=True, exclude={"version"})
    if "filters" in values:
        values["filters"] = body.filters.model_dump_json(exclude_none=True)
    if "columns" in values:
        values["columns"] = orjson.dumps(body.columns).decode()
    return values


async def delete(by: Colleague, view_id: UUID) -> None:
    """Delete an own view. Raises ViewNotFound."""
    async with transaction() as connection:
        sql = "DELETE FROM saved_view WHERE id = $1 AND staff_id = $2"
        if await connection.execute(sql, view_id, by.id) != "DELETE 1":
            raise ViewNotFound
        await audit.note("view.deleted", "view", view_id)


async def order(by: Colleague, ids: Sequence[UUID]) -> None:
    """Put the own views in order. Raises ViewOrderIncomplete unless each is named once."""
    async with transaction() as connection:
        present = await _held(connection, by)
        if sorted(present) != sorted(ids):
            raise ViewOrderIncomplete({"ids": [str(view_id) for view_id in present]})
        await connection.execute(_ORDER, list(ids))
        await audit.note("view.ordered", "staff", by.id)


def _expect_may_share(by: Colleague, *, shared: bool) -> None:
    if shared and not by.may("views:share"):
        raise Forbidden({"permission": _SHARE})


async def _held(connection: Connection, by: Colleague) -> dict[UUID, int]:
    """The views of `by` with their versions, which only the caller's transaction may change."""
    await connection.execute(_HOLD, by.id)
    rows = await connection.fetch("SELECT id, version FROM saved_view WHERE staff_id = $1", by.id)
    return {row["id"]: row["version"] for row in rows}
