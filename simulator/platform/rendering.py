"""Errors as the two sides write them: the platform's errcode bodies, the control side's named errors."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from simulator.platform.doors import answer
from simulator.world import quotas
from simulator.world.errors import INVALID_URL, REQUIRE_GET, REQUIRE_POST, ControlError, PlatformError
from simulator.world.schemas import ErrorDetail, ErrorOut

METHOD_NOT_ALLOWED = 405


def install(app: FastAPI) -> None:
    """Render every error of the application."""

    @app.exception_handler(PlatformError)
    async def platform(request: Request, error: PlatformError) -> Response:
        caller = getattr(request.state, "caller", None)
        if caller is not None:
            quotas.note_error(request.app.state.state, caller, error.errcode)
        return answer(error.body())

    @app.exception_handler(ControlError)
    async def control(_request: Request, error: ControlError) -> Response:
        return _refusal(error.status, error.code, error.message)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        # Places and reasons only: the refused values may be secrets.
        problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return _refusal(422, "invalid_request", "; ".join(problems))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(quotas.PLATFORM_PATHS):
            return _platform_http(error)
        code = {404: "not_found", METHOD_NOT_ALLOWED: "method_not_allowed"}.get(error.status_code, "bad_request")
        return _refusal(error.status_code, code, str(error.detail))


def _platform_http(error: HTTPException) -> Response:
    if error.status_code != METHOD_NOT_ALLOWED:
        return answer(PlatformError(INVALID_URL).body())
    allowed = (error.headers or {}).get("Allow", "")
    return answer(PlatformError(REQUIRE_POST if "POST" in allowed else REQUIRE_GET).body())


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse(ErrorOut(error=ErrorDetail(code=code, message=message)).model_dump(), status)
