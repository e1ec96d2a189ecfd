"""Open alerts, for administrators."""

from typing import Annotated

from fastapi import APIRouter

from core.alerts.schemas import AlertOut, AlertsOut
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra import alerts

router = APIRouter(prefix="/staff/v1/alerts", tags=["alerts"])


@router.get("")
async def list_alerts(_by: Annotated[Colleague, RequirePermission("alerts:read")]) -> AlertsOut:
    """What is open, the latest first."""
    return AlertsOut(items=[AlertOut.model_validate(alert) for alert in await alerts.listed()])
