"""What a fan did, as those who answer look at it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra.settings import settings
from wechat.accounts import queries as accounts
from wechat.autoreplies.rules import Written, written
from wechat.conversations import words
from wechat.conversations.words import Words
from wechat.pushes import messages
from wechat.pushes.messages import Body
from wechat.pushes.responders import View

# The platform's names of what has a type of ours; what has none carries its name.
_EVENTS: dict[type[Body], str] = {
    messages.Subscribe: "subscribe",
    messages.Scan: "scan",
    messages.LocationReport: "location",
    messages.Click: "click",
    messages.View: "view",
    messages.ViewMiniProgram: "view_miniprogram",
    messages.ScanCodePush: "scancode_push",
    messages.ScanCodeWait: "scancode_waitmsg",
    messages.LocationSelected: "location_select",
    messages.SubscribePopup: "subscribe_msg_popup_event",
    messages.SubscribeChange: "subscribe_msg_change_event",
    messages.EnterSession: "user_enter_tempsession",
}
# All that a fan does, and may hear something upon; results of what we did are none of it.
ANSWERED: tuple[type[Body], ...] = (
    messages.Text,
    messages.Image,
    messages.Voice,
    messages.Video,
    messages.ShortVideo,
    messages.Location,
    messages.Link,
    messages.MiniProgramPage,
    messages.PicturesSent,
    messages.Other,
    *_EVENTS,
)
# Nobody reads an answer to these; a follow has rules of its own.
UNANSWERED = frozenset(
    {
        "subscribe",
        "unsubscribe",
        "templatesendjobfinish",
        "masssendjobfinish",
        "subscribe_msg_sent_event",
        "wxa_media_check",
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """`written` is what was written or understood of speech, `key` that of the menu item, `event` the event's name.

    `at` is WeChat's time of it in the business zone. Without an event it is a message. `banned` are the words that may
    not be said at this time.
    """

    view: View
    account_id: UUID
    at: datetime
    banned: Words
    written: Written | None = None
    key: str | None = None
    event: str | None = None


async def act_of(view: View) -> Act:
    """What a push tells of its fan."""
    body = view.push.body
    return Act(
        view=view,
        account_id=(await accounts.credentials(view.app_id)).id,
        at=view.push.sent_at.astimezone(settings().timezone),
        banned=await words.known(),
        written=_written(body),
        key=getattr(body, "key", None),
        event=_event(body),
    )


def _written(body: Body) -> Written | None:
    match body:
        case messages.Text(content=said) | messages.Voice(recognition=said):
            return written(said) if said.strip() else None
    return None


def _event(body: Body) -> str | None:
    match body:
        case messages.Other(kind=kind, event=True):
            return kind
        case messages.PicturesSent(source=source):
            return source.value
    return _EVENTS.get(type(body))
