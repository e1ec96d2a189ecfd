"""The tree put in order, without any input or output."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID


def arranged(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The departments as a tree is read: each before those below it, siblings in the order of `rows`.

    Adds `depth` (0 at the top) and `people_below` (`people` of it and of all below).
    """
    children = defaultdict[UUID | None, list[Mapping[str, Any]]](list)
    for row in rows:
        children[row["parent_id"]].append(row)
    found: list[dict[str, Any]] = []
    waiting = [(row, 0) for row in reversed(children[None])]
    while waiting:
        row, depth = waiting.pop()
        found.append({**row, "depth": depth, "people_below": row["people"]})
        waiting += [(child, depth + 1) for child in reversed(children[row["id"]])]
    by_id = {row["id"]: row for row in found}
    for row in reversed(found):
        if row["parent_id"] is not None:
            by_id[row["parent_id"]]["people_below"] += row["people_below"]
    return found


def paths(rows: Sequence[Mapping[str, Any]]) -> dict[str, UUID]:
    """The id of every department by its path of names from the top (`总部/华东/上海`), of rows as `arranged` gives."""
    names: dict[UUID | None, str] = {}
    for row in rows:
        above = names.get(row["parent_id"])
        names[row["id"]] = row["name"] if above is None else f"{above}/{row['name']}"
    return {path: id_ for id_, path in names.items() if id_ is not None}
