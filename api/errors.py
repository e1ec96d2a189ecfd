"""Every error leaves in one shape: `{"error": {"code", "message", "details", "request_id"}}`; no trace, no secret."""

from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from infra import database
from infra.errors import DomainError, InvalidInput, NotFound, Unauthenticated, Unavailable
from infra.logging import logger
from infra.problems import place, problem

GONE = 499  # as proxies count a caller who hung up
_BUSY = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


# A caller's nonsense is not sent back at length.
_MOST_PROBLEMS, _LONGEST_NAME = 20, 100


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405
    message = "不支持这种请求方式"
    english = "The method is not allowed here"


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    message = "内容过大"
    english = "The body is too large"


class Internal(DomainError):
    code = "internal_error"
    status = 500
    message = "系统出错了，请稍后再试"
    english = "Something went wrong on our side"


_BY_STATUS: dict[int, type[DomainError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


def render(request: Request, error: DomainError) -> JSONResponse:
    """The error's JSON, in the language the caller asks for (Chinese unless `Accept-Language` begins with en)."""
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.english if _wants_english(request) else error.message,
        "details": jsonable_encoder(error.details),
        "request_id": request.scope.get("request_id"),
    }
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == Unauthenticated.status:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": body}, error.status, headers)


def _wants_english(request: Request) -> bool:
    return request.headers.get("accept-language", "").lower().startswith("en")


async def _domain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 - what this handler is registered for
    return render(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # The input itself stays out: it may hold a password.
    english = _wants_english(request)
    fields = [
        {"field": place(wrong["loc"])[:_LONGEST_NAME], "problem": problem(wrong, english=english)}
        for wrong in error.errors()[:_MOST_PROBLEMS]
    ]
    return render(request, InvalidInput({"fields": fields}))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    return of_http(request, error)


def of_http(request: Request, error: HTTPException) -> JSONResponse:
    """The framework's own errors in our shape."""
    if error.status_code in _BY_STATUS:
        return render(request, _BY_STATUS[error.status_code]())
    if error.status_code < Internal.status:
        return render(request, InvalidInput({"reason": error.detail}))
    return render(request, Internal())


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw: an outage or contention is a 503, anything else a 500 with a line in the log."""
    if database.is_outage(error) or isinstance(error, _BUSY):
        return render(request, Unavailable({"server": "postgresql"}, retry_after=1))
    logger().error("request_failed", exc_info=error)
    return render(request, Internal())


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return unexpected(request, error)


async def _gone(_request: Request, _error: Exception) -> Response:
    """Nobody reads this answer; its status stands in log and metrics."""
    return Response(status_code=GONE)


def install(app: FastAPI) -> None:
    """Render all errors of the application this way."""
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
