"""What people do first: become somebody, scan, follow, unfollow. Each of the latter is a push to the account."""

from simulator.pushing import acts
from simulator.pushing.acts import Chat
from simulator.world.errors import ControlError
from simulator.world.records import Code, Fields, Follow, Person, Push
from simulator.world.state import State


def create(state: State, name: str, count: int | None) -> list[Person]:
    """Make one person of that name, or `count` people whose names end in a number."""
    first = len(state.people) + 1
    names = [name] if count is None else [f"{name}{number}" for number in range(1, count + 1)]
    people = [
        Person(fan_id=f"fan{first + index:07d}", name=each, phone=f"199{first + index:08d}")
        for index, each in enumerate(names)
    ]
    with state.atomic():
        for person in people:
            state.save(person)
    return people


def scan(chat: Chat, code: Code) -> Push:
    """A follower's scan is a SCAN event; anybody else follows by it, and the event says so."""
    record = follow_of(chat)
    if record.following:
        return acts.event(chat, "SCAN", {"EventKey": code.scene, "Ticket": code.ticket}, text="扫码")
    record.subscribe_scene = "ADD_SCENE_QR_CODE"
    record.qr_scene = int(code.scene) if code.numeric else 0
    record.qr_scene_str = "" if code.numeric else code.scene
    fields: Fields = {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket}
    return _begin(chat, record, fields, "扫码关注")


def follow(chat: Chat, subscribe_scene: str) -> Push:
    """Follow without a code; 409 already_following."""
    record = follow_of(chat)
    if record.following:
        raise ControlError(409, "already_following", "this fan follows the account already")
    record.subscribe_scene = subscribe_scene
    record.qr_scene = 0
    record.qr_scene_str = ""
    return _begin(chat, record, {"EventKey": ""}, "关注")


def unfollow(chat: Chat) -> Push:
    """Unfollow; 409 not_following."""
    record = following(chat)
    record.following = False
    with chat.state.atomic():
        chat.state.save(record)
        return acts.event(chat, "unsubscribe", {"EventKey": ""}, text="取消关注")


def follow_of(chat: Chat) -> Follow:
    """Return what the account knows of a person, or a blank that is not saved yet; 409 not_an_official_account."""
    app_id = chat.account.app_id
    if chat.account.kind != "official":
        raise ControlError(409, "not_an_official_account", "only an official account is followed")
    known = chat.state.follows[app_id].get(chat.fan_id)
    return known or Follow(app_id=app_id, fan_id=chat.fan_id, openid=chat.openid)


def following(chat: Chat) -> Follow:
    """Return a follower; 409 not_following."""
    record = follow_of(chat)
    if not record.following:
        raise ControlError(409, "not_following", "this fan does not follow the account")
    return record


def check_in_chat(chat: Chat) -> None:
    """Only a follower's chat has a field to write in, and anybody's at a mini-program; 409 not_following."""
    if chat.account.kind == "official":
        following(chat)


def _begin(chat: Chat, record: Follow, fields: Fields, text: str) -> Push:
    record.following = True
    with chat.state.atomic():
        chat.state.save(record)
        push = acts.event(chat, "subscribe", fields, text=text)
        # One moment, whoever asks for it: the push says it, and so does `user/info`.
        record.subscribe_time = int(str(push.fields["CreateTime"]))
        chat.state.save(record)
        return push
