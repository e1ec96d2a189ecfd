"""What people do: scan, follow, unfollow, write. Each is a push to the account."""

from simulator.errors import ControlError
from simulator.phone import show
from simulator.records import Account, Code, Follow, Person, Push, PushKind
from simulator.state import State
from simulator.users import openid_of

MESSAGE_ID_BASE = 24_000_000_000_000_000
HURRY_SECONDS = 3_600


def create(state: State, name: str, count: int | None) -> list[Person]:
    """Make one person of that name, or `count` people whose names end in a number."""
    first = len(state.people) + 1
    names = [name] if count is None else [f"{name}{number}" for number in range(1, count + 1)]
    people = [Person(fan_id=f"fan{first + index:07d}", name=each) for index, each in enumerate(names)]
    with state.atomic():
        for person in people:
            state.save(person)
    return people


def scan(state: State, fan_id: str, account: Account, code: Code) -> Push:
    """A follower's scan is a SCAN event; anybody else follows by it, and the event says so."""
    follow = _follow_of(state, fan_id, account)
    if follow.following:
        return _act(state, account, follow, "SCAN", "扫码", EventKey=code.scene, Ticket=code.ticket)
    _begin(state, follow, "ADD_SCENE_QR_CODE", code)
    key = f"qrscene_{code.scene}"
    return _act(state, account, follow, "subscribe", "扫码关注", EventKey=key, Ticket=code.ticket)


def follow(state: State, fan_id: str, account: Account) -> Push:
    """Follow without a code; 409 already_following."""
    record = _follow_of(state, fan_id, account)
    if record.following:
        raise ControlError(409, "already_following", "this fan follows the account already")
    _begin(state, record, "ADD_SCENE_SEARCH", None)
    return _act(state, account, record, "subscribe", "关注", EventKey="")


def unfollow(state: State, fan_id: str, account: Account) -> Push:
    """Unfollow; 409 not_following."""
    record = _following(state, fan_id, account)
    record.following = False
    return _act(state, account, record, "unsubscribe", "取消关注", EventKey="")


def send(state: State, fan_id: str, account: Account, text: str) -> Push:
    """Write a text; 409 not_following, because only a follower's chat has a field to write in."""
    return _act(state, account, _following(state, fan_id, account), "text", text, Content=text)


def _follow_of(state: State, fan_id: str, account: Account) -> Follow:
    if account.kind != "official":
        raise ControlError(409, "not_an_official_account", "only an official account is followed")
    person = state.person(fan_id)
    known = state.follows[account.app_id].get(person.fan_id)
    openid = openid_of(account.app_id, person.fan_id)
    return known or Follow(app_id=account.app_id, fan_id=person.fan_id, openid=openid)


def _following(state: State, fan_id: str, account: Account) -> Follow:
    record = _follow_of(state, fan_id, account)
    if not record.following:
        raise ControlError(409, "not_following", "this fan does not follow the account")
    return record


def _begin(state: State, record: Follow, scene: str, code: Code | None) -> None:
    record.following = True
    record.subscribe_time = int(state.clock.now())
    record.subscribe_scene = scene
    record.qr_scene = int(code.scene) if code is not None and code.numeric else 0
    record.qr_scene_str = code.scene if code is not None and not code.numeric else ""


def _act(state: State, account: Account, record: Follow, kind: PushKind, text: str, **extra: str) -> Push:
    with state.atomic():
        state.save(record)
        push = _make_push(state, account, record, kind, **extra)
        show(state, push, sender="me", kind="text" if kind == "text" else "event", text=text)
    return push


def _make_push(state: State, account: Account, record: Follow, kind: PushKind, **extra: str) -> Push:
    """Write a new push; extra fields are EventKey and Ticket of an event, or Content of a text.

    A person needs a second to do the same thing twice, so the same event of one person never shares a
    CreateTime with the one before it: accounts tell repeats from new events by it (official advice).
    """
    number = len(state.pushes) + 1
    created = int(state.clock.now())
    former = state.latest_push.get((account.app_id, record.fan_id, kind, extra.get("EventKey", "")))
    if kind != "text" and former is not None:
        ahead = int(former.fields["CreateTime"]) - created
        # Far ahead means that the clock was put back, not that the person was quick.
        created += ahead + 1 if 0 <= ahead < HURRY_SECONDS else 0
    fields: dict[str, str | int] = {
        "ToUserName": account.original_id,
        "FromUserName": record.openid,
        "CreateTime": created,
        "MsgType": "text" if kind == "text" else "event",
    }
    fields |= {"Event": kind} if kind != "text" else {}
    fields |= extra
    fields |= {"MsgId": MESSAGE_ID_BASE + number} if kind == "text" else {}
    push = Push(
        number=number,
        push_id=f"p{number:08d}",
        app_id=account.app_id,
        fan_id=record.fan_id,
        openid=record.openid,
        kind=kind,
        fields=fields,
    )
    state.save(push)
    return push
