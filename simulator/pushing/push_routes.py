"""The control side: what people do, and the pushes that come of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from simulator.control.schemas import (
    ActionIn,
    ActionOut,
    AttemptOut,
    PushesOut,
    PushOut,
    ResendIn,
    ResendOut,
    ScanIn,
)
from simulator.people import fans, sendings
from simulator.people.act_schemas import SendIn
from simulator.people.stage import TAKEN, StageDep
from simulator.platform import qrcodes
from simulator.platform.doors import EngineDep, StateDep
from simulator.pushing.pushes import Resend

router = APIRouter(prefix="/sim", tags=["control"])


@router.post("/fans/{fan_id}/scan", responses=TAKEN)
async def scan(stage: StageDep, fan_id: str, body: ScanIn) -> ActionOut:
    """Scan a code of the account: a follower's SCAN event, or a follow by the code."""
    chat = stage.chat(body.app_id, fan_id)
    code = qrcodes.find(stage.state, body.app_id, ticket=body.ticket, scene=body.scene, url=body.url)
    return await stage.run(fans.scan(chat, code), wait=body.wait)


@router.post("/fans/{fan_id}/follow", responses=TAKEN)
async def follow(stage: StageDep, fan_id: str, body: ActionIn) -> ActionOut:
    """Follow the account without a code."""
    return await stage.run(fans.follow(stage.chat(body.app_id, fan_id)), wait=body.wait)


@router.post("/fans/{fan_id}/unfollow", responses=TAKEN)
async def unfollow(stage: StageDep, fan_id: str, body: ActionIn) -> ActionOut:
    """Stop following the account."""
    return await stage.run(fans.unfollow(stage.chat(body.app_id, fan_id)), wait=body.wait)


@router.post("/fans/{fan_id}/send", responses=TAKEN)
async def send(stage: StageDep, fan_id: str, body: SendIn) -> ActionOut:
    """Write a message of any kind to the account."""
    return await stage.run(sendings.send(stage.chat(body.app_id, fan_id), body), wait=body.wait)


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
