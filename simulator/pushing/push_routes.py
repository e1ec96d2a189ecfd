"""The control side: the pushes and their deliveries."""

from typing import Annotated

from fastapi import APIRouter, Query

from simulator.pushing.push_schemas import AttemptOut, PushesOut, PushOut, ResendIn, ResendOut
from simulator.pushing.pushes import EngineDep, Resend
from simulator.world.state import StateDep

router = APIRouter(prefix="/sim", tags=["control"])


@router.get("/pushes")
async def list_pushes(
    state: StateDep,
    app_id: str | None = None,
    fan_id: str | None = None,
    cursor: Annotated[int, Query(ge=0, le=2**53, description="next_cursor of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> PushesOut:
    """List pushes in the order they were made, of one account or person if asked."""
    found = [
        push
        for push in state.pushes.values()
        if push.number > cursor and app_id in (None, push.app_id) and fan_id in (None, push.fan_id)
    ]
    page = found[:limit]
    more = len(found) > len(page)
    return PushesOut(pushes=[PushOut.of(push) for push in page], next_cursor=str(page[-1].number) if more else None)


@router.get("/pushes/{push_id}")
async def get_push(state: StateDep, push_id: str) -> PushOut:
    """Show a push with its clear content and every delivery."""
    return PushOut.of(state.push(push_id))


@router.post("/pushes/{push_id}/resend")
async def resend(state: StateDep, engine: EngineDep, push_id: str, body: ResendIn) -> ResendOut:
    """Deliver the same message again; nobody's phone shows the answers."""
    how = Resend(
        times=body.times,
        parallel=body.parallel,
        offset_seconds=body.resign_offset_seconds or 0,
        as_first_signed=body.as_first_signed,
    )
    attempts = await engine.resend(state.push(push_id), how)
    return ResendOut(push_id=push_id, deliveries=[AttemptOut.of(attempt) for attempt in attempts])
