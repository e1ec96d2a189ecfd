"""The OpenAPI document: every status a route may answer with is written down, from what the route needs.

`x-permission` names the operation points that an operation asks for.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app.contexts import CONTEXTS

_MEANINGS = {
    "400": "The request is not valid",
    "401": "No session, or it ended",
    "403": "Not allowed",
    "404": "Not found",
    "409": "In conflict with what is there",
    "410": "The link has expired",
    "413": "The body is too large",
    "415": "Files of this kind are not accepted here",
    "416": "The file has no such bytes",
    "422": "The input is not valid",
    "429": "Too many requests",
    "503": "A server we need is away; try again",
}
# Where passwords are asked for, guessing is limited.
_GUESSED_AT = ("/login", "/me/password", "/me/second-factor")
_REFUSALS_OF_DOORS = {
    "/files/": {"403", "410", "416"},
    "/staff/v1/accounts/{account_id}/menus": {"409"},
    "/staff/v1/files": {"415"},
    "/wechat/": {"400", "403"},
}


class Error(BaseModel):
    code: str
    message: str
    details: dict[str, Any]
    request_id: str | None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: Error


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    statuses = {"503"}
    if "security" in operation:
        statuses |= {"401", "403"}
    asked_for = [parameter["name"] for parameter in operation.get("parameters", [])]
    if "{" in path or any(name.endswith("_id") for name in asked_for):
        statuses |= {"404"}
    if operation.get("parameters") or "requestBody" in operation:
        statuses |= {"422"}
    if "requestBody" in operation:
        statuses |= {"400", "413"}
    if method != "GET" and "security" in operation:
        statuses |= {"404", "409"}
    if path.endswith(_GUESSED_AT):
        statuses |= {"401", "429"}
    if path.endswith("/login/wechat"):
        statuses |= {"401", "404", "409", "429"}
    for door, refusals in _REFUSALS_OF_DOORS.items():
        if path.startswith(door):
            statuses |= refusals
    return statuses


def _points(dependant: Any) -> Iterator[str]:
    for dependency in dependant.dependencies:
        if point := getattr(dependency.call, "permission", None):
            yield point
        yield from _points(dependency)


def _permissions() -> dict[tuple[str, str], list[str]]:
    """The operation points that the guards of each route ask for, by method and path."""
    return {
        (method, route.path): sorted(set(_points(route.dependant)))
        for context in CONTEXTS
        for router in context.routes
        for route in router.routes
        for method in route.methods
    }


def build(app: FastAPI) -> dict[str, Any]:
    """The document of an application, with our error body instead of FastAPI's."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    body = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(body.pop("$defs"))
    schemas["ErrorBody"] = body
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    permissions = _permissions()
    # The document, not `app.routes`: FastAPI keeps included routers there, not their routes.
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            if points := permissions.get((method.upper(), path)):
                operation["x-permission"] = points
            for status in sorted(_statuses(path, method.upper(), operation)):
                operation["responses"][status] = {"description": _MEANINGS[status], "content": content}
    return document


def install(app: FastAPI) -> None:
    """Serve this document at /openapi.json, built once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it
