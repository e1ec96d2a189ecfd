"""The control side: what people do, and what is known of them in a chat."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from simulator.messaging import balances
from simulator.messaging.media import Media
from simulator.people import fans, grants, sendings, taps
from simulator.people.act_schemas import ChangeIn, DialogIn, EnterIn, EventIn, PositionIn, RefusesIn, SendIn, TapIn
from simulator.people.schemas import ActionIn, ActionOut, FollowIn, GrantsOut, ScanIn, WindowOut
from simulator.people.stage import TAKEN, StageDep
from simulator.platform import qrcodes
from simulator.pushing import acts
from simulator.world import contacts
from simulator.world.errors import ControlError
from simulator.world.records import Fields
from simulator.world.state import StateDep

router = APIRouter(prefix="/sim", tags=["control"])


@router.post("/fans/{fan_id}/scan", responses=TAKEN)
async def scan(stage: StageDep, fan_id: str, body: ScanIn) -> ActionOut:
    """Scan a code of the account: a follower's SCAN event, or a follow by the code."""
    chat = stage.chat(body.app_id, fan_id)
    code = qrcodes.find(stage.state, body.app_id, ticket=body.ticket, scene=body.scene, url=body.url)
    return await stage.run(fans.scan(chat, code), wait=body.wait)


@router.post("/fans/{fan_id}/follow", responses=TAKEN)
async def follow(stage: StageDep, fan_id: str, body: FollowIn) -> ActionOut:
    """Follow the account without a code."""
    return await stage.run(fans.follow(stage.chat(body.app_id, fan_id), body.subscribe_scene), wait=body.wait)


@router.post("/fans/{fan_id}/unfollow", responses=TAKEN)
async def unfollow(stage: StageDep, fan_id: str, body: ActionIn) -> ActionOut:
    """Stop following the account."""
    return await stage.run(fans.unfollow(stage.chat(body.app_id, fan_id)), wait=body.wait)


@router.post("/fans/{fan_id}/send", responses=TAKEN)
async def send(stage: StageDep, fan_id: str, body: SendIn) -> ActionOut:
    """Write a message of any kind to the account."""
    return await stage.run(sendings.send(stage.chat(body.app_id, fan_id), body), wait=body.wait)


@router.post("/fans/{fan_id}/menu", responses=TAKEN)
async def tap_menu(stage: StageDep, fan_id: str, body: TapIn) -> list[ActionOut]:
    """Tap a button of the account's menu: its event, and after some of them what the person picked."""
    pushes = list(taps.tap(stage.chat(body.app_id, fan_id), body))
    return [await stage.run(push, wait=body.wait) for push in pushes]


@router.post("/fans/{fan_id}/subscribe_dialog", responses=TAKEN)
async def answer_dialog(stage: StageDep, fan_id: str, body: DialogIn) -> ActionOut:
    """Answer the dialog that asks about subscription notices."""
    chat = stage.chat(body.app_id, fan_id)
    return await stage.run(grants.answer_dialog(chat, body.template_ids, body.accept, body.scene), wait=body.wait)


@router.post("/fans/{fan_id}/subscribe_change", responses=TAKEN)
async def switch_off_templates(stage: StageDep, fan_id: str, body: ChangeIn) -> ActionOut:
    """Switch subscription notices off in the settings of the chat."""
    return await stage.run(grants.switch_off(stage.chat(body.app_id, fan_id), body.template_ids), wait=body.wait)


@router.post("/fans/{fan_id}/location", responses=TAKEN)
async def report_location(stage: StageDep, fan_id: str, body: PositionIn) -> ActionOut:
    """Report where the phone is, as it does on entering a chat."""
    chat = stage.chat(body.app_id, fan_id)
    fans.following(chat)
    fields: Fields = {"Latitude": body.latitude, "Longitude": body.longitude, "Precision": body.precision}
    return await stage.run(acts.event(chat, "LOCATION", fields), wait=body.wait)


@router.post("/fans/{fan_id}/enter", responses=TAKEN)
async def enter_chat(stage: StageDep, fan_id: str, body: EnterIn) -> ActionOut:
    """Open the customer service of a mini-program."""
    chat = stage.chat(body.app_id, fan_id)
    if chat.account.kind != "mini":
        raise ControlError(409, "not_a_mini_program", "only a mini-program has this customer service")
    push = acts.event(chat, "user_enter_tempsession", {"SessionFrom": body.session_from}, text="进入客服会话")
    return await stage.run(push, wait=body.wait)


@router.post("/fans/{fan_id}/pay", status_code=204)
async def pay(stage: StageDep, fan_id: str, body: ActionIn) -> None:
    """Pay the account something; where Limits allow messages after it, their window opens."""
    chat = stage.chat(body.app_id, fan_id)
    fans.following(chat)
    contacts.open_window(stage.state, chat.account, fan_id, "pay")


@router.put("/fans/{fan_id}/refuses", status_code=204)
async def refuse(state: StateDep, fan_id: str, body: RefusesIn) -> None:
    """Switch the account's messages off or on."""
    contact = contacts.of_person(state, state.account(body.app_id).app_id, state.person(fan_id).fan_id)
    contact.refuses = body.refuses
    state.save(contact)


@router.post("/accounts/{app_id}/event", responses=TAKEN)
async def send_event(stage: StageDep, app_id: str, body: EventIn) -> ActionOut:
    """Push any event, of a person or of the platform itself."""
    push = acts.event(stage.chat(app_id, body.fan_id), body.event, body.fields)
    return await stage.run(push, wait=body.wait)


@router.get("/fans/{fan_id}/window")
async def get_window(state: StateDep, fan_id: str, app_id: str) -> WindowOut:
    """Tell what the account may still send the person as customer service."""
    account, person = state.account(app_id), state.person(fan_id)
    remaining, until = contacts.window(state, account.app_id, person.fan_id)
    return WindowOut(remaining=remaining, until=None if until is None else datetime.fromtimestamp(until, UTC))


@router.get("/fans/{fan_id}/grants")
async def get_grants(state: StateDep, fan_id: str, app_id: str) -> GrantsOut:
    """List how many notices of each template the person still takes."""
    return GrantsOut(grants=balances.of_person(state, state.account(app_id).app_id, state.person(fan_id).fan_id))


@router.get("/media/{media_id}", response_class=Response)
async def get_file(state: StateDep, media_id: str) -> Response:
    """Return a picture, sound or film as phones see it, whoever owns it."""
    file = state.every(Media).get(media_id)
    if file is None:
        raise ControlError(404, "media_unknown", "no file has this id")
    return Response(file.content, media_type=file.content_type)
