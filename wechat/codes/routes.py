"""The codes in the caller's reach: lists, making, aiming, stopping, numbers, pictures, posters."""

from collections.abc import Awaitable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Cursor, Limit, MomentCursor, page_of
from infra.schemas import Page, Text
from wechat.codes import numbers, pictures, posters, queries, service
from wechat.codes.queries import CodeFilter
from wechat.codes.rules import CodeState, Life, TargetKind
from wechat.codes.schemas import (
    AppId,
    ChannelStoreOut,
    CodeBatchIn,
    CodeBatchMade,
    CodeBatchOut,
    CodeChange,
    CodeIn,
    CodeNumbersOut,
    CodeOut,
    CodeRankOut,
    TargetIn,
)

router = APIRouter(prefix="/staff/v1", tags=["codes"])

BusinessDay = Annotated[date | None, Field(ge=date(2011, 1, 1), le=date(2199, 12, 31))]
Search = Annotated[Text, StringConstraints(min_length=1, max_length=50)]
Reader = Annotated[Colleague, RequirePermission("codes:read")]
Writer = Annotated[Colleague, RequirePermission("codes:write")]

_PNG: dict[int | str, dict[str, object]] = {200: {"content": {"image/png": {}}, "description": "A PNG picture"}}
_LEFT_OUT = "X-Codes-Left-Out"


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    header = {"description": "How many codes are not issued yet and therefore left out", "schema": {"type": "integer"}}
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    return {
        200: {"content": {media_type: {}}, "description": "A file", "headers": {_LEFT_OUT: header}},
        404: {"content": refusal, "description": "There are no such posters"},
    }


async def _filter(
    by: Reader,
    *,
    app_id: AppId | None = None,
    kind: TargetKind | None = None,
    target_id: UUID | None = None,
    life: Life | None = None,
    state: CodeState | None = None,
    stopped: bool | None = None,
    batch_id: UUID | None = None,
    text: Search | None = None,
) -> CodeFilter:
    return CodeFilter(
        by=by,
        app_id=app_id,
        kind=kind,
        target_id=target_id,
        life=life,
        state=state,
        stopped=stopped,
        batch_id=batch_id,
        text=text,
    )


Wanted = Annotated[CodeFilter, Depends(_filter)]


async def _code(code_id: UUID, by: Reader) -> CodeOut:
    """The code, if it is in reach."""
    return await queries.code(code_id, by)


async def _code_to_change(code_id: UUID, by: Writer) -> CodeOut:
    """The same for whoever may change it."""
    return await queries.code(code_id, by)


VisibleCode = Annotated[CodeOut, Depends(_code)]
CodeToChange = Annotated[CodeOut, Depends(_code_to_change)]


@router.get("/me/codes")
async def my_codes(by: Reader) -> list[CodeOut]:
    """My own codes: the standing one per official account, and those for a season."""
    return await queries.page(CodeFilter(kind=TargetKind.GUIDE, target_id=by.id), None, 200)


@router.get("/me/codes/numbers")
async def my_codes_numbers(by: Reader, first: BusinessDay = None, last: BusinessDay = None) -> list[CodeRankOut]:
    """What each of my codes brought, from the first to the last business day."""
    mine = CodeFilter(kind=TargetKind.GUIDE, target_id=by.id)
    return (await numbers.ranking(mine, first, last, None, 200)).items


@router.post("/codes", status_code=201)
async def add_code(body: CodeIn, by: Writer, once: Once) -> CodeOut:
    """One more code of a guide or store in reach, or a channel, perhaps for a season; it is issued within seconds."""
    offered = await service.offer(body.app_id, body.life, body.page)
    kind, target_id = body.target()
    await queries.expect_target(by, kind, target_id)

    async def act() -> CodeOut:
        code_id = await service.add_code(offered, kind=kind, target_id=target_id, name=body.name, **body.season())
        return await queries.code(code_id)

    return await once.run(act, CodeOut)


@router.get("/codes")
async def list_codes(wanted: Wanted, cursor: Cursor = None, limit: Limit = 50) -> Page[CodeOut]:
    """Codes of guides, stores and channels, in the order they were made."""
    return page_of(CodeOut, await queries.page(wanted, cursor, limit + 1), limit)


@router.get("/codes/numbers")
async def codes_numbers(
    wanted: Wanted,
    first: BusinessDay = None,
    last: BusinessDay = None,
    cursor: MomentCursor = None,
    limit: Limit = 50,
) -> Page[CodeRankOut]:
    """Codes ranked by the first-touch follows they brought from the first to the last business day."""
    return await numbers.ranking(wanted, first, last, cursor, limit)


@router.get("/codes/posters.zip", response_class=Response, responses=_file("application/zip"))
async def posters_zip(wanted: Wanted) -> Response:
    """The posters of these codes as PNG in a ZIP, without those of guides who left and stores that closed.

    404 `no_posters` when there is nothing to put into it.
    """
    left_out = await posters.any_at_all(wanted)
    await audit.note("code.posters_exported", "code", "posters", wanted.told() | {"format": "zip"})
    headers = {"Content-Disposition": 'attachment; filename="posters.zip"', _LEFT_OUT: str(left_out)}
    return StreamingResponse(posters.archive(wanted), media_type="application/zip", headers=headers)


@router.get("/codes/posters.pdf", response_class=Response, responses=_file("application/pdf"))
async def posters_pdf(wanted: Wanted) -> Response:
    """The same posters as a PDF, one a page; there is a limit to how many (`too_many_posters`)."""
    left_out = await posters.few_enough(wanted)
    await audit.note("code.posters_exported", "code", "posters", wanted.told() | {"format": "pdf"})
    headers = {"Content-Disposition": 'attachment; filename="posters.pdf"', _LEFT_OUT: str(left_out)}
    return StreamingResponse(posters.document(wanted), media_type="application/pdf", headers=headers)


@router.get("/codes/{code_id}")
async def get_code(code: VisibleCode) -> CodeOut:
    """One code."""
    return code


@router.patch("/codes/{code_id}")
async def change_code(code: CodeToChange, body: CodeChange) -> CodeOut:
    """Change a code's name and season."""
    return await _after(code, service.change(code.id, body.model_dump(exclude_unset=True)))


@router.post("/codes/{code_id}/stop")
async def stop_code(code: CodeToChange) -> CodeOut:
    """From now on the code still welcomes, but counts for nobody."""
    return await _after(code, service.stop(code.id))


@router.post("/codes/{code_id}/resume")
async def resume_code(code: CodeToChange) -> CodeOut:
    """The code counts again."""
    return await _after(code, service.resume(code.id))


@router.post("/codes/{code_id}/target")
async def aim_code(code: CodeToChange, body: TargetIn, by: Writer) -> CodeOut:
    """Point a code at another guide, store or channel; what was scanned before counts for the former one."""
    await queries.expect_target(by, *body.target())
    return await _after(code, service.aim(code.id, *body.target()))


@router.get("/codes/{code_id}/numbers")
async def code_numbers(code: VisibleCode, first: BusinessDay = None, last: BusinessDay = None) -> CodeNumbersOut:
    """What a code brought from the first to the last business day."""
    return await numbers.numbers(code.id, first, last)


@router.get("/codes/{code_id}/code.png", response_class=Response, responses=_PNG)
async def code_png(code: VisibleCode) -> Response:
    """The bare QR code."""
    return Response(await pictures.code_png(code), media_type="image/png")


@router.get("/codes/{code_id}/poster.png", response_class=Response, responses=_PNG)
async def poster_png(code: VisibleCode) -> Response:
    """The QR code on a poster with the account's and the guide's, store's or channel's name."""
    return Response(await pictures.poster_png(code), media_type="image/png")


@router.post("/code-batches", status_code=201)
async def add_batch(body: CodeBatchIn, by: Writer, once: Once) -> CodeBatchMade:
    """A code for every open store or guide in reach, or channel; if the permanent ones don't suffice, none is made."""
    offered = await service.offer(body.app_id, body.life, body.page)

    async def act() -> CodeBatchMade:
        batch_id, count = await service.add_batch(offered, by, kind=body.kind, name=body.name, **body.season())
        return CodeBatchMade(id=batch_id, count=count)

    return await once.run(act, CodeBatchMade)


@router.get("/code-batches/{batch_id}")
async def get_batch(batch_id: UUID, by: Reader) -> CodeBatchOut:
    """How far the platform has come with a batch, as far as the caller reaches."""
    return await queries.batch(by, batch_id)


@router.get("/channels/{channel_id}/stores", tags=["stores"])
async def stores_of_channel(
    channel_id: UUID,
    by: Annotated[Colleague, RequirePermission("omnichannel:read")],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ChannelStoreOut]:
    """The omnichannel view: a channel's open stores with hours, phone, picture and codes."""
    return page_of(ChannelStoreOut, await queries.stores_of(by, channel_id, cursor, limit + 1), limit)


async def _after(code: CodeOut, change: Awaitable[None]) -> CodeOut:
    await change
    return await queries.code(code.id)
