"""Parameters an administrator may change: typed, with range, default and help; every change is a new version.

A value is in force at the next run: each process looks for new versions every two seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from infra import clock, database
from infra.cache import Cache
from infra.errors import Conflict, InvalidInput, NotFound

T = TypeVar("T", int, str, bool)


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
    """Declared once, as a module constant of its owner; `await get()` gives the value in force."""

    name: str
    default: T
    help: str
    least: int | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        if declared.setdefault(self.name, self) is not self:
            raise ValueError(f"two parameters are named {self.name}")
        self.check(self.default)

    async def get(self) -> T:
        value: T = (await _values.get()).get(self.name, self.default)
        return value

    def check(self, value: object) -> None:
        """Raises ParameterRefused when `value` is not of the type and range declared here."""
        right_type = type(value) is type(self.default)
        right_range = not isinstance(value, int) or (
            (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
        )
        if not (right_type and right_range):
            raise ParameterRefused(
                {"name": self.name, "type": type(self.default).__name__, "least": self.least, "most": self.most}
            )


declared: dict[str, Parameter[Any]] = {}


async def _read_values(_key: str) -> Mapping[str, Any]:
    rows = await database.fetch(
        "SELECT DISTINCT ON (name) name, value FROM parameter_version ORDER BY name, version DESC"
    )
    return {row["name"]: orjson.loads(row["value"]) for row in rows}


_values = Cache("parameters", _read_values)


def forget() -> None:
    """Read anew at the next `get` (after a change in this process, and between tests)."""
    _values.clear()


@dataclass(frozen=True, slots=True)
class InForce:
    """A parameter as an administrator sees it; version 0 is the default."""

    parameter: Parameter[Any]
    value: object
    version: int


async def in_force() -> list[InForce]:
    """Every declared parameter with its value and version, by name."""
    rows = await database.fetch(
        "SELECT DISTINCT ON (name) name, value, version FROM parameter_version ORDER BY name, version DESC"
    )
    stored = {row["name"]: (orjson.loads(row["value"]), row["version"]) for row in rows}
    return [
        InForce(parameter, *stored.get(name, (parameter.default, 0))) for name, parameter in sorted(declared.items())
    ]


async def change(name: str, value: object, *, expected_version: int, by: str) -> int:
    """Put a new version in force; returns its number.

    Raises UnknownParameter, ParameterRefused, or ParameterChanged when `expected_version` is no longer the newest.
    """
    if name not in declared:
        raise UnknownParameter({"name": name})
    declared[name].check(value)
    version = expected_version + 1
    with database.constraint_errors({"parameter_version_name_version_key": ParameterChanged}):
        written = await database.execute(
            """INSERT INTO parameter_version (name, version, value, changed_by, changed_at)
            SELECT $1::varchar, $2, $3::jsonb, $4, $5
            WHERE $2 = 1 + COALESCE((SELECT max(version) FROM parameter_version WHERE name = $1), 0)""",
            name,
            version,
            orjson.dumps(value).decode(),
            by,
            clock.now(),
        )
    if not written:
        raise ParameterChanged({"name": name})
    forget()
    return version
