"""The second factor: codes of an authenticator (TOTP, RFC 6238) that a colleague sets up for the own account.

The secret is kept encrypted and shown until it is confirmed with a code; a code opens once, by a conditional update of
the newest step used.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pyotp

from core.organisation.account.errors import (
    SecondFactorExists,
    SecondFactorMissing,
    SecondFactorOff,
    SecondFactorWrong,
)
from core.organisation.account.rules import step_of
from core.organisation.models import Staff
from core.organisation.queries import Colleague
from infra import audit, clock, crypto, database, images
from infra.database import Connection
from infra.parameters import Parameter

OFF, OFFERED, REQUIRED = "off", "offered", "required"
DEMAND = Parameter(
    name="staff.second_factor",
    default=OFFERED,
    choices=(OFF, OFFERED, REQUIRED),
    help="员工动态验证码：off 不开放（已设置的仍有效），offered 可自行设置，required 用密码登录的员工必须设置",
    english=(
        "One-time codes of colleagues: off (those that are set up still work), offered, or required "
        "of whoever logs in with a password"
    ),
)
_ISSUER = "Guanxi"

_START = "UPDATE staff SET totp_secret = $2, totp_step = NULL WHERE id = $1 AND totp_confirmed_at IS NULL"
_CONFIRM = """
UPDATE staff SET totp_confirmed_at = $3, totp_step = $4
WHERE id = $1 AND totp_secret = $2 AND totp_confirmed_at IS NULL
"""
_USE = """
UPDATE staff SET totp_step = $3
WHERE id = $1 AND totp_secret = $2 AND totp_confirmed_at IS NOT NULL AND (totp_step IS NULL OR totp_step < $3)
"""
_FORGET = """
UPDATE staff SET totp_secret = NULL, totp_confirmed_at = NULL, totp_step = NULL
WHERE id = $1 AND totp_confirmed_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an authenticator needs: the secret, alone and in the address that its QR code holds."""

    secret: str
    uri: str


async def is_asked_of(staff: Colleague, way: str) -> bool:
    """Whether the person has to set it up before anything else; the phone that WeChat runs on is a factor itself."""
    return not staff.has_second_factor and way == "password" and await DEMAND.get() == REQUIRED


async def start(staff: Colleague) -> Setup:
    """A new secret, which replaces one not confirmed yet. Raises SecondFactorOff, SecondFactorExists."""
    if await DEMAND.get() == OFF:
        raise SecondFactorOff
    secret = pyotp.random_base32()
    if not await database.execute(_START, staff.id, crypto.encrypt(secret)):
        raise SecondFactorExists
    return Setup(secret, _uri(staff, secret))


async def picture(staff: Colleague) -> bytes:
    """The QR code of a secret that waits for its confirmation, as PNG. Raises SecondFactorMissing."""
    _, secret = await _waiting(staff.id)
    return await asyncio.to_thread(images.qr_png, _uri(staff, secret))


async def confirm(staff_id: UUID, code: str) -> None:
    """From now on log-in asks for a code. Raises SecondFactorMissing, SecondFactorWrong."""
    sealed, secret = await _waiting(staff_id)
    step = step_of(secret, code, clock.timestamp())
    if step is None:
        raise SecondFactorWrong
    async with database.transaction():
        if not await database.execute(_CONFIRM, staff_id, sealed, clock.now(), step):
            raise SecondFactorMissing
        await audit.note("staff.second_factor_set_up", "staff", staff_id)


async def use(connection: Connection, staff_id: UUID, code: str) -> None:
    """Use a code up, in the transaction of what it opens. Raises SecondFactorWrong, also for one used before."""
    sealed = await connection.fetchval("SELECT totp_secret FROM staff WHERE id = $1", staff_id)
    step = step_of(crypto.decrypt(sealed), code, clock.timestamp()) if sealed else None
    if step is None or await connection.execute(_USE, staff_id, sealed, step) != "UPDATE 1":
        raise SecondFactorWrong


async def forget(staff_id: UUID) -> None:
    """Take it away, in the caller's transaction. Raises SecondFactorMissing."""
    if not await database.execute(_FORGET, staff_id):
        raise SecondFactorMissing
    await audit.note("staff.second_factor_taken_away", "staff", staff_id)


async def _waiting(staff_id: UUID) -> tuple[bytes, str]:
    """The secret that waits for its confirmation: as it is kept, and in clear."""
    staff = await Staff.get_or_none(id=staff_id, totp_confirmed_at=None)
    if staff is None or staff.totp_secret is None:
        raise SecondFactorMissing
    return staff.totp_secret, crypto.decrypt(staff.totp_secret)


def _uri(staff: Colleague, secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=staff.username, issuer_name=_ISSUER)
