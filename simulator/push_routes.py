"""The control side: what people do, and the pushes that come of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from simulator import fans, qrcodes
from simulator.doors import EngineDep, StateDep
from simulator.pushes import Engine, Resend
from simulator.records import Push
from simulator.schemas import (
    ActionIn,
    ActionOut,
    AttemptOut,
    PushesOut,
    PushOut,
    ResendIn,
    ResendOut,
    ScanIn,
    SendIn,
)

router = APIRouter(prefix="/sim", tags=["control"])
STARTED = 202


@router.post("/fans/{fan_id}/scan", responses={STARTED: {"model": ActionOut}})
async def scan(state: StateDep, engine: EngineDep, response: Response, fan_id: str, body: ScanIn) -> ActionOut:
    """Scan a code of the account: a follower's SCAN event, or a follow by the code."""
    account = state.account(body.app_id)
    code = qrcodes.find(state, account.app_id, ticket=body.ticket, scene=body.scene, url=body.url)
    return await _push_out(engine, fans.scan(state, fan_id, account, code), body, response)


@router.post("/fans/{fan_id}/follow", responses={STARTED: {"model": ActionOut}})
async def follow(state: StateDep, engine: EngineDep, response: Response, fan_id: str, body: ActionIn) -> ActionOut:
    """Follow the account without a code."""
    push = fans.follow(state, fan_id, state.account(body.app_id))
    return await _push_out(engine, push, body, response)


@router.post("/fans/{fan_id}/unfollow", responses={STARTED: {"model": ActionOut}})
async def unfollow(state: StateDep, engine: EngineDep, response: Response, fan_id: str, body: ActionIn) -> ActionOut:
    """Stop following the account."""
    push = fans.unfollow(state, fan_id, state.account(body.app_id))
    return await _push_out(engine, push, body, response)


@router.post("/fans/{fan_id}/send", responses={STARTED: {"model": ActionOut}})
async def send(state: StateDep, engine: EngineDep, response: Response, fan_id: str, body: SendIn) -> ActionOut:
    """Write a text to the account."""
    push = fans.send(state, fan_id, state.account(body.app_id), body.text)
    return await _push_out(engine, push, body, response)


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


async def _push_out(engine: Engine, push: Push, body: ActionIn, response: Response) -> ActionOut:
    engine.launch(push)
    if body.wait:
        await engine.settled(push)
    else:
        response.status_code = STARTED
    return ActionOut.of(push)
