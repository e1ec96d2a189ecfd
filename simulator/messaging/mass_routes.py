"""The platform's endpoints for mass messages."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from simulator.messaging import mass, mass_jobs
from simulator.messaging.speaking import OfficialSpeaker
from simulator.platform.doors import Body, answer, done
from simulator.pushing.pushes import EngineDep
from simulator.world.schemas import Input
from simulator.world.state import StateDep

router = APIRouter(prefix="/cgi-bin/message/mass", tags=["platform"])
control = APIRouter(prefix="/sim/accounts/{app_id}", tags=["control"])
Times = Annotated[int, Field(ge=0, le=100)]


class DecisionIn(Input):
    """What the administrator says to the mass messages that wait."""

    approve: bool = True


class DecidedOut(BaseModel):
    """The messages that waited."""

    msg_ids: list[int]


class WebPageIn(Input):
    """How many mass messages to all, and clearings of the day's calls, are made by hand."""

    mass: Times = 0
    clears: Times = 0


@control.post("/confirm_mass")
async def confirm_mass(state: StateDep, engine: EngineDep, app_id: str, body: DecisionIn) -> DecidedOut:
    """Let the administrator of a protected account decide; after half an hour a message has failed already."""
    pushes = mass_jobs.decide(state, state.account(app_id), approve=body.approve)
    for push in pushes:
        engine.launch_later(push)
    return DecidedOut(msg_ids=[int(str(push.fields["MsgID"])) for push in pushes])


@control.post("/web_page", status_code=204)
async def use_web_page(state: StateDep, app_id: str, body: WebPageIn) -> None:
    """Do on the platform's own page what counts together with calls; errcodes as the endpoints have them."""
    mass_jobs.use_web_page(state, state.account(app_id), mass=body.mass, clears=body.clears)


@router.post("/sendall")
async def send_all(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send to everybody or to a tag."""
    result, push = mass.send_all(speaker, body)
    if push is not None:
        engine.launch_later(push)
    return answer(result)


@router.post("/send")
async def send(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send to listed people."""
    result, push = mass.send(speaker, body)
    if push is not None:
        engine.launch_later(push)
    return answer(result)


@router.post("/preview")
async def preview(speaker: OfficialSpeaker, body: Body) -> Response:
    """Show one follower what others would get."""
    return answer(mass.preview(speaker, body))


@router.post("/get")
async def get(speaker: OfficialSpeaker, body: Body) -> Response:
    """Tell how far a mass message is."""
    return answer(mass.get(speaker, body))


@router.post("/delete")
async def delete(speaker: OfficialSpeaker, body: Body) -> Response:
    """Take a mass message back."""
    mass.delete(speaker, body)
    return done()
