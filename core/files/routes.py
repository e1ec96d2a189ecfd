"""Files and the image library, for staff; and the links that open files."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request

from core.files import library, queries, service, uploads
from core.files.dependencies import BytesResponse
from core.files.schemas import FileName, FileOut, ImageChange, ImageIn, ImageOut, PurposeName, TagOut
from core.files.uploads import Arrival
from core.organisation.dependencies import CurrentStaff, Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Name, Page

router = APIRouter(tags=["files"])
Reader = Annotated[Colleague, RequirePermission("images:read")]
Writer = Annotated[Colleague, RequirePermission("images:write")]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ANY_BYTES: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes", "content": {"*/*": _BINARY}},
    206: {"description": "Those asked for", "content": {"*/*": _BINARY}},
    304: {"description": "The same as the ETag says"},
}


@router.post("/staff/v1/files", status_code=201, openapi_extra=_ANY_BYTES)
async def upload_file(
    request: Request,
    by: CurrentStaff,
    name: Annotated[FileName, Query()],
    purpose: Annotated[PurposeName, Query()],
    idempotency_key: Annotated[str | None, Header(description="The same key and file give the same file")] = None,
) -> FileOut:
    """Upload a file: the body is its bytes, no form. Unless something refers to it, it goes after a day.

    Purposes: `attachment` (pictures, documents, sound, video), `image` (a picture for the library),
    `table` (CSV or XLSX, to import), `chat` (what is sent to a fan).
    """
    arrival = Arrival(name=name, purpose=purpose, owner_id=by.id, key=idempotency_key)
    return await service.link(await uploads.take_in(arrival, request.stream()), by.id)


@router.get("/staff/v1/files/{file_id}")
async def read_file(file_id: UUID, by: CurrentStaff) -> FileOut:
    """A file of one's own, or one that its purpose lets the caller see, with fresh links."""
    return await service.seen_by(file_id, by)


@router.delete("/staff/v1/files/{file_id}", status_code=204)
async def delete_file(file_id: UUID, by: CurrentStaff) -> None:
    """Take back an upload of one's own that nothing refers to."""
    await service.delete_own(file_id, by.id)


@router.get("/files/v1/{link}", response_class=BytesResponse, status_code=200, responses=_FILE)
async def open_link(link: str, request: Request) -> BytesResponse:
    """The bytes behind a signed link. The signature stands in for a session, and ends with the viewer's sessions."""
    content, seconds = await service.opened(link)
    return BytesResponse(content, seconds, request)


@router.head("/files/v1/{link}", response_class=BytesResponse, status_code=200, responses=_FILE)
async def look_at_link(link: str, request: Request) -> BytesResponse:
    """The headers of what the link opens; signed like it."""
    content, seconds = await service.opened(link)
    return BytesResponse(content, seconds, request)


@router.post("/staff/v1/images", status_code=201)
async def add_image(body: ImageIn, by: Writer, once: Once) -> ImageOut:
    """Put an uploaded picture into the library; one that is there already is refused and named."""
    return await once.run(lambda: library.add(body, by.id), ImageOut)


@router.get("/staff/v1/images")
async def list_images(
    by: Reader,
    tag: Annotated[Name | None, Query()] = None,
    text: Annotated[Name | None, Query(description="Part of the title")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ImageOut]:
    """The library, the latest first."""
    return page_of(ImageOut, await library.page(by.id, cursor, limit + 1, tag=tag, text=text), limit)


@router.get("/staff/v1/images/tags")
async def list_tags(_by: Reader) -> list[TagOut]:
    """The tags in use and how many pictures carry each, the commonest first."""
    return [TagOut.model_validate(dict(row)) for row in await queries.tags()]


@router.get("/staff/v1/images/{image_id}")
async def read_image(image_id: UUID, by: Reader) -> ImageOut:
    """A picture of the library."""
    return await library.image(image_id, by.id)


@router.patch("/staff/v1/images/{image_id}")
async def change_image(image_id: UUID, body: ImageChange, by: Writer) -> ImageOut:
    """Change title or tags."""
    return await library.change(image_id, body, by.id)


@router.delete("/staff/v1/images/{image_id}", status_code=204)
async def delete_image(image_id: UUID, _by: Writer) -> None:
    """Take a picture out of the library; its links end at once."""
    await library.delete(image_id)
