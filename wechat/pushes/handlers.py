"""From a push to a customer and a conversation: the ordered handler of what was received."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from core.customers.rules import NOBODY, Contact, ContactKind
from core.customers.service import record_contacts
from core.organisation.bindings import CodeScan
from infra.database import Connection, connection
from infra.events import Delivered, Handler
from wechat.accounts import queries as accounts
from wechat.accounts.rules import Kind
from wechat.codes import queries as codes
from wechat.codes.rules import Owners
from wechat.colleagues.service import digest_of, is_binding, redeem_scans
from wechat.inbox import receiving as inbox
from wechat.outbound import windows
from wechat.outbound.rules import Report
from wechat.outbound.service import report_many
from wechat.outbound.windows import Closing, Opening
from wechat.pushes.events import PushReceived
from wechat.pushes.hearing import action, heard
from wechat.pushes.messages import Body, Message, Other, Push, Scan, Subscribe, TemplateSent, Unsubscribe
from wechat.pushes.parsing import parse
from wechat.pushes.store import Stored, stored_pushes

Received: TypeAlias = tuple[PushReceived, Push]

_PRESENT = """
SELECT i.digest FROM identity i JOIN wechat_account a ON a.app_id = i.app_id
WHERE i.digest = ANY($1::bytea[]) AND (i.following OR a.kind <> 'official')
"""


async def _record(deliveries: Sequence[Delivered[PushReceived]]) -> None:
    events = [delivered.event for delivered in deliveries]
    followed = {app_id: await _is_followed(app_id) for app_id in {event.app_id for event in events}}
    async with connection() as current:
        stored = await stored_pushes(current, [e.push_id for e in events], [e.received_at for e in events])
        pushes = [(event, parse(stored[event.push_id].raw)) for event in events]
        await _bind(current, pushes)
        await _settle(current, pushes)
        scenes = {scene for _, push in pushes if (scene := _scene(push.body))}
        owners = await codes.owners(current, scenes) if scenes else {}
        contacts = [
            _contact(event, push, kind, owners, followable=followed[event.app_id])
            for event, push in pushes
            if (kind := _kind(push.body)) is not None
        ]
        met = {contact.identity for contact in contacts}
        contacts += [
            _contact(event, push, ContactKind.MESSAGE, owners, followable=followed[event.app_id])
            for event, push in await _missed(current, pushes, stored)
            if bytes.fromhex(event.person) not in met
        ]
        if contacts:
            await record_contacts(current, contacts)
        await _windows(current, pushes, stored)
        acts = [
            act
            for event, push in pushes
            if (act := heard(event.push_id, bytes.fromhex(event.person), push, stored[event.push_id].answer))
        ]
        if acts:
            await inbox.receive_many(current, acts)


async def _missed(current: Connection, pushes: Sequence[Received], stored: Mapping[UUID, Stored]) -> Sequence[Received]:
    """Acts that are no contact, of people of whom we don't know that they follow, whose answer goes on in a thread.

    Their follow was missed, or is not imported yet. They count as having written, or nobody would hear that they want a
    person, and they wouldn't read the rest of what is said.
    """
    wanting = [
        (event, push)
        for event, push in pushes
        if _kind(push.body) is None
        and (answer := stored[event.push_id].answer)
        and (answer.hand_over or len(answer.contents) > answer.passive)
    ]
    if not wanting:
        return []
    rows = await current.fetch(_PRESENT, [bytes.fromhex(event.person) for event, _ in wanting])
    present = {row["digest"].hex() for row in rows}
    return [(event, push) for event, push in wanting if event.person not in present]


async def _windows(current: Connection, pushes: Sequence[Received], stored: Mapping[UUID, Stored]) -> None:
    """What people did opens windows for customer messages, and leaving shuts them: before answers are put."""
    ids = {app_id: (await accounts.credentials(app_id)).id for app_id in {event.app_id for event, _ in pushes}}
    openings = [
        Opening(bytes.fromhex(event.person), ids[event.app_id], act, push.sent_at)
        for event, push in pushes
        if (act := action(push.body)) is not None
    ]
    closings = [
        Closing(bytes.fromhex(event.person), ids[event.app_id], push.sent_at)
        for event, push in pushes
        if isinstance(push.body, Unsubscribe)
    ]
    opened = {opening.digest for opening in openings}
    # Answers take places when their conversations are held already, and one order of locks is for all.
    others = {closing.digest for closing in closings} | {
        bytes.fromhex(event.person) for event, _ in pushes if stored[event.push_id].answer
    }
    if others - opened:
        await windows.lock(current, opened | others)
    await windows.open_many(current, openings)
    await windows.close_many(current, closings)


async def _bind(current: Connection, pushes: Sequence[Received]) -> None:
    """Scans of binding codes, before anything is written about who scanned: a colleague is no contact."""
    scans = [
        CodeScan(
            key_digest=digest_of(event.app_id, scene),
            app_id=event.app_id,
            openid=push.openid,
            at=event.received_at,
        )
        for event, push in pushes
        if is_binding(scene := _scene(push.body))
    ]
    if scans:
        await redeem_scans(current, scans, [bytes.fromhex(event.person) for event, _ in pushes])


async def _settle(current: Connection, pushes: Sequence[Received]) -> None:
    reports = [
        Report(
            app_id=event.app_id,
            digest=bytes.fromhex(event.person),
            message_id=push.body.message_id,
            status=push.body.status,
            at=push.sent_at,
        )
        for event, push in pushes
        if isinstance(push.body, TemplateSent)
    ]
    if reports:
        await report_many(current, reports)


async def _is_followed(app_id: str) -> bool:
    return (await accounts.credentials(app_id)).kind is Kind.OFFICIAL


def _contact(
    event: PushReceived, push: Push, kind: ContactKind, owners: dict[tuple[str, str], Owners], *, followable: bool
) -> Contact:
    code = owners.get((event.app_id, _scene(push.body) or ""))
    return Contact(
        source=event.push_id,
        app_id=event.app_id,
        openid=push.openid,
        identity=bytes.fromhex(event.person),
        kind=kind,
        occurred_at=push.sent_at,
        credit=code.credit(push.sent_at) if code else NOBODY,
        followable=followable,
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
        case Other(event=False):
            return ContactKind.MESSAGE
    return ContactKind.MESSAGE if isinstance(body, Message) else None


HANDLERS = (Handler(name="wechat.pushes.record", events=(PushReceived,), handle_many=_record, ordered=True),)
