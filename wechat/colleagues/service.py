"""Binding codes, and what follows from their scans."""

import asyncio
import base64
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from core.notices.rules import NoticeKind
from core.notices.service import NewNotice, notify_many
from core.organisation import bindings
from core.organisation.bindings import CodeScan, Outcome, Redeemed, hold_bindings
from infra import audit, clock, crypto, database, images, live
from infra.database import Connection
from infra.ids import opaque_key
from infra.live import LiveEvent, staff_topic
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.colleagues import templates
from wechat.colleagues.errors import BindingCodeNotIssued, NoAccountForBinding
from wechat.platform import qrcodes
from wechat.platform.errors import PlatformRefused

CODE_MINUTES = Parameter(
    name="wechat.binding_code_minutes",
    default=10,
    least=1,
    most=1440,
    help="员工微信绑定二维码的有效分钟数",
    english="How many minutes the code by which a colleague binds a WeChat account is good for",
)
BOUND = NoticeKind("wechat.bound", "微信绑定")

# No scene of a customer's code looks like this.
_PREFIX = "bind_"
_KEY_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingCode:
    """What a colleague is shown."""

    url: str
    picture: str
    account: str
    rings: bool
    expires_at: datetime


def is_binding(scene: str | None) -> TypeGuard[str]:
    """Whether a scene is that of a binding code, good or not."""
    return scene is not None and scene.startswith(_PREFIX)


def digest_of(app_id: str, scene: str) -> bytes:
    """What is kept of a code: it holds in one account only."""
    return crypto.digest("binding code", app_id, scene)


async def make_code(staff_id: UUID, app_id: str | None) -> BindingCode:
    """A one-time code that binds whoever scans it to the colleague; the one before is over.

    Raises StaffNotFound (also for who is not at work), AccountNotFound, NoAccountForBinding, BindingCodeNotIssued,
    PlatformAway, QuotaSpent.
    """
    async with database.connection() as connection:
        ringing = await templates.carriers(connection)
    account = await _account(app_id, ringing)
    minutes = await CODE_MINUTES.get()
    scene = _PREFIX + opaque_key(_KEY_LENGTH)
    try:
        _, url, seconds = await qrcodes.create_temporary(account, scene, minutes * 60)
    except PlatformRefused as refusal:
        raise BindingCodeNotIssued({"errcode": refusal.errcode}) from refusal
    expires_at = clock.now() + timedelta(seconds=min(seconds, minutes * 60))
    await bindings.put_code(staff_id, digest_of(account.app_id, scene), expires_at)
    picture = base64.b64encode(await asyncio.to_thread(images.qr_png, url)).decode()
    return BindingCode(
        url=url,
        picture=f"data:image/png;base64,{picture}",
        account=account.name,
        rings=account.app_id in ringing,
        expires_at=expires_at,
    )


async def _account(app_id: str | None, ringing: Container[str]) -> Credentials:
    known = [await accounts.credentials(app_id)] if app_id else await accounts.every()
    fit = [account for account in known if account.kind is Kind.OFFICIAL and not account.silent]
    if not fit:
        raise NoAccountForBinding
    # One that can ring before one that cannot; else in the order they were added.
    return next((account for account in fit if account.app_id in ringing), fit[0])


async def redeem_scans(connection: Connection, scans: Sequence[CodeScan], people: Sequence[bytes]) -> None:
    """Bind who scanned binding codes, and tell the pages of those whose codes they were; in the caller's transaction.

    `people` are all whose pushes the caller handles: their bindings are held together, in one order for all.
    """
    await hold_bindings(connection, people)
    with audit.acting_as(audit.SYSTEM):
        results = await bindings.redeem_many(connection, scans)
    told = [(scan, result) for scan, result in zip(scans, results, strict=True) if result.person is not None]
    await live.publish(connection, [_event(scan, result) for scan, result in told])
    welcome = [_notice(scan, result) for scan, result in told if result.outcome is Outcome.BOUND]
    if welcome:
        await notify_many(connection, welcome)


def _event(scan: CodeScan, result: Redeemed) -> LiveEvent:
    kind = "wechat_bound" if result.outcome is Outcome.BOUND else "wechat_refused"
    person = result.person.id if result.person else None
    return LiveEvent(staff_topic(person), kind, {"app_id": scan.app_id})


def _notice(scan: CodeScan, result: Redeemed) -> NewNotice:
    if result.person is None:
        raise ValueError("nobody is bound")
    return NewNotice(
        staff_id=result.person.id,
        key=f"wechat.bound:{scan.key_digest.hex()}",
        kind=BOUND.name,
        title="微信绑定成功",
        body="今后的工作通知会发到这个微信",
        link="/me/wechat",
    )
