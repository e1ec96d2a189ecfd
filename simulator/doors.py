"""What routes are given, and who is calling."""

from typing import Annotated

from fastapi import Depends, Request

from simulator import tokens
from simulator.pushes import Engine
from simulator.records import Account
from simulator.state import State


async def _state(request: Request) -> State:
    state: State = request.app.state.state
    return state


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


StateDep = Annotated[State, Depends(_state)]
EngineDep = Annotated[Engine, Depends(_engine)]


def remember_caller(request: Request, account: Account) -> None:
    """Let an error answer to this request be counted for the account."""
    request.state.caller = account


async def _caller(request: Request, state: StateDep, access_token: str = "") -> Account:
    account = tokens.check(state, access_token)
    remember_caller(request, account)
    return account


Caller = Annotated[Account, Depends(_caller)]
