"""Records as what was said through which door: reading, joining and writing many at once.

A file of its own: creation, change, contributions and merges all go through it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers.linking.rules import Door
from core.customers.profiles.rules import CUSTOM, FIELDS, POSITION, Nature, Party, Said, Stage, Status, name_key, winner
from infra import clock
from infra.database import Connection

# What a record says as long as nobody said anything.
_DEFAULTS = {"nature": Nature.PERSON, "party": Party.PROSPECT, "status": Status.ACTIVE}

_COLUMNS = (
    *(column for name in FIELDS for column in (POSITION if name == "position" else (name,))),
    *("customer_id", "name_key", "stage", "sources", "custom", "version", "created_by", "created_at", "updated_at"),
)

_READ = "SELECT * FROM customer_profile WHERE customer_id = ANY($1::uuid[])"

_WRITE = f"""
INSERT INTO customer_profile ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::customer_profile, $1::jsonb)
ON CONFLICT (customer_id) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
"""


@dataclass(slots=True)
class Record:
    """A customer's record; version 0 is none yet."""

    customer_id: UUID
    said: dict[str, Said] = field(default_factory=dict)
    stage: Stage = Stage.NEW
    version: int = 0
    created_by: UUID | None = None
    created_at: datetime | None = None

    def value(self, name: str) -> Any:
        """What stands of a field."""
        said = self.said.get(name)
        return _DEFAULTS.get(name) if said is None or said.value is None else said.value

    def hear(self, name: str, said: Said) -> bool:
        """Take note of what somebody said of a field; whether the record says something else now."""
        before = self.value(name)
        self.said[name] = winner(name, [said, self.said[name]] if name in self.said else [said])
        changed: bool = self.value(name) != before
        return changed

    @property
    def custom(self) -> dict[str, Any]:
        """Custom fields' values by field id."""
        prefix = len(CUSTOM)
        return {
            name[prefix:]: said.value
            for name, said in self.said.items()
            if name.startswith(CUSTOM) and said.value is not None
        }


def parted(row: asyncpg.Record) -> Record:
    """The record of a row."""
    sources, custom = orjson.loads(row["sources"]), orjson.loads(row["custom"])
    said = {}
    for name, (door, at) in sources.items():
        if name.startswith(CUSTOM):
            value = custom.get(name.removeprefix(CUSTOM))
        elif name == "position":
            value = None if row["datum"] is None else tuple(row[column] for column in POSITION)
        else:
            value = row[name]
        said[name] = Said(value, Door(door), datetime.fromisoformat(at))
    return Record(row["customer_id"], said, Stage(row["stage"]), row["version"], row["created_by"], row["created_at"])


async def read_many(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, Record]:
    """The records of customers, an empty one for each who has none. The caller holds the customers' locks."""
    found = {row["customer_id"]: parted(row) for row in await connection.fetch(_READ, list(customer_ids))}
    return {one: found.get(one) or Record(one) for one in customer_ids}


async def write_many(connection: Connection, records: Iterable[Record]) -> None:
    """Keep records in their next version. The caller holds the customers' locks and says what is to be indexed."""
    now = clock.now()
    rows = [_row(record, now) for record in records]
    if rows:
        await connection.execute(_WRITE, orjson.dumps(rows, default=str).decode())


async def put_back(connection: Connection, record: Record, former: Mapping[str, Any] | None) -> Record:
    """Make a record what a former row of it said (None: there was none), as a new version; what it is now."""
    if former is None:
        await connection.execute("DELETE FROM customer_profile WHERE customer_id = $1", record.customer_id)
        return Record(record.customer_id)
    row = dict(former) | {"version": record.version + 1, "updated_at": clock.now()}
    await connection.execute(_WRITE, orjson.dumps([row], default=str).decode())
    return (await read_many(connection, [record.customer_id]))[record.customer_id]


def _row(record: Record, now: datetime) -> dict[str, Any]:
    record.version += 1
    record.created_at = record.created_at or now
    name = record.value("name")
    row = {one: record.value(one) for one in FIELDS if one != "position"}
    row |= dict(zip(POSITION, record.value("position") or (None, None, None), strict=True))
    return row | {
        "customer_id": record.customer_id,
        "name_key": None if name is None else name_key(name),
        "stage": record.stage,
        "sources": {one: said.source() for one, said in record.said.items()},
        "custom": record.custom,
        "version": record.version,
        "created_by": record.created_by,
        "created_at": record.created_at,
        "updated_at": now,
    }


def told(values: Mapping[str, Any], custom: Mapping[str, Any], door: Door, at: datetime) -> dict[str, Said]:
    """Fields and custom fields as one door says them at one time."""
    named = dict(values) | {f"{CUSTOM}{one}": value for one, value in custom.items()}
    return {name: Said(_plain(value), door, at.astimezone(UTC)) for name, value in named.items()}


def _plain(value: Any) -> Any:
    """As a row gives it back, so that the same thing said again is the same."""
    if isinstance(value, StrEnum):
        return value.value
    return value.astimezone(UTC) if isinstance(value, datetime) else value
