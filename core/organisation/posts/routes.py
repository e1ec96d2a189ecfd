"""Posts, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.posts import queries, service
from core.organisation.posts.schemas import PostChange, PostIn, PostOut
from core.organisation.queries import Colleague

router = APIRouter(prefix="/staff/v1", tags=["departments"])
Reader = Annotated[Colleague, RequirePermission("departments:read")]
Writer = Annotated[Colleague, RequirePermission("departments:write")]


@router.get("/departments/{department_id}/posts")
async def list_posts(department_id: UUID, _by: Reader) -> list[PostOut]:
    """The posts of a department by name."""
    return [PostOut.model_validate(row) for row in await queries.of_department(department_id)]


@router.post("/departments/{department_id}/posts", status_code=201)
async def add_post(department_id: UUID, body: PostIn, by: Writer, once: Once) -> PostOut:
    """A new post in a department."""

    async def act() -> PostOut:
        return PostOut.model_validate(await queries.post(await service.add(by, department_id, body.name)))

    return await once.run(act, PostOut)


@router.patch("/posts/{post_id}")
async def change_post(post_id: UUID, body: PostChange, by: Writer) -> PostOut:
    """Rename a post or put it, with the people who hold it, into another department."""
    await service.change(by, post_id, body.model_dump(exclude_unset=True))
    return PostOut.model_validate(await queries.post(post_id))


@router.delete("/posts/{post_id}", status_code=204)
async def delete_post(post_id: UUID, by: Writer) -> None:
    """Delete a post that nobody holds."""
    await service.delete(by, post_id)
