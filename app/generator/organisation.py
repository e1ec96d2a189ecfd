"""Departments, stores and colleagues: a top, regions, and teams of ten, each with a store; one team in five is of reps.

The heads of the house and of each region are managers, the first of a team with a store is its store manager.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from core.permissions.rules import READY_MADE, RoleKey

REGIONS = 10
TEAM = 10
_TEAMS, _PER_TEAM = 12, 1_000
_REPS_EVERY = 5
# This region has got no customers any more since the first fifth of the time.
OLD_REGION = 4
_CHANNELS = ("门店", "小程序", "展会", "转介绍", "网络推广")
_ZIPF = 0.3  # 1 - exponent


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may own customers."""

    id: str
    store_id: str | None
    code_id: str
    region: int


@dataclass(slots=True)
class Organisation:
    """Its rows by table, and whom customers may belong to, the busiest first."""

    tables: dict[str, list[Sequence[Any]]] = field(default_factory=dict)
    guides: list[Colleague] = field(default_factory=list)
    reps: list[Colleague] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)

    def add(self, table: str, *values: Any) -> None:
        """A row, its columns in the order of COLUMNS."""
        self.tables.setdefault(table, []).append(values)


COLUMNS = {
    "channel": "id name created_at",
    "department": "id name parent_id position created_at",
    "post": "id department_id name created_at",
    "store": "id name address department_id channel_id created_at",
    "staff": "id name username password_hash role_id department_id post_id store_id is_guide special_rights created_at",
}


def organisation(
    random: Random, ids: Iterator[str], customers: int, since: datetime, top_id: str | None
) -> Organisation:
    """Everybody who serves so many customers; below `top_id`, or with a top of its own."""
    made = Organisation()
    for name in _CHANNELS:
        made.channels.append(next(ids))
        made.add("channel", made.channels[-1], name, since)
    if top_id is None:
        top_id = next(ids)
        made.add("department", top_id, "总部", None, 1, since)
    _head(made, ids, top_id, "总部主管", since)
    teams = max(_TEAMS, customers // _PER_TEAM)
    regions = [next(ids) for _ in range(min(REGIONS, teams // _REPS_EVERY))]
    for number, region in enumerate(regions):
        made.add("department", region, f"{number + 1:02}大区", top_id, number + 100, since)
        _head(made, ids, region, f"{number + 1:02}大区主管", since)
    for number in range(teams):
        _team(made, ids, number, regions, since)
    random.shuffle(made.guides)
    random.shuffle(made.reps)
    return made


def _head(made: Organisation, ids: Iterator[str], department: str, name: str, since: datetime) -> None:
    post = next(ids)
    made.add("post", post, department, "主管", since)
    _staff(made, (next(ids), name), RoleKey.MANAGER, (department, post, None), since)


def _team(made: Organisation, ids: Iterator[str], number: int, regions: Sequence[str], since: datetime) -> None:
    region = number % len(regions)
    department, post, store = next(ids), next(ids), next(ids)
    reps = (number // len(regions)) % _REPS_EVERY == _REPS_EVERY - 1
    made.add("department", department, f"{number + 1:04}{'外勤' if reps else '门店'}组", regions[region], number, since)
    made.add("post", post, department, "外勤" if reps else "导购", since)
    made.add("store", store, f"{number + 1:04}店", "", department, made.channels[0], since)
    for place in range(TEAM):
        role = RoleKey.REP if reps else RoleKey.GUIDE if place else RoleKey.STORE_MANAGER
        colleague = Colleague(next(ids), None if reps else store, next(ids), region)
        name = f"{'外勤' if reps else '导购'}{number * TEAM + place + 1:05}"
        _staff(made, (colleague.id, name), role, (department, post, colleague.store_id), since)
        # The last of every other team is new and has no customers yet.
        if place < TEAM - number % 2:
            (made.reps if reps else made.guides).append(colleague)


def _staff(
    made: Organisation, who: tuple[str, str], role: RoleKey, place: tuple[str, str, str | None], since: datetime
) -> None:
    # An empty hash: nobody logs in before a password is set. The scope is the role's.
    username = f"gen{len(made.tables.get('staff', ())):05}"
    made.add("staff", *who, username, "", READY_MADE[role].id, *place, place[2] is not None, "[]", since)


def one_of(random: Random, colleagues: Sequence[Colleague]) -> Colleague:
    """Few have very many customers, most have few (Zipf)."""
    last = len(colleagues) ** _ZIPF
    return colleagues[min(int(((last - 1) * random.random() + 1) ** (1 / _ZIPF)) - 1, len(colleagues) - 1)]
