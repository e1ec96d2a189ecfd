"""Records, for whoever looks after customers. No route deletes one (AT-13)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from core.customers import queries as customers
from core.customers.ownership import Place
from core.customers.profiles import queries, service, stages
from core.customers.profiles.creating import drafted
from core.customers.profiles.errors import LookupEmpty
from core.customers.profiles.schemas import (
    CreditIn,
    CustomerChange,
    CustomerCopyIn,
    CustomerIn,
    CustomerOut,
    LookupOut,
    StageChangeOut,
    StageIn,
)
from core.customers.profiles.service import Changes
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Limit
from infra.phones import MobileText
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1", tags=["customers"])

Reader = Annotated[Colleague, RequirePermission("customers:read")]
Writer = Annotated[Colleague, RequirePermission("customers:write")]
Fragment = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=2, max_length=50)]
NumberCursor = Annotated[int | None, Field(ge=1, le=2**63 - 1, description="`next` of the former page")]


@router.get("/customers/lookup")
async def look_up(
    by: Writer, name: Annotated[Fragment | None, Query()] = None, mobile: Annotated[MobileText | None, Query()] = None
) -> LookupOut:
    """Who is there already, in the whole company, before somebody new is entered (F-05): by name or by mobile.

    Says whose they are, no number, and no id beyond the caller's reach.
    """
    if (name is None) == (mobile is None):
        raise LookupEmpty
    await audit.note("customer.looked_up", "customer", "any", {"by": "name" if name else "mobile"})
    return await queries.lookup_name(by, name) if name else await queries.lookup_mobile(by, mobile or "")


@router.post("/customers", status_code=201)
async def create_customer(body: CustomerIn, by: Writer, once: Once) -> CustomerOut:
    """A new customer of the caller's, or with `customers:assign` of a colleague in reach.

    The same mobile and name is refused (`duplicate_customer`), the same mobile with another name needs `confirm`.
    """

    async def act() -> CustomerOut:
        made = await service.create(by, drafted(body, Place.OWNED, body.owner_id or by.id))
        return await queries.customer(by, made)

    return await once.run(act, CustomerOut)


@router.get("/customers/{customer_id}")
async def show_customer(customer_id: UUID, by: Reader) -> CustomerOut:
    """A customer's record; others' numbers are masked (AT-14). An id from before a merge leads to who it is now."""
    found = await queries.customer(by, customer_id)
    await audit.note("customer.seen", "customer", found.id, {"part": "record"})
    return found


@router.patch("/customers/{customer_id}")
async def change_customer(customer_id: UUID, body: CustomerChange, by: Writer) -> CustomerOut:
    """Change a record, all but a mobile number that is there (AT-12); nobody changes one in the pool (AT-08)."""
    changes = Changes(
        fields=body.fields(), custom=body.custom_values(), phones=body.phones.by_label(), confirm=body.confirm
    )
    return await queries.customer(by, await service.change(by, customer_id, body.version, changes))


@router.put("/customers/{customer_id}/credit")
async def grant_credit(
    customer_id: UUID, body: CreditIn, by: Annotated[Colleague, RequirePermission("customers:credit")]
) -> CustomerOut:
    """Set credit grade (one of the parameter customers.credit_grades) and limit."""
    return await queries.customer(by, await service.grant_credit(by, customer_id, body.version, body.grade, body.limit))


@router.post("/customers/{customer_id}/copy", status_code=201)
async def copy_customer(customer_id: UUID, body: CustomerCopyIn, by: Writer, once: Once) -> CustomerOut:
    """A new customer of the caller's like an existing one, with a name of its own (F-15).

    Not taken over: numbers, e-mail, identities, keys, points, credit, contact persons, values of unique fields.
    """

    async def act() -> CustomerOut:
        made = await service.copy(by, customer_id, drafted(body, Place.OWNED, by.id))
        return await queries.customer(by, made)

    return await once.run(act, CustomerOut)


@router.put("/customers/{customer_id}/stage")
async def change_stage(customer_id: UUID, body: StageIn, by: Writer) -> CustomerOut:
    """Put a customer into a stage of its life (F-19); going back needs `backwards`."""
    standing = await stages.change(by, customer_id, body.version, body.stage, backwards=body.backwards)
    return await queries.customer(by, standing)


@router.get("/customers/{customer_id}/stages")
async def list_stages(
    customer_id: UUID, by: Reader, cursor: NumberCursor = None, limit: Limit = 50
) -> Page[StageChangeOut]:
    """The stages a customer went through, the latest first."""
    standing = await customers.visible(customer_id, by)
    rows = await queries.stages(standing, cursor, limit + 1)
    await audit.note("customer.seen", "customer", standing, {"part": "stages"})
    return Page(items=rows[:limit], next=str(rows[limit - 1].id) if len(rows) > limit else None)
