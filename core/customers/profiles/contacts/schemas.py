"""What colleagues send and see of contact persons."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, model_validator

from core.customers.profiles.rules import Gender
from core.customers.profiles.schemas import (
    Custom,
    CustomerName,
    Email,
    Line50,
    Line200,
    PastDay,
    PhoneOut,
    PhonesIn,
    Remark,
)
from infra.problems import Unfit
from infra.schemas import Input, Output

_PLAIN = ("name", "gender", "birthday", "birth_year", "department", "post", "email", "hobbies", "remark", "superior_id")


class _ContactFields(Input):
    """`birth_year` where the birthday isn't known; `responsible_id` is the colleague who talks to this person."""

    gender: Gender | None = None
    birthday: PastDay | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2199)] | None = None
    department: Line50 | None = None
    post: Line50 | None = None
    superior_id: UUID | None = None
    email: Email | None = None
    hobbies: Line200 | None = None
    remark: Remark | None = None
    responsible_id: UUID | None = None
    phones: PhonesIn = Field(default_factory=PhonesIn)
    custom: Custom = Field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """What was given, as it is kept."""
        return {name: getattr(self, name) for name in (*_PLAIN, "responsible_id") if name in self.model_fields_set}

    def custom_values(self) -> dict[str, Any]:
        """By field id as text."""
        return {str(field_id): value for field_id, value in self.custom.items()}


class ContactPersonIn(_ContactFields):
    """A person to talk to; the first one is the main contact, or whoever is made it."""

    name: CustomerName
    is_main: bool = False


class ContactPersonChange(_ContactFields):
    """What is left out stays as it is, null takes it away. `is_main` is taken away by giving it to another one."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    name: CustomerName | None = None
    is_main: bool = False

    @model_validator(mode="after")
    def _what_may_be_null(self) -> Self:
        if "name" in self.model_fields_set and self.name is None:
            raise Unfit("name 不能为空", "name can't be null")
        return self


class ContactPersonOut(Output):
    """E-mail and numbers of others' customers' people are masked (AT-14); `age` in full years."""

    id: UUID
    customer_id: UUID
    version: int
    name: str
    gender: Gender | None
    birthday: date | None
    birth_year: int | None
    age: int | None
    department: str | None
    post: str | None
    superior_id: UUID | None
    email: str | None
    hobbies: str | None
    remark: str | None
    responsible_id: UUID | None
    responsible: str | None
    responsible_department: str | None
    is_main: bool
    phones: list[PhoneOut]
    custom: dict[str, JsonValue]
    created_at: datetime
