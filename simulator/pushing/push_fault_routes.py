"""The control side: trouble on the way to the push URL."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from simulator.pushing import push_faults
from simulator.pushing.push_faults import PushFault, PushFaultKind
from simulator.pushing.pushes import EngineDep
from simulator.world.schemas import Input
from simulator.world.state import StateDep

router = APIRouter(prefix="/sim", tags=["control"])


class PushFaultIn(Input):
    """`times` counts pushes, or deliveries where a fault damages them; None is until it is switched off."""

    app_id: str
    kind: PushFaultKind
    times: Annotated[int, Field(ge=1, le=100_000)] | None = None

    def record(self) -> PushFault:
        """Return the switch as it is kept."""
        return PushFault(app_id=self.app_id, kind=self.kind, times=self.times)


@router.put("/push_faults")
async def switch_on(state: StateDep, body: PushFaultIn) -> list[PushFault]:
    """Switch a fault on, or on again with another count; return all that are on."""
    account = state.account(body.app_id)
    state.save(body.record())
    return push_faults.of_account(state, account.app_id)


@router.get("/push_faults")
async def list_faults(state: StateDep, app_id: str) -> list[PushFault]:
    """List what is switched on for an account."""
    return push_faults.of_account(state, state.account(app_id).app_id)


@router.delete("/push_faults", status_code=204)
async def switch_off(state: StateDep, engine: EngineDep, app_id: str, kind: PushFaultKind | None = None) -> None:
    """Switch one fault of an account off, or all of them; what was held back goes out."""
    account = state.account(app_id)
    for fault in push_faults.of_account(state, account.app_id):
        if kind in (None, fault.kind):
            state.drop(fault)
    engine.release(account.app_id)
