"""Exports: which customers is settled first, then they are read a thousand at a time and sent as they come.

A file of its own: nothing of an export is held in memory but the customers' numbers, and no transaction outlives a
page, so it may take as long as its reader does. What has changed, or left the caller's reach, shows as it is by then.
"""

import asyncio
import tempfile
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from core.customers.imports import columns, queries
from core.customers.imports.columns import Column, Shown
from core.customers.imports.schemas import ExportIn, TableFormat
from core.customers.linking import phones
from core.customers.search.asking import expect_askable, told
from core.customers.search.listing import Listing
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import audit, csv, database, spreadsheets
from infra.errors import Forbidden
from infra.files.port import CHUNK_BYTES

_PAGE, _GATHERED_AT_ONCE = 1_000, 5_000

_ROWS = """
SELECT p.name, p.gender, p.birthday, p.mnemonic, p.level, p.industry, p.province, p.city, p.address, p.postcode,
    p.email, p.home_page, p.credit_grade, p.credit_limit, p.registered_at, p.remark, p.custom,
    c.id, c.number, c.created_at, c.guide_id, c.pooled_at IS NOT NULL OR c.discarded_at IS NOT NULL AS hidden,
    COALESCE(p.nature, 'person') AS nature, COALESCE(p.party, 'prospect') AS party,
    COALESCE(p.status, 'active') AS status, COALESCE(p.stage, 'new') AS stage,
    s.username AS owner, s.name AS owner_name, d.name AS department, q.number AS parent, k.value AS external_number,
    ARRAY(SELECT t.name FROM customer_tag g JOIN tag t ON t.id = g.tag_id
        WHERE g.customer_id = c.id AND t.deleted_at IS NULL ORDER BY t.name) AS tags
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id LEFT JOIN customer q ON q.id = p.parent_id
LEFT JOIN staff s ON s.id = c.guide_id LEFT JOIN department d ON d.id = s.department_id
LEFT JOIN LATERAL (
    SELECT value FROM customer_key WHERE customer_id = c.id AND kind = 'external' ORDER BY id LIMIT 1
) k ON true
WHERE c.number = ANY($1::bigint[]) AND c.merged_into_id IS NULL AND {reach} ORDER BY c.number DESC
"""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that may begin; `numbers` are the customers'."""

    by: Colleague
    format: TableFormat
    chosen: Sequence[Column]
    numbers: "array[int]"
    unmask: bool

    @property
    def media_type(self) -> str:
        return spreadsheets.MEDIA_TYPE if self.format is TableFormat.XLSX else "text/csv; charset=utf-8"

    def stream(self) -> AsyncIterator[bytes]:
        """The bytes of the table."""
        return self._xlsx() if self.format is TableFormat.XLSX else self._csv()

    async def _csv(self) -> AsyncIterator[bytes]:
        yield (csv.BEGINNING + csv.line(column.title for column in self.chosen)).encode()
        async for rows in self._pages():
            yield csv.lines(rows).encode()

    async def _xlsx(self) -> AsyncIterator[bytes]:
        """The archive's list of contents stands at its end, and its sheets before: it is made on the disk."""
        with tempfile.TemporaryFile() as file:
            with spreadsheets.Table(file, [column.title for column in self.chosen]) as table:
                async for rows in self._pages():
                    await asyncio.to_thread(table.add, rows)
                await asyncio.to_thread(table.close)
            file.seek(0)
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk

    async def _pages(self) -> AsyncIterator[list[list[object]]]:
        for start in range(0, len(self.numbers), _PAGE):
            values = Values(self.numbers[start : start + _PAGE].tolist())
            rows = await database.fetch(_ROWS.format(reach=of_staff(self.by, values.put, "c.guide_id")), *values)
            numbers = await phones.shown(self.by, [row["id"] for row in rows], unmask=self.unmask)
            shown = [Shown.of(row, numbers[row["id"]], full=row["guide_id"] == self.by.id) for row in rows]
            yield [[column.cell(one) for column in self.chosen] for one in shown]


async def begin(by: Colleague, body: ExportIn) -> Export:
    """Settle what goes into an export, and write down that it is made.

    Raises Forbidden (unmask without customers:unmask), ColumnsUnknown, and as `search.asking` does.
    """
    if body.unmask and not by.may("customers:unmask"):
        raise Forbidden({"permission": "customers:unmask"})
    chosen = columns.chosen(body.columns, await queries.custom_by_key())
    await expect_askable(body.filters)
    numbers = await _numbers(by, body)
    details = {
        "count": len(numbers),
        "filters": told(body.filters),
        "columns": [column.key for column in chosen],
        "unmask": body.unmask,
        "format": body.format,
    }
    await audit.note("customer.exported", "customer", "many", details)
    return Export(by, body.format, chosen, numbers, body.unmask)


async def _numbers(by: Colleague, body: ExportIn) -> "array[int]":
    numbers, before = array("q"), None
    while page := await Listing(body.filters, by, before, _GATHERED_AT_ONCE).page():
        numbers.extend(number for _, number in page)
        before = page[-1][1]
        if len(page) < _GATHERED_AT_ONCE:
            break
    return numbers
