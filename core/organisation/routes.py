"""Administrators' first steps with staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation import bindings, scopes
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from core.organisation.schemas import WechatBindingIn

router = APIRouter(prefix="/staff/v1", tags=["staff"])


@router.put("/staff/{staff_id}/wechat", status_code=204)
async def bind_wechat(
    staff_id: UUID, body: WechatBindingIn, by: Annotated[Colleague, RequirePermission("staff:write")]
) -> None:
    """This openid is a colleague: it no longer counts as a fan, and logs in as one who may no more than the caller."""
    await scopes.expect_no_more(by, await scopes.reached(by, staff_id))
    await bindings.bind_wechat(staff_id, body.app_id, body.openid)
