"""The control side: switching the platform's trouble on and off."""

from typing import Annotated, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from simulator.platform.faults import EVERYWHERE, WITH_ERRCODE, Fault, Kind
from simulator.world.errors import PLATFORM_ERRORS, ControlError
from simulator.world.quotas import PLATFORM_PATHS
from simulator.world.schemas import Input
from simulator.world.state import StateDep

router = APIRouter(prefix="/sim/faults", tags=["control"])


class FaultIn(Input):
    """`times` without a number means always; an errcode has to be one of the platform's table."""

    app_id: str
    endpoint: str = EVERYWHERE
    kind: Kind
    errcode: int | None = None
    latency_ms: Annotated[int, Field(ge=1, le=60_000)] | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind in WITH_ERRCODE) != (self.errcode is not None):
            raise ValueError("an errcode goes with the kinds errcode and errcode_after, and only with them")
        if (self.kind == "latency") != (self.latency_ms is not None):
            raise ValueError("latency_ms goes with the kind latency, and only with it")
        if self.errcode is not None and self.errcode not in PLATFORM_ERRORS:
            raise ValueError("the platform has no such errcode")
        return self


class FaultsOut(BaseModel):
    """What is switched on, oldest first; `times` counts what is left."""

    faults: list[Fault]


@router.put("")
async def put_fault(request: Request, state: StateDep, body: FaultIn) -> FaultsOut:
    """Switch a fault on; one of the same account, endpoint and kind is replaced. Answers all of the account.

    404 endpoint_unknown, because a switch on a misspelt path would never be noticed.
    """
    account = state.account(body.app_id)
    known = request.app.openapi()["paths"]
    if body.endpoint != EVERYWHERE and not (body.endpoint in known and body.endpoint.startswith(PLATFORM_PATHS)):
        raise ControlError(404, "endpoint_unknown", "the platform has no such endpoint")
    state.save(Fault(**body.model_dump()))
    return _faults(state, account.app_id)


@router.get("")
async def list_faults(state: StateDep, app_id: str) -> FaultsOut:
    """List what is switched on for an account."""
    return _faults(state, state.account(app_id).app_id)


@router.delete("")
async def delete_faults(
    state: StateDep, app_id: str, endpoint: str | None = None, kind: Kind | None = None
) -> FaultsOut:
    """Switch an account's faults off: all, or those of an endpoint, of a kind, or of both. Answers what stays on."""
    account = state.account(app_id)
    for fault in _faults(state, account.app_id).faults:
        if endpoint in (None, fault.endpoint) and kind in (None, fault.kind):
            state.drop(fault)
    return _faults(state, account.app_id)


def _faults(state: StateDep, app_id: str) -> FaultsOut:
    return FaultsOut(faults=[fault for fault in state.every(Fault).values() if fault.app_id == app_id])
