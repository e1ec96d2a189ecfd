"""Reading parameters as administrators see them."""

from collections.abc import Iterable
from itertools import groupby

import orjson

from core.parameters.schemas import ParameterGroupOut, ParameterOut, ParametersOut, ParameterVersionOut
from infra import database, parameters
from infra.parameters import InForce
from infra.schemas import Page

_HISTORY = """
SELECT version, value, changed_by, changed_at FROM parameter_version
WHERE name = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
"""

_NAMES = """
SELECT a.actor, s.name FROM unnest($1::text[]) AS a (actor)
JOIN staff s ON s.id = CASE WHEN a.actor LIKE 'staff:%' THEN substr(a.actor, 7)::uuid END
"""


def _group(entry: InForce) -> str:
    return entry.parameter.name.partition(".")[0]


async def _names(actors: Iterable[str | None]) -> dict[str, str]:
    """The colleagues' names among those who changed something."""
    rows = await database.fetch(_NAMES, [actor for actor in set(actors) if actor])
    return {row["actor"]: row["name"] for row in rows}


def _told(entry: InForce, names: dict[str, str]) -> ParameterOut:
    declared = entry.parameter
    return ParameterOut(
        name=declared.name,
        help=declared.help,
        english=declared.english,
        type=declared.type_name,
        unit=declared.unit,
        least=declared.least,
        most=declared.most,
        choices=list(declared.choices),
        default=declared.default,
        value=entry.value,
        version=entry.version,
        changed_by=names.get(entry.changed_by, entry.changed_by) if entry.changed_by else None,
        changed_at=entry.changed_at,
    )


async def listed() -> ParametersOut:
    """Every parameter, by group and name."""
    entries = await parameters.in_force()
    names = await _names(entry.changed_by for entry in entries)
    groups = [
        ParameterGroupOut(group=group, items=[_told(entry, names) for entry in found])
        for group, found in groupby(entries, _group)
    ]
    return ParametersOut(groups=groups)


async def one(name: str) -> ParameterOut:
    """One parameter. Raises UnknownParameter."""
    entry = await parameters.one_in_force(name)
    return _told(entry, await _names([entry.changed_by]))


async def history(name: str, before: int | None, limit: int) -> Page[ParameterVersionOut]:
    """Every version of a parameter, the newest first. Raises UnknownParameter."""
    parameters.known(name)
    rows = await database.fetch(_HISTORY, name, before, limit + 1)
    names = await _names(row["changed_by"] for row in rows)
    items = [
        ParameterVersionOut(
            version=row["version"],
            value=orjson.loads(row["value"]),
            changed_by=names.get(row["changed_by"], row["changed_by"]),
            changed_at=row["changed_at"],
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=str(items[-1].version) if len(rows) > limit else None)
