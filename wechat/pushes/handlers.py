"""From a push to a customer: the ordered handler of what was received."""

from collections.abc import Sequence

from core.customers.rules import NOBODY, Contact, ContactKind, Credit
from core.customers.service import record_contacts
from infra.database import connection
from infra.events import Delivered, Handler
from wechat.codes import queries as codes
from wechat.pushes.events import PushReceived
from wechat.pushes.messages import Body, Other, Push, Scan, Subscribe, Text, Unsubscribe, parse
from wechat.pushes.store import raw_pushes


async def _record(deliveries: Sequence[Delivered[PushReceived]]) -> None:
    events = [delivered.event for delivered in deliveries]
    async with connection() as current:
        raw = await raw_pushes(current, [e.push_id for e in events], [e.received_at for e in events])
        # A push erased meanwhile has nothing left to tell.
        pushes = [(event, parse(raw[event.push_id])) for event in events if event.push_id in raw]
        scenes = {scene for _, push in pushes if (scene := _scene(push.body))}
        credits_ = await codes.credits(current, scenes) if scenes else {}
        contacts = [contact for event, push in pushes if (contact := _contact(event, push, credits_)) is not None]
        if contacts:
            await record_contacts(current, contacts)


def _contact(event: PushReceived, push: Push, credits_: dict[tuple[str, str], Credit]) -> Contact | None:
    kind = _kind(push.body)
    if kind is None:
        return None
    return Contact(
        source=event.push_id,
        app_id=event.app_id,
        openid=push.openid,
        identity=bytes.fromhex(event.person),
        kind=kind,
        occurred_at=push.sent_at,
        credit=credits_.get((event.app_id, _scene(push.body) or ""), NOBODY),
    )


def _scene(body: Body) -> str | None:
    return body.scene if isinstance(body, Subscribe | Scan) else None


def _kind(body: Body) -> ContactKind | None:
    match body:
        case Subscribe():
            return ContactKind.FOLLOW
        case Scan():
            return ContactKind.SCAN
        case Unsubscribe():
            return ContactKind.UNFOLLOW
        case Text():
            return ContactKind.MESSAGE
        case Other():
            return None


HANDLERS = (Handler(name="wechat.pushes.record", events=(PushReceived,), handle_many=_record, ordered=True),)
