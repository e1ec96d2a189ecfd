"""Stores from a spreadsheet: checked row by row, added all together or not at all.

A file of its own, as the import of people is a folder of its own: a form with headers, and a plan of what it means.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, model_validator

from core.organisation import places
from core.organisation.departments import queries as departments
from core.organisation.departments.rules import paths
from core.organisation.departments.service import hold_tree
from core.organisation.imports.rules import read_row
from core.organisation.imports.schemas import RowProblem
from core.organisation.imports.service import MOST_ROWS
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from core.stores.events import StoreAdded
from core.stores.schemas import Address, Hours, Latitude, Longitude, Phone, StoreImportOut
from core.stores.service import CONSTRAINTS, columns_of
from infra import audit, clock, spreadsheets
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.geo import Datum, Position
from infra.ids import new_id
from infra.outbox import publish
from infra.problems import Unfit
from infra.schemas import Input, Name, Text

HEADERS = {
    "name": "门店",
    "address": "地址",
    "phone": "电话",
    "hours": "营业时间",
    "department": "部门",
    "longitude": "经度",
    "latitude": "纬度",
    "datum": "坐标系",
}
NOTES = (
    "请勿改动“导入”表的表头；整张表全部正确才会导入。",
    "部门：从最上级写起，用“/”分隔，例如 总部/华东/上海；可不填。",
    "经度、纬度：十进制度数，可不填；要填须与坐标系一起填。",
    "坐标系：GPS 与国际地图填 WGS84，国内地图填 GCJ02。",
)
_WORDS = {
    "store_name_taken": "已有同名门店",
    "store_twice": "门店在表中重复",
    "department_not_found": "没有这个部门，或不在您的数据范围内",
}

_TAKEN = "SELECT name FROM store WHERE name = ANY($1::text[])"
_ADD = """
INSERT INTO store (id, name, address, phone, hours, department_id, latitude, longitude, datum, created_at)
SELECT s.*, $10 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::float8[],
    $8::float8[], $9::text[]) AS s
"""
_COLUMNS = ("id", "name", "address", "phone", "hours", "department_id", "latitude", "longitude", "datum")


def _absent(cell: str) -> str | None:
    return cell or None


def _datum(cell: str) -> str | None:
    return cell.lower().replace("-", "") or None


class StoreRow(Input):
    """A row of the form whose cells have the right form."""

    name: Name
    address: Address
    phone: Phone
    hours: Hours
    department: Text
    longitude: Annotated[Longitude | None, BeforeValidator(_absent)]
    latitude: Annotated[Latitude | None, BeforeValidator(_absent)]
    datum: Annotated[Datum | None, BeforeValidator(_datum)]

    @model_validator(mode="after")
    def _whole_position(self) -> "StoreRow":
        if [self.longitude, self.latitude, self.datum].count(None) in {1, 2}:
            raise Unfit("经度、纬度与坐标系须一起填写", "longitude, latitude and datum come together")
        return self

    def position(self) -> Position | None:
        if self.latitude is None or self.longitude is None or self.datum is None:
            return None
        return Position.given(self.latitude, self.longitude, self.datum)


async def import_stores(by: Colleague, content: bytes, *, dry_run: bool) -> StoreImportOut:
    """Add every store in a filled-in form, or say what is wrong with which row and add none.

    Raises SpreadsheetUnreadable, SpreadsheetHeaders, SpreadsheetTooLong.
    """
    found = await asyncio.to_thread(spreadsheets.read, content, tuple(HEADERS.values()), await MOST_ROWS.get())
    stores, problems = await _settle(by, [(row.number, row.cells) for row in found], write=not dry_run)
    return StoreImportOut(dry_run=dry_run, rows=len(found), added=0 if problems else len(stores), problems=problems)


@retry_on_conflict
async def _settle(
    by: Colleague, rows: Sequence[tuple[int, Mapping[str, str]]], *, write: bool
) -> tuple[list[dict[str, Any]], list[RowProblem]]:
    with constraint_errors(CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            stores, problems = await _plan(connection, by, rows)
            if write and not problems:
                await _write(connection, stores)
    return stores, problems


async def _plan(
    connection: Connection, by: Colleague, rows: Sequence[tuple[int, Mapping[str, str]]]
) -> tuple[list[dict[str, Any]], list[RowProblem]]:
    names = Counter(cells[HEADERS["name"]] for _, cells in rows)
    taken = {row["name"] for row in await connection.fetch(_TAKEN, list(names))}
    known, (in_reach, _) = paths(await departments.tree()), await places.seen(by)
    stores, problems = list[dict[str, Any]](), list[RowProblem]()
    for number, cells in rows:
        row = read_row(number, cells, HEADERS, StoreRow)
        if not isinstance(row, StoreRow):
            problems += row
            continue
        department_id = _department(by, row.department, known, in_reach)
        wrong = {}
        if row.name in taken:
            wrong["name"] = "store_name_taken"
        elif names[row.name] > 1:
            wrong["name"] = "store_twice"
        if department_id is None and (row.department or by.scope is not Scope.ALL):
            wrong["department"] = "department_not_found"
        problems += [
            RowProblem(row=number, field=HEADERS[name], code=code, message=_WORDS[code]) for name, code in wrong.items()
        ]
        kept = row.model_dump(include={"name", "address", "phone", "hours"})
        stores.append({"id": new_id(), "department_id": department_id} | kept | columns_of(row.position()))
    return stores, problems


def _department(by: Colleague, path: str, known: Mapping[str, UUID], in_reach: frozenset[UUID] | None) -> UUID | None:
    """Who doesn't see everything puts stores into the own department unless another one is named."""
    if not path:
        found = None if by.scope is Scope.ALL else by.department_id
    else:
        found = known.get("/".join(part.strip() for part in path.split("/")))
    return found if in_reach is None or found in in_reach else None


async def _write(connection: Connection, stores: Sequence[Mapping[str, Any]]) -> None:
    await connection.execute(_ADD, *([store[name] for store in stores] for name in _COLUMNS), clock.now())
    ids = [store["id"] for store in stores]
    if ids:
        await publish(*(StoreAdded(store_id=id_) for id_ in ids))
    await audit.note("store.imported", "store", "many", {"count": len(ids), "store_ids": ids})
