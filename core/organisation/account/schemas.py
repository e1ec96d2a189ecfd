"""What colleagues send and see about accounts."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import StringConstraints

from core.organisation.queries import Colleague
from core.organisation.schemas import Password, StaffOut, Version
from core.permissions.rules import SpecialRight
from infra.schemas import Input, Name, Output, Text

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
AnyPassword = Annotated[Text, StringConstraints(max_length=128)]
Phone = Annotated[Text, StringConstraints(pattern=r"^(\+?[0-9][0-9 -]{2,28})?$")]
Email = Annotated[Text, StringConstraints(pattern=r"^([!#-?A-Z^-~]+@[A-Za-z0-9.-]+)?$", max_length=200)]


class LoginIn(Input):
    """`code` is that of the second factor, for who has one: without it the answer is `second_factor_needed`."""

    username: Annotated[Text, StringConstraints(max_length=50)]
    password: AnyPassword
    code: Code | None = None


class LoggedIn(Output):
    """`token` goes into `Authorization: Bearer …` until `expires_at`."""

    token: str
    expires_at: datetime
    staff: StaffOut


class MeOut(StaffOut):
    """The person, and what the person may do. A module none of whose operation points is held is not listed.

    `due_first` is the code of what keeps this session from everything else: `password_change_needed`,
    `second_factor_setup_needed`, or null.
    """

    phone: str
    email: str
    version: int
    points: list[str]
    modules: list[str]
    special_rights: list[SpecialRight]
    granted_departments: list[UUID]
    has_second_factor: bool
    due_first: str | None

    @classmethod
    def of(cls, staff: Colleague, contact_data: dict[str, object], due_first: str | None) -> Self:
        return cls.model_validate(
            StaffOut.model_validate(staff).model_dump()
            | contact_data
            | {
                "points": sorted(staff.points),
                "modules": sorted({point.partition(":")[0] for point in staff.points}),
                "special_rights": sorted(staff.special_rights),
                "granted_departments": sorted(staff.granted_departments),
                "has_second_factor": staff.has_second_factor,
                "due_first": due_first,
            }
        )


class MeChange(Input):
    """What is left out stays as it is; an empty phone or email is none. `version` is the one that was read."""

    version: Version
    name: Name = ""
    phone: Phone = ""
    email: Email = ""


class PasswordChange(Input):
    present: AnyPassword
    new: Password


class PasswordReset(Input):
    """Without `password` one is made."""

    password: Password | None = None


class PasswordOut(Output):
    """Shown this once; it has to be changed at the first log-in."""

    password: str


class SecondFactorOut(Output):
    """`uri` is what the QR code for an authenticator holds."""

    secret: str
    uri: str


class CodeIn(Input):
    code: Code


class SecondFactorRemoval(CodeIn):
    password: AnyPassword


class SessionOut(Output):
    """`way`: how the person proved to be that one; `seen_at`: the last use, to the minute; `current`: this one."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    way: str
    address: str
    device: str
    current: bool = False


class Ended(Output):
    """How many sessions ended."""

    sessions: int
