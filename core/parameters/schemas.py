"""What administrators see and send of parameters."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr

from infra.schemas import Input, Output, Text

Value = StrictBool | StrictInt | StrictStr
Version = Annotated[int, Field(ge=0, le=2_000_000_000, description="The version you saw; 0 for the default")]


class ParameterIn(Input):
    value: StrictBool | StrictInt | Annotated[Text, Field(max_length=500)]
    version: Version


class ParameterOut(Output):
    """`type` is bool, int or str; `changed_by` is a colleague's name, `cli` or null for the default."""

    name: str
    help: str
    english: str
    type: str
    unit: str
    least: int | None
    most: int | None
    choices: list[Value]
    default: Value
    value: Value
    version: int
    changed_by: str | None
    changed_at: datetime | None


class ParameterGroupOut(Output):
    """Parameters of one part of the product: `group` is what stands before the dot of their names."""

    group: str
    items: list[ParameterOut]


class ParametersOut(Output):
    groups: list[ParameterGroupOut]


class ParameterVersionOut(Output):
    """`value` is null where the default was put in force again."""

    version: int
    value: Value | None
    changed_by: str
    changed_at: datetime
