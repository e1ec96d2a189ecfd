"""The platform's endpoints for files and articles."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from simulator.messaging import drafts, material, media, uploads
from simulator.messaging.drafts import Draft
from simulator.messaging.media import Media
from simulator.platform.doors import Body, Caller, OfficialCaller, answer, done
from simulator.world.state import StateDep

router = APIRouter(prefix="/cgi-bin", tags=["platform"])
Kind = Annotated[str, Query(alias="type")]


def _file(file: Media) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename)}"}
    return Response(file.content, media_type=file.content_type, headers=headers)


@router.post("/media/upload")
async def upload(request: Request, state: StateDep, account: Caller, kind: Kind = "") -> Response:
    """Keep a file for three days."""
    file = material.upload(state, account, kind, uploads.file(await uploads.form(request)))
    name = "thumb_media_id" if file.kind == "thumb" else "media_id"
    return answer({"type": file.kind, name: file.media_id, "created_at": int(file.created_at)})


@router.get("/media/get")
async def get(state: StateDep, account: Caller, media_id: str = "") -> Response:
    """Return a temporary file."""
    return _file(material.fetch(state, account, media_id))


@router.post("/media/uploadimg")
async def upload_article_picture(request: Request, state: StateDep, account: OfficialCaller) -> Response:
    """Keep a picture for the text of an article."""
    file = material.article_picture(state, account, uploads.file(await uploads.form(request)))
    return answer({"url": media.address(str(request.base_url), file.media_id)})


@router.post("/material/add_material")
async def add(request: Request, state: StateDep, account: OfficialCaller, kind: Kind = "") -> Response:
    """Keep a file for ever."""
    parts = await uploads.form(request)
    file = material.add(state, account, kind, uploads.file(parts), parts.get("description"))
    address = {"url": media.address(str(request.base_url), file.media_id)} if file.kind in ("image", "thumb") else {}
    return answer({"media_id": file.media_id} | address)


@router.post("/material/get_material")
async def get_permanent(request: Request, state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Return a permanent file, what is known of a film, or articles."""
    found = material.fetch_permanent(state, account, body.get("media_id"))
    if isinstance(found, Draft):
        return answer(drafts.get(state, account, body))
    if found.kind != "video":
        return _file(found)
    address = media.address(str(request.base_url), found.media_id)
    return answer({"title": found.title, "description": found.introduction, "down_url": address})


@router.post("/draft/add")
async def add_draft(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Write articles."""
    return answer(drafts.add(state, account, body))


@router.post("/draft/get")
async def get_draft(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Return the articles of a draft."""
    return answer(drafts.get(state, account, body))


@router.post("/draft/update")
async def update_draft(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Replace an article of a draft."""
    drafts.update(state, account, body)
    return done()


@router.post("/draft/delete")
async def delete_draft(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Delete a draft."""
    drafts.delete(state, account, body)
    return done()


@router.get("/draft/count")
async def count_drafts(state: StateDep, account: OfficialCaller) -> Response:
    """Count the drafts."""
    return answer(drafts.count(state, account))


@router.post("/draft/batchget")
async def list_drafts(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List drafts by page."""
    return answer(drafts.batch(state, account, body))


@router.post("/freepublish/submit")
async def publish(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Publish a draft."""
    return answer(drafts.publish(state, account, body))


@router.post("/freepublish/delete")
async def unpublish(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Take articles back."""
    drafts.unpublish(state, account, body)
    return done()


@router.post("/freepublish/batchget")
async def list_publications(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List what was published by page."""
    return answer(drafts.publications(state, account, body))


@router.post("/freepublish/get")
async def get_publication(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Tell how far a publication is."""
    return answer(drafts.publication(state, account, body))
