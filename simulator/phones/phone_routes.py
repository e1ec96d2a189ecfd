"""The phone page, and what it asks for beyond the control side: codes on walls, pictures, the clock, the stream."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from simulator.messaging import templates
from simulator.phones import captions, live, pictures
from simulator.phones.phone_schemas import (
    CaptionsIn,
    ClockIn,
    ClockOut,
    CodeOut,
    CodesOut,
    PictureOut,
    TemplateOut,
    TemplatesOut,
)
from simulator.platform import qrcodes
from simulator.world.errors import ControlError
from simulator.world.state import StateDep

PAGE = Path(__file__).parent / "page"
PICTURE_BYTES_MOST = 10 * 2**20
HOUR, DAY = 3_600, 86_400
HEADERS = {
    # Everything of the page is its own; `data:` and `blob:` are pictures that the page itself made.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Asked for again each time, and answered with 304 while the file is the same.
    "Cache-Control": "no-cache",
}

router = APIRouter(prefix="/sim", tags=["phone page"])


class PageFiles(StaticFiles):
    """The files of the page with the headers of a page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or what says that there is none or that it is unchanged."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def install(app: FastAPI) -> None:
    """Serve the page at /phone/, and send whoever comes to the front door there."""
    app.include_router(router)
    app.mount("/phone", PageFiles(directory=PAGE, html=True))

    @app.get("/", include_in_schema=False)
    async def front_door() -> Response:
        return RedirectResponse("phone/")


@router.get("/codes")
async def list_codes(state: StateDep, app_id: str, limit: Annotated[int, Query(ge=1, le=200)] = 24) -> CodesOut:
    """List the codes of an account that a phone could scan now: those with a caption first, then the newest."""
    account = state.account(app_id)
    living = [
        code
        for code in reversed(state.codes.values())
        if code.app_id == account.app_id and qrcodes.is_alive(state, code)
    ]
    found = captions.in_order(state, living)[:limit]
    return CodesOut(codes=[CodeOut.of(code, captions.of(state, code)) for code in found])


@router.put("/codes/captions", status_code=204)
async def caption_codes(state: StateDep, body: CaptionsIn) -> None:
    """Write what people read on the posters of some codes; 404 code_unknown. The list shows them in this order."""
    captions.put(state, state.account(body.app_id).app_id, body.captions)


@router.get("/code_picture", response_class=Response)
async def code_picture(state: StateDep, ticket: str) -> Response:
    """Return the picture of a code whatever faults are switched on: it hangs on a wall already."""
    code = state.codes.get(ticket)
    if code is None:
        raise ControlError(404, "code_unknown", "no QR code has this ticket")
    return Response(qrcodes.picture(code), media_type="image/png", headers={"Cache-Control": "max-age=86400"})


@router.get("/subscribe_templates")
async def list_subscribe_templates(state: StateDep, app_id: str) -> TemplatesOut:
    """List what the account's dialog of subscription notices can ask about at one time."""
    account = state.account(app_id)
    found = templates.of_account(state, account.app_id, "subscribe")[: account.limits.subscribe_dialog_templates]
    return TemplatesOut(templates=[TemplateOut(template_id=each.template_id, title=each.title) for each in found])


@router.post("/scan_picture")
async def scan_picture(request: Request, state: StateDep) -> PictureOut:
    """Find a code of any account on a picture (the body); 413, 422 not_a_picture and no_code_seen, 404, 410."""
    picture = bytearray()
    async for part in request.stream():
        picture += part
        if len(picture) > PICTURE_BYTES_MOST:
            raise ControlError(413, "picture_too_large", "the picture has more than 10 MiB")
    texts = await asyncio.to_thread(pictures.qr_texts, bytes(picture))
    if not texts:
        raise ControlError(422, "no_code_seen", "no QR code can be made out on this picture")
    found = next((state.codes_by_url[text] for text in texts if text in state.codes_by_url), None)
    if found is None:
        raise ControlError(404, "code_unknown", "the QR code belongs to no account here")
    if not qrcodes.is_alive(state, found):
        raise ControlError(410, "code_expired", "this QR code has expired")
    return PictureOut(app_id=found.app_id, url=found.url)


@router.get("/clock")
async def get_clock(state: StateDep) -> ClockOut:
    """Tell the platform's time."""
    return ClockOut.of(state.clock)


@router.post("/clock")
async def move_clock(state: StateDep, body: ClockIn) -> ClockOut:
    """Move the time of every process that reads the clock file; 409 no_clock_file, clock_too_far."""
    clock = state.clock
    match body.jump:
        case "hour":
            clock.jump(HOUR)
        case "two_days":
            clock.jump(2 * DAY)
        case "month_end":
            clock.jump(clock.until_month_end())
        case "days":
            clock.jump((body.days or 0) * DAY)
        case None:
            clock.return_to_real()
    return ClockOut.of(clock)


@router.get("/stream", response_class=StreamingResponse)
async def stream(
    state: StateDep, app_id: str, fan_id: Annotated[list[str] | None, Query(max_length=50)] = None
) -> StreamingResponse:
    """Show some people's phones live: `phones` first, then `bubble`, `ring`, `follow`, `push`, `clock`, `changed`."""
    events = live.events(state, state.account(app_id), list(dict.fromkeys(fan_id or [])))
    # Without the no-transform a proxy might gather events to compress them.
    headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
