"""What administrators send and see about departments."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from infra.problems import Unfit
from infra.schemas import Input, Name, Output

MOST_SIBLINGS = 1000


def _in_path(name: str) -> str:
    if "/" in name:
        raise Unfit("不能含有“/”，它在导入表中分隔上下级", "must not contain '/', which parts the levels of a path")
    return name


DepartmentName = Annotated[Name, AfterValidator(_in_path)]


class DepartmentIn(Input):
    """Without a parent it stands at the top."""

    name: DepartmentName
    parent_id: UUID | None = None


class DepartmentChange(Input):
    """What is left out stays as it is; null takes the head away."""

    name: DepartmentName = ""
    head_id: UUID | None = None


class DepartmentMove(Input):
    parent_id: UUID | None


class DepartmentOrder(Input):
    """All departments directly below one (null: at the top), in the order wanted."""

    parent_id: UUID | None
    ids: Annotated[list[UUID], Field(max_length=MOST_SIBLINGS)]


class DepartmentMerge(Input):
    into_id: UUID


class DepartmentOut(Output):
    """`people` haven't left and are in it, `people_below` also in what is below it."""

    id: UUID
    parent_id: UUID | None
    depth: int
    name: str
    head_id: UUID | None
    head_name: str | None
    people: int
    people_below: int
