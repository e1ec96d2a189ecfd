"""What administrators send and see of roles and rights."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.permissions.rules import Layout, Scope, SpecialRight
from infra.schemas import Input, Name, Output, Text

Point = Annotated[Text, StringConstraints(pattern=r"^[a-z_]+:[a-z_]+$", max_length=50)]
Points = Annotated[list[Point], Field(max_length=500)]
SpecialRights = Annotated[list[SpecialRight], Field(max_length=50)]


class RoleIn(Input):
    """A new role. What is left out is that of the role `copy_of`, or nothing and the own data.

    Without a `layout` its points decide how its holders see a customer.
    """

    name: Name
    copy_of: UUID | None = None
    points: Points | None = None
    scope: Scope | None = None
    special_rights: SpecialRights | None = None
    layout: Layout | None = None


class RoleChange(Input):
    """What is left out stays as it is. `version` is the one you saw."""

    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    name: Name = ""
    points: Points = Field(default=[])
    scope: Scope = Scope.OWN
    special_rights: SpecialRights = Field(default=[])
    layout: Layout | None = None


class RoleOut(Output):
    """`key` names a ready-made one, which nobody changes. `holders` counts those in reach who have not left.

    `layout` is how holders see a customer: as it was set, or as it follows from the points.
    """

    id: UUID
    key: str | None
    name: str
    points: list[str]
    scope: Scope
    special_rights: list[SpecialRight]
    layout: Layout
    holders: int
    version: int
    created_at: datetime


class TitledOut(Output):
    """Something that may be given, under the name people read."""

    key: str
    title: str


class ModuleOut(TitledOut):
    """A part of the product; `points` are its operation points."""

    points: list[TitledOut]


class PermissionsOut(Output):
    """What the caller holds, and therefore may give."""

    modules: list[ModuleOut]
    scopes: list[TitledOut]
    special_rights: list[TitledOut]
