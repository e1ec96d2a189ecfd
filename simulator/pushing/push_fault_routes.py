"""The control side: trouble on the way to the push URL."""

from fastapi import APIRouter

from simulator.people.act_schemas import PushFaultIn
from simulator.platform.doors import EngineDep, StateDep
from simulator.pushing import push_faults
from simulator.pushing.push_faults import PushFault, PushFaultKind

router = APIRouter(prefix="/sim", tags=["control"])


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
