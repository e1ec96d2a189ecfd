"""What a sheet of people means in an organisation: pure, so that a dry run and an import see the same."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from core.organisation.departments.schemas import DepartmentName
from core.organisation.imports.schemas import RowProblem, StaffRow
from core.permissions.rules import Rights
from infra.problems import problem
from infra.schemas import Input

HEADERS = {
    "name": "姓名",
    "username": "登录名",
    "department": "部门",
    "post": "岗位",
    "role": "角色",
    "store": "门店",
    "phone": "手机",
    "email": "邮箱",
    "is_guide": "导购",
}
WORDS = {
    "username_twice": "登录名在表中重复",
    "username_taken": "登录名已存在",
    "password_holds_username": "初始密码不能包含登录名",
    "department_not_found": "没有这个部门，或不在您的数据范围内",
    "post_not_found": "该部门没有这个岗位",
    "role_not_found": "没有这个角色",
    "right_not_yours": "不能授予自己没有的权限",
    "store_not_found": "没有这家门店，或不在您的数据范围内",
    "store_needed": "导购须有所属门店",
}
R = TypeVar("R", bound=Input)
_NAME = TypeAdapter[str](DepartmentName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The organisation as it is, and what the importer may do in it.

    `departments` by path, `posts` by department and name, `roles` and open `stores` by name; `departments_in_reach` and
    `stores_in_reach` are None for who sees everything; who sees one store puts its people into `own_department`.
    """

    rights: Rights
    departments: Mapping[str, UUID]
    posts: Mapping[tuple[UUID, str], UUID]
    roles: Mapping[str, tuple[UUID, Rights]]
    stores: Mapping[str, UUID]
    usernames: frozenset[str]
    departments_in_reach: frozenset[UUID] | None
    stores_in_reach: frozenset[UUID] | None
    own_department: UUID | None
    may_make: bool
    password: str


@dataclass(slots=True)
class Plan:
    """What is to be written: people, departments (id, parent, name) and posts (id, department, name)."""

    people: list[dict[str, Any]] = field(default_factory=list)
    departments: list[tuple[UUID, UUID | None, str]] = field(default_factory=list)
    posts: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def plan(rows: Sequence[tuple[int, Mapping[str, str]]], known: Known, make_id: Callable[[], UUID]) -> Plan:
    """What rows (number, cells by header) come to; with problems, nothing of it may be written."""
    return _Planner(known, make_id).plan(rows)


def read_row(number: int, cells: Mapping[str, str], headers: Mapping[str, str], kind: type[R]) -> R | list[RowProblem]:
    """A row in its right form, or what is wrong with which cell; `headers` by the field's name."""
    try:
        return kind.model_validate({name: cells[header] for name, header in headers.items()})
    except ValidationError as error:
        return [_wrong(number, headers, cells, one) for one in error.errors()]


def _wrong(number: int, headers: Mapping[str, str], cells: Mapping[str, str], error: Mapping[str, Any]) -> RowProblem:
    # What is wrong with cells together is told at the last one.
    header = headers[str(error["loc"][0])] if error["loc"] else list(headers.values())[-1]
    if error["loc"] and not cells[header]:
        return RowProblem(row=number, field=header, code="missing", message="必须填写")
    return RowProblem(row=number, field=header, code="invalid", message=problem(error))


def named(number: int, header: str, code: str) -> RowProblem:
    """A problem that has a code of its own."""
    return RowProblem(row=number, field=header, code=code, message=WORDS[code])


class _Planner:
    def __init__(self, known: Known, make_id: Callable[[], UUID]) -> None:
        self._known, self._make_id = known, make_id
        self._departments = dict(known.departments)
        self._posts = dict(known.posts)
        self._reach = None if known.departments_in_reach is None else set(known.departments_in_reach)
        self._plan = Plan()

    def plan(self, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Plan:
        count = Counter(cells[HEADERS["username"]] for _, cells in rows)
        for number, cells in rows:
            row = read_row(number, cells, HEADERS, StaffRow)
            if isinstance(row, StaffRow):
                self._settle(number, row, twice=count[row.username] > 1)
            else:
                self._plan.problems += row
        return self._plan

    def _settle(self, number: int, row: StaffRow, *, twice: bool) -> None:
        """Find what the row names; whatever is wrong is noted, all of it at once."""
        wrong = dict(self._wrong_names(row, twice=twice))
        role = self._known.roles.get(row.role)
        if role is None:
            wrong["role"] = "role_not_found"
        elif role[1].beyond(self._known.rights):
            wrong["role"] = "right_not_yours"
        store_id = self._known.stores.get(row.store)
        if row.store and (store_id is None or not self._sees_store(store_id)):
            wrong["store"] = "store_not_found"
        elif row.is_guide and store_id is None:
            wrong["store"] = "store_needed"
        department_id = self._department(row.department, store_id)
        post_id = None if department_id is None else self._post(department_id, row.post)
        if department_id is None:
            wrong["department"] = "department_not_found"
        elif post_id is None:
            wrong["post"] = "post_not_found"
        self._plan.problems += [named(number, HEADERS[name], code) for name, code in wrong.items()]
        if not wrong and role is not None:
            kept = row.model_dump(include={"name", "username", "phone", "email", "is_guide"})
            places = {"department_id": department_id, "post_id": post_id, "store_id": store_id, "role_id": role[0]}
            self._plan.people.append({"id": self._make_id()} | kept | places)

    def _wrong_names(self, row: StaffRow, *, twice: bool) -> Mapping[str, str]:
        if row.username in self._known.usernames:
            return {"username": "username_taken"}
        if twice:
            return {"username": "username_twice"}
        if row.username in self._known.password.lower():
            return {"username": "password_holds_username"}
        return {}

    def _sees_store(self, store_id: UUID) -> bool:
        return self._known.stores_in_reach is None or store_id in self._known.stores_in_reach

    def _department(self, path: str, store_id: UUID | None) -> UUID | None:
        """The department at a path, made with all that is missing above it where that is wanted and in reach."""
        path = "/".join(part.strip() for part in path.split("/"))
        found = self._departments.get(path)
        if found is not None:
            in_own_store = store_id is not None and found == self._known.own_department
            return found if self._reach is None or found in self._reach or in_own_store else None
        above, _, name = path.rpartition("/")
        parent = self._department(above, None) if above else None
        if not self._may_make(name, parent, at_top=not above):
            return None
        made = self._make_id()
        self._departments[path] = made
        self._plan.departments.append((made, parent, name))
        if self._reach is not None:
            self._reach.add(made)
        return made

    def _may_make(self, name: str, parent: UUID | None, *, at_top: bool) -> bool:
        try:
            _NAME.validate_python(name)
        except ValidationError:
            return False
        return self._known.may_make and (self._reach is None if at_top else parent is not None)

    def _post(self, department_id: UUID, name: str) -> UUID | None:
        found = self._posts.get((department_id, name))
        if found is None and self._known.may_make and (self._reach is None or department_id in self._reach):
            found = self._make_id()
            self._posts[department_id, name] = found
            self._plan.posts.append((found, department_id, name))
        return found
