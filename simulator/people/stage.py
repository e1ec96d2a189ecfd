"""What the routes of people's acts share: finding the chat, and running the push that comes of an act."""

from typing import Annotated

from fastapi import Depends, Request, Response

from simulator.people.schemas import ActionOut
from simulator.pushing.acts import Chat
from simulator.pushing.pushes import EngineDep
from simulator.world.records import Push
from simulator.world.state import StateDep

STARTED = 202
TAKEN: dict[int | str, dict[str, object]] = {STARTED: {"model": ActionOut}}


class Stage:
    """One request of the control side that lets somebody act."""

    def __init__(self, request: Request, response: Response, state: StateDep, engine: EngineDep) -> None:
        self.state = state
        self._engine = engine
        self._response = response
        self._base = str(request.base_url)

    def chat(self, app_id: str, fan_id: str = "") -> Chat:
        """Return a person's chat with an account, or the platform's own; 404 account_unknown, fan_unknown."""
        if fan_id:
            self.state.person(fan_id)
        return Chat(self.state, self.state.account(app_id), fan_id, self._base)

    async def run(self, push: Push, *, wait: bool) -> ActionOut:
        """Start a push; unless asked to wait, or while a fault holds it back, the answer is that it was taken."""
        self._engine.launch(push)
        if wait:
            await self._engine.settled(push)
        if push.outcome == "pending":
            self._response.status_code = STARTED
        return ActionOut.of(push)


StageDep = Annotated[Stage, Depends(Stage)]
