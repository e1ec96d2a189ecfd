"""Tables out of the file store: fetched to the local disk, read in a thread, a chunk at a time.

A file of its own: the form, the run and its report read tables the same way.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from core.customers.imports.drafts import Draft, Reader
from core.customers.imports.schemas import MOST_COLUMNS
from core.files import queries as files
from core.files.errors import FileNotFound
from core.files.purposes import TABLE
from infra import tables
from infra.files.stores import store
from infra.parameters import Parameter
from infra.tables import Row, Table
from infra.xlsx import Limits

MOST_ROWS = Parameter(
    name="customers.import_most_rows",
    default=200_000,
    least=100,
    most=1_000_000,
    unit="行",
    help="一次导入客户最多的行数",
    english="The most rows of a customer import",
)
MOST_UNPACKED_MB = Parameter(
    name="customers.import_most_unpacked_mb",
    default=512,
    least=16,
    most=4_096,
    unit="MB",
    help="客户导入的 XLSX 文件解压后的上限",
    english="The largest XLSX file of a customer import, unpacked",
)
_MEBIBYTE = 1_048_576
# Of a cell two, in sheets with as many columns as are taken and rows as are usual.
_MOST_ELEMENTS = 40_000_000


@dataclass(slots=True)
class Reading:
    """A table under way."""

    table: Table

    @property
    def headers(self) -> list[str]:
        return list(self.table.headers)

    async def take(self, count: int) -> list[Row]:
        """The next rows; fewer than asked for at the end. Raises as infra.tables.read does."""
        return await asyncio.to_thread(lambda: list(islice(self.table.rows, count)))

    async def drafts(self, reader: Reader, count: int) -> list[Draft]:
        """The next rows as drafts."""
        return await asyncio.to_thread(lambda: [reader.draft(row) for row in islice(self.table.rows, count)])

    async def all_drafts(self, reader: Reader, count: int) -> AsyncGenerator[list[Draft], None]:
        """All that is left, some rows at a time; the next ones are read while the caller is busy with these."""
        coming = asyncio.create_task(self.drafts(reader, count))
        try:
            while drafts := await coming:
                coming = asyncio.create_task(self.drafts(reader, count))
                yield drafts
        finally:
            # The file must not be closed under a reader.
            await asyncio.wait([coming])

    async def skip(self, count: int | None = None) -> int:
        """Pass over rows, all without a count; how many there were."""
        return await asyncio.to_thread(lambda: sum(1 for _ in islice(self.table.rows, count)))


@asynccontextmanager
async def opened(file_id: UUID) -> AsyncIterator[Reading]:
    """The table in a stored file, read once from its beginning. Not inside a transaction.

    Raises FileNotFound, SpreadsheetUnreadable, CsvUnreadable, TableRefused, BytesMissing, Unavailable.
    """
    content = await files.bytes_of(file_id, thumbnail=False)
    if content is None:
        raise FileNotFound
    limits = Limits(await MOST_UNPACKED_MB.get() * _MEBIBYTE, _MOST_ELEMENTS)
    most_rows = await MOST_ROWS.get()
    with tempfile.TemporaryFile() as file:
        async with store().open(content.digest) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
        yield Reading(
            await asyncio.to_thread(tables.read, file, limits, most_columns=MOST_COLUMNS, most_rows=most_rows)
        )


async def expect_own(file_id: UUID, staff_id: UUID) -> str:
    """The name of a table that a colleague uploaded. Raises FileNotFound."""
    rows = await files.files([file_id])
    if not rows or rows[0]["owner_id"] != staff_id or rows[0]["purpose"] != TABLE.name:
        raise FileNotFound
    name: str = rows[0]["name"]
    return name
