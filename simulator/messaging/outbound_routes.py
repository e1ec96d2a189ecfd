"""The platform's endpoints for messages to one person."""

from fastapi import APIRouter, Response

from simulator.messaging import customer_service, notices
from simulator.messaging.speaking import MiniSpeaker, OfficialSpeaker, SpeakerDep
from simulator.platform.doors import Body, answer, done
from simulator.pushing.pushes import EngineDep

router = APIRouter(prefix="/cgi-bin/message", tags=["platform"])


@router.post("/custom/send")
async def send_custom(speaker: SpeakerDep, body: Body) -> Response:
    """Send a message in a fresh conversation."""
    customer_service.send(speaker, body)
    return done()


@router.post("/custom/typing")
async def set_typing(speaker: SpeakerDep, body: Body) -> Response:
    """Show or hide that somebody is writing."""
    customer_service.set_typing(speaker, body)
    return done()


@router.post("/template/send")
async def send_template(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send a template message."""
    message_id, push = notices.send_template(speaker, body)
    if push is not None:
        engine.launch_later(push)
    return answer({"errcode": 0, "errmsg": "ok", "msgid": message_id})


@router.post("/subscribe/bizsend")
async def send_to_follower(speaker: OfficialSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send a subscription notice of an official account."""
    engine.launch_later(notices.send_subscription(speaker, body))
    return done()


@router.post("/subscribe/send")
async def send_to_visitor(speaker: MiniSpeaker, engine: EngineDep, body: Body) -> Response:
    """Send a subscription notice of a mini-program."""
    engine.launch_later(notices.send_subscription(speaker, body))
    return done()
