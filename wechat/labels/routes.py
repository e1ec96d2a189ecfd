"""Groups and tags, and who carries them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core.customers import queries as customers
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.schemas import Text
from wechat.labels import queries, service
from wechat.labels.schemas import CustomerIdsIn, LabelChange, LabelIdsIn, LabelIn, LabelledOut, LabelOut

router = APIRouter(prefix="/staff/v1", tags=["labels"])

Labeller = Annotated[Colleague, RequirePermission("fans:write")]


async def _fan_to_label(customer_id: UUID, by: Labeller) -> UUID:
    """The fan, or whom it was merged into, if in reach."""
    return await customers.standing(customer_id, by)


FanToLabel = Annotated[UUID, Depends(_fan_to_label)]


@router.get("/labels")
async def list_labels(
    by: Annotated[Colleague, RequirePermission("labels:read")], app_id: Text | None = None
) -> list[LabelOut]:
    """The groups and tags of an account, or of all, with how many of the fans in the caller's reach carry them."""
    return await queries.labels(by, app_id)


@router.post("/labels", status_code=201)
async def add_label(body: LabelIn, by: Annotated[Colleague, RequirePermission("labels:write")], once: Once) -> LabelOut:
    """Make a group or tag; the platform hears of it within seconds."""
    offered = await service.offer(body.app_id, body.name)

    async def act() -> LabelOut:
        return await queries.label(by, await service.add_label(offered, body.kind))

    return await once.run(act, LabelOut)


@router.patch("/labels/{label_id}")
async def rename_label(
    label_id: UUID, body: LabelChange, by: Annotated[Colleague, RequirePermission("labels:write")]
) -> LabelOut:
    """Give it another name."""
    await service.rename_label(label_id, body.name)
    return await queries.label(by, label_id)


@router.delete("/labels/{label_id}", status_code=204)
async def delete_label(label_id: UUID, _by: Annotated[Colleague, RequirePermission("labels:write")]) -> None:
    """Delete it, and take it off everybody."""
    await service.delete_label(label_id)


@router.post("/labels/{label_id}/fans")
async def label_many(label_id: UUID, body: CustomerIdsIn, by: Labeller) -> LabelledOut:
    """Put it on up to 1,000 fans; those beyond the caller's reach are left out."""
    return await service.label_many(label_id, body.customer_ids, by)


@router.put("/fans/{customer_id}/labels", status_code=204)
async def set_labels(fan: FanToLabel, body: LabelIdsIn) -> None:
    """The fan carries these and no others, in all accounts."""
    await service.set_labels(fan, body.label_ids)


@router.post("/fans/{customer_id}/labels", status_code=204)
async def label_fan(fan: FanToLabel, body: LabelIdsIn) -> None:
    """Put these on the fan."""
    await service.label_fan(fan, body.label_ids)


@router.delete("/fans/{customer_id}/labels/{label_id}", status_code=204)
async def unlabel_fan(fan: FanToLabel, label_id: UUID) -> None:
    """Take one off the fan."""
    await service.unlabel_fan(fan, label_id)
