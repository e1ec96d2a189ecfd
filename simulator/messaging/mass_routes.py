"""The platform's endpoints for mass messages."""

from fastapi import APIRouter, Response

from simulator.messaging import mass
from simulator.messaging.speaking import OfficialSpeaker
from simulator.platform.doors import Body, EngineDep, answer, done

router = APIRouter(prefix="/cgi-bin/message/mass", tags=["platform"])


@router.post("/sendall")
async def send_all(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send to everybody or to a tag."""
    result, push = mass.send_all(speaker, body)
    engine.launch_later(push)
    return answer(result)


@router.post("/send")
async def send(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send to listed people."""
    result, push = mass.send(speaker, body)
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
