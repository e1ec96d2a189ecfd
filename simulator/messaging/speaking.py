"""Whose message a request brings, and the engine for the event that tells later what became of it."""

from typing import Annotated

from fastapi import Depends, Request

from simulator.messaging.contents import Speaker
from simulator.platform.doors import Caller, MiniCaller, OfficialCaller
from simulator.world.errors import API_UNAUTHORIZED, PlatformError
from simulator.world.state import StateDep


async def _speaker(request: Request, state: StateDep, account: Caller) -> Speaker:
    return Speaker(state, account, str(request.base_url))


async def _official(request: Request, state: StateDep, account: OfficialCaller) -> Speaker:
    if not account.verified:
        raise PlatformError(API_UNAUTHORIZED)
    return Speaker(state, account, str(request.base_url))


async def _mini(request: Request, state: StateDep, account: MiniCaller) -> Speaker:
    return Speaker(state, account, str(request.base_url))


SpeakerDep = Annotated[Speaker, Depends(_speaker)]
# Refuses an account that was never verified, too (48001).
OfficialSpeaker = Annotated[Speaker, Depends(_official)]
MiniSpeaker = Annotated[Speaker, Depends(_mini)]
