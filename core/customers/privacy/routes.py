"""Consents, channels, erasure and the person's own document, at the door of staff."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Response

from core.customers import queries as customers
from core.customers.privacy import erasing, queries, service
from core.customers.privacy.document import document
from core.customers.privacy.schemas import ChannelIn, ConsentIn, ConsentTextIn, ConsentTextOut, PrivacyOut, Purpose
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["privacy"])

Reader = Annotated[Colleague, RequirePermission("customers:read")]
Writer = Annotated[Colleague, RequirePermission("customers:write")]
Eraser = Annotated[Colleague, RequirePermission("customers:erase")]
Publisher = Annotated[Colleague, RequirePermission("consents:write")]

_JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}}, "description": "The document"}}


@router.post("/consent-texts", status_code=201)
async def publish_text(body: ConsentTextIn, by: Publisher, once: Once) -> ConsentTextOut:
    """Publish the next version of what people are asked to agree to; no version ever changes."""

    async def act() -> ConsentTextOut:
        return await queries.text(await service.publish_text(by, body))

    return await once.run(act, ConsentTextOut)


@router.get("/consent-texts")
async def list_texts(
    _by: Reader, purpose: Purpose | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ConsentTextOut]:
    """The published texts, in the order of publication."""
    return page_of(ConsentTextOut, await queries.texts(purpose, cursor, limit + 1), limit)


@router.get("/customers/{customer_id}/privacy")
async def get_privacy(customer_id: UUID, by: Reader) -> PrivacyOut:
    """What a customer agreed to, how to reach them, and whether and when they are or were forgotten."""
    standing = await customers.standing(customer_id, by)
    await audit.note("customer.seen", "customer", standing, {"part": "privacy"})
    return await queries.of_customer(standing)


@router.post("/customers/{customer_id}/consents", status_code=201)
async def record_consent(customer_id: UUID, body: ConsentIn, by: Writer, once: Once) -> PrivacyOut:
    """Record what a customer agreed to, or took back, in front of a colleague."""

    async def act() -> PrivacyOut:
        return await queries.of_customer(await service.record_consent(by, customer_id, body))

    return await once.run(act, PrivacyOut)


@router.post("/customers/{customer_id}/channels", status_code=201)
async def record_channel(customer_id: UUID, body: ChannelIn, by: Writer, once: Once) -> PrivacyOut:
    """Record whether a customer wants to be reached on a channel; the newest word stands."""

    async def act() -> PrivacyOut:
        return await queries.of_customer(await service.record_channel(by, customer_id, body))

    return await once.run(act, PrivacyOut)


@router.post("/customers/{customer_id}/erasures", status_code=201)
async def erase(customer_id: UUID, by: Eraser, once: Once) -> PrivacyOut:
    """Forget a customer who asked for it, at once and for good; anonymous ledgers stay."""

    async def act() -> PrivacyOut:
        return await queries.of_customer(await erasing.forget_at_request(by, customer_id))

    return await once.run(act, PrivacyOut)


@router.get("/customers/{customer_id}/data", response_class=Response, responses=_JSON)
async def download_data(customer_id: UUID, by: Eraser) -> Response:
    """Everything held about a customer, for that person, as one document."""
    standing = await customers.standing(customer_id, by)
    await audit.note("customer.data_given", "customer", standing)
    content = orjson.dumps(await document(standing), default=str, option=orjson.OPT_INDENT_2)
    headers = {"Content-Disposition": f'attachment; filename="customer-{standing}.json"'}
    return Response(content, media_type="application/json", headers=headers)
