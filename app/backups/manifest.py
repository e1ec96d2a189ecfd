"""What a backup holds, counted in the very snapshot that is dumped: the list a restore is checked by."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import BaseModel, ConfigDict

from infra import crypto, database
from infra.database import Connection

# The sum must not depend on how a session shows a value.
_SESSION = """
SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0
"""

_TABLES = """
SELECT quote_ident(relname) AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""

_COUNT = "SELECT count(*) AS rows, COALESCE(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS sum FROM ONLY {} t"

_FILES = "SELECT digest, size FROM file_blob WHERE removing_at IS NULL ORDER BY digest"


class TableSum(BaseModel):
    """How many rows, and the sum of their hashes: any order, but every byte."""

    rows: int
    sum: str


class ChainHead(BaseModel):
    """The newest place of the audit chain, and how many rows waited for theirs."""

    seq: int
    hash: str
    waiting: int


class Contents(BaseModel):
    """What the database held at one moment."""

    tables: dict[str, TableSum]
    audit: ChainHead
    migrations: list[str]


class Part(BaseModel):
    """A file of the archive."""

    size: int
    sha256: str


class Files(BaseModel):
    """Stored files: how many, their bytes in all, those that were gone, and whether they lie in the archive."""

    count: int
    size: int
    missing: int
    inside: bool
    list: Part


class Manifest(BaseModel):
    """All there is to know about an archive. `seal` is a keyed digest of the rest."""

    model_config = ConfigDict(extra="forbid")

    format: int = 1
    name: str
    made_at: datetime
    postgres: int
    contents: Contents
    dump: Part
    files: Files
    seal: str = ""

    def sealed(self) -> "Manifest":
        return self.model_copy(update={"seal": self._seal()})

    @property
    def is_genuine(self) -> bool:
        return self.seal == self._seal()

    def _seal(self) -> str:
        plain = self.model_dump(mode="json", exclude={"seal"})
        return crypto.digest("backup", orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()).hex()


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that the database refers to."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the database, for as long as its transaction is open. `id` lets others see the same."""

    connection: Connection
    id: str
    postgres: int

    async def contents(self) -> Contents:
        """Everything counted; reads the whole database."""
        names = [row["name"] for row in await self.connection.fetch(_TABLES)]
        return Contents(
            tables={name: await self._sum(name) for name in names},
            audit=await self._audit(),
            migrations=[row["name"] for row in await self.connection.fetch("SELECT name FROM tortoise_migrations")],
        )

    async def blobs(self) -> list[Blob]:
        return [Blob(row["digest"], row["size"]) for row in await self.connection.fetch(_FILES)]

    async def _sum(self, name: str) -> TableSum:
        (row,) = await self.connection.fetch(_COUNT.format(name))
        return TableSum(rows=row["rows"], sum=row["sum"])

    async def _audit(self) -> ChainHead:
        head = await self.connection.fetchrow("SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1")
        waiting = await self.connection.fetchval("SELECT count(*) FROM audit_unsealed")
        if head is None:
            return ChainHead(seq=0, hash="", waiting=waiting)
        return ChainHead(seq=head["seq"], hash=head["hash"].hex(), waiting=waiting)


@asynccontextmanager
async def snapshot() -> AsyncIterator[Snapshot]:
    """The present moment, kept for ourselves and for pg_dump."""
    async with database.transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection.execute(_SESSION)
        postgres = await connection.fetchval("SELECT current_setting('server_version_num')::int / 10000")
        yield Snapshot(connection, await connection.fetchval("SELECT pg_export_snapshot()"), postgres)


def differences(wanted: Contents, found: Contents) -> Sequence[str]:
    """Names of the tables that are missing, too many, or differ in a row."""
    names = sorted(wanted.tables.keys() | found.tables.keys())
    return [name for name in names if wanted.tables.get(name) != found.tables.get(name)]
