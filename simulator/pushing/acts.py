"""Writing down a new push: what every push carries, and what it means for the customer-service window."""

from dataclasses import dataclass

from simulator.world import contacts
from simulator.world.identities import openid_of, visit
from simulator.world.phone import show
from simulator.world.records import Account, Fields, Push
from simulator.world.state import State

MESSAGE_ID_BASE = 24_000_000_000_000_000
HURRY_SECONDS = 3_600
MESSAGES = ("text", "image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage")
# What the platform tells by itself: nobody looks at the phone for an answer.
UNANSWERED = (
    "TEMPLATESENDJOBFINISH",
    "MASSSENDJOBFINISH",
    "subscribe_msg_change_event",
    "subscribe_msg_sent_event",
    "wxa_media_check",
)
# What a person needs a second to do again; the platform's own events, and a view, may share one.
TAKING_A_SECOND = {
    "subscribe",
    "unsubscribe",
    "SCAN",
    "CLICK",
    "view_miniprogram",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "user_enter_tempsession",
}
# The platform names itself as the sender of an event that no person caused.
PLATFORM_USER = "mphelper"


@dataclass(frozen=True, slots=True)
class Chat:
    """Who is in touch with which account, nobody for the platform's own events.

    `base` is the address of this process, under which phones and accounts fetch pictures.
    """

    state: State
    account: Account
    fan_id: str = ""
    base: str = ""

    @property
    def openid(self) -> str:
        """The sender of the chat's pushes."""
        return openid_of(self.account.app_id, self.fan_id or PLATFORM_USER)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person's own phone shows of a message, and the kind of action it is for the window."""

    text: str
    content: Fields
    action: str = "message"


def message(chat: Chat, kind: str, fields: Fields, shown: Shown) -> Push:
    """Write down a message of a person."""
    state = chat.state
    with state.atomic():
        message_id = MESSAGE_ID_BASE + len(state.pushes) + 1
        fields = {"MsgType": kind, **fields, "MsgId": message_id}
        push = _save(chat, kind, int(state.clock.now()), fields)
        _visit(chat)
        contacts.open_window(state, chat.account, chat.fan_id, shown.action)
        show(state, push, sender="me", kind=kind, text=shown.text, content=shown.content)
    return push


def event(chat: Chat, event: str, fields: Fields, *, text: str | None = None) -> Push:
    """Write down an event, with a line on the person's phone if it has a text.

    A person needs a second to do the same thing twice, so the same act of one person never shares a
    CreateTime with the one before it: accounts tell repeats from new events by it (official advice).
    """
    state = chat.state
    with state.atomic():
        push = _save(chat, event, _moment(chat, event, fields), {"MsgType": "event", "Event": event, **fields})
        _visit(chat)
        _move_windows(chat, event)
        if text is not None:
            show(state, push, sender="me", kind="event", text=text, content={"event": event, **fields})
    return push


def _moment(chat: Chat, event: str, fields: Fields) -> int:
    now = int(chat.state.clock.now())
    former = chat.state.latest_push.get((chat.account.app_id, chat.fan_id, event, str(fields.get("EventKey", ""))))
    if former is None or event not in TAKING_A_SECOND:
        return now
    ahead = int(str(former.fields["CreateTime"])) - now
    # Far ahead means that the clock was put back, not that the person was quick.
    return now + ahead + 1 if 0 <= ahead < HURRY_SECONDS else now


def _visit(chat: Chat) -> None:
    # Whoever chats with a mini-program uses it.
    if chat.account.kind == "mini" and chat.fan_id:
        visit(chat.state, chat.account, chat.fan_id)


def _move_windows(chat: Chat, event: str) -> None:
    action = contacts.ACTIONS[chat.account.kind].get(event)
    if event == "unsubscribe":
        contacts.close_windows(chat.state, chat.account, chat.fan_id)
    elif action is not None and chat.fan_id:
        contacts.open_window(chat.state, chat.account, chat.fan_id, action)


def _save(chat: Chat, kind: str, created: int, fields: Fields) -> Push:
    number = len(chat.state.pushes) + 1
    head: Fields = {"ToUserName": chat.account.original_id, "FromUserName": chat.openid, "CreateTime": created}
    push = Push(
        number=number,
        push_id=f"p{number:08d}",
        app_id=chat.account.app_id,
        fan_id=chat.fan_id,
        openid=chat.openid,
        kind=kind,
        fields=head | fields,
        outcome="dropped" if _is_kept_back(chat, kind) else "pending",
    )
    chat.state.save(push)
    return push


def _is_kept_back(chat: Chat, kind: str) -> bool:
    # Whoever is on the black list may write, but the account hears nothing of it.
    follow = chat.state.follows[chat.account.app_id].get(chat.fan_id)
    return follow is not None and follow.blacklisted and kind in MESSAGES
