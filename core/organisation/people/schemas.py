"""What administrators send and see about people."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from core.organisation.account.schemas import Email, Phone
from core.organisation.schemas import Password, StaffOut, Username, Version
from core.permissions.rules import Scope, SpecialRight
from infra.schemas import Input, Name


class StaffState(StrEnum):
    AT_WORK = "at_work"
    DISABLED = "disabled"
    LEFT = "left"


class StaffIn(Input):
    """First the department, then the post in it, then the person (AT-70). A guide gets a code, and needs a store."""

    name: Name
    username: Username
    password: Password
    role_id: UUID
    department_id: UUID
    post_id: UUID
    store_id: UUID | None = None
    is_guide: bool = False
    phone: Phone = ""
    email: Email = ""


class StaffChange(Input):
    """What is left out stays as it is. `version` is the one that was read.

    The department follows from the post. `scope` is the person's own instead of the role's (null: the role's again),
    `special_rights` come on top of the role's, the data of `granted_departments` are seen besides the own.
    """

    version: Version
    name: Name = ""
    phone: Phone = ""
    email: Email = ""
    post_id: UUID = Field(default=UUID(int=0))
    store_id: UUID | None = None
    is_guide: bool = False
    role_id: UUID = Field(default=UUID(int=0))
    scope: Scope | None = None
    special_rights: list[SpecialRight] = Field(default=[], max_length=len(SpecialRight))
    granted_departments: list[UUID] = Field(default=[], max_length=100)


class StaffDetailOut(StaffOut):
    """`scope` and `special_rights` are those in force; `own_…` what the person has besides the role."""

    phone: str
    email: str
    department_name: str
    post_name: str
    store_name: str | None
    special_rights: list[SpecialRight]
    own_scope: Scope | None
    own_special_rights: list[SpecialRight]
    granted_departments: list[UUID]
    has_second_factor: bool
    must_change_password: bool
    created_at: datetime
    version: int
