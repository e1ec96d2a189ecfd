"""Tags and groups of customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers.tags import queries, service
from core.customers.tags.rules import TagKind
from core.customers.tags.schemas import CustomerTagOut, TagChange, TaggingIn, TaggingOut, TagIn, TagOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["tags"])
Reader = Annotated[Colleague, RequirePermission("tags:read")]
Writer = Annotated[Colleague, RequirePermission("tags:write")]


@router.get("/tags")
async def list_tags(by: Reader, kind: TagKind | None = None, cursor: Cursor = None, limit: Limit = 50) -> Page[TagOut]:
    """Tags and groups in the order they were made, with how many customers in the caller's reach have them."""
    return page_of(TagOut, await queries.page(by, kind, cursor, limit + 1), limit)


@router.post("/tags", status_code=201)
async def add_tag(body: TagIn, by: Writer, once: Once) -> TagOut:
    """A new tag or group, given by hand or, with a rule, to whom the search finds."""

    async def act() -> TagOut:
        return await queries.tag(by, await service.add_tag(by, kind=body.kind, name=body.name, rule=body.rule))

    return await once.run(act, TagOut)


@router.patch("/tags/{tag_id}")
async def change_tag(tag_id: UUID, body: TagChange, by: Writer) -> TagOut:
    """Give it another name or rule; a changed rule is evaluated within seconds."""
    values = {name: getattr(body, name) for name in body.model_fields_set - {"version"}}
    await service.change_tag(tag_id, body.version, values)
    return await queries.tag(by, tag_id)


@router.delete("/tags/{tag_id}", status_code=204)
async def delete_tag(tag_id: UUID, _by: Writer) -> None:
    """Delete it, and take it off everybody."""
    await service.delete_tag(tag_id)


@router.post("/customers/tags")
async def tag_customers(body: TaggingIn, by: Annotated[Colleague, RequirePermission("tags:attach")]) -> TaggingOut:
    """Put tags on up to 1,000 customers and take others off; whom the caller may not edit is named and left."""
    return TaggingOut(items=await service.tag_customers(by, body.customer_ids, body.add, body.remove))


@router.get("/customers/{customer_id}/tags")
async def list_tags_of_customer(customer_id: UUID, by: Reader) -> list[CustomerTagOut]:
    """The tags and groups a customer has."""
    return await queries.of_customer(customer_id, by)
