"""Leaving, and handing over: by oneself, or by a superior who reaches both."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core.organisation import queries as staff_queries
from core.organisation import scopes
from core.organisation.dependencies import CurrentStaff, Once, RequirePermission
from core.organisation.errors import StaffNotFound
from core.organisation.handover import queries, service
from core.organisation.handover.schemas import HandOverIn, HandOverOut, HeldOut, LeaveIn
from core.organisation.queries import Colleague
from core.organisation.schemas import StaffOut
from infra.errors import Forbidden
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/staff/{staff_id}", tags=["handovers"])


def _expect_point(by: Colleague) -> None:
    if not by.may("handovers:write"):
        raise Forbidden({"permission": "handovers:write"})


async def _giver(staff_id: UUID, by: CurrentStaff) -> Colleague:
    """Whose things are handed over: the caller's own, or with the operation point those of anybody in reach."""
    if staff_id != by.id:
        _expect_point(by)
    return await scopes.reached(by, staff_id)


Giver = Annotated[Colleague, Depends(_giver)]


@router.get("/handover")
async def preview(giver: Giver) -> list[HeldOut]:
    """What the colleague holds and would hand over."""
    return [HeldOut.model_validate(held) for held in await service.preview(giver.id)]


@router.post("/handover", status_code=201)
async def hand_over(body: HandOverIn, giver: Giver, by: CurrentStaff, once: Once) -> HandOverOut:
    """Hand everything, or some parts, over to a colleague at work, in one step."""
    await _expect_receiver(by, giver.id, body.to)

    async def act() -> HandOverOut:
        made = await service.hand_over(giver.id, body.to, body.parts, body.reason)
        return HandOverOut.model_validate(await queries.one(made))

    return await once.run(act, HandOverOut)


@router.get("/handovers")
async def hand_overs(giver: Giver, cursor: Cursor = None, limit: Limit = 50) -> Page[HandOverOut]:
    """What the colleague handed over or received, newest first."""
    return page_of(HandOverOut, await queries.of(giver.id, cursor, limit + 1), limit)


@router.post("/leave")
async def leave(
    staff_id: UUID, by: Annotated[Colleague, RequirePermission("staff:write")], body: LeaveIn | None = None
) -> StaffOut:
    """A colleague leaves, handing over in the same step if a receiver is given; a second call changes nothing."""
    await scopes.reached(by, staff_id)
    wanted = body or LeaveIn()
    if wanted.hand_over_to is not None:
        await _expect_receiver(by, staff_id, wanted.hand_over_to)
    return StaffOut.model_validate(await service.leave(staff_id, wanted.hand_over_to, wanted.parts, wanted.reason))


async def _expect_receiver(by: Colleague, giver_id: UUID, receiver_id: UUID) -> None:
    """Own things may go to any colleague, others' only to somebody in reach of who has the operation point."""
    if giver_id != by.id:
        _expect_point(by)
        await scopes.reached(by, receiver_id)
    elif await staff_queries.colleague(receiver_id) is None:
        raise StaffNotFound
