"""Parameters an administrator may change: typed, with range, default and help; every change is a new version.

A value is in force at the next run: each process looks for new versions every two seconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import asyncpg
import orjson

from infra import audit, clock, database
from infra.cache import Cache
from infra.errors import Conflict, InvalidInput, NotFound
from infra.schemas import UNWRITABLE

T = TypeVar("T", int, str, bool)

_LONGEST = 500
_LARGEST = 2**53 - 1  # what every reader of JSON keeps exactly

_NEWEST = """
SELECT DISTINCT ON (name) name, value, version, changed_by, changed_at FROM parameter_version
WHERE $1::text IS NULL OR name = $1 ORDER BY name, version DESC
"""

_ADD = """
WITH former AS (
    SELECT value, version FROM parameter_version WHERE name = $1 ORDER BY version DESC LIMIT 1
), added AS (
    INSERT INTO parameter_version (name, version, value, changed_by, changed_at)
    SELECT $1::varchar, $2, $3::jsonb, $4, $5 WHERE $2 = 1 + COALESCE((SELECT version FROM former), 0)
    RETURNING version
) SELECT (SELECT value FROM former) AS former, (SELECT version FROM added) AS version,
         COALESCE((SELECT version FROM former), 0) AS present
"""


class UnknownParameter(NotFound):
    code = "parameter_not_found"
    message = "没有这个参数"
    english = "There is no such parameter"


class ParameterRefused(InvalidInput):
    code = "parameter_refused"
    message = "参数值不合要求"
    english = "The value is not of the parameter's type or range"


class ParameterChanged(Conflict):
    code = "parameter_changed"
    message = "参数已被他人修改，请刷新后再试"
    english = "The parameter was changed by somebody else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Generic[T]):
    """Declared once, as a module constant of its owner; `await get()` gives the value in force.

    `help` (Chinese) and `english` tell administrators what it does. `least` and `most` bound a number, `choices` are
    all there is to choose from, `pattern` (a regular expression) is what a text must match from end to end; `unit`
    says in what a number counts.
    """

    name: str
    default: T
    help: str
    english: str
    least: int | None = None
    most: int | None = None
    choices: tuple[T, ...] = ()
    pattern: str | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if declared.setdefault(self.name, self) is not self:
            raise ValueError(f"two parameters are named {self.name}")
        self.check(self.default)

    @property
    def type_name(self) -> str:
        return type(self.default).__name__

    async def get(self) -> T:
        value: T = (await _values.get()).get(self.name, self.default)
        return value

    def check(self, value: object) -> None:
        """Raises ParameterRefused when `value` is not of the type, range and form declared here."""
        fits = type(value) is type(self.default) and (not self.choices or value in self.choices)
        if fits and isinstance(value, str):
            fits = len(value) <= _LONGEST and not UNWRITABLE.search(value)
            fits = fits and (self.pattern is None or re.fullmatch(self.pattern, value) is not None)
        elif fits and isinstance(value, int):
            fits = abs(value) <= _LARGEST and (self.least is None or value >= self.least)
            fits = fits and (self.most is None or value <= self.most)
        if not fits:
            wanted = {"type": self.type_name, "least": self.least, "most": self.most, "choices": list(self.choices)}
            raise ParameterRefused({"name": self.name} | wanted)


declared: dict[str, Parameter[Any]] = {}


async def _read_values(_key: str) -> Mapping[str, Any]:
    values = {row["name"]: orjson.loads(row["value"]) for row in await database.fetch(_NEWEST, None)}
    return {name: value for name, value in values.items() if value is not None}


_values = Cache("parameters", _read_values)


def forget() -> None:
    """Read anew at the next `get` (after a change in this process, and between tests)."""
    _values.clear()


@dataclass(frozen=True, slots=True)
class InForce:
    """A parameter as an administrator sees it; without a change it is the default in version 0."""

    parameter: Parameter[Any]
    value: object
    version: int
    changed_by: str | None = None
    changed_at: datetime | None = None


def _in_force(parameter: Parameter[Any], row: asyncpg.Record | None) -> InForce:
    if row is None:
        return InForce(parameter, parameter.default, 0)
    stored = orjson.loads(row["value"])
    value = parameter.default if stored is None else stored
    return InForce(parameter, value, row["version"], row["changed_by"], row["changed_at"])


async def in_force() -> list[InForce]:
    """Every declared parameter with its value and version, by name."""
    stored = {row["name"]: row for row in await database.fetch(_NEWEST, None)}
    return [_in_force(parameter, stored.get(name)) for name, parameter in sorted(declared.items())]


async def one_in_force(name: str) -> InForce:
    """One of them. Raises UnknownParameter."""
    return _in_force(known(name), await database.fetch_one(_NEWEST, name))


def known(name: str) -> Parameter[Any]:
    """The declaration. Raises UnknownParameter."""
    if name not in declared:
        raise UnknownParameter({"name": name[:100]})
    return declared[name]


async def change(name: str, value: object, *, expected_version: int, by: str) -> int:
    """Put a new version in force; returns its number.

    Raises UnknownParameter, ParameterRefused, or ParameterChanged when `expected_version` is no longer the newest.
    """
    known(name).check(value)
    return await _put(name, value, expected_version, by)


async def reset(name: str, *, expected_version: int, by: str) -> int:
    """Put the default in force again, whatever it will be, as a new version. Raises as `change` does."""
    known(name)
    return await _put(name, None, expected_version, by)


async def _put(name: str, value: object, expected_version: int, by: str) -> int:
    """None stands for the default."""
    version, stored = expected_version + 1, orjson.dumps(value).decode()
    overtaken = ParameterChanged({"name": name, "version": version})
    with database.constraint_errors({"parameter_version_name_version_key": overtaken}):
        async with database.transaction() as connection:
            row = await connection.fetchrow(_ADD, name, version, stored, by, clock.now())
            if row is None or row["version"] is None:
                raise ParameterChanged({"name": name, "version": row["present"] if row else 0})
            former = orjson.loads(row["former"] or "null")
            details = {"version": version, "from": former, "to": value}
            await audit.note("parameter.changed", "parameter", name, details)
    forget()
    return version
