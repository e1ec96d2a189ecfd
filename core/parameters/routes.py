"""Parameters, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from core.parameters import company as _company  # noqa: F401 - only what is imported is declared, and so listed
from core.parameters import queries
from core.parameters.schemas import ParameterIn, ParameterOut, ParametersOut, ParameterVersionOut, Version
from infra import audit, parameters
from infra.paging import Limit
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1/parameters", tags=["parameters"])

Reader = Annotated[Colleague, RequirePermission("parameters:read")]
Writer = Annotated[Colleague, RequirePermission("parameters:write")]
Name = Annotated[Text, Path(max_length=100)]
VersionCursor = Annotated[int | None, Field(ge=1, le=2_000_000_000, description="`next` of the former page")]


@router.get("")
async def list_parameters(_by: Reader) -> ParametersOut:
    """Every parameter with its help, range, default and value, grouped by the part of the product it belongs to."""
    return await queries.listed()


@router.get("/{name}")
async def get_parameter(name: Name, _by: Reader) -> ParameterOut:
    """One parameter."""
    return await queries.one(name)


@router.get("/{name}/history")
async def parameter_history(
    name: Name, _by: Reader, cursor: VersionCursor = None, limit: Limit = 50
) -> Page[ParameterVersionOut]:
    """Who set it to what, and when; the newest first."""
    return await queries.history(name, cursor, limit)


@router.put("/{name}")
async def set_parameter(name: Name, body: ParameterIn, _by: Writer) -> ParameterOut:
    """Put a value in force, within two seconds everywhere; 409 `parameter_changed` names the present version."""
    await parameters.change(name, body.value, expected_version=body.version, by=audit.actor())
    return await queries.one(name)


@router.delete("/{name}")
async def reset_parameter(name: Name, version: Version, _by: Writer) -> ParameterOut:
    """Put the default in force again, as a new version."""
    await parameters.reset(name, expected_version=version, by=audit.actor())
    return await queries.one(name)
