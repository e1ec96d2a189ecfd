"""Merges, suggestions, disputes and full numbers, of whom the caller reaches."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.customers.linking import deciding, phones, queries
from core.customers.linking.schemas import (
    CandidateOut,
    DisputeOut,
    MergeIn,
    MergeOut,
    NumberOut,
    PreviewOut,
    SettleIn,
)
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["customers"])

Merger = Annotated[Colleague, RequirePermission("customers:merge")]
Corrector = Annotated[Colleague, RequirePermission("customers:correct")]
Unmasker = Annotated[Colleague, RequirePermission("customers:unmask")]
Reader = Annotated[Colleague, RequirePermission("customers:read")]


@router.get("/customers/{customer_id}/merge-preview")
async def preview(customer_id: UUID, other: Annotated[UUID, Query(alias="with")], by: Merger) -> PreviewOut:
    """What would move, differ and deserve a second look if the other customer became part of this one."""
    found = await queries.preview(customer_id, other, by)
    for one in (found.target_id, found.source_id):
        await audit.note("customer.seen", "customer", one, {"part": "merge_preview"})
    return found


@router.post("/customers/{customer_id}/merges", status_code=201)
async def merge(customer_id: UUID, body: MergeIn, by: Merger, once: Once) -> MergeOut:
    """Make the source part of this customer, as the preview showed; its id leads here from now on."""

    async def act() -> MergeOut:
        return await deciding.merge_by_hand(by, customer_id, body)

    return await once.run(act, MergeOut)


@router.get("/customers/{customer_id}/merges")
async def list_merges(customer_id: UUID, by: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[MergeOut]:
    """Whom this customer was joined of, newest first, with what was undone."""
    return page_of(MergeOut, await queries.merges(customer_id, by, cursor, limit + 1), limit)


@router.post("/merges/{merge_id}/undo")
async def undo(merge_id: UUID, by: Merger) -> MergeOut:
    """Take a merge back, as long as nothing that it moved has changed; details of a refusal say what has."""
    return await deciding.undo(by, merge_id)


@router.get("/merge-candidates")
async def list_candidates(by: Merger, cursor: Cursor = None, limit: Limit = 50) -> Page[CandidateOut]:
    """Customers who may be one person, both in the caller's reach, newest first."""
    return page_of(CandidateOut, await queries.candidates(by, cursor, limit + 1), limit)


@router.post("/merge-candidates/{candidate_id}/dismiss", status_code=204)
async def dismiss(candidate_id: UUID, by: Merger) -> None:
    """They are two; nothing joins them by itself any more."""
    await deciding.dismiss(by, candidate_id)


@router.get("/phone-disputes")
async def list_disputes(
    by: Corrector, cursor: Cursor = None, limit: Limit = 50, *, settled: bool = False
) -> Page[DisputeOut]:
    """Numbers that two members proved to be theirs, newest first; the open ones, or all."""
    return page_of(DisputeOut, await queries.disputes(by, cursor, limit + 1, settled=settled), limit)


@router.post("/phone-disputes/{dispute_id}/settle")
async def settle(dispute_id: UUID, body: SettleIn, by: Corrector) -> DisputeOut:
    """Say that both are one person, or that the number is the newcomer's alone, and what proved it."""
    return await deciding.settle(by, dispute_id, body)


@router.post("/customers/{customer_id}/phones/unmask")
async def unmask(customer_id: UUID, by: Unmasker) -> list[NumberOut]:
    """A customer's numbers in full; that somebody looked is written down."""
    return [NumberOut.model_validate(phone) for phone in await phones.unmask(by, customer_id)]
