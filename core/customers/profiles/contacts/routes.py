"""The people to talk to at customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers import queries as customers
from core.customers.profiles.contacts import queries, service
from core.customers.profiles.contacts.schemas import ContactPersonChange, ContactPersonIn, ContactPersonOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Cursor, Limit
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["customers"])

Reader = Annotated[Colleague, RequirePermission("customers:read")]
Writer = Annotated[Colleague, RequirePermission("customers:write")]


@router.get("/customers/{customer_id}/contact-persons")
async def list_contact_persons(
    customer_id: UUID, by: Reader, cursor: Cursor = None, limit: Limit = 50
) -> Page[ContactPersonOut]:
    """The people to talk to at a customer, in the order they were added; others' contact data is masked (AT-14)."""
    standing = await customers.visible(customer_id, by)
    rows = await queries.page(by, standing, cursor, limit + 1)
    await audit.note("customer.seen", "customer", standing, {"part": "contact_persons"})
    return Page(items=rows[:limit], next=str(rows[limit - 1].id) if len(rows) > limit else None)


@router.post("/customers/{customer_id}/contact-persons", status_code=201)
async def add_contact_person(customer_id: UUID, body: ContactPersonIn, by: Writer, once: Once) -> ContactPersonOut:
    """A new person to talk to at a customer; the first one is the main contact."""

    async def act() -> ContactPersonOut:
        return await queries.contact_person(by, await service.add(by, customer_id, body))

    return await once.run(act, ContactPersonOut)


@router.patch("/contact-persons/{contact_person_id}")
async def change_contact_person(contact_person_id: UUID, body: ContactPersonChange, by: Writer) -> ContactPersonOut:
    """Change a contact person; making one the main contact takes it from the former one."""
    await service.change(by, contact_person_id, body)
    return await queries.contact_person(by, contact_person_id)


@router.delete("/contact-persons/{contact_person_id}", status_code=204)
async def remove_contact_person(contact_person_id: UUID, by: Writer) -> None:
    """Take a contact person off the list, with the numbers; what was written about talks stays."""
    await service.remove(by, contact_person_id)
